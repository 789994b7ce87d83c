/*
 * job_build.h - a case becomes a job: the script resolved, {axes} replaced, credentials minted.  Runs in the worker.
 * Everything made lives in the arena given, for the length of one case.
 */
#ifndef HARNESS_RUN_JOB_BUILD_H
#define HARNESS_RUN_JOB_BUILD_H

#include "clients/job.h"
#include "harness/judge/judge.h"
#include "harness/pki/forge.h"
#include "harness/plan/plan.h"
#include "harness/target/target.h"

struct job_spec {
	const struct suite *suite;
	const struct target *target;
	const struct live_endpoint *endpoint;
	const struct live_endpoint *endpoints; /* all of the target, for at= */
	size_t n_endpoints;
	struct forge *forge;
	const struct kase *kase;
	uint64_t serial; /* unique per case and repetition */
	struct job_deadlines deadlines;
	time_t now; /* of the target's clock, where lives= counts from */
};

struct built {
	struct job job;
	const struct shown_identity *identities;
	size_t n_identities;
};

/*
 * RC_ABSENT with its name when the script uses what this build has not.  RC_INPUT when it asks for what the target has
 * not (a name, a limit); the sentence says what.
 */
enum rc job_build(struct arena *a, const struct job_spec *spec, struct built *out, struct err *err) MUST_USE;

#endif
