/* echo.h - does an answer show who the server believes to talk to?  Pure: compares two looks with the certificate given. */
#ifndef HARNESS_DISCOVER_ECHO_H
#define HARNESS_DISCOVER_ECHO_H

#include "harness/discover/facts.h"

struct echo_found {
	struct echo_rule echo;	       /* header and body NULL: none */
	const char *value;	       /* of the header, as the server sent it */
	struct verified_rule verified; /* header NULL: none */
};

/*
 * `with`: served to the certificate; `without`: the same without one.  A header that says the same to both names nobody.
 * By fingerprint before by name: more than one certificate may carry a name.
 */
void echo_find(struct arena *a, const struct look *without, const struct look *with, const struct own *own,
	       struct echo_found *out);

#endif
