/*
 * discovered.h - targets that are given as URLs: discovered when a run begins, their target files kept with its results,
 * from where `report` and `--resume` take them again.
 */
#ifndef HARNESS_RUN_DISCOVERED_H
#define HARNESS_RUN_DISCOVERED_H

#include "harness/run/session.h"

bool discovered_is_url(const char *name);

/*
 * The target file of the session's URL number `index`: the one an earlier run kept (options.results), else a new one, which
 * makes connections.  RC_FAULT when no TLS server answers, with the sentence that says why.
 */
enum rc discovered_find(struct session *s, size_t index, const char **file, struct err *err) MUST_USE;

/* The files of new discoveries, once the output directory is there: target.xml, then target-2.xml ... */
enum rc discovered_keep(struct session *s, const char *out, struct err *err) MUST_USE;

#endif
