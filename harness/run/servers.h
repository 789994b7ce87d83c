/*
 * servers.h - the certificates that a target itself shows: recorded when a run starts, pinned while it goes on.  By endpoint
 * and name sent, since addresses may serve names with certificates of their own.
 */
#ifndef HARNESS_RUN_SERVERS_H
#define HARNESS_RUN_SERVERS_H

#include "clients/observation.h"
#include "harness/suite/model.h"

struct server {
	const struct endpoint *endpoint;
	const char *label;   /* "required", "names/open" */
	const char *sni;     /* NULL: none was sent */
	const char *sha256;  /* of the leaf, hex */
	const char *subject; /* RFC 4514; "" when nobody asked (job.server_subject) */
};

struct servers {
	struct arena arena; /* owned: the texts */
	struct server *rows; /* owned */
	size_t n, cap;
};
void servers_fini(struct servers *s); /* idempotent */

/* Every certificate in `o` that this endpoint has not shown under that name is kept. */
void servers_record(struct servers *s, const struct endpoint *e, const char *label, const struct observation *o);
/*
 * True when `o` holds a certificate that is none of those recorded for the endpoint and name, or a chain that the client
 * saw change under an only one.  It is recorded, as is the first of a name not met before.
 */
bool servers_changed(struct servers *s, const struct endpoint *e, const struct observation *o);

#endif
