#include "harness/run/run.h"

#include "harness/base/clock.h"
#include "harness/base/guard.h"
#include "harness/base/log.h"
#include "harness/base/rundir.h"
#include "harness/run/bringup.h"
#include "harness/run/checkup.h"
#include "harness/run/meta.h"
#include "harness/run/pace.h"
#include "harness/run/pool.h"
#include "harness/run/resume.h"
#include "harness/run/schedule.h"
#include "harness/run/world.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MAX_REPLAYS 200
#define MAX_DEATHS 40
#define MAX_UNDER_WAY 1024
#define CONTROL_PATIENCE_US 100000u

static volatile sig_atomic_t signals_seen;

/* The first ends the run in order, the second at once, the third is the system's. */
static void on_signal(int number)
{
	if (++signals_seen >= 2)
		signal(number, SIG_DFL);
}

static bool heard_signal(void)
{
	return signals_seen > 0;
}

struct under_way {
	struct task task;
	bool suspect; /* the target died meanwhile: a refusal says nothing about it */
};

/* The second does not even wait for the case that runs in this very process. */
static bool is_urged(void)
{
	return signals_seen > 1;
}

/* Everything of one target while it runs. */
struct drive {
	const struct run_spec *spec;
	struct session_target *target;
	struct journal *journal;
	struct guard *guard;
	struct bringup up;
	struct pool *pool;
	struct world world;
	struct schedule *schedule;
	struct judge_context judge;
	struct run_progress progress;
	struct run_stats *stats;
	struct arena arena; /* of one judgement */
	struct under_way under_way[MAX_UNDER_WAY];
	size_t n_under_way;
	const struct endpoint *proved[32]; /* endpoints where a control was accepted */
	size_t n_proved;
	unsigned replays, deaths, confirmed;
	struct checkup checkup;
	struct pace pace;
	unsigned in_flight;
	bool lost; /* the target is gone for good */
	bool server_said;
	struct err *err;
};

static enum rc note(struct drive *d, const char *text)
{
	struct journal_record r = {
		.kind = JOURNAL_NOTE, .target = d->target->index, .at = (uint64_t)clock_now(), .text = text};
	return journal_write(d->journal, &r, d->err);
}

static bool is_proved(const struct drive *d, const struct endpoint *e)
{
	for (size_t i = 0; i < d->n_proved; i++)
		if (d->proved[i] == e)
			return true;
	return false;
}

/* A remote endpoint that refuses its first control has nothing to say about any case. */
static enum rc control_done(struct drive *d, const struct kase *k, const struct observation *o, bool accepted)
{
	if (accepted && !is_proved(d, k->endpoint) && d->n_proved < 32)
		d->proved[d->n_proved++] = k->endpoint;
	if (accepted || !d->target->target->remote || is_proved(d, k->endpoint))
		return RC_OK;
	if (!schedule_abandon(d->schedule, k->endpoint))
		return RC_OK; /* said before */
	return note(d, meta_refused_control(&d->arena, k, &d->judge, o));
}

/* Refused or reset connects, 429 and 503 slow the run down at somebody else's server. */
static enum rc slow_down(struct drive *d, const struct observation *o, bool throttled)
{
	uint64_t now = clock_us();
	enum pace_answer answer = pace_answer(o, throttled);
	enum pace_step step = pace_finished(&d->pace, answer, now - o->duration_us, now);
	if (step == PACE_GO)
		return RC_OK;
	if (step == PACE_OVER)
		schedule_stop(d->schedule, false);
	return note(d, meta_pace(&d->arena, answer, step == PACE_OVER));
}

/* The server's own certificate is pinned for the run: said once, and it stops nothing. */
static enum rc check_server(struct drive *d, const struct kase *k, const struct journal_record *r)
{
	char when[32];
	if (!k->endpoint || !servers_changed(&d->up.servers, k->endpoint, &r->observation) || d->server_said)
		return RC_OK;
	d->server_said = true;
	clock_format((time_t)r->at, when);
	return note(d, arena_printf(&d->arena, "the server's certificate changed during the run at %s UTC (endpoint %s)", when,
				    k->endpoint->id));
}

static enum rc bring_back(struct drive *d, const char *how)
{
	struct err why = {{0}};
	if (++d->deaths <= MAX_DEATHS && running_restart(d->up.running, &why) == RC_OK)
		return RC_OK;
	if (heard_signal())
		return RC_OK; /* nobody waited for it to get ready: the loop ends the run */
	d->lost = true;
	schedule_stop(d->schedule, true);
	return note(d, arena_printf(&d->arena, META_LOST "the target died and could not be brought back: %s: %s", how,
				    why.text[0] ? why.text : "it died too often"));
}

/* Something died while this and other cases ran: each is tried again with nothing beside it; *died says so. */
static enum rc check_health(struct drive *d, const struct task *task, const struct kase *k, struct journal_record *r,
			    bool *died)
{
	enum rc rc = RC_OK;
	char how[512];
	const bool alone = exec_ran_alone(task, k);
	if (!d->up.running || d->lost || (!alone && !checkup_due(&d->checkup, &r->observation, clock_us())))
		return RC_OK;
	checkup_made(&d->checkup, clock_us());
	if (running_healthy(d->up.running, how, sizeof how))
		return RC_OK;
	*died = true;
	if (alone) {
		d->confirmed++;
		observation_add(&r->observation, r->observation.duration_us, EVENT_TARGET_DIED, -1, -1, 0, 0, how);
	} else {
		if (task->kind == JOURNAL_CASE)
			schedule_replay(d->schedule, task->number, true);
		for (size_t i = 0; i < d->n_under_way; i++) {
			d->under_way[i].suspect = true;
			if (d->under_way[i].task.kind == JOURNAL_CASE)
				schedule_replay(d->schedule, d->under_way[i].task.number, true);
		}
		TRY(note(d, arena_printf(&d->arena, "the target died while cases ran: %s", how)));
	}
	rc = bring_back(d, how);
out:
	return rc;
}

static void judge_live(struct drive *d, const struct task *task, const struct kase *k, const struct journal_record *r)
{
	struct judgement j;
	judge(&d->arena, k, &d->judge, CONTROL_GOOD, &r->observation, &j);
	d->progress.verdicts[j.verdict]++;
	d->progress.done++;
	/* Where no control was ever accepted, running a case again can tell nothing new; nor can it where the target died of it. */
	if (run_is_unexpected(j.verdict) && j.verdict != VERDICT_CRASH && task->repetition == 0 && d->replays < MAX_REPLAYS && is_proved(d, k->endpoint) &&
	    !d->spec->session->options->no_replay) {
		d->replays++;
		schedule_replay(d->schedule, task->number, false);
	}
	if (d->spec->tell)
		d->spec->tell(d->spec->context, &d->progress);
}

static void count(struct drive *d, const struct task *task)
{
	if (task->kind == JOURNAL_CASE) {
		uint64_t total = d->progress.total ? d->progress.total : 1;
		uint64_t decile = d->progress.done * 10 / total;
		d->stats->decile_us[decile < 10 ? decile : 9] = clock_us();
		d->stats->cases++;
	} else if (task->kind == JOURNAL_CONTROL) {
		d->stats->controls++;
	} else {
		d->stats->replays++;
	}
}

/* Takes the task off the list; true when the target died while it was on it. */
static bool was_suspect(struct drive *d, const struct task *task)
{
	for (size_t i = 0; i < d->n_under_way; i++) {
		const struct task *t = &d->under_way[i].task;
		if (t->number != task->number || t->kind != task->kind || t->group != task->group ||
		    t->repetition != task->repetition || t->condition != task->condition)
			continue;
		bool suspect = d->under_way[i].suspect;
		d->under_way[i] = d->under_way[--d->n_under_way];
		return suspect;
	}
	return false;
}

/* A control that a death of ours or of the target's disturbed says nothing of the cases around it: it runs again. */
static enum rc control_again(struct drive *d, const struct task *task, const struct observation *o, bool died, bool *again)
{
	const struct event *e = observation_find(o, 0, EVENT_WORKER_DIED, -1, -1);
	*again = (e || died) && !d->lost && schedule_again(d->schedule, task);
	if (!*again || !e)
		return RC_OK; /* what became of the target is said already */
	return note(d, arena_printf(&d->arena, "a worker died (%s %d) while it ran the control %s, which was run again",
				    e->a > 0 ? "signal" : "exit status", e->a > 0 ? e->a : -e->a,
				    d->target->suite->conditions[task->condition].id));
}

/* What comes of a control or a case that is in the journal now. */
static enum rc follow_up(struct drive *d, const struct task *task, const struct kase *k, const struct journal_record *r,
			 bool accepted)
{
	enum rc rc = RC_OK;
	struct outcome outcome;
	if (task->kind == JOURNAL_CONTROL)
		TRY(control_done(d, k, &r->observation, accepted));
	if (task->kind == JOURNAL_CASE)
		judge_live(d, task, k, r);
	judge_outcome(k, &d->judge, &r->observation, 0, &outcome);
	TRY(slow_down(d, &r->observation, outcome.throttled));
	rc = check_server(d, k, r);
out:
	return rc;
}

static enum rc finished(struct drive *d, const struct task *task, const struct journal_record *record)
{
	enum rc rc = RC_OK;
	struct kase k;
	bool accepted = false, again = false, died = was_suspect(d, task);
	struct journal_record r = *record; /* shares the observation; an event may be added to it */
	arena_reset(&d->arena);
	exec_case(d->target->plan, d->target->suite, task, &k);
	d->judge.identities = r.identities;
	d->judge.n_identities = r.n_identities;
	TRY(world_restore(&d->world, d->err));
	count(d, task);
	if (task->kind == JOURNAL_CONTROL)
		accepted = judge_control_accepted(&k, &d->judge, &r.observation);
	TRY(check_health(d, task, &k, &r, &died));
	if (task->kind == JOURNAL_CONTROL && !accepted)
		TRY(control_again(d, task, &r.observation, died, &again));
	if (again)
		goto out;
	/* Its lone replay decides; should that never come, nothing is proven. */
	if (task->kind == JOURNAL_CASE && died && !exec_ran_alone(task, &k) && checkup_looks_ill(&r.observation))
		observation_add(&r.observation, r.observation.duration_us, EVENT_FAULT, -1, -1, 0, 0,
				"the target died meanwhile, and the case was not run again alone");
	TRY(journal_write(d->journal, &r, d->err));
	TRY(follow_up(d, task, &k, &r, accepted));
	schedule_finished(d->schedule, task, accepted);
out:
	/* An added event may have moved the shared array. */
	((struct journal_record *)(uintptr_t)record)->observation = r.observation;
	return rc;
}

/* Nothing is left to run: a death that no log told of in time is told now. */
static enum rc last_look(struct drive *d)
{
	char how[512];
	if (!d->up.running || d->lost || running_healthy(d->up.running, how, sizeof how))
		return RC_OK;
	d->deaths++;
	return note(d, arena_printf(&d->arena, "the target died while cases ran: %s", how));
}

static enum rc submit_some(struct drive *d, bool *done)
{
	enum rc rc = RC_OK;
	struct task task;
	while (pool_has_room(d->pool) && d->n_under_way < MAX_UNDER_WAY && pace_ready(&d->pace, clock_us())) {
		enum schedule_answer answer = schedule_next(d->schedule, d->n_under_way == 0, clock_us(), &task);
		if (answer == SCHEDULE_DONE && d->n_under_way == 0)
			*done = true;
		if (answer != SCHEDULE_TASK) {
			pool_retire(d->pool);
			break;
		}
		if (!d->stats->first_submit_us)
			d->stats->first_submit_us = clock_us();
		d->under_way[d->n_under_way++] = (struct under_way){.task = task};
		TRY(pool_submit(d->pool, &task, d->err));
		pace_started(&d->pace, clock_us());
	}
out:
	return rc;
}

static uint32_t patience(const struct drive *d)
{
	uint64_t now = clock_us();
	if (pace_ready(&d->pace, now))
		return 100;
	uint64_t ms = (d->pace.next_us - now) / 1000u + 1;
	return ms < 100 ? (uint32_t)ms : 100;
}

static enum rc loop(struct drive *d, bool *interrupted)
{
	enum rc rc = RC_OK;
	bool done = false;
	while (!done) {
		struct task task;
		const struct journal_record *record;
		if (heard_signal()) {
			*interrupted = true;
			schedule_stop(d->schedule, is_urged());
			if (is_urged())
				break;
		}
		TRY(submit_some(d, &done));
		if (done)
			break;
		rc = pool_next(d->pool, patience(d), &task, &record, d->err);
		/* The case in this process was cut short: what it saw is worth nothing. */
		if (is_urged() && d->spec->session->options->jobs == 0)
			rc = RC_TIMEOUT;
		if (rc == RC_OK)
			TRY(finished(d, &task, record));
		else if (rc == RC_END || rc == RC_TIMEOUT)
			rc = RC_OK;
		else
			break;
	}
out:
	return rc;
}

static void in_child(void *context)
{
	struct drive *d = context;
	guard_forget(d->guard);
	if (d->up.running)
		running_disown(d->up.running);
	journal_close(d->journal);
}

/* Where nothing answered the probe, no control is waited for. */
static uint64_t patience_with_controls(const struct drive *d)
{
	if (d->target->target->remote)
		return 0;
	return d->up.probe && probe_mean_us(d->up.probe) == 0 ? 1 : CONTROL_PATIENCE_US;
}

/* How fast connections may come: as the command line says, or the target, or as is decent at somebody else's. */
static void pace_of(struct drive *d)
{
	const struct options *o = d->spec->session->options;
	const struct limits *l = &d->target->target->limits;
	bool remote = d->target->target->remote;
	d->in_flight = o->has_in_flight ? o->in_flight : l->in_flight ? l->in_flight : remote ? 2 : 0;
	d->pace = (struct pace){
		.rate = o->has_rate ? o->rate : l->rate ? l->rate : remote ? 10 : 0,
		.patient = remote,
	};
}

static enum rc open_pool(struct drive *d)
{
	const struct options *o = d->spec->session->options;
	struct exec_spec exec = {
		.suite = d->target->suite,
		.target = d->target->target,
		.plan = d->target->plan,
		.running = d->up.running,
		.forge = d->up.forge,
		.deadlines = session_deadlines(d->spec->session, d->target),
		.target_index = d->target->index,
		.ahead = d->up.probe && d->target->target->remote ? probe_ahead(d->up.probe) : 0,
		.repeat = o->repeat,
		.null_transport = o->null_transport,
		.give_up = o->jobs == 0 ? is_urged : NULL,
		.world = world_change,
		.context = &d->world,
	};
	struct pool_limits limits = {
		.active = o->null_transport ? 0 : o->jobs,
		.in_flight = d->in_flight,
		.stuck_ms = exec.deadlines.budget_ms + session_longest_wait(d->target) + 5000,
	};
	return pool_open(&d->pool, &exec, &limits, in_child, d, d->err);
}

static enum rc start_target(struct drive *d, const char *dir)
{
	const struct bringup_spec spec = {
		.session = d->spec->session,
		.target = d->target,
		.dir = dir,
		.guard = d->guard,
		.pace = &d->pace,
		.give_up = heard_signal,
	};
	pace_of(d);
	if (d->spec->session->options->null_transport)
		return note(d, "null transport: no connection was made, every outcome is invented to measure the harness");
	return bringup_open(&d->up, &spec, d->err);
}

static enum rc write_notes(struct drive *d)
{
	enum rc rc = RC_OK;
	const char *const *notes;
	size_t n = bringup_notes(&d->up, &notes);
	for (size_t i = 0; i < n; i++)
		TRY(note(d, notes[i]));
out:
	return rc;
}

static enum rc deaths_unconfirmed(struct drive *d)
{
	if (!d->deaths || d->confirmed)
		return RC_OK;
	return note(d, arena_printf(&d->arena, META_BROKEN "the target died %u time%s and no case did it alone", d->deaths,
				    d->deaths == 1 ? "" : "s"));
}

/* What an earlier part of the run has finished counts as done. */
static void go_on(struct drive *d, const struct resume_target *before)
{
	for (int v = 0; v < VERDICT__COUNT; v++)
		d->progress.verdicts[v] = before->verdicts[v];
	d->progress.done = before->done;
	for (size_t i = 0; i < before->n_replays && d->replays < MAX_REPLAYS; i++, d->replays++)
		schedule_replay(d->schedule, before->replays[i], false);
}

/* Other targets go on.  Not installed: skipped with the package named, unless it is all that was asked for. */
static enum rc not_started(struct drive *d, bool absent, bool has_cases)
{
	struct err why = *d->err;
	*d->err = (struct err){{0}};
	if (has_cases)
		return note(d, arena_printf(&d->arena, META_LOST "%s", why.text));
	return meta_write_target(d->journal, d->target, NULL, NULL, why.text, !absent, d->err);
}

/* Number of cases and estimated time: the rate decides, or how long a connection took, and how many there are at once. */
static void announce(struct drive *d)
{
	struct run_estimate e = {.target = d->target->name, .remote = d->target->target->remote, .rate = d->pace.rate};
	uint64_t at_once = d->in_flight ? d->in_flight : d->spec->session->options->jobs;
	uint64_t processors = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	if (!d->spec->announce || !d->up.probe)
		return;
	schedule_ahead(d->schedule, &e.cases, &e.controls);
	if (!e.remote && at_once > processors)
		at_once = processors;
	uint64_t n = e.cases + e.controls, us = n * probe_mean_us(d->up.probe) / (at_once ? at_once : 1);
	uint64_t paced_us = e.rate ? n * 1000000u / e.rate : 0;
	e.seconds = (us > paced_us ? us : paced_us) / 1000000u;
	d->spec->announce(d->spec->context, &e);
}

static enum rc drive_target(struct drive *d, const char *dir, const struct resume *resume, bool *interrupted)
{
	enum rc rc;
	struct session *s = d->spec->session;
	const struct resume_target *before = resume->targets ? &resume->targets[d->target->index] : NULL;
	rc = start_target(d, dir);
	if (rc == RC_END) {
		*interrupted = true;
		rc = RC_OK;
		goto out;
	}
	if (rc == RC_ABSENT || rc == RC_FAULT) {
		rc = not_started(d, rc == RC_ABSENT, before && before->done);
		goto out;
	}
	TRY(rc);
	TRY(meta_write_target(d->journal, d->target, d->up.running, &d->up.servers, NULL, false, d->err));
	TRY(write_notes(d));
	d->judge = (struct judge_context){
		.suite = d->target->suite,
		.target = d->target->target,
		.profile = d->target->profile,
		.product_version = d->up.running ? running_version(d->up.running) : "",
		.product_library = d->up.running ? running_library(d->up.running) : "",
	};
	struct schedule_spec schedule = {
		.plan = d->target->plan,
		.suite = d->target->suite,
		.repeat = s->options->repeat,
		.first_group = resume->first_group,
		.patience_us = patience_with_controls(d),
		.finished = before ? before->finished : NULL,
	};
	d->schedule = schedule_open(&schedule);
	d->progress.total = schedule_total(d->schedule);
	d->progress.started_us = clock_us();
	if (before)
		go_on(d, before);
	announce(d);
	d->world.running = d->target->target->remote ? NULL : d->up.running;
	TRY(open_pool(d));
	TRY(loop(d, interrupted));
	TRY(last_look(d));
	rc = deaths_unconfirmed(d);
out:
	if (d->up.forge)
		d->stats->keys += forge_keys_made(d->up.forge);
	if (d->pool && pool_peak(d->pool) > d->stats->peak_workers)
		d->stats->peak_workers = pool_peak(d->pool);
	pool_close(&d->pool);
	schedule_close(&d->schedule);
	bringup_close(&d->up);
	arena_fini(&d->arena);
	return rc;
}

static void listen_for_signals(bool on)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on ? on_signal : SIG_DFL}, was;
	sigemptyset(&action.sa_mask);
	signals_seen = 0;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		/* Under nohup a hang-up is no reason to end. */
		if (numbers[i] == SIGHUP && (sigaction(SIGHUP, NULL, &was) < 0 || was.sa_handler == SIG_IGN))
			continue;
		sigaction(numbers[i], &action, NULL);
	}
}

static void final_stats(struct run_stats *stats, uint64_t started)
{
	struct rusage self, children;
	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	stats->wall_us = clock_us() - started;
	stats->cpu_us = clock_cpu_us();
	stats->peak_rss_kib = self.ru_maxrss;
}

enum rc run_all(const struct run_spec *spec, bool *interrupted, struct run_stats *stats, struct err *err)
{
	enum rc rc = RC_OK;
	struct session *s = spec->session;
	struct rundir dir = {{0}};
	struct guard guard = {0};
	struct journal journal = {0};
	struct resume resume = {0};
	uint64_t started = clock_us();
	struct drive *d = mem_alloc(sizeof *d);
	*interrupted = false;
	*stats = (struct run_stats){0};
	const char *path = arena_printf(&s->arena, "%s/journal", spec->out);
	listen_for_signals(true);
	TRY(rundir_open(&dir, err));
	TRY(guard_open(&guard, dir.path, err));
	if (spec->resume)
		TRY(resume_read(s, path, &resume, err));
	TRY(journal_open(&journal, path, spec->resume, err));
	if (!spec->resume)
		TRY(meta_write_run(&journal, s, spec->version, err));
	stats->began = true;
	for (size_t i = 0; i < s->n_targets && !*interrupted; i++) {
		*d = (struct drive){
			.spec = spec, .target = &s->targets[i], .journal = &journal, .guard = &guard, .stats = stats, .err = err};
		TRY(drive_target(d, arena_printf(&s->arena, "%s/%zu", dir.path, i), &resume, interrupted));
	}
	struct journal_record end = {.kind = JOURNAL_END, .at = (uint64_t)clock_now()};
	end.text = *interrupted ? "interrupted" : "complete";
	rc = journal_write(&journal, &end, err);
out:
	listen_for_signals(false);
	final_stats(stats, started);
	journal_close(&journal);
	resume_close(&resume);
	rundir_close(&dir);
	guard_close(&guard);
	free(d);
	return rc;
}
