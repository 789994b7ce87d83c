/*
 * tls_early.h - early data (RFC 8446 2.3, 4.2.10) on one link; tls.c and tls_messages.c alone include it.
 *
 * What is sent before the handshake is kept, goes out with the ClientHello as far as the ticket allows, and once more
 * behind the handshake where the server threw it away.  Where it was taken, our Finished waits a moment for an answer:
 * whoever answers by then answers anybody who has recorded and replays our first flight.
 */
#ifndef CLIENTS_TLS_EARLY_H
#define CLIENTS_TLS_EARLY_H

#include "clients/tls.h"

struct iovec;

/* From now on what is sent is early data, at most `bytes` of it. */
void early_begin(struct tls_link *l, uint32_t bytes);
/* Between early_begin and early_finish. */
bool early_waits(const struct tls_link *l);
void early_add(struct tls_link *l, const void *data, size_t len);
/* The handshake, with what there is until now.  False: over, the events say how. */
bool early_finish(struct tls_link *l);

/* Our EndOfEarlyData was made: what is pushed from now on is held back. */
void early_ends(struct tls_link *l);
/* One flight.  True: it is taken care of. */
bool early_push(struct tls_link *l, const struct iovec *parts, size_t n);
/* What is held back goes out, if anything is; before whatever is said next at the latest. */
void early_release(struct tls_link *l);

void early_end(struct tls_link *l); /* all memory; idempotent */

#endif
