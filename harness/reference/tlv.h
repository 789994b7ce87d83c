/*
 * tlv.h - a strict DER reader (X.690 10) over borrowed bytes: definite, minimal lengths and one-byte tags only.
 * The reference server's own, so that a mistake in the forge's DER editor cannot hide itself here.
 */
#ifndef HARNESS_REFERENCE_TLV_H
#define HARNESS_REFERENCE_TLV_H

#include "harness/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes.  {0} is "not there", which differs from an empty element only in `at`. */
struct span {
	const unsigned char *at;
	size_t len;
};

enum {
	TLV_BOOLEAN = 0x01,
	TLV_INTEGER = 0x02,
	TLV_BIT_STRING = 0x03,
	TLV_OCTET_STRING = 0x04,
	TLV_OID = 0x06,
	TLV_UTC_TIME = 0x17,
	TLV_GENERALIZED_TIME = 0x18,
	TLV_SEQUENCE = 0x30,
	TLV_SET = 0x31,
	TLV_CONTEXT = 0x80,	/* | number: [n] IMPLICIT of a primitive type */
	TLV_CONTEXT_DEEP = 0xa0 /* | number: [n] of a constructed type, or EXPLICIT */
};

/* One element: `all` with its header, `body` without. */
struct tlv {
	unsigned tag;
	struct span all, body;
};

/* Take one element off the front; false (nothing taken) at the end or when it is no DER. */
bool tlv_next(struct span *from, struct tlv *out);
/* The same, only if it has this tag. */
bool tlv_take(struct span *from, unsigned tag, struct tlv *out);
/* The tag of what comes next, or -1. */
int tlv_peek(struct span from);

bool span_equal(struct span a, struct span b);
/* Equal but for ASCII letter case. */
bool span_equal_nocase(struct span a, struct span b);
struct span span_of(const char *text);

/* X.690 11.1: FALSE is 00 and TRUE is ff, nothing else. */
bool tlv_bool(struct span body, bool *out);
/* A non-negative INTEGER that fits a long; bigger ones are given as LONG_MAX. */
bool tlv_long(struct span body, long *out);
/* "1.2.840.113549"; false when it is malformed or does not fit. */
bool tlv_oid(struct span body, char *out, size_t size);

#endif
