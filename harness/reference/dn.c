#include "harness/reference/dn.h"

#include <string.h>

enum {
	UTF8 = 0x0c,
	NUMERIC = 0x12,
	PRINTABLE = 0x13,
	TELETEX = 0x14,
	IA5 = 0x16,
	VISIBLE = 0x1a,
	UNIVERSAL = 0x1c,
	BMP = 0x1e
};

/* How many bytes of the type make one character; 0 for what is no string, 1 also for UTF-8 (taken byte by byte). */
static size_t width(unsigned tag)
{
	switch (tag) {
	case UTF8:
	case NUMERIC:
	case PRINTABLE:
	case TELETEX:
	case IA5:
	case VISIBLE:
		return 1;
	case BMP:
		return 2;
	case UNIVERSAL:
		return 4;
	}
	return 0;
}

static size_t utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[n] | c);
	return n;
}

bool dn_text(struct tlv value, char *out, size_t size, size_t *len)
{
	size_t w = width(value.tag), used = 0;
	if (w == 0 || value.body.len % w)
		return false;
	for (size_t i = 0; i < value.body.len; i += w) {
		uint32_t c = 0;
		char four[4];
		size_t n = 1;
		for (size_t j = 0; j < w; j++)
			c = c << 8 | value.body.at[i + j];
		if (c > 0x10ffff)
			return false;
		/* TeletexString is read as Latin-1, as everybody does. */
		if (value.tag == UTF8)
			four[0] = (char)c;
		else
			n = utf8(c, four);
		if (used + n > size)
			return false;
		memcpy(out + used, four, n);
		used += n;
	}
	*len = used;
	return true;
}

/* RFC 4518 in its ASCII part: fold case, drop blanks at both ends, one blank for a run. */
static size_t fold(char *text, size_t len)
{
	size_t used = 0;
	bool blank = true;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			if (!blank)
				text[used++] = ' ';
			blank = true;
			continue;
		}
		text[used++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
		blank = false;
	}
	return used && text[used - 1] == ' ' ? used - 1 : used;
}

static bool value_equal(struct tlv a, struct tlv b)
{
	char x[4096], y[4096];
	size_t n, m;
	if (span_equal(a.all, b.all))
		return true;
	if (!dn_text(a, x, sizeof x, &n) || !dn_text(b, y, sizeof y, &m))
		return false;
	n = fold(x, n);
	m = fold(y, m);
	return n == m && memcmp(x, y, n) == 0;
}

/* One AttributeTypeAndValue off the front of a set. */
static bool attribute(struct span *set, struct span *oid, struct tlv *value)
{
	struct tlv pair, type;
	if (!tlv_take(set, TLV_SEQUENCE, &pair) || !tlv_take(&pair.body, TLV_OID, &type) ||
	    !tlv_next(&pair.body, value))
		return false;
	*oid = type.body;
	return pair.body.len == 0;
}

/* Each attribute of `a` has its equal in `b`. */
static bool set_within(struct span a, struct span b)
{
	struct span oid, oid2;
	struct tlv value, value2;
	while (a.len) {
		bool found = false;
		if (!attribute(&a, &oid, &value))
			return false;
		for (struct span rest = b; rest.len && !found;) {
			if (!attribute(&rest, &oid2, &value2))
				return false;
			found = span_equal(oid, oid2) && value_equal(value, value2);
		}
		if (!found)
			return false;
	}
	return true;
}

/* All RDNs of `base` begin `name`; *rest tells whether `name` goes on. */
static bool prefix(struct span name, struct span base, bool *rest)
{
	struct tlv n, b, x, y;
	if (!tlv_take(&name, TLV_SEQUENCE, &n) || !tlv_take(&base, TLV_SEQUENCE, &b))
		return false;
	while (b.body.len) {
		if (!tlv_take(&b.body, TLV_SET, &x) || !tlv_take(&n.body, TLV_SET, &y))
			return false;
		if (!span_equal(x.all, y.all) && (!set_within(x.body, y.body) || !set_within(y.body, x.body)))
			return false;
	}
	*rest = n.body.len > 0;
	return true;
}

bool dn_equal(struct span a, struct span b)
{
	bool more;
	return span_equal(a, b) || (prefix(a, b, &more) && !more);
}

bool dn_within(struct span name, struct span base)
{
	bool more;
	return prefix(name, base, &more);
}

bool dn_is_empty(struct span name)
{
	struct tlv n;
	return tlv_take(&name, TLV_SEQUENCE, &n) && n.body.len == 0;
}

struct dn_walk dn_walk(struct span name)
{
	struct tlv n = {0};
	tlv_take(&name, TLV_SEQUENCE, &n);
	return (struct dn_walk){.names = n.body};
}

bool dn_next(struct dn_walk *walk, struct span *oid, struct tlv *value)
{
	struct tlv set;
	while (walk->set.len == 0) {
		if (!tlv_take(&walk->names, TLV_SET, &set))
			return false;
		walk->set = set.body;
	}
	return attribute(&walk->set, oid, value);
}
