/*
 * ready.h - does something speak TLS at an address, and which address does a name have.  A canned ClientHello, no TLS
 * library: readiness must not depend on the library whose clients are used afterwards.
 */
#ifndef HARNESS_TARGET_READY_H
#define HARNESS_TARGET_READY_H

#include "clients/job.h"
#include "harness/base/arena.h"
#include "harness/base/buf.h"
#include "harness/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Connects within `ms` and closes again. */
bool ready_tcp(const struct job_address *address, uint32_t ms);
/* Connects, sends a ClientHello for `host` and waits for the first byte of a handshake or alert record, `ms` in all. */
bool ready_tls(const struct job_address *address, const char *host, uint32_t ms);
/* A ClientHello record that offers TLS 1.0 to 1.3 (RFC 8446 4.1.2); SNI unless `host` is an IP literal or NULL. */
void ready_hello(struct buf *b, const char *host);

/*
 * Numeric or by name.  Of several addresses the first that answers a TCP connect within a second, else the first that has a
 * route: a name with an IPv6 address works where IPv6 is off.  RC_FAULT when the name has none.
 */
enum rc ready_resolve(struct arena *a, const char *host, uint16_t port, struct job_address *out, struct err *err) MUST_USE;

#endif
