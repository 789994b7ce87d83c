#include "harness/pki/der.h"

#include <stdlib.h>
#include <string.h>

size_t der_header(unsigned char out[static DER_HEADER_MAX], unsigned tag, size_t len)
{
	size_t octets = 0;
	out[0] = (unsigned char)tag;
	if (len < 0x80) {
		out[1] = (unsigned char)len;
		return 2;
	}
	for (size_t v = len; v; v >>= 8)
		octets++;
	out[1] = (unsigned char)(0x80 | octets);
	for (size_t i = 0; i < octets; i++)
		out[2 + i] = (unsigned char)(len >> (8 * (octets - 1 - i)));
	return 2 + octets;
}

void der_put(struct buf *b, unsigned tag, const void *data, size_t len)
{
	unsigned char head[DER_HEADER_MAX];
	buf_add(b, head, der_header(head, tag, len));
	buf_add(b, data, len);
}

void der_close(struct buf *b, size_t from, unsigned tag)
{
	unsigned char head[DER_HEADER_MAX];
	size_t len = b->len - from, n = der_header(head, tag, len);
	buf_add(b, head, n); /* makes room; the octets are moved in front next */
	if (b->overflow)
		return;
	memmove(b->data + from + n, b->data + from, len);
	memcpy(b->data + from, head, n);
}

void der_put_unsigned(struct buf *b, uint64_t v)
{
	unsigned char raw[9] = {0};
	size_t first = 1;
	for (size_t i = 0; i < 8; i++)
		raw[1 + i] = (unsigned char)(v >> (8 * (7 - i)));
	while (first < 8 && raw[first] == 0)
		first++;
	if (raw[first] & 0x80) /* a leading one would be a sign */
		first--;
	der_put(b, DER_INTEGER, raw + first, sizeof raw - first);
}

void der_put_true(struct buf *b)
{
	der_put(b, DER_BOOLEAN, "\xff", 1);
}

static void put_base128(struct buf *b, uint64_t v)
{
	unsigned char raw[10];
	size_t n = sizeof raw;
	raw[--n] = (unsigned char)(v & 0x7f);
	while (v >>= 7)
		raw[--n] = (unsigned char)(0x80 | (v & 0x7f));
	buf_add(b, raw + n, sizeof raw - n);
}

/* One decimal number and the dot behind it, if any; false when there is no number. */
static bool take_arc(const char **at, uint64_t *v)
{
	const char *p = *at;
	size_t digits = strspn(p, "0123456789");
	if (digits == 0 || digits > 18 || (digits > 1 && *p == '0'))
		return false;
	*v = strtoull(p, NULL, 10);
	p += digits;
	if (*p == '.' && p[1])
		p++;
	else if (*p)
		return false;
	*at = p;
	return true;
}

bool der_put_oid(struct buf *b, const char *dotted)
{
	size_t from = b->len;
	uint64_t first, second, v;
	if (!take_arc(&dotted, &first) || !*dotted || !take_arc(&dotted, &second) || first > 2 ||
	    (first < 2 && second > 39))
		return false;
	put_base128(b, first * 40 + second);
	while (*dotted) {
		if (!take_arc(&dotted, &v)) {
			b->len = from;
			return false;
		}
		put_base128(b, v);
	}
	der_close(b, from, DER_OID);
	return true;
}

void der_put_bits(struct buf *b, const void *data, size_t len)
{
	size_t from = b->len;
	buf_add(b, "", 1); /* no unused bits */
	buf_add(b, data, len);
	der_close(b, from, DER_BIT_STRING);
}

/* DER wants trailing zero bits of named bits removed (X.690 11.2.2). */
void der_put_flags(struct buf *b, unsigned flags)
{
	unsigned char raw[3] = {0};
	unsigned last = 0;
	for (unsigned i = 0; i < 16; i++)
		if (flags & (1u << i)) {
			raw[1 + i / 8] |= (unsigned char)(0x80u >> (i % 8));
			last = i;
		}
	size_t octets = flags ? last / 8 + 1 : 0;
	raw[0] = (unsigned char)(flags ? 7 - last % 8 : 0);
	der_put(b, DER_BIT_STRING, raw, 1 + octets);
}

void der_put_time(struct buf *b, time_t when)
{
	struct tm tm;
	char text[32];
	gmtime_r(&when, &tm);
	bool utc = tm.tm_year >= 50 && tm.tm_year < 150;
	size_t n = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm), skip = utc ? 2 : 0;
	der_put(b, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, text + skip, n - skip);
}

struct der der_of(const void *data, size_t len)
{
	return (struct der){.at = data, .end = (const unsigned char *)data + len};
}

bool der_next(struct der *in, struct der_tlv *out)
{
	const unsigned char *p = in->at;
	size_t left = (size_t)(in->end - p), len, octets;
	if (left < 2)
		return false;
	out->start = p;
	out->tag = p[0];
	len = p[1];
	p += 2;
	left -= 2;
	if (len & 0x80) {
		octets = len & 0x7f;
		if (octets == 0 || octets > sizeof len || octets > left)
			return false;
		for (len = 0; octets; octets--, left--)
			len = len << 8 | *p++;
	}
	if (len > left)
		return false;
	out->data = p;
	out->len = len;
	in->at = p + len;
	return true;
}

bool der_expect(struct der *in, unsigned tag, struct der_tlv *out)
{
	return der_next(in, out) && out->tag == tag;
}
