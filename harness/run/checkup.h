/*
 * checkup.h - when to look whether a server of ours is still alive.  A look walks its processes and logs, so it is not
 * made behind every case.  Pure.
 */
#ifndef HARNESS_RUN_CHECKUP_H
#define HARNESS_RUN_CHECKUP_H

#include "clients/observation.h"

#define CHECKUP_EVERY	 64u /* sound cases */
#define CHECKUP_FRESH_US 100000u

struct checkup {
	uint64_t looked_us; /* when the last look was made; {0}: never */
	unsigned since;	    /* sound cases since then */
};

/* Would it look like this if the server had died? */
bool checkup_looks_ill(const struct observation *o);
/*
 * Is a look due behind this case?  Whoever waited in vain for a server that had died did so for longer than
 * CHECKUP_FRESH_US, and a look since then has seen it: of many silent cases that end together one is enough.
 */
bool checkup_due(struct checkup *c, const struct observation *o, uint64_t now_us);
/* It is being made. */
void checkup_made(struct checkup *c, uint64_t now_us);

#endif
