/* mtlspec run: the main job. */
#include "harness/base/clock.h"
#include "harness/base/permute.h"
#include "harness/cmd.h"
#include "harness/run/baseline.h"
#include "harness/run/discovered.h"
#include "harness/run/outdir.h"
#include "harness/run/output.h"
#include "harness/run/recorded.h"
#include "harness/run/run.h"
#include "reports/progress.h"

#include <sys/resource.h>
#include <unistd.h>

static const char usage[] =
	"usage: mtlspec run [--target NAME|FILE|URL]... [OPTION]...\n\n"
	"Plays the scenarios of the suite against a target and compares what was observed with what was expected.\n"
	"Without --target the built-in reference server is tested.  Results go to mtlspec-out/: results.xml, junit/.\n"
	"Exit status: 0 conforming, 1 not, 2 usage, 3 harness or environment fault (or interrupted), 4 nothing ran,\n"
	"5 only flaky.";

static void tell(void *context, const struct run_progress *p)
{
	progress_update(context, p->done, p->total, p->verdicts, PROGRESS_ETA_UNKNOWN, clock_us());
}

#define WORTH_SAYING_S 10 /* of a server of our own; at somebody else's it always is */

static void announce(void *context, const struct run_estimate *e)
{
	char pace[64] = "", time[64];
	unsigned long long s = e->seconds;
	if (!e->remote && s <= WORTH_SAYING_S)
		return;
	progress_clear(context);
	if (e->rate)
		snprintf(pace, sizeof pace, " at %u connection%s a second", e->rate, e->rate == 1 ? "" : "s");
	if (s < 100)
		snprintf(time, sizeof time, "%llu s", s ? s : 1);
	else if (s < 6000)
		snprintf(time, sizeof time, "%llu min", (s + 30) / 60);
	else
		snprintf(time, sizeof time, "%llu h %llu min", s / 3600, s / 60 % 60);
	fprintf(stderr, "mtlspec: target %s: %llu cases and %llu controls, about %s%s\n", e->target, (unsigned long long)e->cases,
		(unsigned long long)e->controls, time, pace);
}

static void print_stats(const struct run_stats *s, uint64_t began_us)
{
	struct rusage self;
	getrusage(RUSAGE_SELF, &self);
	uint64_t cases = s->cases ? s->cases : 1;
	fprintf(stderr, "stats: cases=%llu controls=%llu replays=%llu keys=%llu workers=%u\n",
		(unsigned long long)s->cases, (unsigned long long)s->controls, (unsigned long long)s->replays,
		(unsigned long long)s->keys, s->peak_workers);
	fprintf(stderr, "stats: first_case_ms=%.1f final_rss_kib=%ld\n",
		s->first_submit_us > began_us ? (double)(s->first_submit_us - began_us) / 1000.0 : 0.0, self.ru_maxrss);
	fprintf(stderr, "stats: wall_ms=%.1f us_per_case=%.1f cpu_parent_ms=%.1f peak_rss_kib=%ld\n", (double)s->wall_us / 1000.0,
		(double)s->wall_us / (double)cases, (double)s->cpu_us / 1000.0, s->peak_rss_kib);
	fputs("stats: decile_ms", stderr);
	for (int i = 0; i < 10; i++) {
		uint64_t before = i ? s->decile_us[i - 1] : s->first_submit_us;
		fprintf(stderr, " %.1f", s->decile_us[i] > before ? (double)(s->decile_us[i] - before) / 1000.0 : 0.0);
	}
	fputs("\n", stderr);
}

static uint64_t seed_of(const struct options *o, const struct cmd_context *c)
{
	return o->has_seed ? o->seed : permute_mix((uint64_t)c->now ^ (uint64_t)getpid() << 32) % 1000000000u + 1;
}

static enum rc run_and_render(struct session *s, const struct cmd_context *c, int *exit_code, struct err *err)
{
	enum rc rc;
	bool interrupted;
	struct run_stats stats;
	struct progress progress;
	uint64_t began_us = clock_us(); /* a few milliseconds after exec */
	const struct options *o = s->options;
	const char *out = o->out ? o->out : "mtlspec-out";
	struct report_totals totals = {.exit_code = EXIT_OK};
	struct baseline baseline;
	TRY(baseline_open(&baseline, o, c->now, err));
	if (!o->resume)
		TRY(outdir_make(&s->arena, out, err));
	TRY(discovered_keep(s, out, err));
	progress_open(&progress, stderr, isatty(STDERR_FILENO), clock_us());
	struct run_spec run = {
		.session = s,
		.out = out,
		.version = c->version,
		.resume = o->resume,
		.tell = tell,
		.announce = announce,
		.context = &progress,
	};
	rc = run_all(&run, &interrupted, &stats, err);
	progress_close(&progress);
	if (!stats.began)
		goto out;
	/* Whatever ended the run, what the journal holds is reported. */
	struct err render_err = {{0}};
	struct output_spec output = {
		.session = s,
		.out = out,
		.version = c->version,
		.formats = OUTPUT_RESULTS | OUTPUT_JUNIT | OUTPUT_CONSOLE,
		.duration_ms = (uint32_t)(stats.wall_us / 1000u),
		.colour = output_colour(stdout),
	};
	enum rc rendered = output_render(&output, &totals, rc == RC_OK ? err : &render_err);
	if (rendered == RC_OK)
		rendered = baseline_compare(&baseline, o, out, c->now, &totals, rc == RC_OK ? err : &render_err);
	*exit_code = totals.exit_code;
	if (o->stats)
		print_stats(&stats, began_us);
	if (rc == RC_OK)
		rc = rendered;
out:
	baseline_close(&baseline);
	return rc;
}

/* --resume: the same cases in the same order, or nothing. */
static enum rc begin_again(struct arena *a, struct options *o, uint64_t *seed, struct err *err)
{
	enum rc rc;
	struct recorded was = {0};
	const char *out = o->out ? o->out : "mtlspec-out";
	TRY(outdir_resume(a, out, err));
	TRY(recorded_read(a, out, &was, err));
	TRY(recorded_same(a, &was, o, err));
	o->results = out;
	*seed = was.seed;
out:
	return rc;
}

int cmd_run(const struct cmd_context *c, int argc, char **argv)
{
	struct arena a = {0};
	struct err err = {{0}};
	struct options options;
	struct session session = {0};
	int rest, code = EXIT_OK;
	enum rc rc;
	TRY(options_parse(&a, argc, argv, usage, &options, &rest, &err));
	if (rest < argc) {
		rc = err_set(&err, RC_INPUT, "run takes no words beside its options: %s", argv[rest]);
		goto out;
	}
	uint64_t seed = seed_of(&options, c);
	if (options.resume)
		TRY(begin_again(&a, &options, &seed, &err));
	TRY(session_open(&session, &options, c->program, c->now, seed, &err));
	rc = run_and_render(&session, c, &code, &err);
out:
	session_close(&session);
	arena_fini(&a);
	return rc == RC_OK ? code : judge_exit_worse(code, cmd_fail(rc, &err));
}
