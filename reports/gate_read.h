/* gate_read.h - what a case id says of its cell, so that known failures can be matched without the suite. */
#ifndef REPORTS_GATE_READ_H
#define REPORTS_GATE_READ_H

#include "harness/base/arena.h"
#include "harness/plan/plan.h"

/* "suite/scenario[tls=1.3,...]" -> the cell; `client` where the id does not say it.  False when it is no id of ours. */
bool gate_cell(struct arena *a, const char *id, enum client_kind client, struct kase *out);

#endif
