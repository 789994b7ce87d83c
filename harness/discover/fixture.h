/* fixture.h - servers as discovery may meet them, made of events: what the tests here share.  No product code uses it. */
#ifndef HARNESS_DISCOVER_FIXTURE_H
#define HARNESS_DISCOVER_FIXTURE_H

#include "harness/discover/facts.h"

/* Facts in the arena; NULL: no server of that name. */
const struct facts *fixture_facts(struct arena *a, const char *name);
/* Their names, NULL-terminated. */
const char *const *fixture_names(void);

/* One line of events, "kind:a:b:text kind:a:b:text" (| is a blank in text), to an observation. */
void fixture_observe(struct observation *o, const char *events);
/* The same to a look; `offered` is the newest version of the hello. */
void fixture_look(struct look *out, struct arena *a, const char *events, enum tls offered);

#endif
