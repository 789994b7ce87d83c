/*
 * client.h - runs one job against a server and records what happened.  Plain blocking code with deadlines; one job at a
 * time in a process.  RC_OK whatever the server did; RC_FAULT only when the harness itself could not go on.
 */
#ifndef CLIENTS_CLIENT_H
#define CLIENTS_CLIENT_H

#include "clients/job.h"
#include "clients/observation.h"

/* Told once per wait that is about to last longer than 20 ms, and once when it is over.  May be NULL. */
typedef void client_waiting(void *context, bool waiting);

/* Asked for a world verb (revoke publish reload start stop); returns RC_ABSENT when nobody can do it. */
typedef enum rc client_world(void *context, const struct job_step *step, struct err *err);

/* Asked when a signal came while it waits: true ends this wait and every later one as if its time were over.  May be NULL. */
typedef bool client_give_up(void);

struct client; /* per process: server chains seen, caches */

enum rc client_open(struct client **c, client_waiting *waiting, client_world *world, void *context,
		    struct err *err) MUST_USE;
void client_ask(struct client *c, client_give_up *give_up); /* from the next job on */
enum rc client_run(struct client *c, const struct job *job, struct observation *out, struct err *err) MUST_USE;
void client_close(struct client **c); /* idempotent */

#endif
