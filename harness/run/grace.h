/*
 * grace.h - how long a worker may wait before its slot counts as free.  A wait of 20 ms means a silent peer only where
 * peers answer sooner; on a machine that is busy every case waits that long, and starting more would make all of them
 * miss their deadlines.  So the bound follows what finished cases took.  Pure.
 */
#ifndef HARNESS_RUN_GRACE_H
#define HARNESS_RUN_GRACE_H

#include <stdint.h>

#define GRACE_KEPT 32
#define GRACE_MAX_US 8000000u /* below the deadlines: when all take seconds, more at once is what makes them miss those */

struct grace {
	uint32_t took_us[GRACE_KEPT]; /* the last finished cases that no deadline of ours ended, a ring */
	unsigned n;		      /* ever noted */
};

void grace_note(struct grace *g, uint32_t took_us);
/*
 * Three times what a quick case takes, the quarter of the fastest left out of account; at most GRACE_MAX_US, and 0 before
 * anything is known: a server that is silent from the first is no reason to wait in turn.
 */
uint64_t grace_us(const struct grace *g);

#endif
