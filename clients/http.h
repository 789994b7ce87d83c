/*
 * http.h - what a script can ask of an HTTP version: a vtable of five.  A driver speaks over one tls_link, records what
 * comes back and carries several open requests of one connection.  Nothing outside a driver asks for the version.
 */
#ifndef CLIENTS_HTTP_H
#define CLIENTS_HTTP_H

#include "clients/tls.h"

/* One request of the job and how far it has come. */
struct exchange {
	const struct job_request *want; /* borrowed; NULL: this slot was never used */
	int index, conn;		/* in events; conn: the connection it is on */
	bool sent;			/* all of it is handed over, or it needs no more */
	bool head;			/* the final response's header section is complete */
	bool over;			/* complete, cut short or given up */
};

struct http_link;

struct http_driver {
	const char *missing; /* what this build cannot speak, or NULL; then there are no functions */
	/* After the TLS handshake.  False: not possible here, the reason recorded. */
	bool (*open)(struct http_link *h);
	/* Begin the exchange; what does not fit on the wire yet is sent while reading. */
	void (*request)(struct http_link *h, struct exchange *x);
	/* Send and read until the exchange has come as far as `until`, is over, or the link's deadline passes. */
	void (*read)(struct http_link *h, struct exchange *x, enum until until);
	/* Give the exchange up: over, and the connection is used no more where the version cannot do without. */
	void (*cancel)(struct http_link *h, struct exchange *x);
	void (*close)(struct http_link *h); /* forget all; idempotent */
};

/* One connection as a driver sees it. */
struct http_link {
	const struct http_driver *driver;
	struct tls_link *link; /* borrowed */
	const struct job *job; /* borrowed */
	enum http version;
	void *state; /* the driver's, owned */
};

/* Never NULL; see `missing`. */
const struct http_driver *http_driver(enum http version);

extern const struct http_driver h1_driver;

#endif
