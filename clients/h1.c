#include "clients/h1.h"

#include <string.h>
#include <strings.h>

#define LENGTH_MAX (UINT64_MAX >> 2)

void h1_init(struct h1 *h)
{
	*h = (struct h1){0};
	buf_init(&h->line, H1_MAX_HEAD + 1);
	buf_init(&h->field, H1_MAX_HEAD + 1);
}

void h1_fini(struct h1 *h)
{
	buf_fini(&h->line);
	buf_fini(&h->field);
	*h = (struct h1){0};
}

/* A new header or trailer section; an interim response leaves nothing behind for the final one. */
static void begin_section(struct h1 *h)
{
	buf_clear(&h->line);
	buf_clear(&h->field);
	h->line_whole = h->field_given = false;
	h->section = h->fields = 0;
}

static void begin_head(struct h1 *h)
{
	begin_section(h);
	h->state = H1_AT_STATUS;
	h->has_length = h->has_coding = h->last_is_chunked = h->bad_coding = h->close_said = h->keep_said = false;
	h->length = h->left = 0;
}

void h1_begin(struct h1 *h, const char *method)
{
	begin_head(h);
	h->no_body = strcmp(method, "HEAD") == 0;
	h->interim = h->framing = 0;
}

static enum h1_got fault(struct h1 *h, enum h1_got kind, const char *why)
{
	h->state = H1_AT_FAULT;
	h->fault = kind;
	h->text = why;
	return kind;
}

static enum h1_got malformed(struct h1 *h, const char *why)
{
	return fault(h, H1_MALFORMED, why);
}

/* --- lines --- */

/*
 * One line into h->line without its end; `max` bounds h->section, which counts every byte of the section.  H1_MORE: not
 * yet whole.  H1_FIELD: whole.  A bare LF ends a line unless `strict`; a bare CR and NUL are never taken (2.2, RFC
 * 9110 5.5).
 */
static enum h1_got take_line(struct h1 *h, const char **at, const char *end, size_t max, bool strict)
{
	const char *nl = memchr(*at, '\n', (size_t)(end - *at));
	const char *stop = nl ? nl : end;
	size_t n = (size_t)(stop - *at);
	if (h->section + n + (nl != NULL) > max)
		return fault(h, H1_TOO_LARGE, strict ? "chunk line" : "header section");
	h->section += n + (nl != NULL);
	buf_add(&h->line, *at, n);
	*at = nl ? nl + 1 : end;
	if (!nl)
		return H1_MORE;
	bool crlf = h->line.len && h->line.data[h->line.len - 1] == '\r';
	if (crlf)
		h->line.data[--h->line.len] = '\0';
	if (strict && !crlf)
		return malformed(h, "bare LF in chunked body");
	if (h->line.len && memchr(h->line.data, '\r', h->line.len))
		return malformed(h, "bare CR");
	if (h->line.len && memchr(h->line.data, '\0', h->line.len))
		return malformed(h, "NUL in a line");
	return H1_FIELD;
}

static const char *line_text(const struct buf *b)
{
	return b->len ? b->data : "";
}

/* --- status line (4) --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * "HTTP/1.x NNN" may still come of what is read and what is next: a server that speaks something else is not listened
 * to until its first LF.
 */
static bool may_be_status(const struct h1 *h, const char *next, const char *end)
{
	static const char shape[] = "HTTP/1.0 000";
	for (size_t i = h->line.len; i < sizeof shape - 1 && next < end; i++, next++)
		if (shape[i] == '0' ? !is_digit(*next) : *next != shape[i])
			return false;
	return true;
}

static enum h1_got read_status(struct h1 *h, const char **at, const char *end)
{
	if (!may_be_status(h, *at, end))
		return malformed(h, "not an HTTP/1 status line");
	enum h1_got got = take_line(h, at, end, H1_MAX_HEAD, false);
	if (got != H1_FIELD)
		return got;
	const char *s = line_text(&h->line);
	size_t n = h->line.len;
	/* "HTTP/1.1 200" without the space that should follow is common and harmless. */
	if (n < 12 || (n > 12 && s[12] != ' ') || s[9] == '0')
		return malformed(h, "not an HTTP/1 status line");
	h->minor = s[7] - '0';
	h->status = (s[9] - '0') * 100 + (s[10] - '0') * 10 + (s[11] - '0');
	/* The line makes room for the fields, its text moves over. */
	buf_clear(&h->field);
	buf_adds(&h->field, n > 13 ? s + 13 : "");
	h->field_given = true;
	h->text = line_text(&h->field);
	buf_clear(&h->line);
	h->state = H1_AT_FIELDS;
	return H1_STATUS;
}

/* --- fields (5) --- */

static bool is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		bool alnum = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return n > 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cut blanks off both ends of [s, s+*n). */
static const char *trim(const char *s, size_t *n)
{
	while (*n && is_blank(*s)) {
		s++;
		--*n;
	}
	while (*n && is_blank(s[*n - 1]))
		--*n;
	return s;
}

/* Walk the members of a comma-separated list; false at the end. */
static bool next_member(const char **at, const char **member, size_t *n)
{
	if (!*at)
		return false;
	const char *comma = strchr(*at, ',');
	*n = comma ? (size_t)(comma - *at) : strlen(*at);
	*member = trim(*at, n);
	*at = comma ? comma + 1 : NULL;
	return true;
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && strncasecmp(s, word, n) == 0;
}

/* Digits only; several equal values are one (RFC 9110 8.6). */
static bool read_length(struct h1 *h, const char *value)
{
	const char *member;
	size_t n;
	while (next_member(&value, &member, &n)) {
		uint64_t v = 0;
		for (size_t i = 0; i < n; i++) {
			if (!is_digit(member[i]) || v > LENGTH_MAX / 10 - 1)
				return false;
			v = v * 10 + (uint64_t)(member[i] - '0');
		}
		if (n == 0 || (h->has_length && v != h->length))
			return false;
		h->has_length = true;
		h->length = v;
	}
	return true;
}

/* chunked must come last and once (6.1). */
static void read_coding(struct h1 *h, const char *value)
{
	const char *member;
	size_t n;
	while (next_member(&value, &member, &n)) {
		const char *semicolon = memchr(member, ';', n);
		size_t name = semicolon ? (size_t)(semicolon - member) : n;
		member = trim(member, &name);
		if (name == 0)
			continue;
		if (h->last_is_chunked)
			h->bad_coding = true;
		h->has_coding = true;
		h->last_is_chunked = is_word(member, name, "chunked");
	}
}

static void read_connection(struct h1 *h, const char *value)
{
	const char *member;
	size_t n;
	while (next_member(&value, &member, &n)) {
		h->close_said |= is_word(member, n, "close");
		h->keep_said |= is_word(member, n, "keep-alive");
	}
}

/* h->field is one whole field: split it in place, take what frames the message. */
static enum h1_got give_field(struct h1 *h)
{
	char *s = h->field.data;
	char *colon = memchr(s, ':', h->field.len);
	if (!colon)
		return malformed(h, "header field without a colon");
	size_t name = (size_t)(colon - s), value = h->field.len - name - 1;
	/* A blank before the colon is a sender's fault that a receiver removes (5.1). */
	while (name && is_blank(s[name - 1]))
		name--;
	if (!is_token(s, name))
		return malformed(h, "not a header field name");
	char *text = (char *)(uintptr_t)trim(colon + 1, &value);
	s[name] = '\0';
	text[value] = '\0';
	if (++h->fields > H1_MAX_FIELDS)
		return fault(h, H1_TOO_LARGE, "header fields");
	h->name = s;
	h->text = text;
	h->field_given = true;
	if (h->state == H1_AT_TRAILERS)
		return H1_FIELD;
	if (strcasecmp(s, "Content-Length") == 0 && !read_length(h, text))
		return malformed(h, "bad or conflicting Content-Length");
	if (strcasecmp(s, "Transfer-Encoding") == 0)
		read_coding(h, text);
	else if (strcasecmp(s, "Connection") == 0)
		read_connection(h, text);
	return H1_FIELD;
}

/* How the body is delimited (6.3), or back for the next response behind a 1xx. */
static enum h1_got end_head(struct h1 *h)
{
	bool interim = h->status < 200;
	if (h->status == 101)
		return malformed(h, "101 although no upgrade was asked for");
	if (interim && ++h->interim > H1_MAX_INTERIM)
		return fault(h, H1_TOO_LARGE, "interim responses");
	if (interim) {
		begin_head(h);
		return H1_HEAD_END;
	}
	if (h->no_body || h->status == 204 || h->status == 304) {
		h->state = H1_AT_END;
	} else if (h->bad_coding) {
		return malformed(h, "chunked is not the last transfer coding");
	} else if (h->has_coding) {
		h->state = h->last_is_chunked ? H1_AT_CHUNK : H1_AT_CLOSE;
	} else if (h->has_length) {
		h->left = h->length;
		h->state = H1_AT_LENGTH;
	} else {
		h->state = H1_AT_CLOSE;
	}
	begin_section(h);
	return H1_HEAD_END;
}

static enum h1_got end_section(struct h1 *h)
{
	if (h->state == H1_AT_FIELDS)
		return end_head(h);
	h->state = H1_AT_END;
	return H1_END;
}

/* Give the field before this one, or hold this one back; H1_MORE: nothing to tell yet. */
static enum h1_got use_line(struct h1 *h)
{
	bool folded = h->line.len && is_blank(h->line.data[0]);
	bool pending = h->field.len && !h->field_given;
	if (folded && !pending)
		return malformed(h, "blank before the first header field");
	if (folded) {
		size_t n = h->line.len;
		const char *rest = trim(h->line.data, &n);
		buf_add(&h->field, " ", 1);
		buf_add(&h->field, rest, n);
		h->line_whole = false;
		buf_clear(&h->line);
		return H1_MORE;
	}
	if (pending)
		return give_field(h);
	h->line_whole = false;
	if (h->line.len == 0)
		return end_section(h);
	buf_clear(&h->field);
	buf_add(&h->field, h->line.data, h->line.len);
	h->field_given = false;
	buf_clear(&h->line);
	return H1_MORE;
}

static enum h1_got read_fields(struct h1 *h, const char **at, const char *end)
{
	for (;;) {
		if (!h->line_whole) {
			enum h1_got got = take_line(h, at, end, H1_MAX_HEAD, false);
			if (got != H1_FIELD)
				return got;
			h->line_whole = true;
		}
		enum h1_got got = use_line(h);
		if (got != H1_MORE)
			return got;
	}
}

/* --- bodies (6, 7) --- */

static enum h1_got give_data(struct h1 *h, const char **at, const char *end, uint64_t most)
{
	size_t n = (size_t)(end - *at);
	if (n > most)
		n = (size_t)most;
	if (n == 0)
		return H1_MORE;
	h->data = *at;
	h->len = n;
	*at += n;
	return H1_DATA;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* chunk-size [ chunk-ext ] (7.1) */
static bool parse_chunk_size(const char *s, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;
	for (; hex_digit(s[i]) >= 0; i++) {
		if (v > LENGTH_MAX >> 4)
			return false;
		v = v << 4 | (uint64_t)hex_digit(s[i]);
	}
	*out = v;
	size_t digits = i;
	while (is_blank(s[i]))
		i++;
	return digits > 0 && (s[i] == '\0' || s[i] == ';');
}

static enum h1_got read_chunk_line(struct h1 *h, const char **at, const char *end)
{
	enum h1_got got = take_line(h, at, end, H1_MAX_CHUNK_LINE, true);
	if (got != H1_FIELD)
		return got;
	h->framing += h->section + 2;
	if (h->framing > H1_MAX_FRAMING)
		return fault(h, H1_TOO_LARGE, "chunk framing");
	if (!parse_chunk_size(line_text(&h->line), &h->left))
		return malformed(h, "bad chunk size");
	begin_section(h);
	h->state = h->left ? H1_AT_CHUNK_DATA : H1_AT_TRAILERS;
	return H1_FIELD;
}

static enum h1_got read_chunk_end(struct h1 *h, const char **at, const char *end)
{
	while (*at < end) {
		char c = *(*at)++;
		if (c != "\r\n"[h->section])
			return malformed(h, "no CRLF behind a chunk");
		if (++h->section == 2) {
			begin_section(h);
			h->state = H1_AT_CHUNK;
			return H1_FIELD;
		}
	}
	return H1_MORE;
}

/* A piece of the chunk, or its end. */
static enum h1_got read_chunk_data(struct h1 *h, const char **at, const char *end)
{
	enum h1_got got = give_data(h, at, end, h->left);
	if (got == H1_DATA)
		h->left -= h->len;
	if (h->left == 0)
		h->state = H1_AT_CHUNK_END;
	return got;
}

static enum h1_got read_known_length(struct h1 *h, const char **at, const char *end)
{
	if (h->left == 0) {
		h->state = H1_AT_END;
		return H1_END;
	}
	enum h1_got got = give_data(h, at, end, h->left);
	if (got == H1_DATA)
		h->left -= h->len;
	return got;
}

enum h1_got h1_step(struct h1 *h, const char **at, const char *end)
{
	for (;;) {
		enum h1_got got = H1_END;
		switch (h->state) {
		case H1_AT_STATUS:
			return read_status(h, at, end);
		case H1_AT_FIELDS:
		case H1_AT_TRAILERS:
			return read_fields(h, at, end);
		case H1_AT_LENGTH:
			return read_known_length(h, at, end);
		case H1_AT_CLOSE:
			return give_data(h, at, end, UINT64_MAX);
		case H1_AT_CHUNK:
			got = read_chunk_line(h, at, end);
			break;
		case H1_AT_CHUNK_DATA:
			return read_chunk_data(h, at, end);
		case H1_AT_CHUNK_END:
			got = read_chunk_end(h, at, end);
			break;
		case H1_AT_END:
			return H1_END;
		case H1_AT_FAULT:
			return h->fault;
		}
		/* H1_FIELD is how the framing of chunks says "go on". */
		if (got != H1_FIELD)
			return got;
	}
}

bool h1_ends_at_close(const struct h1 *h)
{
	return h->state == H1_AT_CLOSE;
}

bool h1_is_persistent(const struct h1 *h)
{
	if (h->state != H1_AT_END || h->close_said)
		return false;
	/* Transfer-Encoding in HTTP/1.0 is faulty framing: use the message, then close (6.1). */
	return h->minor >= 1 || (h->keep_said && !h->has_coding);
}

/* --- requests --- */

static bool has_header(const struct job_request *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return true;
	return false;
}

/* Methods whose missing body is worth saying (RFC 9110 8.6). */
static bool expects_body(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

static void add_field(struct buf *b, const char *name, const char *value)
{
	buf_adds(b, name);
	buf_add(b, ": ", 2);
	buf_adds(b, value);
	buf_add(b, "\r\n", 2);
}

void h1_write_head(struct buf *b, const struct job_request *r, enum http version)
{
	buf_adds(b, r->method);
	buf_add(b, " ", 1);
	buf_adds(b, r->target);
	buf_adds(b, version == HTTP_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	if (r->host)
		add_field(b, "Host", r->host);
	for (size_t i = 0; i < r->n_headers; i++)
		add_field(b, r->headers[i].name, r->headers[i].value);
	if (r->expect_continue && r->body)
		add_field(b, "Expect", "100-continue");
	if (has_header(r, "Content-Length") || has_header(r, "Transfer-Encoding"))
		; /* the script wants to frame the body its own way */
	else if (r->chunked)
		add_field(b, "Transfer-Encoding", "chunked");
	else if (r->body || expects_body(r->method))
		buf_addf(b, "Content-Length: %llu\r\n", (unsigned long long)r->body);
	buf_add(b, "\r\n", 2);
}

void h1_write_body(struct buf *b, uint64_t at, size_t len)
{
	static const char pattern[] = "mtlspec generated request body.\n";
	const size_t period = sizeof pattern - 1;
	while (len) {
		size_t from = (size_t)(at % period), n = period - from;
		n = n < len ? n : len;
		buf_add(b, pattern + from, n);
		at += n;
		len -= n;
	}
}
