/* fragment.h - a ClientHello in many TLS records, as RFC 8446 5.1 and RFC 5246 6.2.1 permit.  Pure. */
#ifndef CLIENTS_FRAGMENT_H
#define CLIENTS_FRAGMENT_H

#include "harness/base/buf.h"

/*
 * Appends the records in `data` to `out`, each cut into records of at most `each` bytes of content (at least 1).  What is
 * no whole record goes on as it is.
 */
void fragment_records(struct buf *out, const void *data, size_t len, size_t each);

#endif
