/*
 * names.h - names that reports derive: a short unique key of a target, ids that a case had before, words that stand for
 * a file of the suite.  Pure.
 */
#ifndef REPORTS_NAMES_H
#define REPORTS_NAMES_H

#include "harness/base/arena.h"
#include "reports/report.h"

/*
 * Letters, digits, _ and - of `text`, other runs as one -; at most 80 bytes; "x" when nothing is left.  For file names
 * and for the parts of a JUnit class name, which readers split at dots.
 */
const char *names_slug(struct arena *a, const char *text);

/* The keys given out in one report; {0} to begin with. */
struct names {
	struct arena arena; /* owned */
	struct {
		unsigned index;
		const char *key;
	} * targets; /* owned */
	size_t n, cap;
};
void names_fini(struct names *n); /* idempotent */
/*
 * Key of a target: the slug of its name (of a path the last part without .xml, of a URL without scheme), the same from
 * run to run and machine to machine; a number behind it where two targets of a run would share it.  Lives in `n`.
 */
const char *names_target(struct names *n, const struct report_target *t);

/* Other ids of the case, after formerly= of its scenario and its condition, separated by spaces; NULL for none. */
const char *names_formerly(struct arena *a, const struct kase *k, const char *id);

/* The file of a scenario, relative to the folder that holds the suites where it is one of the shipped. */
const char *names_file(struct arena *a, const struct suite *s, const char *file);

/* "run", "impossible", "unsupported", "excluded" */
const char *names_disposition(enum disposition d);

#endif
