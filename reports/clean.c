#include "reports/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CUT	"..."
#define CUT_LEN 3

/* Length of the UTF-8 sequence at `p` and its code point; 0 when it is not well-formed (RFC 3629 section 4). */
static size_t decode(const unsigned char *p, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (n == 0 || n > len)
		return 0;
	*cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3fu);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

/* Code points that XML forbids, that a terminal obeys, or that hide or reorder what stands beside them. */
static bool unwelcome(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
		const char *what;
	} ranges[] = {
	    {0x0000, 0x001f, "C0 controls: XML 1.0 section 2.2 has three of them, one line has none"},
	    {0x007f, 0x009f, "DEL and C1 controls: terminals obey them"},
	    {0x00ad, 0x00ad, "soft hyphen"},
	    {0x061c, 0x061c, "Arabic letter mark"},
	    {0x200b, 0x200f, "zero width, direction marks"},
	    {0x2028, 0x202e, "line and paragraph separator, embeddings and overrides"},
	    {0x2060, 0x206f, "word joiner, isolates, deprecated format characters"},
	    {0xfdd0, 0xfdef, "noncharacters"},
	    {0xfeff, 0xfeff, "byte order mark"},
	    {0xfff9, 0xfffb, "interlinear annotation"},
	    {0xe0000, 0xe007f, "tags"},
	};
	if ((cp & 0xfffe) == 0xfffe)
		return true; /* the last two of each plane: noncharacters */
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (cp >= ranges[i].from && cp <= ranges[i].to)
			return true;
	return false;
}

/* One character or one bad byte at `p`: its clean form into `out`; returns how much of `p` it was. */
static size_t one(const unsigned char *p, size_t len, char out[static 20], size_t *out_len)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t cp = 0;
	size_t n = decode(p, len, &cp);
	bool escape = n == 0 || unwelcome(cp);
	size_t used = n ? n : 1;
	*out_len = 0;
	for (size_t i = 0; i < used; i++) {
		if (!escape) {
			out[(*out_len)++] = (char)p[i];
			continue;
		}
		out[(*out_len)++] = '\\';
		out[(*out_len)++] = 'x';
		out[(*out_len)++] = digits[p[i] >> 4];
		out[(*out_len)++] = digits[p[i] & 15];
	}
	return used;
}

size_t clean_plain(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && text[n] >= 0x20 && text[n] < 0x7f)
		n++;
	return n;
}

void clean_add(struct buf *b, const void *text, size_t len, size_t max)
{
	const unsigned char *p = text;
	size_t start = b->len, keep = b->len;
	if (max < CUT_LEN)
		return;
	/* nearly everything is plain and short: as far as the mark would still fit, in one piece */
	size_t plain = clean_plain(text, len < max ? len : max);
	if (plain < len && plain > max - CUT_LEN)
		plain = max - CUT_LEN;
	buf_add(b, p, plain);
	keep = b->len;
	p += plain;
	len -= plain;
	while (len) {
		char out[20];
		size_t n, used = one(p, len, out, &n);
		if (b->len - start + n > max) {
			b->len = keep; /* the last boundary that leaves room for the mark */
			buf_add(b, CUT, CUT_LEN);
			return;
		}
		buf_add(b, out, n);
		if (b->len - start <= max - CUT_LEN)
			keep = b->len;
		p += used;
		len -= used;
	}
}

void clean_adds(struct buf *b, const char *text, size_t max)
{
	if (text)
		clean_add(b, text, strlen(text), max);
}

const char *clean_text(struct buf *scratch, const char *text, size_t max)
{
	if (!text)
		return "";
	size_t len = strnlen(text, max + 1);
	if (len <= max && clean_plain(text, len) == len)
		return text;
	buf_clear(scratch);
	clean_adds(scratch, text, max);
	return scratch->data ? scratch->data : "";
}

size_t clean_cost(const char *text, size_t len)
{
	/* &lt; &gt; &amp; &quot; and &#10; in an attribute */
	static const unsigned char more[256] = {['<'] = 3, ['>'] = 3, ['&'] = 4, ['"'] = 5, ['\n'] = 4};
	size_t cost = len;
	for (size_t i = 0; i < len; i++)
		cost += more[(unsigned char)text[i]];
	return cost;
}
