/*
 * session.h - what `run`, `list`, `show` and `report` have in common: the suite, the targets and their plans, loaded from
 * the same words.  Starts nothing.
 */
#ifndef HARNESS_RUN_SESSION_H
#define HARNESS_RUN_SESSION_H

#include "harness/base/rundir.h"
#include "harness/pki/forge.h"
#include "harness/plan/plan.h"
#include "harness/run/options.h"
#include "harness/suite/suite.h"
#include "harness/target/target.h"

#include <time.h>

struct session_target {
	const char *name; /* as given to --target */
	const struct target *target;
	const struct variant *variant; /* may be NULL */
	const struct suite *suite;     /* with the target's own identities */
	const struct profile *profile; /* may be NULL */
	const struct plan *plan;
	const char *configuration; /* variant and --set, for reports */
	const struct parameter *sets;
	size_t n_sets;
	unsigned index;
};

struct session {
	struct arena arena;
	const struct options *options; /* borrowed */
	const char *program;	       /* path of the binary */
	time_t now;
	uint64_t seed;
	const struct suite *suite;
	char digest[65]; /* of everything loaded, SHA-256 */
	struct session_target *targets;
	size_t n_targets;
	const struct pins *pins; /* known failures, or NULL */
	struct rundir fresh; /* target files of URLs just discovered */
};

enum rc session_open(struct session *s, const struct options *o, const char *program, time_t now, uint64_t seed,
		     struct err *err) MUST_USE;
void session_close(struct session *s); /* idempotent */

/* Make what the plan's running cells need before anything forks: every condition they name and its control. */
enum rc session_prepare(const struct session_target *t, struct forge *f, struct err *err) MUST_USE;

/* Time that a script of the target's suite asks for by <wait>, at most. */
uint32_t session_longest_wait(const struct session_target *t);
/* The deadlines of a case at this target under --timeout. */
struct job_deadlines session_deadlines(const struct session *s, const struct session_target *t);

#endif
