/*
 * script.h - the verbs of <script>: which attributes each may and must have, the handles they make and use, and {axis}
 * in values.  Reads nodes, knows no case.
 */
#ifndef HARNESS_SUITE_SCRIPT_H
#define HARNESS_SUITE_SCRIPT_H

#include "harness/suite/load.h"

/* Fills steps of `s` from <script>, or the default script for NULL; axes and matrix of `s` must be there. */
void script_read(struct loader *l, struct scenario *s, const struct node *script);

bool script_has_request(const struct scenario *s, const char *id);
bool script_has_connection(const struct scenario *s, const char *id);
bool script_has_session(const struct scenario *s, const char *id);
size_t script_requests(const struct scenario *s);

/* What {NAME} may name: "tls negotiation http client condition" and the axes (arena). */
const char *script_keys(struct arena *a, const struct scenario *s);

/*
 * Calls `take`, which keeps nothing, for every value the text can have once its {axis} is replaced; not at all when it
 * depends on the matrix (tls, http ...), on more than two axes, or has more than 1000 values.  Returns the first {name}
 * that names nothing, or NULL (arena).
 */
typedef void script_take(void *context, const char *value);
const char *script_values(struct arena *a, const struct scenario *s, const char *text, script_take *take,
			  void *context);

#endif
