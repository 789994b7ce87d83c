/* recorded.h - how a run was started, as the first record of its journal keeps it. */
#ifndef HARNESS_RUN_RECORDED_H
#define HARNESS_RUN_RECORDED_H

#include "harness/run/options.h"

struct recorded {
	int argc; /* the words, the sub-command first */
	char **argv;
	const char *digest, *cwd;
	uint64_t seed, started; /* started: wall clock, seconds */
};

/* Of DIR/journal, into the arena.  RC_INPUT when there is none, or none of a run. */
enum rc recorded_read(struct arena *a, const char *dir, struct recorded *out, struct err *err) MUST_USE;

/* For --resume: RC_INPUT with the sentence when `now` asks for other cases, or another order, than that run. */
enum rc recorded_same(struct arena *a, const struct recorded *was, const struct options *now, struct err *err) MUST_USE;

#endif
