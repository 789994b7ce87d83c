/* wire.h - what is at the other end at all: TLS, something else, or nobody.  Pure. */
#ifndef HARNESS_DISCOVER_WIRE_H
#define HARNESS_DISCOVER_WIRE_H

#include "harness/discover/facts.h"

enum wire {
	WIRE_TLS,
	WIRE_REFUSED,	  /* no listener: the connection is refused */
	WIRE_UNREACHABLE, /* no answer to the connection attempt, or the network says no */
	WIRE_RESET,	  /* takes connections and resets them */
	WIRE_CLOSED,	  /* takes connections and closes them */
	WIRE_SILENT,
	WIRE_PLAIN, /* HTTP without TLS */
	WIRE_OTHER, /* bytes that are neither */
};

enum wire wire_of(const struct facts *f);

#endif
