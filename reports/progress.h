/*
 * progress.h - what a person sees while a run goes on: one line that is renewed on a terminal, at most ten times a
 * second; plain lines every tenth of the way or ten seconds elsewhere.  Asks no clock.  Does not own the stream.
 */
#ifndef REPORTS_PROGRESS_H
#define REPORTS_PROGRESS_H

#include "harness/suite/model.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_ETA_UNKNOWN UINT32_MAX

struct progress {
	FILE *file;
	bool terminal;
	uint64_t began_us, last_us; /* monotonic, as given */
	unsigned last_tenth;
	bool drawn; /* a line stands on the terminal */
};

/* `file` NULL: nothing is ever printed. */
void progress_open(struct progress *p, FILE *file, bool terminal, uint64_t now_us);
/*
 * Called as often as one likes.  `verdicts` counts finished cases; `eta_s` is what the caller thinks is left, or
 * PROGRESS_ETA_UNKNOWN: then it follows from the rate so far.
 */
void progress_update(struct progress *p, uint64_t done, uint64_t total, const uint64_t verdicts[static VERDICT__COUNT],
		     uint32_t eta_s, uint64_t now_us);
/* Takes the line off the terminal; anything may be printed then.  The next update draws it again. */
void progress_clear(struct progress *p);
void progress_close(struct progress *p);

#endif
