/*
 * check.h - judges a client's chain as RFC 5280 6.1 asks: a table of small rules, each with its clause, run over the
 * best path that path.c finds.  Every rule is run and reported by name.  No I/O and no clock: `now` is an argument.
 */
#ifndef HARNESS_REFERENCE_CHECK_H
#define HARNESS_REFERENCE_CHECK_H

#include "harness/reference/faults.h"
#include "harness/reference/path.h"

/* What a rule may look at.  All borrowed. */
struct check_input {
	const struct span *chain; /* as the peer sent it, end entity first */
	size_t n;
	const struct anchors *anchors;
	int64_t now;
	unsigned depth; /* intermediates allowed between the leaf and the anchor */
	const struct faults *faults;
};

/* Faults of checks stand among the first 64 of the list; the others, however many, switch off none. */
#define CHECK_FAULT(f) ((f) < 64 ? (uint64_t)1 << ((f) & 63) : 0)

struct check_row {
	const char *name;
	const char *clause; /* id of the requirement that it enforces, as in suites/requirements.xml */
	const char *sentence;
	int alert;	 /* the TLS alert that fits (RFC 8446 6.2) */
	uint64_t faults; /* CHECK_FAULT() of each fault that switches this row off */
	bool (*holds)(const struct path *path, const struct check_input *in);
};
const struct check_row *check_rows(size_t *n);

struct check_result {
	uint64_t failed;   /* bit i: row i does not hold; 0 = the chain is believed */
	size_t length;	   /* certificates of the path that was judged, anchor included */
	int64_t expires;   /* when the first of them below the anchor is no longer valid */
	char subject[256]; /* commonName of the leaf, escaped (x509.h) */
};

/* in->n >= 1.  Bounded work whatever is sent. */
void check_chain(const struct check_input *in, struct check_result *out);

/* Names of the failed rows joined by spaces; returns `out`. */
const char *check_failed(const struct check_result *r, char *out, size_t size);
/* The alert of the first failed row; 0 when none failed. */
int check_alert(const struct check_result *r);

#endif
