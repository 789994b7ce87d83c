/*
 * audit.h - what a server's handshake messages break, read from their bytes before our library has a say.  Bounded: a
 * message is read once, front to back.  Knows neither TLS library nor case; says what it found, never what follows.
 */
#ifndef CLIENTS_AUDIT_H
#define CLIENTS_AUDIT_H

#include "clients/vocab.h"

#include <stddef.h>

#define AUDIT_WEEK 604800 /* seconds, RFC 8446 4.6.1 */
#define AUDIT_MAX_CONTEXTS 17 /* the first handshake's, and as many late requests as tls.c takes */

typedef void audit_found(void *context, enum breach what, const char *why);

/* One connection.  `contexts`: of the CertificateRequests so far, digests of their bytes. */
struct audit {
	unsigned tls;	  /* mask of BIT(enum tls) offered */
	const char *alpn; /* offered, space-separated; "": none; borrowed */
	audit_found *found;
	void *context;
	uint64_t contexts[AUDIT_MAX_CONTEXTS];
	size_t n_contexts;
};

/* Messages without their four octets of type and length. */
void audit_server_hello(struct audit *a, const void *message, size_t len); /* a HelloRetryRequest too */
void audit_encrypted_extensions(struct audit *a, const void *message, size_t len);
/* `late`: behind the first handshake. */
void audit_certificate_request(struct audit *a, enum tls version, bool late, const void *message, size_t len);

/* What a NewSessionTicket of TLS 1.3 says: how long it lives, and how much early data it lets a client send (0: none). */
struct audit_ticket {
	uint32_t seconds, early_bytes;
};
/* False: it is none; our library says what it makes of it. */
bool audit_new_session_ticket(struct audit *a, const void *message, size_t len, struct audit_ticket *out);

#endif
