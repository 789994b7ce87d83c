/*
 * exec.h - runs one task in this process: expands the case, mints, drives the client, gives the journal record.  The same
 * code in a forked worker and with --jobs 0.
 */
#ifndef HARNESS_RUN_EXEC_H
#define HARNESS_RUN_EXEC_H

#include "clients/client.h"
#include "harness/run/journal.h"
#include "harness/run/job_build.h"

/* What the parent asks of a worker. */
struct task {
	enum journal_kind kind; /* case, control or replay */
	uint64_t number;
	uint32_t repetition, group;
	int32_t condition; /* of a control: index into suite->conditions; -1 otherwise */
};

struct exec_spec {
	const struct suite *suite;
	const struct target *target;
	const struct plan *plan;
	const struct running *running; /* NULL with null_transport */
	struct forge *forge;
	struct job_deadlines deadlines;
	uint32_t target_index;
	int64_t ahead;	     /* seconds: the target's clock less ours */
	uint64_t repeat;     /* for serial numbers */
	bool null_transport; /* no connection: an invented outcome, to measure the rest */
	client_waiting *waiting;
	client_world *world; /* of the parent: in a worker it is asked over the socket; NULL: nobody changes anything */
	client_give_up *give_up; /* where no parent could kill a worker; NULL otherwise */
	void *context;
	struct event *latest; /* observation.latest of what runs; NULL: nobody looks */
};

struct exec;
enum rc exec_open(struct exec **x, const struct exec_spec *spec, struct err *err) MUST_USE;
/* The record lives until the next call.  A harness fault becomes an event of the record, not an error. */
const struct journal_record *exec_task(struct exec *x, const struct task *task);
void exec_close(struct exec **x);

/* The case of a task: the planned one, or the control of its combination. */
void exec_case(const struct plan *plan, const struct suite *suite, const struct task *task, struct kase *out);
/* Was nothing else under way?  Then whatever died, died of this. */
bool exec_ran_alone(const struct task *task, const struct kase *k);

#endif
