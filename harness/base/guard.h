/*
 * guard.h - a small process that outlives ours: when we are killed with no time for a last word, it ends the process groups
 * that we started and removes our directory.  When we end by ourselves it does nothing.
 */
#ifndef HARNESS_BASE_GUARD_H
#define HARNESS_BASE_GUARD_H

#include "harness/base/err.h"

#include <sys/types.h>

struct guard {
	int fd;	   /* our end of its pipe; open as long as we live */
	pid_t pid; /* 0: there is none */
};

/* `dir` is removed after our death; NULL: nothing is. */
enum rc guard_open(struct guard *g, const char *dir, struct err *err) MUST_USE;
void guard_add(const struct guard *g, pid_t group);
void guard_drop(const struct guard *g, pid_t group); /* it has ended */
/* In a forked child, which must not keep the pipe open. */
void guard_forget(struct guard *g);
void guard_close(struct guard *g); /* all is well: it goes; idempotent */

#endif
