/*
 * findings.h - what is wrong with the files of a suite: loaders add to it and go on, so that one run names every fault.
 * Owns its vector; the texts live in the arena given.  Knows no vocabulary.
 */
#ifndef HARNESS_SUITE_FINDINGS_H
#define HARNESS_SUITE_FINDINGS_H

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/suite/model.h"

#define FINDINGS_KEPT 500 /* the rest is counted only */

struct finding {
	struct where where;
	const char *text;
};

struct findings {
	struct arena *arena;  /* borrowed */
	struct finding *rows; /* owned */
	size_t n, cap, total;
};

void findings_add(struct findings *f, struct where where, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* RC_OK when there are none; else RC_INPUT with the first as "file:line: text" and how many more there are. */
enum rc findings_result(const struct findings *f, struct err *err) MUST_USE;
/* By file, then line; findings of one line keep their order. */
void findings_sort(struct findings *f);
void findings_fini(struct findings *f); /* idempotent */

#endif
