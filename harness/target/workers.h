/*
 * workers.h - the processes below a server's master, as /proc shows them.  A client sees a dead worker's connections end before its
 * master has noticed and logged the death; here it shows at once.
 */
#ifndef HARNESS_TARGET_WORKERS_H
#define HARNESS_TARGET_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WORKERS_MAX  64 /* further ones are not watched */
#define WORKERS_TOLD 16

struct workers {
	pid_t known[WORKERS_MAX]; /* at the last look */
	size_t n;
	pid_t told[WORKERS_TOLD]; /* deaths already reported: the newest, in a ring */
	size_t n_told;
};

/* Remember who is there.  Never fails: without /proc there are none. */
void workers_look(struct workers *w, pid_t master);
/*
 * True when a worker was killed by a fault (SIGSEGV, SIGABRT, SIGKILL ...) since the last look; `how` gets a sentence.  A worker that is
 * ending is waited for, a second at most.  *vanished: a known one is gone and its end was missed, so the log has to tell.
 */
bool workers_died(struct workers *w, pid_t master, bool *vanished, char *how, size_t size);
/* True when this process is on its way out, which its peers may have noticed before its parent can. */
bool workers_ending(pid_t pid);
/* True when `line` of a log names a worker whose death was reported already. */
bool workers_told(const struct workers *w, const char *line);

#endif
