#include "harness/reference/h1.h"

#include "harness/base/test.h"

#include <string.h>

/* A stream that gives `step` bytes a call and keeps what is written. */
struct script {
	const char *in;
	size_t len, at, step;
	struct buf out;
};

static long give(void *context, void *out, size_t size)
{
	struct script *s = context;
	size_t n = s->len - s->at;
	if (n > s->step)
		n = s->step;
	if (n > size)
		n = size;
	memcpy(out, s->in + s->at, n);
	s->at += n;
	return (long)n;
}

static bool keep(void *context, const void *data, size_t len)
{
	struct script *s = context;
	buf_add(&s->out, data, len);
	return true;
}

#define HOST "Host: a\r\n"
static const struct {
	const char *name, *in;
	const char *statuses; /* of the answers in order, joined by blanks */
	int keep_alive;	      /* last "Connection: keep-alive" */
} cases[] = {
    {"one request", "GET / HTTP/1.1\r\n" HOST "\r\n", "200", 1},
    {"two on a connection", "GET / HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.1\r\n" HOST "\r\n", "200 200", 1},
    {"close is close", "GET / HTTP/1.1\r\n" HOST "Connection: foo, CLOSE\r\n\r\nGET /b HTTP/1.1\r\n" HOST "\r\n", "200",
     0},
    {"1.0 closes", "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", "200", 0},
    {"1.0 kept alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", "200 200", 0},
    {"empty line first", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "200", 1},
    {"body by length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n" HOST "\r\n",
     "200 200", 1},
    {"chunked body",
     "POST / HTTP/1.1\r\n" HOST
     "Transfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: r\r\n\r\nGET / HTTP/1.1\r\n" HOST
     "\r\n",
     "200 200", 1},
    {"expect continue", "POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n", "100", -1},
    {"expect without a body", "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", "200", 1},
    {"expect from 1.0", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok", "200", 0},
    {"expect something else", "POST / HTTP/1.1\r\n" HOST "Expect: miracles\r\n\r\n", "417", 0},
    {"absolute target", "GET http://A:81/x HTTP/1.1\r\nHost: b\r\n\r\n", "200", 1},
    {"other host", "GET / HTTP/1.1\r\nHost: b\r\n\r\n", "421", 1},
    {"other host in the target", "GET https://b/ HTTP/1.1\r\n" HOST "\r\n", "421", 1},
    {"host with port and capitals", "GET / HTTP/1.1\r\nHost: A:8443\r\n\r\n", "200", 1},
    {"no host", "GET / HTTP/1.1\r\n\r\n", "400", 0},
    {"two hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", "400", 0},
    {"no version", "GET /\r\n\r\n", "400", 0},
    {"blank in the target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", "400", 0},
    {"HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", "505", 0},
    {"bare LF", "GET / HTTP/1.1\n" HOST "\r\n", "400", 0},
    {"bare CR", "GET / HTTP/1.1\r\nA: b\rc\r\n" HOST "\r\n", "400", 0},
    {"folded line", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", "400", 0},
    {"blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400", 0},
    {"no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", "400", 0},
    {"length and chunked", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400",
     0},
    {"two lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", "400", 0},
    {"no number", "POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\n", "400", 0},
    {"unknown coding", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "501", 0},
    {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", 0},
    {"chunk size is no number", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "400", 0},
    {"chunk longer than said", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
     "400", 0},
    {"body too big", "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\n\r\n", "413", 0},
    {"chunk too big", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", "413", 0},
    {"TLS to the plain port", "\x16\x03\x01", "400", 0},
    {"cut in the head", "GET / HTTP/1.1\r\nHos", "", -1},
    {"cut in the body", "POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc", "", -1},
    {"nothing", "", "", -1},
};

/* The status lines in what was written. */
static void statuses(const struct buf *out, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (const char *at = out->len ? out->data : ""; (at = strstr(at, "HTTP/1.1 ")); at += 9)
		used += (size_t)snprintf(text + used, size - used, "%s%.3s", used ? " " : "", at + 9);
}

static void play(struct script *s)
{
	static const struct faults sound = {.on = {false}};
	struct policy policy = {.host = "a", .mode = APP_NONE, .depth = 10, .hold = 65536, .faults = &sound};
	struct admission admission = {.admit = ADMIT_ANONYMOUS};
	struct wire wire = {give, keep, s, NULL, NULL, NULL};
	buf_init(&s->out, 1 << 20);
	server_h1_serve(&wire, &policy, &admission);
}

START_TEST(answers)
{
	static const size_t steps[] = {1, 7, 100000};
	for (size_t i = 0; i < 3; i++) {
		char got[256];
		struct script s = {.in = cases[_i].in, .len = strlen(cases[_i].in), .step = steps[i]};
		play(&s);
		statuses(&s.out, got, sizeof got);
		ck_assert_msg(strcmp(got, cases[_i].statuses) == 0, "%s by %zu: [%s]", cases[_i].name, steps[i], got);
		if (cases[_i].keep_alive >= 0) {
			const char *last = strstr(s.out.data, "Connection: ");
			for (const char *at = last; at && (at = strstr(at + 1, "Connection: "));)
				last = at;
			ck_assert_ptr_nonnull(last);
			ck_assert_msg((strncmp(last + 12, "keep-alive", 10) == 0) == cases[_i].keep_alive, "%s",
				      cases[_i].name);
		}
		buf_fini(&s.out);
	}
}
END_TEST

START_TEST(limits)
{
	static const struct {
		const char *head;
		size_t pad;
		const char *tail, *status;
	} big[] = {
	    {"GET /", 20000, "", "414"},
	    {"GET /", 5000, " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
	    {"GET / HTTP/1.1\r\nHost: a\r\nX: ", 20000, "", "431"},
	    {"GET / HTTP/1.1\r\nHost: a\r\nX: ", 9000, "\r\nY: yyyyy\r\n\r\n", "200"},
	    /* a malformed line stays one when the buffer behind it is full */
	    {"GET / HTTP/1.1\n", 20000, "", "400"},
	    {"GET / HTTP/1.1\r\nHost: a\n", 20000, "", "400"},
	};
	static const size_t steps[] = {4096, 100000};
	for (size_t i = 0; i < 2 * sizeof big / sizeof *big; i++) {
		const size_t step = steps[i % 2], row = i / 2;
		struct buf in;
		char got[64];
		buf_init(&in, 1 << 20);
		buf_adds(&in, big[row].head);
		for (size_t k = 0; k < big[row].pad; k++)
			buf_add(&in, "x", 1);
		buf_adds(&in, big[row].tail);
		struct script s = {.in = in.data, .len = in.len, .step = step};
		play(&s);
		statuses(&s.out, got, sizeof got);
		ck_assert_msg(strcmp(got, big[row].status) == 0, "row %zu by %zu: [%s]", row, step, got);
		buf_fini(&s.out);
		buf_fini(&in);
	}
}
END_TEST

/* Many header lines, each small, are bounded all the same. */
START_TEST(endless_headers)
{
	struct buf in;
	char got[64];
	buf_init(&in, 1 << 20);
	buf_adds(&in, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 0; i < 4000; i++)
		buf_adds(&in, "Another: line\r\n");
	struct script s = {.in = in.data, .len = in.len, .step = 4096};
	play(&s);
	statuses(&s.out, got, sizeof got);
	ck_assert_str_eq(got, "431");
	buf_fini(&s.out);
	buf_fini(&in);
}
END_TEST

START_TEST(head_has_no_body)
{
	static const char in[] = "HEAD / HTTP/1.1\r\n" HOST "\r\n";
	struct script s = {.in = in, .len = sizeof in - 1, .step = 100};
	play(&s);
	ck_assert_ptr_nonnull(strstr(s.out.data, "Content-Length: 34\r\n"));
	ck_assert_str_eq(s.out.data + s.out.len - 4, "\r\n\r\n");
	buf_fini(&s.out);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/h1");
	TCase *t = tcase_create("h1");
	tcase_add_loop_test(t, answers, 0, (int)(sizeof cases / sizeof *cases));
	tcase_add_test(t, limits);
	tcase_add_test(t, endless_headers);
	tcase_add_test(t, head_has_no_body);
	suite_add_tcase(s, t);
	return s;
}
