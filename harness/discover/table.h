/* table.h - discovery for readers: question, answer, evidence; one line each.  Pure; peers' bytes come out cleaned. */
#ifndef HARNESS_DISCOVER_TABLE_H
#define HARNESS_DISCOVER_TABLE_H

#include "harness/discover/conclude.h"

void table_put(struct buf *b, struct arena *a, const struct facts *f, const struct conclusion *c);

/* "it serves", "it refuses": what became of a request, in a word or two. */
const char *table_answer(const struct look *l);

#endif
