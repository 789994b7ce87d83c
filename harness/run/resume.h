/*
 * resume.h - what an earlier journal has finished, so that --resume goes on behind it.  What is proven stays: a case whose
 * controls came after it, and that was neither broken nor inconclusive.  Everything else runs again.
 */
#ifndef HARNESS_RUN_RESUME_H
#define HARNESS_RUN_RESUME_H

#include "harness/run/session.h"

struct resume_target {
	uint8_t *finished; /* bit number * repeat + repetition */
	uint64_t *replays; /* cases with an unexpected verdict that were not run again yet */
	size_t n_replays, cap_replays;
	uint64_t verdicts[VERDICT__COUNT], done; /* of what is finished */
};

struct resume {
	struct resume_target *targets; /* owned, as many as the session has */
	size_t n_targets;
	uint32_t first_group; /* above all groups so far */
};

/* RC_INPUT when the suite or a target file has changed since. */
enum rc resume_read(struct session *s, const char *journal, struct resume *out, struct err *err) MUST_USE;
void resume_close(struct resume *r); /* idempotent */

#endif
