/*
 * unoffered.h - asks for a certificate after the handshake where the client did not offer that (RFC 8446 4.6.2 forbids
 * it), for a fault.  GnuTLS keeps the rule, so the CertificateRequest is written and protected here.
 */
#ifndef HARNESS_REFERENCE_UNOFFERED_H
#define HARNESS_REFERENCE_UNOFFERED_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

/* A TLS record, to be sent as it is before anything else is. */
enum { UNOFFERED_MAX = 128 };

/* TLS 1.3, handshake done, no post_handshake_auth in the ClientHello. */
bool unoffered_is_possible(gnutls_session_t session);
/* The record; the session counts it as sent.  Gives its length, 0 when the library does not let us. */
size_t unoffered_request(gnutls_session_t session, unsigned char out[static UNOFFERED_MAX]);

#endif
