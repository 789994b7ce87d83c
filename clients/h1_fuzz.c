/* Any bytes as an HTTP/1 response: bounded, inside the input, and the same events however the bytes arrive. */
#include "clients/h1.h"

#include <stdlib.h>
#include <string.h>

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

static void mix_text(struct digest *d, char tag, const char *text)
{
	mix(d, &tag, 1);
	mix(d, text, strlen(text) + 1);
	d->events++;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

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
			mix_text(d, 's', h->text);
			break;
		case H1_FIELD:
			must(h->fields <= H1_MAX_FIELDS && h->name[0] && strpbrk(h->name, " \t:\r\n") == NULL);
			must_be_value(h->text);
			mix_text(d, 'n', h->name);
			mix_text(d, 'v', h->text);
			break;
		case H1_HEAD_END:
			mix_text(d, 'h', "");
			break;
		case H1_DATA:
			must(h->len > 0 && h->data >= before && h->data + h->len <= end);
			mix(d, h->data, h->len);
			d->data += h->len;
			break;
		case H1_END:
			must_be_whole(h, d);
			mix_text(d, 'e', "");
			return false;
		case H1_MALFORMED:
		case H1_TOO_LARGE:
			mix_text(d, 'f', h->text);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = {"GET", "HEAD"};
	for (size_t i = 0; i < 2; i++) {
		struct digest whole = read_all(methods[i], (const char *)data, size, size + 1);
		struct digest pieces = read_all(methods[i], (const char *)data, size, 1 + size % 13);
		must(whole.hash == pieces.hash && whole.data == pieces.data && whole.events == pieces.events);
	}
	return 0;
}
