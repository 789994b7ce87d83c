/* proc.h - child processes in their own process group: start, watch, stop.  Signals nobody it did not start. */
#ifndef HARNESS_BASE_PROC_H
#define HARNESS_BASE_PROC_H

#include "harness/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct guard;

struct proc {
	pid_t pid;  /* also the process group; 0 when there is none */
	bool ended; /* waited for; `status` is valid */
	int status; /* as waitpid gives it */
	const struct guard *guard; /* borrowed; NULL: none */
};

struct proc_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *env;	 /* NULL-terminated "K=V" put on top of our environment; may be NULL */
	const char *dir;	 /* working directory, or NULL */
	int out, log;		 /* stdout and stderr; -1 is /dev/null */
	int death_signal;	 /* what it gets when we die; 0: SIGKILL, which children of its own would survive */
	const struct guard *guard; /* told of the group, so that a wrapper's child goes too when we are killed; may be NULL */
};

/*
 * RC_ABSENT when the program is not there (its name in `err`).  The child dies with us (PR_SET_PDEATHSIG), and ignores no
 * signal, whatever we do.
 */
enum rc proc_start(struct proc *p, const struct proc_spec *spec, struct err *err) MUST_USE;
/* True while it runs; collects its status when it has ended.  Never blocks. */
bool proc_alive(struct proc *p);
/* `signal` to the process, up to `grace_ms` for it to end, then SIGKILL to its group.  Idempotent; leaves {0}. */
void proc_stop(struct proc *p, int signal, uint32_t grace_ms);
/* Run to the end, at most `ms`; what it prints on stdout and stderr goes to `out` (NUL-terminated, cut at size). */
enum rc proc_run(const struct proc_spec *spec, uint32_t ms, char *out, size_t size, int *status, struct err *err) MUST_USE;
/* Full path of `program` through PATH into out; false when there is none. */
bool proc_find(const char *program, char *out, size_t size);
/* "exited 3", "killed by signal 11 (Segmentation fault)". */
const char *proc_status_text(int status, char *out, size_t size);

#endif
