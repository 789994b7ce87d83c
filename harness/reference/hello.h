/*
 * hello.h - what a ClientHello says that GnuTLS keeps to itself: the session that it offers, and its extensions (RFC 5246 7.4.1.2, RFC 8446 4.1.2).  Pure; bounded by the message.
 */
#ifndef HARNESS_REFERENCE_HELLO_H
#define HARNESS_REFERENCE_HELLO_H

#include "harness/reference/tlv.h"

enum { HELLO_EXTENDED_MASTER_SECRET = 23, HELLO_SESSION_TICKET = 35, HELLO_PRE_SHARED_KEY = 41, HELLO_SUPPORTED_VERSIONS = 43 };

struct hello {
	struct span session_id, extensions;
};

/* `message` without its header of four bytes.  False: GnuTLS will say what is wrong with it. */
bool hello_read(struct span message, struct hello *out);
/* The body of the first extension of this type; empty when there is none. */
bool hello_extension(const struct hello *hello, unsigned type, struct span *body);

#endif
