/*
 * der.h - writes DER (X.690) into a buf and walks the TLVs of what was written.  Knows no X.509: callers write what they
 * like, right or wrong.
 */
#ifndef HARNESS_PKI_DER_H
#define HARNESS_PKI_DER_H

#include "harness/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_NULL 0x05
#define DER_OID 0x06
#define DER_UTF8_STRING 0x0c
#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT(n) (0x80u | (n))	      /* [n] IMPLICIT, primitive */
#define DER_CONSTRUCTED(n) (0xa0u | (n))      /* [n] EXPLICIT, or IMPLICIT of a constructed type */
#define DER_HEADER_MAX 6		      /* tag and length of anything below 4 GiB */

/* Tag and length octets in front of `len` octets of content; gives how many were written. */
size_t der_header(unsigned char out[static DER_HEADER_MAX], unsigned tag, size_t len);

void der_put(struct buf *b, unsigned tag, const void *data, size_t len);
/* Everything appended since `from` (a value of b->len) becomes the content of one TLV. */
void der_close(struct buf *b, size_t from, unsigned tag);

void der_put_unsigned(struct buf *b, uint64_t v);		      /* INTEGER */
void der_put_true(struct buf *b);				      /* BOOLEAN TRUE */
bool der_put_oid(struct buf *b, const char *dotted);		      /* false (nothing written): not an OID */
void der_put_bits(struct buf *b, const void *data, size_t len);	      /* BIT STRING of whole octets */
void der_put_flags(struct buf *b, unsigned flags);		      /* BIT STRING of named bits: bit i is 1 << i */
/* UTCTime until 2049, GeneralizedTime after (RFC 5280 4.1.2.5). */
void der_put_time(struct buf *b, time_t when);

struct der_tlv {
	unsigned tag;
	const unsigned char *start, *data; /* of the tag, of the content */
	size_t len;			   /* of the content */
};

/* A cursor over siblings; der_next gives false at the end or on what is not DER. */
struct der {
	const unsigned char *at, *end; /* borrowed */
};
struct der der_of(const void *data, size_t len);
bool der_next(struct der *in, struct der_tlv *out);
/* As der_next, and false when the tag is another one. */
bool der_expect(struct der *in, unsigned tag, struct der_tlv *out);

#endif
