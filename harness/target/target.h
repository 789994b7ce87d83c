/*
 * target.h - a target while it runs: its processes, ports, endpoints as addresses.  Starts nothing on anything but
 * loopback, stops only what it started.  A remote target is the same thing without processes.
 */
#ifndef HARNESS_TARGET_TARGET_H
#define HARNESS_TARGET_TARGET_H

#include "clients/job.h"
#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/pki/forge.h"
#include "harness/suite/model.h"

struct guard;

struct target_spec {
	const struct target *target;
	const struct variant *variant; /* may be NULL */
	const struct parameter *sets;  /* --set NAME=VALUE, over the target's and the variant's */
	size_t n_sets;
	const char *dir;  /* of the run: the target makes its own folder inside */
	const char *self; /* path of the mtlspec binary: @self@ */
	struct forge *forge; /* writes anchors, CRLs and the server certificate */
	const struct guard *guard; /* told of every process; NULL: none */
	bool (*give_up)(void);	   /* asked while it waits; true ends that with RC_END; NULL: never */
};

struct running; /* opaque */

/* An endpoint with its ports known. */
struct live_endpoint {
	const struct endpoint *endpoint;
	struct job_address address;
	const char *host; /* SNI and name in Host: the protected name for by-name */
	const char *authority; /* host:port for the Host header */
	const char *path;
	const char *names[8]; /* host of each endpoint_name, same order */
};

/* RC_ABSENT: a program is not installed (its package in `err`). RC_FAULT with the log's last lines: did not get ready. RC_END: given up. */
enum rc running_open(struct running **r, const struct target_spec *spec, struct arena *a, struct err *err) MUST_USE;
void running_close(struct running **r); /* stops the processes in reverse order; idempotent */

size_t running_endpoints(const struct running *r, const struct live_endpoint **out);
const char *running_product(const struct running *r);	/* "nginx" */
const char *running_version(const struct running *r);	/* "1.22.1", or "" */
const char *running_library(const struct running *r);	/* "OpenSSL 3.0.19", or "" */
const char *running_dir(const struct running *r);
/* A parameter's value after variant and --set; NULL when there is none of that name. */
const char *running_parameter(const struct running *r, const char *name);

/* Forked workers call this: forget the processes without stopping them. */
void running_disown(struct running *r);

/*
 * False when a process has ended or a log says that a worker died or a sanitizer spoke since the last call; `how` gets
 * one sentence.  Cheap enough to ask after every case.
 */
bool running_healthy(struct running *r, char *how, size_t size);
/* Stop and start again what has ended (same ports). */
enum rc running_restart(struct running *r, struct err *err) MUST_USE;
/* Stop every process; returns when nothing listens any more.  running_restart() starts them again. */
enum rc running_stop(struct running *r, struct err *err) MUST_USE;
/*
 * Tell every process that can to read its configuration again; returns when the endpoints answer and the workers of before are gone.
 * RC_ABSENT: there is none that can; RC_FAULT: it did not come to that.
 */
enum rc running_reload(struct running *r, struct err *err) MUST_USE;
/* Write other anchors into the file of a trust ("main"): those of the set `set`, which is made if need be.  Counts from the next reload on. */
enum rc running_trust(struct running *r, const char *trust, const char *set, struct err *err) MUST_USE;

#endif
