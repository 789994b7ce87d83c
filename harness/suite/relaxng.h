/* relaxng.h - holds a document against its RELAX NG grammar, schema/ROOT.rng.  Reads local files only. */
#ifndef HARNESS_SUITE_RELAXNG_H
#define HARNESS_SUITE_RELAXNG_H

#include "harness/suite/findings.h"

struct relaxng; /* grammars that have been used, by root */

void relaxng_open(struct relaxng **r, const char *dir); /* of the grammars */
void relaxng_close(struct relaxng **r);			/* idempotent */

/* A finding for each complaint of the grammar, at most five a document; RC_FAULT when a grammar is missing or broken.
 */
enum rc relaxng_check(struct relaxng *r, struct findings *f, const char *root, const char *path,
		      struct err *err) MUST_USE;

#endif
