/*
 * bringup.h - a target brought to where its cases can run: PKI, processes, and what the probe at the start found.
 */
#ifndef HARNESS_RUN_BRINGUP_H
#define HARNESS_RUN_BRINGUP_H

#include "harness/run/probe.h"
#include "harness/run/session.h"

struct bringup {
	struct forge *forge;	 /* owned, as all of it */
	struct running *running; /* {0} in all: a run without a transport */
	struct probe *probe;
	struct servers servers;
};

struct bringup_spec {
	struct session *session;
	const struct session_target *target;
	const char *dir; /* of the run */
	const struct guard *guard;
	struct pace *pace;
	bool (*give_up)(void); /* as in target_spec */
};

/* As running_open(); what is there already is closed by bringup_close() whatever it returns. */
enum rc bringup_open(struct bringup *up, const struct bringup_spec *spec, struct err *err) MUST_USE;
void bringup_close(struct bringup *up); /* idempotent */

/* What the probe has to say, the weightiest first. */
size_t bringup_notes(struct bringup *up, const char *const **out);

#endif
