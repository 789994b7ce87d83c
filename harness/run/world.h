/*
 * world.h - what a case may change of its surroundings, done by the parent: the anchors that a target trusts, and whether it runs.
 * The case has the target for itself; when it is over everything is as before.
 */
#ifndef HARNESS_RUN_WORLD_H
#define HARNESS_RUN_WORLD_H

#include "clients/client.h"
#include "harness/target/target.h"

struct world {
	struct running *running; /* borrowed; NULL: nothing can be changed */
	bool changed, stopped;
};

/* A client_world, with a struct world for context.  RC_ABSENT for what nobody can do here. */
enum rc world_change(void *world, const struct job_step *step, struct err *err) MUST_USE;
/* Undo what a case has changed; nothing when it changed nothing. */
enum rc world_restore(struct world *w, struct err *err) MUST_USE;

#endif
