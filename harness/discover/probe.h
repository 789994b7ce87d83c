/*
 * probe.h - makes the connections of discovery: at most DISCOVER_MAX_CONNECTIONS, one after the other, harmless GETs.  Fills
 * struct facts; decides only what is still worth asking.
 */
#ifndef HARNESS_DISCOVER_PROBE_H
#define HARNESS_DISCOVER_PROBE_H

#include "harness/discover/facts.h"

struct probe_spec {
	const char *url;
	const char *address; /* "IP:PORT" to connect to instead of resolving the URL's host; NULL: resolve */
	uint32_t timeout_ms;			/* of each step of a connection: connect, handshake, response */
	const struct own *own;		/* borrowed */
	const struct job_credential *credential; /* of `own`, or NULL */
};

/*
 * RC_INPUT: not an https URL.  RC_FAULT: the name has no address, or our side cannot make connections.  A server that
 * refuses, resets, keeps silent or talks nonsense is RC_OK: the facts say so.
 */
enum rc probe_server(struct arena *a, const struct probe_spec *spec, struct facts *out, struct err *err) MUST_USE;

#endif
