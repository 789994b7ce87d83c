/*
 * tls_digest.h - a running SHA-256, by the TLS library's own: of the content that a request sends.  Owns its handle
 * between begin and end; aborts when the library has no SHA-256.
 */
#ifndef CLIENTS_TLS_DIGEST_H
#define CLIENTS_TLS_DIGEST_H

#include <stddef.h>

#define TLS_DIGEST_HEX 65

struct tls_digest {
	void *handle; /* NULL: not begun */
};

void tls_digest_begin(struct tls_digest *d); /* again: what was added is forgotten */
void tls_digest_add(struct tls_digest *d, const void *data, size_t len);
/* Lower-case hex with a NUL behind it; ends the digest.  NULL only ends it.  Idempotent: "" when not begun. */
void tls_digest_end(struct tls_digest *d, char *hex);

#endif
