/*
 * reference.h - the built-in server: a fixture and a demonstration, never the oracle.  Three layers: transport (tcp.c),
 * driver (h1.c), and app.c, pure: (peer, request, policy) -> reply or "ask now".  Shares nothing with clients/.
 */
#ifndef HARNESS_REFERENCE_REFERENCE_H
#define HARNESS_REFERENCE_REFERENCE_H

#include "harness/base/arena.h"
#include "harness/base/err.h"

#include <stdbool.h>
#include <stdio.h>

/* Serves until SIGTERM or SIGINT (argv[0] is "serve"); RC_END after --help. */
enum rc reference_serve(int argc, char **argv, struct err *err) MUST_USE;

/* Names of the faults, one row each: for --fault, `serve --help` and self-test. */
struct fault_row {
	const char *name, *sentence;
	const char *clause; /* the check it breaks: requirement ids, or NULL for one that is no check */
	/*
	 * Globs of conditions.  Of a check: of those that cite the clause, the ones it concerns; NULL: all.  Else: the ones
	 * among which it shows; NULL: the usual few.
	 */
	const char *among;
	bool catch_all; /* does not count as killing in self-test */
};
const struct fault_row *fault_rows(size_t *n);

#endif
