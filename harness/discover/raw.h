/*
 * raw.h - bytes over TCP without TLS, and what kind of server answers them: a ClientHello of our own making, a plain GET.
 * For ports where the TLS library finds no TLS.
 */
#ifndef HARNESS_DISCOVER_RAW_H
#define HARNESS_DISCOVER_RAW_H

#include "harness/discover/facts.h"

/* Sends `len` bytes and reads until an HTTP header section is there, RAW_KEPT bytes came, the peer ends or `ms` pass. */
enum rc raw_exchange(const struct job_address *to, const void *data, size_t len, uint32_t ms, struct raw *out,
		     struct err *err) MUST_USE;

/* What the bytes are.  Pure. */
enum raw_kind {
	RAW_NOTHING, /* no byte came */
	RAW_TLS,     /* a handshake or alert record (RFC 8446 5.1) */
	RAW_HTTP,
	RAW_OTHER,
};
enum raw_kind raw_kind(const struct raw *r);
/* Of an HTTP answer: "HTTP/1.1 400 Bad Request"; of other bytes: the printable ones of the first line.  Bounded. */
const char *raw_line(struct arena *a, const struct raw *r);
int raw_status(const struct raw *r);			  /* of an HTTP answer, else 0 */
const char *raw_header(struct arena *a, const struct raw *r, const char *name); /* NULL: not in what was kept */
/* "answered HTTP/1.1 400 Bad Request", "closed the connection", "kept silent": how it ended. */
const char *raw_end(struct arena *a, const struct raw *r);

#endif
