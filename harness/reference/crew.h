/*
 * crew.h - who serves accepted connections: a thread each, or, where a fault lets its server die of one, a process each.
 * A thread costs a tenth of a process on a machine whose page faults are dear.
 */
#ifndef HARNESS_REFERENCE_CREW_H
#define HARNESS_REFERENCE_CREW_H

#include "harness/reference/tcp.h"

#include <signal.h>

struct crew;

/*
 * Called with `held` blocked, SIGCHLD among them, which tells the caller that there may be room again; threads leave them
 * blocked, processes do not.  NULL when there is no memory.
 */
struct crew *crew_open(bool processes, const sigset_t *held);
/* Whatever is going on is broken off, and waited for.  Idempotent. */
void crew_close(struct crew **c);

/* Of processes that ended: says how one died, and then lets its peer know. */
void crew_collect(struct crew *c);
/* Otherwise new connections wait in the kernel's queue. */
bool crew_has_room(struct crew *c);
/* Serves and closes `fd`, which came from all[at] of n; these are only read, and stay as they are while anybody is served. */
void crew_serve(struct crew *c, int fd, const struct endpoint *all, size_t n, size_t at);

#endif
