/*
 * credential.h - the client's answer to a request for a certificate: what was asked, what a job's client would send,
 * and signatures that are wrong on purpose.  Part of tls.c's side of the border: talks to the TLS library.
 */
#ifndef CLIENTS_CREDENTIAL_H
#define CLIENTS_CREDENTIAL_H

#include "clients/tls.h"

/* Make `shared->credentials` answer through the struct tls_link that is the session's pointer. */
enum rc credential_install(struct tls_shared *shared, struct err *err) MUST_USE;
void credential_forget(struct tls_shared *shared);
/* A certificate message that the session made, without its header. */
void credential_message(struct tls_link *l, const void *message, size_t len);
/* Note certificate-sent or certificate-declined if such a message is in the flight that leaves now. */
void credential_flight_leaves(struct tls_link *l);
void credential_release(struct tls_link *l); /* idempotent */

#endif
