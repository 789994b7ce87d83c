/*
 * pool.h - warm forked workers in plain blocking code.  A worker that waits longer than 20 ms says so, and its slot is
 * free as soon as that is longer than usual (grace.h); one that is stuck past its budget is killed and replaced; its
 * death costs one case.
 */
#ifndef HARNESS_RUN_POOL_H
#define HARNESS_RUN_POOL_H

#include "harness/run/exec.h"

struct pool;

struct pool_limits {
	unsigned active;    /* busy and not waiting at once: default 8 */
	unsigned in_flight; /* connections at once whatever they do; 0: 512 waiting */
	uint32_t stuck_ms;  /* a task that takes longer is the harness's fault */
};

/* In the forked child, before anything else: forget what belongs to the parent. */
typedef void pool_child(void *context);

enum rc pool_open(struct pool **p, const struct exec_spec *exec, const struct pool_limits *limits, pool_child *child,
		  void *context, struct err *err) MUST_USE;
bool pool_has_room(const struct pool *p);
/* There is nothing to submit now: one idle worker ends, if more are there than are active at once (silent cases had them made). */
void pool_retire(struct pool *p);
unsigned pool_busy(const struct pool *p);
enum rc pool_submit(struct pool *p, const struct task *task, struct err *err) MUST_USE;

/*
 * Waits up to `ms` for something to happen and hands over one finished task.  RC_OK with the record (valid until the next
 * call), RC_TIMEOUT when nothing finished, RC_END when a waiting worker freed its slot.
 */
enum rc pool_next(struct pool *p, uint32_t ms, struct task *task, const struct journal_record **record,
		  struct err *err) MUST_USE;
void pool_close(struct pool **p); /* kills what still runs; idempotent */
unsigned pool_peak(const struct pool *p); /* workers at once, for --stats */

#endif
