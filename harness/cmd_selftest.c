/*
 * mtlspec self-test: can the suite see what it claims to see?  The suite runs against the sound reference server and then,
 * a sample of it, once per fault; all of it where the sample shows nothing.  Red is a verdict that differs from the sound run's for the same case.  A check fault's red set must be
 * exactly the conditions whose clause names the check; a scenario that no fault turns red proves nothing.
 */
#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/cmd.h"
#include "harness/reference/reference.h"
#include "harness/run/render.h"
#include "harness/run/run.h"
#include "harness/run/verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: mtlspec self-test [--fault NAME] [OPTION of run]...\n\n"
			    "Runs the suite against the built-in server, sound and with each fault in turn, and says which\n"
			    "scenarios and conditions turn red.  Exit status 1 when a fault is not found, when a check fault\n"
			    "turns other conditions red than those whose clause it breaks, or when a scenario never turns red.";

#define CATCH_ALL_TIMEOUT_MS 500
#define FAULTS_SHOWN 3
/* Of a scenario that runs every condition, what a fault that is not about chains needs to show itself. */
#define FEW_CONDITIONS "valid none leaf-expired untrusted"

/* What a scenario shows: whether any case of it ran soundly, and which faults, catch-alls left out, it found. */
struct found {
	bool ran;
	size_t n;
	const struct fault_row *first[FAULTS_SHOWN], *last;
};

struct self_test {
	const struct cmd_context *context;
	struct options options;
	struct session session; /* sound: its plan names the cases */
	struct rundir dir;
	struct verdicts sound;
	struct found *found; /* of each scenario */
	unsigned bad;
	struct err err;
};

/*
 * Where a fault is looked for, as long as it does not show.  First in the scenario that runs every condition and in those
 * that no fault has turned red yet; then in those that one has; last where time passes or the server is changed, which
 * costs seconds a case.  A catch-all shows at once.
 */
enum search { SEARCH_UNFOUND, SEARCH_FOUND, SEARCH_SLOW, SEARCH__COUNT };

static bool is_slow(const struct scenario *s)
{
	bool slow = false;
	for (size_t i = 0; i < s->n_steps; i++)
		slow = slow || s->steps[i].verb == VERB_WAIT || VERB_IS_WORLD(s->steps[i].verb);
	return slow;
}

static enum search place_of(const struct self_test *t, const struct fault_row *f, size_t i)
{
	const struct scenario *s = &t->session.targets[0].suite->scenarios[i];
	if (scenario_runs_every_condition(s))
		return SEARCH_UNFOUND;
	if (is_slow(s))
		return SEARCH_SLOW;
	return t->found[i].n || f->catch_all ? SEARCH_FOUND : SEARCH_UNFOUND;
}

/*
 * The scenario that runs every condition is nine tenths of the suite: what is believed of a chain is the same in every mode
 * and version, and what is not about chains shows in few of them.
 */
static struct plan_sample sample_for(const struct fault_row *f, const bool *scenarios)
{
	struct plan_sample sample = {.newest_http = true, .scenarios = scenarios};
	if (f->clause) {
		sample.newest_tls = true;
		sample.negotiation = BIT(NEGOTIATION_REQUIRED);
	} else {
		sample.conditions = f->among ? f->among : FEW_CONDITIONS;
	}
	return sample;
}

/*
 * A run with this fault, or without any: the verdict of every case.  A catch-all proves nothing that needs every cell,
 * and one that hangs costs a deadline a case: the newest versions and a short deadline do, as what a slow machine adds
 * to its red set is never counted as proof.
 */
static enum rc run_once(struct self_test *t, const struct fault_row *f, const struct plan_sample *sample,
			struct verdicts *out)
{
	const char *fault = f ? f->name : "";
	bool catch_all = f && f->catch_all;
	enum rc rc;
	struct session session = {0};
	struct options options = t->options;
	struct run_stats stats;
	struct report_totals totals;
	struct reporter reporter = {0};
	bool interrupted = false;
	options.fault = fault;
	options.no_replay = true;
	options.quick = options.quick || catch_all;
	options.sample = sample;
	if (catch_all && !options.timeout_ms)
		options.timeout_ms = CATCH_ALL_TIMEOUT_MS;
	char *out_dir = arena_printf(&t->session.arena, "%s/%s", t->dir.path, *fault ? fault : "sound");
	TRY(fs_mkdirs(out_dir, &t->err));
	TRY(session_open(&session, &options, t->context->program, t->context->now, 1, &t->err));
	struct run_spec run = {.session = &session, .out = out_dir, .version = t->context->version};
	TRY(run_all(&run, &interrupted, &stats, &t->err));
	if (interrupted) {
		rc = err_set(&t->err, RC_FAULT, "interrupted");
		goto out;
	}
	verdicts_open(&reporter, out, plan_cells(session.targets[0].plan));
	struct render_spec spec = {
		.session = &session, .out = out_dir, .version = t->context->version, .reporters = &reporter, .n_reporters = 1};
	rc = render(&spec, &totals, &t->err);
out:
	session_close(&session);
	if (rc == RC_OK)
		rc = fs_remove_tree(out_dir, &t->err);
	return rc;
}

static bool shares_word(const char *words, const char *others)
{
	char word[64];
	while (text_word(&words, word, sizeof word))
		if (text_has_word(others, word))
			return true;
	return false;
}

/* Must this fault turn this condition red?  Only what a conforming server refuses can be let in. */
static bool is_concerned(const struct fault_row *f, const struct condition *c)
{
	return c->decision == BIT(DECISION_REJECT) && shares_word(c->clause, f->clause) &&
	       (!f->among || text_glob_any(f->among, c->id));
}

struct tally {
	uint64_t red, cases;
	uint64_t kinds[VERDICT__COUNT]; /* of the red cases */
	bool *red_conditions, *run_conditions;
};

/* Red, and not for want of a control: what the server did was seen to be wrong. */
static bool is_found(enum verdict v)
{
	return v == VERDICT_DEVIATION || v == VERDICT_FALSE_ACCEPT || v == VERDICT_FALSE_REJECT ||
	       v == VERDICT_VIOLATION || v == VERDICT_CRASH;
}

/* A breach in the handshake is a violation whatever the scenario is about: proof for those alone that ask for such. */
static bool asks_for_violations(const struct scenario *s)
{
	bool asks = s->n_nevers > 0;
	for (size_t i = 0; i < s->n_expects; i++)
		asks = asks || s->expects[i].signals || s->expects[i].phases;
	return asks;
}

static void note_found(struct found *p, const struct fault_row *f)
{
	if (f->catch_all || p->last == f)
		return;
	p->last = f;
	if (p->n < FAULTS_SHOWN)
		p->first[p->n] = f;
	p->n++;
}

static void count_red(struct self_test *t, const struct fault_row *f, const struct verdicts *v, struct tally *out)
{
	const struct session_target *target = &t->session.targets[0];
	for (uint64_t i = 0; i < v->n; i++) {
		struct kase k;
		if (!v->v[i])
			continue;
		plan_case(target->plan, i, &k);
		bool red = v->v[i] != t->sound.v[i];
		enum verdict verdict = (enum verdict)(v->v[i] - 1);
		out->cases++;
		out->red += red;
		out->kinds[verdict] += red;
		if (red && is_found(verdict) && (verdict != VERDICT_VIOLATION || asks_for_violations(k.scenario)))
			note_found(&t->found[k.scenario - target->suite->scenarios], f);
		/* The red set of a check is read off the scenario that runs every condition. */
		if (k.condition && scenario_runs_every_condition(k.scenario)) {
			size_t condition = (size_t)(k.condition - target->suite->conditions);
			out->run_conditions[condition] = true;
			out->red_conditions[condition] = out->red_conditions[condition] || red;
		}
	}
}

/* The conditions that differ from what the clause says, printed. */
static unsigned compare_sets(const struct self_test *t, const struct fault_row *f, const struct tally *tally)
{
	const struct suite *suite = t->session.targets[0].suite;
	unsigned wrong = 0;
	for (size_t i = 0; i < suite->n_conditions; i++) {
		const struct condition *c = &suite->conditions[i];
		bool want = is_concerned(f, c) || (c->none && shares_word(c->clause, f->clause));
		if (!tally->run_conditions[i] || want == tally->red_conditions[i])
			continue;
		printf("    %s: %s\n", c->id,
		       want ? "its clause names the check, but it did not turn red" :
			      "turned red, but its clause does not name the check");
		wrong++;
	}
	return wrong;
}

static void say_fault(const struct fault_row *f, const struct tally *tally)
{
	const char *between = ": ";
	printf("%-5s %-34s %llu of %llu cases", tally->red ? "red" : "GREEN", f->name, (unsigned long long)tally->red,
	       (unsigned long long)tally->cases);
	for (int v = 0; v < VERDICT__COUNT; v++) {
		if (!tally->kinds[v])
			continue;
		printf("%s%llu %s", between, (unsigned long long)tally->kinds[v], verdict_text((enum verdict)v));
		between = ", ";
	}
	printf("%s%s\n", f->clause ? "; breaks " : "", f->clause ? f->clause : "");
	fflush(stdout);
}

static enum rc one_fault(struct self_test *t, const struct fault_row *f)
{
	enum rc rc;
	struct verdicts v = {0};
	struct arena scratch = {0};
	const struct suite *suite = t->session.targets[0].suite;
	size_t n = suite->n_conditions, n_scenarios = suite->n_scenarios;
	struct tally tally = {.red_conditions = ARENA_NEW(&scratch, bool, n + 1),
			      .run_conditions = ARENA_NEW(&scratch, bool, n + 1)};
	bool *place = ARENA_NEW(&scratch, bool, SEARCH__COUNT * (n_scenarios + 1));
	for (size_t i = 0; i < n_scenarios; i++)
		place[(size_t)place_of(t, f, i) * n_scenarios + i] = true;
	for (size_t where = 0; where < SEARCH__COUNT && tally.red == 0; where++) {
		struct plan_sample sample = sample_for(f, place + where * n_scenarios);
		verdicts_fini(&v);
		TRY(run_once(t, f, &sample, &v));
		count_red(t, f, &v, &tally);
	}
	bool killed = tally.red > 0;
	say_fault(f, &tally);
	t->bad += !killed;
	if (f->clause && !f->catch_all && t->options.select.n == 0)
		t->bad += compare_sets(t, f, &tally) > 0;
out:
	verdicts_fini(&v);
	arena_fini(&scratch);
	return rc;
}

static enum rc check_sound(struct self_test *t)
{
	enum rc rc = run_once(t, NULL, NULL, &t->sound);
	const struct session_target *target = &t->session.targets[0];
	uint64_t cases = 0;
	for (uint64_t i = 0; rc == RC_OK && i < t->sound.n; i++) {
		if (!t->sound.v[i])
			continue;
		cases++;
		enum verdict v = (enum verdict)(t->sound.v[i] - 1);
		struct kase k;
		char id[PLAN_ID_SIZE];
		plan_case(target->plan, i, &k);
		t->found[k.scenario - target->suite->scenarios].ran = true;
		if (v == VERDICT_PASS || v == VERDICT_OBSERVED)
			continue;
		plan_id(&k, id);
		printf("  %s %s: the sound server should pass\n", verdict_text(v), id);
		t->bad++;
	}
	printf("sound: %llu cases\n", (unsigned long long)cases);
	if (rc == RC_OK && cases == 0)
		rc = err_set(&t->err, RC_INPUT, "no case runs: nothing to test");
	return rc;
}

/* Faults that showed elsewhere first were not looked for in every scenario: now in those that are left. */
static enum rc search_rest(struct self_test *t, const struct fault_row *rows, size_t n)
{
	enum rc rc = RC_OK;
	const struct suite *suite = t->session.targets[0].suite;
	bool *left = ARENA_NEW(&t->session.arena, bool, suite->n_scenarios + 1);
	for (size_t f = 0; f < n; f++) {
		bool any = false;
		for (size_t i = 0; i < suite->n_scenarios; i++) {
			left[i] = t->found[i].ran && t->found[i].n == 0;
			any = any || left[i];
		}
		if (!any)
			break;
		if (rows[f].catch_all)
			continue;
		struct verdicts v = {0};
		struct arena scratch = {0};
		struct tally tally = {.red_conditions = ARENA_NEW(&scratch, bool, suite->n_conditions + 1),
				      .run_conditions = ARENA_NEW(&scratch, bool, suite->n_conditions + 1)};
		struct plan_sample sample = sample_for(&rows[f], left);
		rc = run_once(t, &rows[f], &sample, &v);
		if (rc == RC_OK)
			count_red(t, &rows[f], &v, &tally);
		verdicts_fini(&v);
		arena_fini(&scratch);
		TRY(rc);
	}
out:
	return rc;
}

static void say_scenarios(struct self_test *t)
{
	const struct suite *suite = t->session.targets[0].suite;
	for (size_t i = 0; i < suite->n_scenarios; i++) {
		const struct found *p = &t->found[i];
		if (!p->ran)
			continue;
		printf("scenario %s/%s: %s", suite->scenarios[i].suite, suite->scenarios[i].id,
		       p->n ? "found " : "NO FAULT TURNS IT RED");
		for (size_t f = 0; f < p->n && f < FAULTS_SHOWN; f++)
			printf("%s%s", f ? ", " : "", p->first[f]->name);
		if (p->n > FAULTS_SHOWN)
			printf(" and %zu more", p->n - FAULTS_SHOWN);
		puts("");
		t->bad += p->n == 0;
	}
}

static bool is_fault(const struct fault_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, rows[i].name) == 0)
			return true;
	return false;
}

static enum rc all_faults(struct self_test *t, const char *only)
{
	enum rc rc = RC_OK;
	size_t n, done = 0;
	const struct fault_row *rows = fault_rows(&n);
	const struct suite *suite = t->session.targets[0].suite;
	if (only && !is_fault(rows, n, only))
		return err_set(&t->err, RC_INPUT, "no fault is called %s; `mtlspec serve --help` lists them", only);
	t->found = ARENA_NEW(&t->session.arena, struct found, suite->n_scenarios + 1);
	TRY(check_sound(t));
	for (size_t i = 0; i < n; i++) {
		if (only && strcmp(only, rows[i].name) != 0)
			continue;
		done++;
		TRY(one_fault(t, &rows[i]));
	}
	if (!only) {
		TRY(search_rest(t, rows, n));
		say_scenarios(t);
	}
	printf("%zu faults, %u finding%s\n", done, t->bad, t->bad == 1 ? "" : "s");
out:
	return rc;
}

int cmd_self_test(const struct cmd_context *c, int argc, char **argv)
{
	struct self_test *t = mem_alloc(sizeof *t);
	struct arena a = {0};
	int rest, code = EXIT_OK;
	enum rc rc;
	t->context = c;
	TRY(options_parse(&a, argc, argv, usage, &t->options, &rest, &t->err));
	if (rest < argc || t->options.targets.n != 1 || strcmp(t->options.targets.v[0], "reference") != 0) {
		rc = err_set(&t->err, RC_INPUT, "self-test is of the suite itself: it takes options of run but --target");
		goto out;
	}
	const char *only = t->options.fault;
	t->options.fault = NULL;
	TRY(session_open(&t->session, &t->options, c->program, c->now, 1, &t->err));
	TRY(rundir_open(&t->dir, &t->err));
	rc = all_faults(t, only);
	code = t->bad ? EXIT_FAILED : EXIT_OK;
out:
	verdicts_fini(&t->sound);
	rundir_close(&t->dir);
	session_close(&t->session);
	arena_fini(&a);
	if (rc != RC_OK)
		code = cmd_fail(rc, &t->err);
	free(t);
	return code;
}
