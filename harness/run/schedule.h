/*
 * schedule.h - what runs next: groups of cases of one combination, each between two runs of its controls; several groups
 * are open at once so that a silent case holds up nobody.  Replays come last.  No I/O, no clock.
 */
#ifndef HARNESS_RUN_SCHEDULE_H
#define HARNESS_RUN_SCHEDULE_H

#include "harness/run/exec.h"

#define SCHEDULE_GROUP 256  /* executions between two runs of the controls */
#define SCHEDULE_OPEN 64    /* groups at once */
#define SCHEDULE_CONTROLS 24
#define SCHEDULE_AGAIN 3    /* times that one control is run again */

struct schedule_spec {
	const struct plan *plan;
	const struct suite *suite;
	uint64_t repeat;
	uint32_t first_group;	 /* above the groups of a journal that is resumed */
	uint64_t patience_us;	 /* cases start although a control has not answered for so long; 0: never */
	const uint8_t *finished; /* bit number * repeat + repetition: done before; NULL: nothing */
};

struct schedule;
struct schedule *schedule_open(const struct schedule_spec *spec);
void schedule_close(struct schedule **s);

enum schedule_answer {
	SCHEDULE_TASK, /* *task is to be run */
	SCHEDULE_WAIT, /* something under way has to finish first */
	SCHEDULE_DONE, /* nothing is left */
};
/* `idle`: nothing is under way (a lone replay may start).  `now_us`: the monotonic time. */
enum schedule_answer schedule_next(struct schedule *s, bool idle, uint64_t now_us, struct task *task);
/* A task has finished; of a control, whether it was accepted. */
void schedule_finished(struct schedule *s, const struct task *task, bool accepted);

/*
 * Instead of schedule_finished, for a control that something else than the server disturbed: it runs once more.  False when
 * that is no longer possible or has been done often enough.
 */
bool schedule_again(struct schedule *s, const struct task *task);

/* Run the case twice more, each after a fresh control; or once, with nothing beside it. */
void schedule_replay(struct schedule *s, uint64_t number, bool alone);
/* Start no more cases at this endpoint; false when that was so already. */
bool schedule_abandon(struct schedule *s, const struct endpoint *endpoint);
/* Start no more cases; unless `hard`, the controls behind what has run still come, so that it counts. */
void schedule_stop(struct schedule *s, bool hard);

/* Executions that the whole plan asks for (cells that run, times repeat). */
uint64_t schedule_total(const struct schedule *s);
/* What is still to come when nothing is abandoned or replayed: executions of cases, and of the controls around them. */
void schedule_ahead(const struct schedule *s, uint64_t *cases, uint64_t *controls);

#endif
