#include "clients/h1.h"

#include "harness/base/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a response is read as: "200.1 OK; Name=value; .; body; end".  "." ends a head, "+" is more input wanted. */
static const struct {
	const char *name, *method, *input, *want;
} table[] = {
    {"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200.1 OK; Content-Length=2; .; hi; end"},
    {"empty", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200.1 OK; Content-Length=0; .; end"},
    {"no reason", "GET", "HTTP/1.1 403 \r\nContent-Length: 0\r\n\r\n", "403.1 ; Content-Length=0; .; end"},
    {"no space either", "GET", "HTTP/1.1 403\r\nContent-Length: 0\r\n\r\n", "403.1 ; Content-Length=0; .; end"},
    {"until close", "GET", "HTTP/1.0 200 OK\r\n\r\nabc\r\n", "200.0 OK; .; abc\r\n; +close"},
    {"no body: 204", "GET", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "204.1 No; Content-Length=5; .; end"},
    {"no body: 304", "GET", "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n",
     "304.1 No; Transfer-Encoding=chunked; .; end"},
    {"no body: HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200.1 OK; Content-Length=5; .; end"},
    {"what follows is left", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhi",
     "200.1 OK; Content-Length=1; .; h; end"},
    {"interim", "GET", "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
     "100.1 Continue; X=1; .; 200.1 OK; Content-Length=1; .; a; end"},
    {"an interim's length is nobody's", "GET",
     "HTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
     "103.1 Hints; Content-Length=9; .; 200.1 OK; Content-Length=1; .; a; end"},
    {"101", "GET", "HTTP/1.1 101 Switch\r\n\r\n", "101.1 Switch; !101 although no upgrade was asked for"},
    {"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; abcde; end"},
    {"chunk extensions, trailers", "GET",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=\"b\" ;c\r\nabc\r\n0;x\r\nDigest: 1\r\nB:2\r\n\r\n",
     "200.1 OK; Transfer-Encoding=Chunked; .; abc; Digest=1; B=2; end"},
    {"chunk size with leading zeros and blanks", "GET",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0003 \t\r\nabc\r\n000\r\n\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; abc; end"},
    {"upper-case chunk size", "GET",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; 0123456789; end"},
    {"coding beats length (6.3)", "GET",
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
     "200.1 OK; Content-Length=1; Transfer-Encoding=chunked; .; hi; end"},
    {"another coding ends at close", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nzz",
     "200.1 OK; Transfer-Encoding=gzip; Content-Length=1; .; zz; +close"},
    {"gzip, chunked", "GET",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: , chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n",
     "200.1 OK; Transfer-Encoding=gzip; Transfer-Encoding=, chunked; .; z; end"},
    {"chunked twice", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
     "200.1 OK; Transfer-Encoding=chunked, chunked; !chunked is not the last transfer coding"},
    {"chunked, gzip", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
     "200.1 OK; Transfer-Encoding=chunked, gzip; !chunked is not the last transfer coding"},
    {"equal lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 02\r\n\r\nhi",
     "200.1 OK; Content-Length=2, 2; Content-Length=02; .; hi; end"},
    {"conflicting lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
     "200.1 OK; Content-Length=2; !bad or conflicting Content-Length"},
    {"negative length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi",
     "200.1 OK; !bad or conflicting Content-Length"},
    {"plus", "GET", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi", "200.1 OK; !bad or conflicting Content-Length"},
    {"no length", "GET", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhi",
     "200.1 OK; !bad or conflicting Content-Length"},
    {"length too long", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhi",
     "200.1 OK; !bad or conflicting Content-Length"},
    {"chunk size overflow", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; !bad chunk size"},
    {"negative chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; !bad chunk size"},
    {"no chunk size", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; !bad chunk size"},
    {"0x chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; !bad chunk size"},
    {"bare LF in chunk line", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; !bare LF in chunked body"},
    {"chunk longer than said", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
     "200.1 OK; Transfer-Encoding=chunked; .; abc; !no CRLF behind a chunk"},
    {"bare LF ends lines (2.2)", "GET", "HTTP/1.1 200 OK\nA: b\nContent-Length: 1\n\nx",
     "200.1 OK; A=b; Content-Length=1; .; x; end"},
    {"bare CR", "GET", "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "200.1 OK; !bare CR"},
    {"bare CR in the status line", "GET", "HTTP/1.1 200 O\rK\r\n\r\n", "!bare CR"},
    {"NUL", "GET", "HTTP/1.1 200 OK\r\nA: b@c\r\n\r\n", "200.1 OK; !NUL in a line"},
    {"NUL in the status line", "GET", "HTTP/1.1 200 O@K\r\n\r\n", "!NUL in a line"},
    {"folded (5.2)", "GET", "HTTP/1.1 200 OK\r\nA: b\r\n  c\r\n\td\r\nContent-Length: 0\r\n\r\n",
     "200.1 OK; A=b c d; Content-Length=0; .; end"},
    {"folded at once (2.2)", "GET", "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
     "200.1 OK; !blank before the first header field"},
    {"folded length", "GET", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 1\r\n\r\nx",
     "200.1 OK; Content-Length=1; .; x; end"},
    {"blank before colon (5.1)", "GET", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
     "200.1 OK; Content-Length=1; .; x; end"},
    {"trimmed", "GET", "HTTP/1.1 200 OK\r\nA: \t b c \t\r\nB:\r\nContent-Length:0\r\n\r\n",
     "200.1 OK; A=b c; B=; Content-Length=0; .; end"},
    {"no colon", "GET", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "200.1 OK; !header field without a colon"},
    {"no name", "GET", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "200.1 OK; !not a header field name"},
    {"odd name", "GET", "HTTP/1.1 200 OK\r\nA(b: x\r\n\r\n", "200.1 OK; !not a header field name"},
    {"not HTTP", "GET", "SSH-2.0-x\r\n", "!not an HTTP/1 status line"},
    {"HTTP/2 preface", "GET", "HTTP/2.0 200 OK\r\n", "!not an HTTP/1 status line"},
    {"status of two digits", "GET", "HTTP/1.1 20\r\n", "!not an HTTP/1 status line"},
    {"status of four digits", "GET", "HTTP/1.1 2000\r\n", "!not an HTTP/1 status line"},
    {"status below 100", "GET", "HTTP/1.1 099 x\r\n", "!not an HTTP/1 status line"},
    {"empty line first", "GET", "\r\nHTTP/1.1 200 OK\r\n\r\n", "!not an HTTP/1 status line"},
    {"binary", "GET", "\x15\x03\x01@\x02", "!not an HTTP/1 status line"},
    {"cut in the head", "GET", "HTTP/1.1 200 OK\r\nA: b\r\n", "200.1 OK; +"},
    {"cut in the body", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
     "200.1 OK; Content-Length=9; .; hi; +"},
    {"nothing", "GET", "", "+"},
};

static void put_data(struct buf *out, const struct h1 *h, bool *in_data)
{
	if (!*in_data && out->len)
		buf_adds(out, "; ");
	buf_add(out, h->data, h->len);
	*in_data = true;
}

static void put(struct buf *out, bool *in_data, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void put(struct buf *out, bool *in_data, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (out->len)
		buf_adds(out, "; ");
	buf_adds(out, text);
	*in_data = false;
}

/* Feed one piece; false when the reader has ended. */
static bool feed(struct h1 *h, const char *at, const char *end, struct buf *out, bool *in_data)
{
	for (;;) {
		const char *before = at;
		switch (h1_step(h, &at, end)) {
		case H1_MORE:
			ck_assert_ptr_eq(at, end);
			return true;
		case H1_STATUS:
			put(out, in_data, "%d.%d %s", h->status, h->minor, h->text);
			break;
		case H1_FIELD:
			put(out, in_data, "%s=%s", h->name, h->text);
			break;
		case H1_HEAD_END:
			put(out, in_data, ".");
			break;
		case H1_DATA:
			ck_assert(h->data >= before && h->data + h->len <= end && h->len > 0);
			put_data(out, h, in_data);
			break;
		case H1_END:
			put(out, in_data, "end");
			return false;
		case H1_MALFORMED:
		case H1_TOO_LARGE:
			put(out, in_data, "!%s", h->text);
			return false;
		}
	}
}

/* Read `input` in pieces that end at `cut` and then every `step` bytes. */
static void read_all(const char *method, const char *input, size_t len, size_t cut, size_t step, struct buf *out)
{
	struct h1 h;
	bool in_data = false, more = true;
	h1_init(&h);
	h1_begin(&h, method);
	buf_clear(out);
	for (size_t at = 0; more && (at < len || at == 0);) {
		size_t stop = at < cut ? cut : at + step;
		if (stop > len)
			stop = len;
		/* An exact-sized copy: reading past its end is what the sanitizer looks for. */
		char *piece = malloc(stop - at + (stop == at));
		memcpy(piece, input + at, stop - at);
		more = feed(&h, piece, piece + (stop - at), out, &in_data);
		free(piece);
		if (stop == at)
			break;
		at = stop;
	}
	if (more)
		put(out, &in_data, "+%s", h1_ends_at_close(&h) ? "close" : "");
	h1_fini(&h);
}

START_TEST(responses)
{
	struct buf out;
	size_t len = strlen(table[_i].input);
	char *input = malloc(len + 1);
	buf_init(&out, 1 << 20);
	memcpy(input, table[_i].input, len + 1);
	for (char *at; (at = strchr(input, '@')) != NULL;)
		*at = '\0';
	for (size_t cut = 0; cut <= len; cut++) {
		read_all(table[_i].method, input, len, cut, len + 1, &out);
		ck_assert_msg(strcmp(out.data, table[_i].want) == 0, "%s cut at %zu:\n%s\nnot\n%s", table[_i].name, cut,
			      out.data, table[_i].want);
	}
	for (size_t step = 1; step < 4; step++) {
		read_all(table[_i].method, input, len, 0, step, &out);
		ck_assert_msg(strcmp(out.data, table[_i].want) == 0, "%s in steps of %zu:\n%s\nnot\n%s", table[_i].name,
			      step, out.data, table[_i].want);
	}
	free(input);
	buf_fini(&out);
}
END_TEST

/* Inputs that grow without end: `head`, then `unit` over and over; each must stop by itself below `most` bytes. */
static const struct {
	const char *name, *head, *unit, *want;
	size_t most;
} endless[] = {
    {"status line", "HTTP/1.1 200 ", "a", "header section", H1_MAX_HEAD + 2},
    {"one header", "HTTP/1.1 200 OK\r\nA: ", "a", "header section", H1_MAX_HEAD + 2},
    {"folded header", "HTTP/1.1 200 OK\r\nA: b\r\n", " b\r\n", "header section", H1_MAX_HEAD + 8},
    {"headers", "HTTP/1.1 200 OK\r\n", "A: b\r\n", "header fields", H1_MAX_HEAD},
    {"interim", "", "HTTP/1.1 100 Continue\r\n\r\n", "interim responses", H1_MAX_HEAD},
    {"chunk line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "a", "chunk line",
     H1_MAX_CHUNK_LINE + 64},
    {"chunk extensions", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n", "chunk framing", 2 * H1_MAX_FRAMING},
    {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n", "header fields",
     H1_MAX_HEAD},
};

START_TEST(endless_input)
{
	struct h1 h;
	struct buf out;
	bool in_data = false;
	size_t fed = strlen(endless[_i].head), unit = strlen(endless[_i].unit);
	h1_init(&h);
	buf_init(&out, 4 << 20);
	h1_begin(&h, "GET");
	bool more = feed(&h, endless[_i].head, endless[_i].head + fed, &out, &in_data);
	while (more && fed <= endless[_i].most) {
		more = feed(&h, endless[_i].unit, endless[_i].unit + unit, &out, &in_data);
		fed += unit;
	}
	ck_assert_msg(!more, "%s: still reading after %zu bytes", endless[_i].name, fed);
	ck_assert_str_eq(h.text, endless[_i].want);
	ck_assert_int_eq(h.fault, H1_TOO_LARGE);
	/* A fault stays. */
	const char *at = "x";
	ck_assert_int_eq(h1_step(&h, &at, at + 1), H1_TOO_LARGE);
	h1_fini(&h);
	buf_fini(&out);
}
END_TEST

static const struct {
	const char *input;
	bool persistent;
} endings[] = {
    {"HTTP/1.1 204 x\r\n\r\n", true},
    {"HTTP/1.1 204 x\r\nConnection: close\r\n\r\n", false},
    {"HTTP/1.1 204 x\r\nConnection: TE, Close\r\n\r\n", false},
    {"HTTP/1.0 204 x\r\n\r\n", false},
    {"HTTP/1.0 204 x\r\nConnection: keep-alive\r\n\r\n", true},
    {"HTTP/1.0 200 x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
    {"HTTP/1.1 200 x\r\n\r\n", false},
};

START_TEST(persistence)
{
	struct h1 h;
	struct buf out;
	bool in_data = false;
	h1_init(&h);
	buf_init(&out, 4096);
	h1_begin(&h, "GET");
	feed(&h, endings[_i].input, endings[_i].input + strlen(endings[_i].input), &out, &in_data);
	ck_assert_int_eq(h1_is_persistent(&h), endings[_i].persistent);
	h1_fini(&h);
	buf_fini(&out);
}
END_TEST

/* Two answers on one reader leave nothing behind. */
START_TEST(second_response)
{
	struct h1 h;
	struct buf out;
	bool in_data = false;
	const char *first = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
	const char *second = "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nab";
	h1_init(&h);
	buf_init(&out, 4096);
	h1_begin(&h, "HEAD");
	feed(&h, first, first + strlen(first), &out, &in_data);
	h1_begin(&h, "GET");
	buf_clear(&out);
	feed(&h, second, second + strlen(second), &out, &in_data);
	ck_assert_str_eq(out.data, "404.1 No; Content-Length=2; .; ab; end");
	ck_assert(h1_is_persistent(&h));
	h1_fini(&h);
	buf_fini(&out);
}
END_TEST

static const struct job_header two_headers[] = {{"X-A", "1"}, {"x_a", " 2"}};
static const struct job_header own_length[] = {{"content-length", "7"}};

static const struct {
	struct job_request request;
	enum http version;
	const char *want;
} requests[] = {
    {{.method = "GET", .target = "/a?b", .host = "h:1"}, HTTP_1_1, "GET /a?b HTTP/1.1\r\nHost: h:1\r\n\r\n"},
    {{.method = "GET", .target = "/"}, HTTP_1_0, "GET / HTTP/1.0\r\n\r\n"},
    {{.method = "GET", .target = "https://h/", .host = "other", .headers = two_headers, .n_headers = 2},
     HTTP_1_1,
     "GET https://h/ HTTP/1.1\r\nHost: other\r\nX-A: 1\r\nx_a:  2\r\n\r\n"},
    {{.method = "POST", .target = "/", .host = "h"},
     HTTP_1_1,
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
    {{.method = "POST", .target = "/", .host = "h", .body = 5000000000, .expect_continue = true},
     HTTP_1_1,
     "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000000000\r\n\r\n"},
    {{.method = "POST", .target = "/", .host = "h", .body = 5, .chunked = true},
     HTTP_1_1,
     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {{.method = "POST", .target = "/", .host = "h", .body = 5, .headers = own_length, .n_headers = 1},
     HTTP_1_1,
     "POST / HTTP/1.1\r\nHost: h\r\ncontent-length: 7\r\n\r\n"},
};

START_TEST(request_heads)
{
	struct buf b;
	buf_init(&b, 4096);
	h1_write_head(&b, &requests[_i].request, requests[_i].version);
	ck_assert_str_eq(b.data, requests[_i].want);
	buf_fini(&b);
}
END_TEST

/* The body is the same whatever pieces it is written in. */
START_TEST(request_bodies)
{
	struct buf whole, parts;
	buf_init(&whole, 4096);
	buf_init(&parts, 4096);
	h1_write_body(&whole, 0, 1000);
	for (size_t at = 0, n = 1; at < 1000; at += n, n = n % 61 + 1) {
		if (n > 1000 - at)
			n = 1000 - at;
		h1_write_body(&parts, at, n);
	}
	ck_assert_uint_eq(parts.len, 1000);
	ck_assert_mem_eq(whole.data, parts.data, 1000);
	buf_fini(&whole);
	buf_fini(&parts);
}
END_TEST

#define ROWS(t) ((int)(sizeof(t) / sizeof *(t)))

Suite *test_suite(void)
{
	Suite *s = suite_create("h1");
	TCase *c = tcase_create("h1");
	tcase_add_loop_test(c, responses, 0, ROWS(table));
	tcase_add_loop_test(c, endless_input, 0, ROWS(endless));
	tcase_add_loop_test(c, persistence, 0, ROWS(endings));
	tcase_add_test(c, second_response);
	tcase_add_loop_test(c, request_heads, 0, ROWS(requests));
	tcase_add_test(c, request_bodies);
	suite_add_tcase(s, c);
	return s;
}
