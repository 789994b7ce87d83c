/* A request with a body where the certificate is asked for behind it: what is asked, answered and read, in which order. */
#include "harness/reference/h1.h"

#include "harness/base/test.h"

#include <stdio.h>
#include <string.h>

/* The script of a client: what it sends, and what the server did, as words. */
struct script {
	const char *in;
	size_t at;
	struct admission admission;
	enum admit answer; /* to the request for a certificate */
	char did[512];
};

static void did(struct script *s, const char *word)
{
	size_t n = strlen(s->did);
	snprintf(s->did + n, sizeof s->did - n, "%s%s", n ? " " : "", word);
}

/* A line a call: what comes in one piece never shows that the rest has come. */
static long give(void *context, void *out, size_t size)
{
	struct script *s = context;
	const char *from = s->in + s->at, *end = strstr(from, "\r\n");
	size_t n = end ? (size_t)(end - from) + 2 : strlen(from);
	if (n > size)
		n = size;
	memcpy(out, from, n);
	s->at += n;
	return (long)n;
}

static bool keep(void *context, const void *data, size_t len)
{
	struct script *s = context;
	char text[1024], status[4];
	snprintf(text, sizeof text, "%.*s", (int)len, (const char *)data);
	snprintf(status, sizeof status, "%.3s", text + strlen("HTTP/1.1 "));
	did(s, status);
	const char *length = strstr(text, "X-Body-Length: ");
	if (length) {
		snprintf(status, sizeof status, "%.*s", (int)strcspn(length + 15, "\r"), length + 15);
		did(s, status);
	}
	if (strstr(text, "Connection: close"))
		did(s, "close");
	return true;
}

static bool ask(void *context)
{
	struct script *s = context;
	did(s, "ask");
	s->admission.admit = s->answer;
	return s->answer != ADMIT_UNASKED;
}

#define POST	"POST / HTTP/1.1\r\nHost: a\r\n"
#define LENGTH	POST "Content-Length: 8\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n"
#define EXPECT	"Expect: 100-continue\r\n"
#define GET	"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct {
	const char *name, *in, *did;
	enum app_mode mode;
	unsigned hold;
	enum admit answer;
	int fault; /* -1: none */
} rows[] = {
    {"at the limit", LENGTH "\r\n123456\r\n", "ask 200 8", APP_RENEGOTIATION, 8, ADMIT_IDENTITY, -1},
    {"over the limit", LENGTH "\r\n123456\r\n", "413 close", APP_RENEGOTIATION, 7, ADMIT_IDENTITY, -1},
    {"chunked", CHUNKED "\r\n8\r\n123456\r\n\r\n0\r\n\r\n", "ask 200 8", APP_POST_HANDSHAKE, 8, ADMIT_IDENTITY, -1},
    {"chunked, over", CHUNKED "\r\n4\r\n1234\r\n4\r\n", "413 close", APP_POST_HANDSHAKE, 7, ADMIT_IDENTITY, -1},
    {"waiting", LENGTH EXPECT "\r\n123456\r\n", "ask 100 200 8", APP_RENEGOTIATION, 0, ADMIT_IDENTITY, -1},
    {"waiting, refused", LENGTH EXPECT "\r\n", "ask 403 close", APP_POST_HANDSHAKE, 0, ADMIT_REFUSED, -1},
    {"refused", LENGTH "\r\n123456\r\n", "ask 403", APP_POST_HANDSHAKE, 8, ADMIT_REFUSED, -1},
    {"the session ends", LENGTH "\r\n123456\r\n", "ask", APP_RENEGOTIATION, 8, ADMIT_UNASKED, -1},
    {"no body", GET, "ask 200", APP_RENEGOTIATION, 0, ADMIT_IDENTITY, -1},
    {"no bytes", POST "Content-Length: 0\r\n\r\n", "ask 200 0", APP_RENEGOTIATION, 0, ADMIT_IDENTITY, -1},
    {"known already", LENGTH "\r\n123456\r\n" LENGTH "\r\n123456\r\n", "ask 200 8 200 8", APP_POST_HANDSHAKE, 8, ADMIT_IDENTITY,
     -1},
    {"asks above the limit", LENGTH "\r\n123456\r\n", "ask 200 8", APP_RENEGOTIATION, 7, ADMIT_IDENTITY,
     FAULT_ASKS_ABOVE_BODY_LIMIT},
    {"forgets the body", LENGTH "\r\n123456\r\n", "ask 200 0", APP_RENEGOTIATION, 8, ADMIT_IDENTITY, FAULT_FORGETS_BODY},
    {"ignores Expect", LENGTH EXPECT "\r\n123456\r\n", "ask 200 8", APP_RENEGOTIATION, 8, ADMIT_IDENTITY,
     FAULT_IGNORES_EXPECT},
};

static void play(struct script *s, struct wire *wire, int row, bool before)
{
	struct faults faults = {{false}};
	struct policy policy = {.mode = rows[row].mode, .hold = rows[row].hold, .faults = &faults};
	if (rows[row].fault >= 0)
		faults.on[rows[row].fault] = true;
	faults.on[FAULT_SPLICES_REQUEST_BEFORE_RENEGOTIATION] = before;
	s->answer = rows[row].answer;
	s->admission = (struct admission){.admit = ADMIT_UNASKED, .why = "test", .expires = INT64_MAX};
	wire->context = s;
	server_h1_serve(wire, &policy, &s->admission);
}

START_TEST(order)
{
	struct script s = {.in = rows[_i].in};
	struct wire wire = {.read = give, .write = keep, .ask = ask};
	play(&s, &wire, _i, false);
	ck_assert_msg(strcmp(s.did, rows[_i].did) == 0, "%s: %s, wanted %s", rows[_i].name, s.did, rows[_i].did);
}
END_TEST

static long give_all(void *context, void *out, size_t size)
{
	struct script *s = context;
	size_t n = strlen(s->in + s->at);
	ck_assert_uint_le(n, size);
	memcpy(out, s->in + s->at, n);
	s->at += n;
	return (long)n;
}

static bool some(void *context)
{
	(void)context;
	return true;
}

/* What came before a renegotiation is not read on: it waits here, or below. */
START_TEST(nothing_spliced)
{
	for (int waiting = 0; waiting < 2; waiting++) {
		for (int fault = 0; fault < 2; fault++) {
			struct script s = {.in = LENGTH "\r\n123456\r\n" GET};
			struct wire wire = {
			    .read = waiting ? give : give_all, .write = keep, .ask = ask, .waiting = waiting ? some : NULL};
			play(&s, &wire, 0, fault);
			ck_assert_str_eq(s.did, fault ? "ask 200 8 200" : "ask 200 8 close");
		}
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/h1 late");
	TCase *t = tcase_create("late");
	tcase_add_loop_test(t, order, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, nothing_spliced);
	suite_add_tcase(s, t);
	return s;
}
