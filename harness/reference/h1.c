#include "harness/reference/h1.h"

#include "harness/base/text.h"
#include "harness/reference/content.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What the header fields of one request say about its framing. */
struct head {
	bool has_length, chunked, expect_continue, close, keep_alive;
	unsigned hosts;
	uint64_t length;
};

void server_h1_init(struct server_h1 *h, const struct wire *wire)
{
	static const struct faults sound;
	*h = (struct server_h1){.wire = wire, .faults = &sound, .limit = SERVER_H1_BODY};
}

static bool fail(struct server_h1 *h, unsigned status)
{
	h->status = status;
	return false;
}

/* More bytes behind what is unread; false when there is no room or the stream is over. */
static bool fill(struct server_h1 *h)
{
	if (h->at > 0) {
		memmove(h->data, h->data + h->at, h->len - h->at);
		h->len -= h->at;
		h->at = 0;
	}
	if (h->len == SERVER_H1_HEAD)
		return false;
	long n = h->wire->read(h->wire->context, h->data + h->len, SERVER_H1_HEAD - h->len);
	if (n <= 0) {
		h->ended = true;
		return false;
	}
	h->len += (size_t)n;
	return true;
}

/*
 * One line without its CRLF, NUL-terminated, valid until the next call.  NULL: the stream ended, or status says why:
 * 400 for what is no line, `too_long` for one that the buffer cannot hold.
 */
static char *line(struct server_h1 *h, unsigned too_long)
{
	for (size_t seen = 0;;) {
		char *from = h->data + h->at;
		size_t have = h->len - h->at;
		char *lf = memchr(from + seen, '\n', have - seen);
		if (lf) {
			size_t len = (size_t)(lf - from);
			/* RFC 9112 2.2: a bare CR or a NUL inside is malformed; so is a bare LF here. */
			if (len == 0 || from[len - 1] != '\r' || memchr(from, '\r', len - 1) ||
			    memchr(from, '\0', len)) {
				fail(h, 400);
				return NULL;
			}
			from[len - 1] = '\0';
			h->at += len + 1;
			return from;
		}
		seen = have;
		if (!fill(h)) {
			if (!h->ended)
				fail(h, too_long);
			return NULL;
		}
	}
}

static bool is_token(const char *text)
{
	static const char legal[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	return *text && text[strspn(text, legal)] == '\0';
}

/* "Example.org:8443" -> "example.org", "[::1]:8443" -> "[::1]". */
static bool take_authority(const char *from, size_t len, struct request *out)
{
	const char *bracket = len && from[0] == '[' ? memchr(from, ']', len) : NULL;
	const char *colon = memchr(bracket ? bracket : from, ':', bracket ? len - (size_t)(bracket - from) : len);
	size_t host = colon ? (size_t)(colon - from) : len;
	if (host >= sizeof out->authority || memchr(from, '@', len))
		return false;
	for (size_t i = 0; i < host; i++)
		out->authority[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] + 'a' - 'A') : from[i];
	out->authority[host] = '\0';
	snprintf(out->port, sizeof out->port, "%.*s", (int)(len - host), from + host);
	return true;
}

static bool request_line(struct server_h1 *h, struct request *out)
{
	if (h->at == h->len && !fill(h))
		return false;
	/* A TLS record or other bytes that can begin no request: no use in waiting for the end of the line. */
	if (h->data[h->at] != '\r' && ((unsigned char)h->data[h->at] < 0x21 || (unsigned char)h->data[h->at] > 0x7e))
		return fail(h, 400);
	char *text = line(h, 414);
	/* RFC 9112 2.2: an empty line before the request is ignored. */
	if (text && !*text)
		text = line(h, 414);
	if (!text)
		return false;
	char *target = strchr(text, ' ');
	char *version = target ? strchr(target + 1, ' ') : NULL;
	if (!version)
		return fail(h, 400);
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(text) || !*target || !text_glob("HTTP/?.?", version))
		return fail(h, 400);
	if (strncmp(version, "HTTP/1.", 7) != 0)
		return fail(h, 505);
	if (strlen(text) >= sizeof out->method)
		return fail(h, 501);
	if (strlen(target) >= sizeof out->target)
		return fail(h, 414);
	h->minor = version[7] == '0' ? 0 : 1;
	snprintf(out->method, sizeof out->method, "%s", text);
	snprintf(out->target, sizeof out->target, "%s", target);
	return true;
}

static bool list_has(const char *value, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = value; *at;) {
		at += strspn(at, ", \t");
		size_t len = strcspn(at, ", \t");
		if (len == n && strncasecmp(at, word, n) == 0)
			return true;
		at += len;
	}
	return false;
}

static bool take_field(struct server_h1 *h, const char *name, const char *value, struct head *head, struct request *out)
{
	uint64_t length;
	if (strcasecmp(name, "Host") == 0) {
		/* RFC 9112 3.2: more than one is malformed, even if they agree. */
		if (head->hosts++ && h->faults->on[FAULT_TAKES_FIRST_OF_TWO_HOSTS])
			return true;
		if (head->hosts > 1 || !take_authority(value, strlen(value), out))
			return fail(h, 400);
	} else if (strcasecmp(name, "Content-Length") == 0) {
		if (!text_u64(value, 0, UINT64_MAX / 2, &length) || (head->has_length && head->length != length))
			return fail(h, 400);
		head->has_length = true;
		head->length = length;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		if (head->chunked || strcasecmp(value, "chunked") != 0)
			return fail(h, 501);
		head->chunked = true;
	} else if (strcasecmp(name, "Expect") == 0) {
		if (strcasecmp(value, "100-continue") != 0)
			return fail(h, 417);
		head->expect_continue = true;
	} else if (strcasecmp(name, "Early-Data") == 0) {
		out->early = true; /* RFC 8470 5.1: whatever it says; somebody in front of us took it so */
	} else if (strcasecmp(name, "Connection") == 0) {
		head->close = head->close || list_has(value, "close");
		head->keep_alive = head->keep_alive || list_has(value, "keep-alive");
	}
	return true;
}

static bool fields(struct server_h1 *h, struct head *head, struct request *out)
{
	for (size_t budget = SERVER_H1_HEAD;;) {
		char *text = line(h, 431);
		if (!text)
			return false;
		if (!*text)
			return true;
		size_t len = strlen(text);
		char *colon = strchr(text, ':');
		if (len > budget)
			return fail(h, 431);
		budget -= len;
		/* RFC 9112 5.1, 5.2: no blank before the colon, no folded line. */
		if (!colon)
			return fail(h, 400);
		*colon++ = '\0';
		if (!is_token(text))
			return fail(h, 400);
		colon += strspn(colon, " \t");
		for (char *end = colon + strlen(colon); end > colon && (end[-1] == ' ' || end[-1] == '\t');)
			*--end = '\0';
		if (!take_field(h, text, colon, head, out))
			return false;
	}
}

/* `n` bytes of content. */
static bool take(struct server_h1 *h, uint64_t n, struct content *content)
{
	while (n > 0) {
		uint64_t have = h->len - h->at;
		uint64_t now = have < n ? have : n;
		content_add(content, h->data + h->at, (size_t)now);
		h->at += (size_t)now;
		n -= now;
		if (n > 0 && !fill(h))
			return false;
	}
	return true;
}

static bool chunks(struct server_h1 *h, struct content *content)
{
	for (uint64_t total = 0;;) {
		char *text = line(h, 400);
		uint64_t size = 0;
		if (!text)
			return false;
		size_t digits = strspn(text, "0123456789abcdefABCDEF");
		if (digits == 0 || digits > 8 || (text[digits] && !strchr("; \t", text[digits])))
			return fail(h, 400);
		for (size_t i = 0; i < digits; i++) {
			char c = text[i];
			size = size << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
		}
		if (size == 0)
			break;
		total += size;
		if (total > h->limit)
			return fail(h, 413);
		if (!take(h, size, content))
			return false;
		text = line(h, 400);
		if (!text)
			return false;
		if (*text)
			return fail(h, 400);
	}
	struct head ignored = {0};
	struct request nobody = {.method = ""};
	return fields(h, &ignored, &nobody); /* trailers */
}

bool server_h1_content(struct server_h1 *h, struct request *out)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct content content;
	if (h->length > h->limit)
		return fail(h, 413);
	if (h->expects && !h->wire->write(h->wire->context, go_on, sizeof go_on - 1)) {
		h->ended = true;
		return false;
	}
	content_open(&content, h->faults->on[FAULT_CUTS_BODIES] ? 1024 : UINT64_MAX);
	bool whole = h->chunked ? chunks(h, &content) : take(h, h->length, &content);
	out->body = content.length;
	content_close(&content, out->sha256);
	return whole;
}

/* RFC 9112 3.2.2: the authority of an absolute target replaces Host. */
static bool absolute_target(struct server_h1 *h, struct request *out)
{
	const char *at = strstr(out->target, "://");
	if (out->target[0] == '/' || !at || h->faults->on[FAULT_TAKES_HOST_OVER_TARGET])
		return true;
	at += 3;
	return take_authority(at, strcspn(at, "/?#"), out) || fail(h, 400);
}

bool server_h1_head(struct server_h1 *h, struct request *out)
{
	struct head head = {0};
	*out = (struct request){.number = ++h->requests};
	h->keep_alive = h->expects = false;
	if (!request_line(h, out) || !fields(h, &head, out))
		return false;
	if (h->minor > 0 && head.hosts == 0 && !h->faults->on[FAULT_SERVES_WITHOUT_HOST])
		return fail(h, 400);
	/* RFC 9112 6.1, 6.3: both framings, or chunked in 1.0, is how requests are smuggled. */
	if (head.chunked && (head.has_length || h->minor == 0))
		return fail(h, 400);
	h->chunked = head.chunked;
	h->length = head.length;
	out->has_content = head.chunked || head.has_length;
	/* RFC 9110 10.1.1: not to a 1.0 client, and not when the body has begun to come. */
	h->expects = (head.chunked || head.length > 0) && head.expect_continue && h->minor > 0 && h->at == h->len &&
		     !h->faults->on[FAULT_IGNORES_EXPECT];
	if (!absolute_target(h, out))
		return false;
	h->keep_alive = h->minor > 0 ? !head.close : head.keep_alive && !head.close;
	return true;
}
