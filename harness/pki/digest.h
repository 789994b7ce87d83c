/* digest.h - SHA-256 of a buffer as hex, for digests of suites and files.  Hides the crypto library. */
#ifndef HARNESS_PKI_DIGEST_H
#define HARNESS_PKI_DIGEST_H

#include <stddef.h>

#define DIGEST_HEX 65

/* Lower-case hex with a NUL behind it.  Aborts when the crypto library has no SHA-256: nothing would be right then. */
void digest_sha256(const void *data, size_t len, char out[static DIGEST_HEX]);

#endif
