/*
 * gate.h - compares two results.xml: what is new, fixed, still failing, new in the suite, gone.  Reads with a streaming
 * reader and keeps one short row a case; knows nothing of how results came about.
 */
#ifndef REPORTS_GATE_H
#define REPORTS_GATE_H

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/suite/model.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct gate_target {
	const char *key, *id, *name, *product, *version, *library; /* "" when unknown */
	uint64_t cases;
};

struct gate_case {
	size_t target;
	const char *id, *formerly; /* formerly: ids separated by spaces, or NULL */
	enum verdict verdict;	   /* final, after the known failures given */
	enum verdict judged;	   /* before known failures */
	enum severity severity;
	enum client_kind client;
	const char *reason; /* of what fails or is known; else NULL */
	const char *link;   /* of a known failure, or NULL */
	bool matched;	    /* of the baseline: met again */
};

/* One results.xml; {0} before it is read. */
struct gate_results {
	struct arena arena; /* owned: every text */
	const char *path, *digest, *selection;
	bool interrupted;
	struct gate_target *targets; /* owned */
	size_t n_targets, cap_targets;
	struct gate_case *cases; /* owned; sorted by target and id once read */
	size_t n, cap;
};

/*
 * `path` is a results.xml or the directory of a run.  With `pins` the known failures recorded in the file give way to
 * those, as of `today` ("2026-11-24").  RC_INPUT: missing, foreign, damaged or incomplete, with the line.
 */
enum rc gate_read(struct gate_results *r, const char *path, const struct pins *pins, const char *today, struct err *err) MUST_USE;
void gate_results_fini(struct gate_results *r); /* idempotent */

#define GATE_KIND_LIST(X)                                                    \
	X(GATE_FIXED, "fixed")                                               \
	X(GATE_ADDED, "new in the suite")                                    \
	X(GATE_KNOWN, "known failures")                                      \
	X(GATE_DISAPPEARED, "disappeared")                                   \
	X(GATE_STILL, "still failing")                                       \
	X(GATE_ADDED_FAILING, "new in the suite and failing")                \
	X(GATE_NEW, "new failures")
ENUM_DECLARE(gate_kind, GATE, GATE_KIND_LIST);

struct gate_spec {
	bool strict;		 /* deviations and flaky cases fail */
	enum severity fail_on;	 /* failures below it are listed and do not fail the gate */
	bool allow_added;	 /* failures of cases new in the suite do not either */
	bool allow_disappeared;	 /* nor cases that were there and are not */
	unsigned shown;		 /* cases listed of each kind; the rest is counted */
};

struct gate_counts {
	uint64_t n[GATE__COUNT], same;
	uint64_t tolerated; /* of the new failures: below fail_on */
	bool passed;
};

/* Prints what changed on `out`, counts it and decides. */
enum rc gate_compare(struct gate_results *before, const struct gate_results *after, const struct gate_spec *spec, FILE *out,
		     struct gate_counts *counts, struct err *err) MUST_USE;

/*
 * A first known-failures file: one <failure> for every unexpected verdict, and for what the run knew already, to be
 * completed by hand; each ends 90 days after `now`.  `written` gets their number.
 */
enum rc gate_write_known(const struct gate_results *r, const char *path, time_t now, bool strict, uint64_t *written,
			 struct err *err) MUST_USE;

/* Results against the verdicts that documents predict: each other than pass needs a row, each row needs one. */
struct gate_expected {
	uint64_t predicted; /* cases that a row foretold */
	uint64_t unpredicted; /* cases that none did */
	uint64_t missing; /* rows that nothing matched */
};
/* Prints both kinds of difference on `out`, at most `shown` of each.  Rows of `allowed` (may be NULL) foretell and are not owed. */
enum rc gate_check_expected(const struct gate_results *r, const struct pins *expected, const struct pins *allowed,
			    unsigned shown, FILE *out, struct gate_expected *counts, struct err *err) MUST_USE;

/* 0: passes; the larger, the graver.  What strict does: see gate_spec. */
unsigned gate_rank(enum verdict v, bool strict);

#endif
