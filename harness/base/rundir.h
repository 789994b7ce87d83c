/* rundir.h - the private directory of one run: made fresh under TMPDIR (mode 0700), removed at the end. */
#ifndef HARNESS_BASE_RUNDIR_H
#define HARNESS_BASE_RUNDIR_H

#include "harness/base/err.h"

struct rundir {
	char path[512]; /* "" when there is none */
};

enum rc rundir_open(struct rundir *dir, struct err *err) MUST_USE;
void rundir_close(struct rundir *dir); /* removes it with all inside; idempotent */

#endif
