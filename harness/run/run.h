/*
 * run.h - the main job: forges, starts each target, schedules, keeps the journal.  Reports are render.h's.
 */
#ifndef HARNESS_RUN_RUN_H
#define HARNESS_RUN_RUN_H

#include "harness/run/journal.h"
#include "harness/run/session.h"

struct run_progress {
	uint64_t done, total;
	uint64_t verdicts[VERDICT__COUNT]; /* as far as they are known while the run goes on */
	uint64_t started_us;
};
/* Worth running again: a verdict against the server. */
static inline bool run_is_unexpected(enum verdict v)
{
	return v == VERDICT_FALSE_ACCEPT || v == VERDICT_FALSE_REJECT || v == VERDICT_VIOLATION;
}

/* Told after every finished case; may be NULL. */
typedef void run_tell(void *context, const struct run_progress *progress);

/* What a target is going to take, as far as the probe of it shows. */
struct run_estimate {
	const char *target; /* as given to --target */
	bool remote;
	uint64_t cases, controls; /* executions */
	uint64_t seconds;
	unsigned rate; /* connections a second; 0: not limited */
};
/* Told before the first case of a target; may be NULL. */
typedef void run_announce(void *context, const struct run_estimate *estimate);

struct run_spec {
	struct session *session;
	const char *out; /* directory, made */
	const char *version; /* of the tool */
	bool resume;
	run_tell *tell;
	run_announce *announce;
	void *context;
};

struct run_stats {
	bool began; /* the journal is this run's: there is something to render */
	uint64_t cases, controls, replays, keys, cpu_us, wall_us, decile_us[10], first_submit_us;
	long peak_rss_kib;
	unsigned peak_workers;
};

/* SIGINT and SIGTERM end the run early: *interrupted.  RC_FAULT: the harness could not go on; the journal stands. */
enum rc run_all(const struct run_spec *spec, bool *interrupted, struct run_stats *stats, struct err *err) MUST_USE;

#endif
