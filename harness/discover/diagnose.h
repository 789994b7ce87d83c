/*
 * diagnose.h - discovery in plain words: what the server does, what is odd about it, likely causes from the suite's
 * diagnoses, and what to do next.  Pure; peers' bytes come out cleaned.
 */
#ifndef HARNESS_DISCOVER_DIAGNOSE_H
#define HARNESS_DISCOVER_DIAGNOSE_H

#include "harness/discover/conclude.h"

/* One sentence that sums up: "asks for a certificate in the first handshake and refuses without one (required)". */
const char *diagnose_summary(struct arena *a, const struct facts *f, const struct conclusion *c);
/* All sentences and causes; `suite` may be NULL: no causes then. */
void diagnose_put(struct buf *b, struct arena *a, const struct suite *suite, const struct facts *f,
		  const struct conclusion *c);
/* What to do next; `file` is where the target file is, NULL: only printed. */
void diagnose_put_next(struct buf *b, struct arena *a, const struct facts *f, const struct conclusion *c,
		       const char *file);

#endif
