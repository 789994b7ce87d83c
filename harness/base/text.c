#include "harness/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

int text_index(const char *const *names, size_t n, const char *text)
{
	for (size_t i = 0; text && i < n; i++)
		if (strcmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

const char *text_join(char *out, size_t size, const char *const *names, size_t n)
{
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i ? " " : "", names[i]);
	return out;
}

bool text_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;
	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool text_glob_any(const char *patterns, const char *text)
{
	char pattern[128];
	while (text_word(&patterns, pattern, sizeof pattern))
		if (text_glob(pattern, text))
			return true;
	return false;
}

bool text_word(const char **at, char *out, size_t size)
{
	const char *p = *at;
	if (!p)
		return false;
	while (isspace((unsigned char)*p))
		p++;
	size_t len = strcspn(p, " \t\r\n");
	if (len == 0 || len >= size)
		return false;
	memcpy(out, p, len);
	out[len] = '\0';
	*at = p + len;
	return true;
}

bool text_has_word(const char *words, const char *word)
{
	char each[256];
	while (text_word(&words, each, sizeof each))
		if (strcmp(each, word) == 0)
			return true;
	return false;
}

bool text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);
	return n >= m && strcmp(text + n - m, suffix) == 0;
}

void text_lower(char *text)
{
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 'a' - 'A');
}

bool text_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	if (!text || !isdigit((unsigned char)text[0]))
		return false;
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*out = v;
	return true;
}

static bool split_number(const char *text, long long *v, const char **unit)
{
	if (!text || !*text)
		return false;
	char *end;
	errno = 0;
	*v = strtoll(text, &end, 10);
	*unit = end;
	return !errno && end != text;
}

bool text_offset(const char *text, int64_t *seconds)
{
	static const struct {
		const char *unit;
		long long factor;
	} units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"y", 31536000}};
	long long v;
	const char *unit;
	if (!split_number(text, &v, &unit) || v > 1000000 || v < -1000000)
		return false;
	if (!*unit) {
		*seconds = v;
		return v == 0;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(unit, units[i].unit) == 0) {
			*seconds = v * units[i].factor;
			return true;
		}
	}
	return false;
}

bool text_millis(const char *text, uint32_t *ms)
{
	long long v, factor;
	const char *unit;
	if (!split_number(text, &v, &unit) || v < 0 || v > 3600000)
		return false;
	if (strcmp(unit, "ms") == 0)
		factor = 1;
	else if (strcmp(unit, "s") == 0)
		factor = 1000;
	else if (strcmp(unit, "m") == 0)
		factor = 60000;
	else
		return false;
	if (v * factor > 3600000)
		return false;
	*ms = (uint32_t)(v * factor);
	return true;
}

void text_hex(struct buf *b, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = data;
	for (size_t i = 0; i < len; i++) {
		char two[2] = {digits[p[i] >> 4], digits[p[i] & 15]};
		buf_add(b, two, 2);
	}
}

void text_base64(struct buf *b, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		unsigned v = (unsigned)p[i] << 16 | (n > 1 ? (unsigned)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0u);
		char four[4] = {digits[v >> 18], digits[v >> 12 & 63], n > 1 ? digits[v >> 6 & 63] : '=',
				n > 2 ? digits[v & 63] : '='};
		buf_add(b, four, 4);
	}
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_unhex(struct buf *b, const char *text)
{
	size_t len = strlen(text);
	if (len % 2)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int hi = nibble(text[i]), lo = nibble(text[i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		buf_put_u8(b, (unsigned)(hi << 4 | lo));
	}
	return true;
}

uint64_t text_hash(const void *data, size_t len, uint64_t seed)
{
	uint64_t h = 0xcbf29ce484222325u ^ seed;
	const unsigned char *p = data;
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}
