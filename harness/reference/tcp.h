/*
 * tcp.h - the transport of one accepted connection: TLS 1.2 and 1.3 by GnuTLS (or none), blocking with a deadline. Runs
 * in the thread or the process made for the connection (crew.h).  Everything in struct endpoint was made before and is
 * only read here.
 */
#ifndef HARNESS_REFERENCE_TCP_H
#define HARNESS_REFERENCE_TCP_H

#include "harness/reference/app.h"

#include <gnutls/gnutls.h>

struct sessions; /* sessions.h */
struct early;    /* early.h */

/* One protected or open name: its policy and the credentials whose CA list fits its anchors. */
struct site {
	struct policy policy;
	gnutls_certificate_credentials_t credentials; /* borrowed; NULL for APP_PLAIN */
	gnutls_datum_t ticket_key;		      /* of this name alone, borrowed; empty: no tickets */
	struct sessions *sessions;		      /* likewise, those with an id; NULL: none */
};

struct endpoint {
	const char *word; /* the mode as given: "required", "by-name" ... */
	struct site *site;
	size_t n;
	const struct site *before; /* the first of the server's first endpoint */
	bool by_name;		    /* SNI picks the site; otherwise there is one site, with policy.host NULL */
	gnutls_priority_t priority; /* borrowed */
	int fd;			    /* listening */
	unsigned late_ms;	    /* how long the answer to a late request may take */
	struct early *early;	    /* who takes early data, borrowed; NULL: nobody */
	struct admission *first;    /* memory that all connections share, ADMIT_ANONYMOUS at first */
};

/* A connection lives this long at most, whatever the peer does. */
enum { TCP_DEADLINE_MS = 30000, TCP_LATE_MS = 2000, TCP_DRAIN_MS = 5000 };

/* Serves the connection; `fd` is still the caller's to close. */
void tcp_serve(int fd, const struct endpoint *endpoint);

/* Does a fault let the server die of a connection? */
bool tcp_may_die(const struct endpoint *endpoint);

#endif
