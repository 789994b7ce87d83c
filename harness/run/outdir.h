/* outdir.h - the directory of a run's results: an older run is moved aside, never mixed; foreign files are never touched. */
#ifndef HARNESS_RUN_OUTDIR_H
#define HARNESS_RUN_OUTDIR_H

#include "harness/base/arena.h"
#include "harness/base/err.h"

/* RC_INPUT when `path` holds something that no run of ours left there. */
enum rc outdir_make(struct arena *a, const char *path, struct err *err) MUST_USE;
/* For --resume: the directory must hold a journal. */
enum rc outdir_resume(struct arena *a, const char *path, struct err *err) MUST_USE;

#endif
