/*
 * pace.h - when the next connection may start: the rate that was asked for, and gaps and pauses for a server that refuses,
 * resets or answers 429 and 503.  Pure: the caller tells the time.
 */
#ifndef HARNESS_RUN_PACE_H
#define HARNESS_RUN_PACE_H

#include "clients/observation.h"

#define PACE_GIVE_UP 10 /* troubles in a row, each after a pause */

enum pace_answer {
	PACE_FINE,
	PACE_RESET,	/* the connection stood and was reset before the server's first byte */
	PACE_REFUSED,	/* no connection */
	PACE_THROTTLED, /* 429, 503 */
	PACE__COUNT
};

struct pace {
	unsigned rate;	    /* connections a second; 0: not limited */
	bool patient;	    /* trouble makes it slower: somebody else's server */
	uint64_t next_us;   /* nothing starts before */
	uint64_t gap_us;    /* between two starts, beyond the rate */
	uint64_t slowed_us; /* what started before is no new trouble */
	unsigned calm, trouble; /* answers in a row */
	unsigned said;		/* mask of answers that the run was told of */
	bool over;
};

enum pace_step {
	PACE_GO,
	PACE_SLOWED, /* for the first time over such an answer: worth a note */
	PACE_OVER,   /* refused or throttled PACE_GIVE_UP times in a row: start no more cases; said once */
};

/* What the server made of a case; `throttled`: its request was answered 429 or 503. */
enum pace_answer pace_answer(const struct observation *o, bool throttled);

bool pace_ready(const struct pace *p, uint64_t now_us);
void pace_started(struct pace *p, uint64_t now_us);
enum pace_step pace_finished(struct pace *p, enum pace_answer answer, uint64_t started_us, uint64_t now_us);

#endif
