/* tls_drive.h - what the files that drive a TLS session tell each other (tls.c, tls_late.c); nobody else includes it.
 */
#ifndef CLIENTS_TLS_DRIVE_H
#define CLIENTS_TLS_DRIVE_H

#include "clients/tls.h"

/*
 * Drive one handshake-like call to its end; 0 or the code that ended it: GNUTLS_E_TIMEDOUT at the deadline,
 * GNUTLS_E_WARNING_ALERT_RECEIVED for no_renegotiation.  GNUTLS_E_GOT_APPLICATION_DATA ends a renegotiation too: GnuTLS
 * 3.7 would then start its handshake from the beginning, which no server takes; the data is still to be read.
 */
int tls_drive(struct tls_link *l, int (*step)(struct gnutls_session_int *));
/* The first handshake, to its end.  False: over, recorded. */
bool tls_shake(struct tls_link *l);
/* It ended with `code`: record what the peer did, or that we gave up.  Always false. */
bool tls_failed(struct tls_link *l, int code);

#endif
