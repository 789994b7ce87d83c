/*
 * Any bytes as an HTTP/1 response: bounded, inside the input, the same events however the bytes arrive, and those that
 * a second reader finds, which has the whole input before it and no state to lose.
 */
#include "clients/h1.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A running digest of what was found, with body pieces joined. */
struct digest {
	uint64_t hash;
	size_t data, events;
};

/* FNV-1a, carried on: the same for a body in one piece and in many. */
static void mix(struct digest *d, const void *data, size_t len)
{
	const unsigned char *at = data;
	for (size_t i = 0; i < len; i++)
		d->hash = (d->hash ^ at[i]) * 0x100000001b3u;
}

static void mix_text(struct digest *d, char tag, const char *text, size_t len)
{
	mix(d, &tag, 1);
	mix(d, text, len);
	mix(d, "", 1);
	d->events++;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* --- the reader under test --- */

/* A value as it may be shown: trimmed, one line. */
static void must_be_value(const char *text)
{
	size_t n = strlen(text);
	must(n == 0 || (text[0] != ' ' && text[0] != '\t' && text[n - 1] != ' ' && text[n - 1] != '\t'));
	must(strpbrk(text, "\r\n") == NULL);
}

/* What a complete body must measure, where the head says so. */
static void must_be_whole(const struct h1 *h, const struct digest *d)
{
	bool none = h->no_body || h->status == 204 || h->status == 304;
	must(!none || d->data == 0);
	must(none || h->has_coding || d->data == h->length);
}

/* False when the reader has ended. */
static bool feed(struct h1 *h, const char *at, const char *end, struct digest *d)
{
	for (;;) {
		const char *before = at;
		enum h1_got got = h1_step(h, &at, end);
		must(at >= before && at <= end);
		switch (got) {
		case H1_MORE:
			must(at == end);
			return true;
		case H1_STATUS:
			must(h->status >= 100 && h->status <= 999 && h->minor >= 0 && h->minor <= 9);
			mix(d, (const int[]){h->status, h->minor}, 2 * sizeof(int));
			mix_text(d, 's', h->text, strlen(h->text));
			break;
		case H1_FIELD:
			must(h->fields <= H1_MAX_FIELDS && h->name[0] && strpbrk(h->name, " \t:\r\n") == NULL);
			must_be_value(h->text);
			mix_text(d, 'n', h->name, strlen(h->name));
			mix_text(d, 'v', h->text, strlen(h->text));
			break;
		case H1_HEAD_END:
			mix_text(d, 'h', "", 0);
			break;
		case H1_DATA:
			must(h->len > 0 && h->data >= before && h->data + h->len <= end);
			mix(d, h->data, h->len);
			d->data += h->len;
			break;
		case H1_END:
			must_be_whole(h, d);
			mix_text(d, 'e', "", 0);
			return false;
		case H1_MALFORMED:
		case H1_TOO_LARGE:
			must(h->text && *h->text);
			mix_text(d, got == H1_MALFORMED ? 'm' : 'l', "", 0);
			return false;
		}
	}
}

static struct digest read_all(const char *method, const char *input, size_t len, size_t step)
{
	struct h1 h;
	struct digest d = {0};
	bool more = true;
	h1_init(&h);
	h1_begin(&h, method);
	for (size_t at = 0; more && at < len; at += step) {
		size_t n = len - at < step ? len - at : step;
		char *piece = malloc(n);
		must(piece != NULL);
		memcpy(piece, input + at, n);
		more = feed(&h, piece, piece + n, &d);
		free(piece);
	}
	must(!h1_is_persistent(&h) || h.state == H1_AT_END);
	must(d.data <= len);
	h1_fini(&h);
	return d;
}

/* --- a second opinion: RFC 9112 over the whole input --- */

enum opinion { GO_ON, ENDED, CUT, MALFORMED, TOO_LARGE };

struct model {
	const char *at, *end;
	struct digest d;
	size_t section, fields, framing;
	int status;
	bool length_known, coded, chunked, bad_coding;
	uint64_t length;
};

/* Cuts blanks off both ends. */
static void strip(const char **from, const char **to)
{
	while (*from < *to && strchr(" \t", **from) && **from)
		++*from;
	while (*from < *to && strchr(" \t", (*to)[-1]) && (*to)[-1])
		--*to;
}

/* A line [*from, *to) without its end; every byte counts against the section. */
static enum opinion next_line(struct model *m, size_t most, bool chunk, const char **from, const char **to)
{
	*from = m->at;
	while (m->at < m->end && *m->at != '\n')
		m->at++;
	*to = m->at;
	bool whole = m->at < m->end;
	m->at += whole;
	m->section += (size_t)(m->at - *from);
	if (m->section > most)
		return TOO_LARGE;
	if (!whole)
		return CUT;
	bool crlf = *to > *from && (*to)[-1] == '\r';
	*to -= crlf;
	if (chunk && !crlf)
		return MALFORMED;
	for (const char *c = *from; c < *to; c++)
		if (*c == '\r' || *c == '\0')
			return MALFORMED;
	return GO_ON;
}

static bool digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

static enum opinion model_status(struct model *m)
{
	static const char shape[] = "HTTP/1.";
	const char *from, *to;
	size_t left = (size_t)(m->end - m->at);
	m->section = m->fields = 0;
	m->length_known = m->coded = m->chunked = m->bad_coding = false;
	m->length = 0;
	/* What cannot become a status line is told at once. */
	if (memcmp(m->at, shape, left < 7 ? left : 7) != 0 || (left > 7 && !digits(m->at + 7, 1)) ||
	    (left > 8 && m->at[8] != ' ') || (left > 9 && !digits(m->at + 9, left < 12 ? left - 9 : 3)))
		return MALFORMED;
	enum opinion o = next_line(m, H1_MAX_HEAD, false, &from, &to);
	if (o != GO_ON)
		return o;
	if (to - from < 12 || (to - from > 12 && from[12] != ' ') || from[9] == '0')
		return MALFORMED;
	m->status = (from[9] - '0') * 100 + (from[10] - '0') * 10 + from[11] - '0';
	mix(&m->d, (const int[]){m->status, from[7] - '0'}, 2 * sizeof(int));
	mix_text(&m->d, 's', to - from > 13 ? from + 13 : "", to - from > 13 ? (size_t)(to - from - 13) : 0);
	return GO_ON;
}

static bool is_name(const char *s, const char *end)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	for (const char *c = s; c < end; c++)
		if (*c == '\0' || !strchr(token, *c))
			return false;
	return s < end;
}

static bool says(const char *from, const char *to, const char *word)
{
	return (size_t)(to - from) == strlen(word) && strncasecmp(from, word, strlen(word)) == 0;
}

/* One of the members of Content-Length (RFC 9110 8.6): false when it is bad or another one was said before. */
static bool model_length(struct model *m, const char *from, const char *to)
{
	uint64_t v = 0;
	if (from == to || !digits(from, (size_t)(to - from)))
		return false;
	for (const char *c = from; c < to; c++) {
		if (v >= (UINT64_MAX >> 2) / 10)
			return false;
		v = v * 10 + (uint64_t)(*c - '0');
	}
	if (m->length_known && m->length != v)
		return false;
	m->length_known = true;
	m->length = v;
	return true;
}

static void model_coding(struct model *m, const char *from, const char *to)
{
	const char *end = memchr(from, ';', (size_t)(to - from));
	to = end ? end : to;
	strip(&from, &to);
	if (from == to)
		return;
	m->bad_coding |= m->chunked; /* something behind it (6.1) */
	m->coded = true;
	m->chunked = says(from, to, "chunked");
}

static enum opinion model_field(struct model *m, char *field, size_t len, bool trailer)
{
	const char *colon = memchr(field, ':', len), *name_end = colon;
	if (!colon)
		return MALFORMED;
	const char *from = colon + 1, *to = field + len;
	while (name_end > field && (name_end[-1] == ' ' || name_end[-1] == '\t'))
		name_end--;
	if (!is_name(field, name_end))
		return MALFORMED;
	if (++m->fields > H1_MAX_FIELDS)
		return TOO_LARGE;
	bool length = says(field, name_end, "Content-Length"), coding = says(field, name_end, "Transfer-Encoding");
	strip(&from, &to);
	for (const char *at = from; !trailer && (length || coding) && at <= to;) {
		const char *comma = memchr(at, ',', (size_t)(to - at)), *member = at, *end = comma ? comma : to;
		strip(&member, &end);
		if (length && !model_length(m, member, end))
			return MALFORMED;
		if (coding)
			model_coding(m, member, end);
		at = comma ? comma + 1 : to + 1;
	}
	mix_text(&m->d, 'n', field, (size_t)(name_end - field));
	mix_text(&m->d, 'v', from, (size_t)(to - from));
	return GO_ON;
}

/* Fields up to and with the empty line; a line that begins with a blank goes on with the one before it (5.2). */
static enum opinion model_fields(struct model *m, bool trailer)
{
	struct buf field;
	bool pending = false;
	const char *from, *to;
	enum opinion o;
	buf_init(&field, SIZE_MAX / 4);
	for (;;) {
		o = next_line(m, H1_MAX_HEAD, false, &from, &to);
		if (o != GO_ON)
			break;
		bool folded = from < to && (*from == ' ' || *from == '\t');
		if (folded && !pending) {
			o = MALFORMED;
			break;
		}
		if (folded) {
			strip(&from, &to);
			buf_add(&field, " ", 1);
			buf_add(&field, from, (size_t)(to - from));
			continue;
		}
		o = pending ? model_field(m, field.data, field.len, trailer) : GO_ON;
		if (o != GO_ON || from == to)
			break;
		buf_clear(&field);
		buf_add(&field, from, (size_t)(to - from));
		pending = true;
	}
	buf_fini(&field);
	return o;
}

static enum opinion model_data(struct model *m, uint64_t len)
{
	size_t left = (size_t)(m->end - m->at), n = len < left ? (size_t)len : left;
	mix(&m->d, m->at, n);
	m->d.data += n;
	m->at += n;
	return n == len ? GO_ON : CUT;
}

/* One chunk, or the trailers behind the last (7.1); ENDED behind those. */
static enum opinion model_chunk(struct model *m)
{
	const char *from, *to, *c;
	uint64_t size = 0;
	m->section = 0;
	enum opinion o = next_line(m, H1_MAX_CHUNK_LINE, true, &from, &to);
	if (o != GO_ON)
		return o;
	m->framing += m->section + 2;
	if (m->framing > H1_MAX_FRAMING)
		return TOO_LARGE;
	static const char hex[] = "0123456789abcdefABCDEF";
	for (c = from; c < to && strchr(hex, *c); c++) {
		if (size >> 58)
			return MALFORMED;
		size = size * 16 + (uint64_t)(strchr(hex, *c) - hex) - (strchr(hex, *c) - hex > 15 ? 6 : 0);
	}
	if (c == from)
		return MALFORMED;
	while (c < to && (*c == ' ' || *c == '\t'))
		c++;
	if (c < to && *c != ';')
		return MALFORMED;
	m->section = m->fields = 0;
	if (size == 0) {
		o = model_fields(m, true);
		return o == GO_ON ? ENDED : o;
	}
	o = model_data(m, size);
	for (const char *crlf = "\r\n"; o == GO_ON && *crlf; crlf++) {
		if (m->at == m->end)
			return CUT;
		if (*m->at++ != *crlf)
			return MALFORMED;
	}
	return o;
}

static enum opinion model_body(struct model *m, bool head)
{
	enum opinion o;
	bool none = head || m->status == 204 || m->status == 304;
	if (!none && m->bad_coding)
		return MALFORMED;
	mix_text(&m->d, 'h', "", 0);
	if (none)
		return ENDED;
	if (m->coded && m->chunked) {
		while ((o = model_chunk(m)) == GO_ON)
			;
		return o;
	}
	if (m->coded || !m->length_known)
		return model_data(m, UINT64_MAX);
	o = model_data(m, m->length);
	return o == GO_ON ? ENDED : o;
}

static struct digest model_all(bool head, const char *input, size_t len)
{
	struct model m = {.at = input, .end = input + len};
	enum opinion o = GO_ON;
	for (int interim = 0; o == GO_ON;) {
		o = model_status(&m);
		if (o == GO_ON)
			o = model_fields(&m, false);
		if (o != GO_ON)
			break;
		if (m.status == 101) {
			o = MALFORMED;
		} else if (m.status < 200) {
			if (++interim > H1_MAX_INTERIM)
				o = TOO_LARGE;
			else
				mix_text(&m.d, 'h', "", 0);
		} else {
			o = model_body(&m, head);
		}
	}
	if (o != CUT)
		mix_text(&m.d, o == ENDED ? 'e' : o == MALFORMED ? 'm' : 'l', "", 0);
	return m.d;
}

static bool same(const struct digest *a, const struct digest *b)
{
	return a->hash == b->hash && a->data == b->data && a->events == b->events;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *)data;
	for (int head = 0; head < 2; head++) {
		struct digest whole = read_all(head ? "HEAD" : "GET", input, size, size + 1);
		struct digest pieces = read_all(head ? "HEAD" : "GET", input, size, 1 + size % 13);
		must(same(&whole, &pieces));
		if (size) {
			struct digest second = model_all(head, input, size);
			must(same(&whole, &second));
		}
	}
	return 0;
}
