/*
 * record.h - a TLS 1.3 record that GnuTLS would not send now, protected here with the session's own keys (RFC 8446 5.2),
 * for faults.
 */
#ifndef HARNESS_REFERENCE_RECORD_H
#define HARNESS_REFERENCE_RECORD_H

#include <gnutls/gnutls.h>

/* Header, type of the content, tag. */
enum { RECORD_OVERHEAD = 5 + 1 + 16, RECORD_CONTENT = 16384 };

/*
 * `out` has room for `len` and RECORD_OVERHEAD.  The session counts the record as sent; it is to be sent as it is before
 * anything else is.  Gives its length, 0 when the library does not let us.
 */
size_t record_seal(gnutls_session_t session, unsigned char type, const void *data, size_t len, unsigned char *out);

#endif
