/* baseline.h - `run --baseline`: an earlier results.xml, read before the run begins and compared with what came of it. */
#ifndef HARNESS_RUN_BASELINE_H
#define HARNESS_RUN_BASELINE_H

#include "harness/run/session.h"
#include "reports/gate.h"
#include "reports/report.h"

struct baseline {
	struct gate_results before;
	bool given;
};

/* Nothing without --baseline.  RC_INPUT when it cannot be read; also when it lies where the new results will. */
enum rc baseline_open(struct baseline *b, const struct options *o, time_t now, struct err *err) MUST_USE;
/*
 * Prints what changed in `out`; the exit code goes into totals: failures that the baseline has too are none.  What --select,
 * --shard and their like left out has not disappeared.
 */
enum rc baseline_compare(struct baseline *b, const struct options *o, const char *out, time_t now,
			 struct report_totals *totals, struct err *err) MUST_USE;
void baseline_close(struct baseline *b); /* idempotent */

#endif
