/* verdicts.h - a reporter that keeps nothing but the verdict of each case: one byte a case number.  For self-test. */
#ifndef HARNESS_RUN_VERDICTS_H
#define HARNESS_RUN_VERDICTS_H

#include "reports/report.h"

struct verdicts {
	uint8_t *v; /* owned; enum verdict + 1, or 0: did not run */
	uint64_t n;
};

void verdicts_open(struct reporter *r, struct verdicts *out, uint64_t cells);
void verdicts_fini(struct verdicts *v); /* idempotent */

#endif
