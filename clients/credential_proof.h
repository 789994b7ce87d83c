/*
 * credential_proof.h - CertificateVerify under another scheme than the library would take (condition C-184; RFC 8446
 * 4.4.3), TLS 1.3 only.  The library signs and labels as it sees fit; so we sign ourselves, relabel the message as it
 * goes out, and compute the Finished behind it anew from our own copy of the transcript.
 */
#ifndef CLIENTS_CREDENTIAL_PROOF_H
#define CLIENTS_CREDENTIAL_PROOF_H

#include "clients/tls.h"

struct gnutls_datum_t;

bool proof_is_relabelled(enum proof p);
/* Before the handshake, where a credential of the job may need it: l->proofs keeps the transcript. */
void proof_begin(struct tls_link *l);
/* A handshake message without its header, the server's or ours; ours may be changed in place. */
void proof_message(struct tls_link *l, unsigned type, bool incoming, unsigned char *message, size_t len);
/* The signature over the transcript so far, by the scheme of the proof.  0 or the library's code; data is the library's. */
int proof_sign(struct tls_link *l, const struct job_credential *c, unsigned char **data, unsigned *size);
void proof_end(struct tls_link *l); /* idempotent */

#endif
