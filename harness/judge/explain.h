/*
 * explain.h - which diagnoses fit words that somebody pasted: an alert, a status, an error code, a piece of a log.
 * Pure: borrows the suite; the hits live in the arena.
 */
#ifndef HARNESS_JUDGE_EXPLAIN_H
#define HARNESS_JUDGE_EXPLAIN_H

#include "harness/base/arena.h"
#include "harness/suite/model.h"

struct explain_hit {
	const struct diagnosis *diagnosis;
	unsigned score;
	const char *found; /* what in the text led here: a signal or the words of <match> */
};

/* Best first, equals in order of the suite; `out` gets *n hits, none of them without a reason. */
void explain_rank(struct arena *a, const struct suite *s, const char *text, const struct explain_hit **out, size_t *n);

#endif
