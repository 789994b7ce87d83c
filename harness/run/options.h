/* options.h - the words of `mtlspec run` (list, show and self-test take the same), parsed and kept with the journal. */
#ifndef HARNESS_RUN_OPTIONS_H
#define HARNESS_RUN_OPTIONS_H

#include "harness/base/arena.h"
#include "harness/base/opt.h"
#include "harness/plan/plan.h"
#include "harness/suite/model.h"

#define OPTIONS_MAX 256

struct words {
	const char *v[OPTIONS_MAX];
	size_t n;
};

struct options {
	struct words targets, suites, select, skip;
	struct parameter sets[OPTIONS_MAX];
	size_t n_sets;
	const char *profile, *certificate, *pki, *out, *baseline, *known_failures, *fault, *personality;
	unsigned client; /* mask; 0: as the scenarios say */
	bool has_impact;
	enum impact impact;
	bool has_jobs, has_in_flight, has_rate, has_seed;
	unsigned jobs, in_flight, rate;
	uint32_t timeout_ms; /* 0: the target's */
	uint64_t repeat, seed;
	unsigned shard, shards;
	const char *shard_text; /* the last --shard, inside argv */
	enum severity fail_on;
	bool strict, resume, null_transport, stats, quick, every_cell;
	int argc; /* as given, for the journal */
	char **argv;
	bool no_replay;			  /* self-test: verdicts as they come */
	const struct plan_sample *sample; /* self-test: borrowed; NULL: everything */
	const char *results; /* output directory of an earlier run that is gone on with or rendered again; NULL: a new run */
};

/* The name of the first option that makes `a` plan other cases than `b`; NULL: the same plan. */
const char *options_differ(const struct options *a, const struct options *b);

/* argv[0] is the sub-command.  RC_END: --help was printed.  Words live in argv or in the arena. */
enum rc options_parse(struct arena *a, int argc, char **argv, const char *usage, struct options *out, int *rest,
		      struct err *err) MUST_USE;

#endif
