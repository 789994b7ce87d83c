#include "harness/reference/tlv.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool length(struct span *from, size_t *out)
{
	if (from->len < 1)
		return false;
	size_t n = from->at[0], v = 0;
	from->at++, from->len--;
	if (n < 0x80) {
		*out = n;
		return n <= from->len;
	}
	n &= 0x7f;
	/* 0x80 alone is BER's indefinite length; a leading zero or a short value is not minimal. */
	if (n == 0 || n > 4 || n > from->len || from->at[0] == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | from->at[i];
	from->at += n, from->len -= n;
	*out = v;
	return v >= 0x80 && v <= from->len;
}

bool tlv_next(struct span *from, struct tlv *out)
{
	struct span rest = *from;
	size_t len;
	if (rest.len < 2 || (rest.at[0] & 0x1f) == 0x1f)
		return false;
	unsigned tag = rest.at[0];
	rest.at++, rest.len--;
	if (!length(&rest, &len))
		return false;
	*out = (struct tlv){tag, {from->at, (size_t)(rest.at - from->at) + len}, {rest.at, len}};
	*from = (struct span){rest.at + len, rest.len - len};
	return true;
}

bool tlv_take(struct span *from, unsigned tag, struct tlv *out)
{
	return from->len > 0 && from->at[0] == tag && tlv_next(from, out);
}

int tlv_peek(struct span from)
{
	return from.len ? from.at[0] : -1;
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		unsigned x = a.at[i], y = b.at[i];
		if (x >= 'A' && x <= 'Z')
			x += 'a' - 'A';
		if (y >= 'A' && y <= 'Z')
			y += 'a' - 'A';
		if (x != y)
			return false;
	}
	return true;
}

struct span span_of(const char *text)
{
	return (struct span){(const unsigned char *)text, strlen(text)};
}

bool tlv_bool(struct span body, bool *out)
{
	if (body.len != 1 || (body.at[0] != 0 && body.at[0] != 0xff))
		return false;
	*out = body.at[0] != 0;
	return true;
}

bool tlv_long(struct span body, long *out)
{
	unsigned long v = 0;
	if (body.len == 0 || body.at[0] & 0x80)
		return false;
	if (body.len > 1 && body.at[0] == 0 && !(body.at[1] & 0x80))
		return false;
	for (size_t i = 0; i < body.len; i++) {
		if (v > (unsigned long)LONG_MAX >> 8) {
			*out = LONG_MAX;
			return true;
		}
		v = v << 8 | body.at[i];
	}
	*out = (long)v;
	return true;
}

bool tlv_oid(struct span body, char *out, size_t size)
{
	size_t used = 0;
	uint64_t arc = 0;
	bool first = true, middle = false;
	if (body.len == 0)
		return false;
	for (size_t i = 0; i < body.len; i++) {
		if ((!middle && body.at[i] == 0x80) || arc >> 56)
			return false;
		arc = arc << 7 | (body.at[i] & 0x7f);
		middle = body.at[i] & 0x80;
		if (middle)
			continue;
		uint64_t top = arc < 80 ? arc / 40 : 2;
		int n = first ? snprintf(out + used, size - used, "%u.%llu", (unsigned)top,
					 (unsigned long long)(arc - top * 40))
			      : snprintf(out + used, size - used, ".%llu", (unsigned long long)arc);
		if (n < 0 || (size_t)n >= size - used)
			return false;
		used += (size_t)n;
		arc = 0;
		first = false;
	}
	return !middle;
}
