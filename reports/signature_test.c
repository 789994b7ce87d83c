#include "reports/signature.h"

#include "harness/base/test.h"

#include <errno.h>
#include <string.h>

/* A second observation made from the first by one change: is it the same answer of the server? */
static const struct {
	const char *name;
	bool same;
	struct event a[4], b[4];
} rows[] = {
	{"nothing", true, {{0}}, {{0}}},
	{"time", true, {{5, EVENT_FIRST_BYTE, 0, -1, 0, 0, NULL}}, {{9000, EVENT_FIRST_BYTE, 0, -1, 0, 0, NULL}}},
	{"our port",
     true,
     {{0, EVENT_CONNECTED, 0, -1, 0, 0, "127.0.0.1:50000"}},
     {{0, EVENT_CONNECTED, 0, -1, 0, 0, "127.0.0.1:50001"}}},
	{"server's port",
     true,
     {{0, EVENT_CONNECT, 0, -1, 0, 0, "127.0.0.1:40000"}},
     {{0, EVENT_CONNECT, 0, -1, 0, 0, "127.0.0.1:40001"}}},
	{"minted name echoed",
     true,
     {{0, EVENT_HEADER, 0, 0, 0, 0, "X-Subject: CN=mtlspec-3f9a0c11d2e4,O=mtlspec TEST ONLY"}},
     {{0, EVENT_HEADER, 0, 0, 0, 0, "X-Subject: CN=mtlspec-77abcdef0001,O=mtlspec TEST ONLY"}}},
	{"another name echoed",
     false,
     {{0, EVENT_HEADER, 0, 0, 0, 0, "X-Subject: CN=mtlspec-3f9a0c11d2e4"}},
     {{0, EVENT_HEADER, 0, 0, 0, 0, "X-Subject: CN=nobody"}}},
	{"Date",
     true,
     {{0, EVENT_HEADER, 0, 0, 0, 0, "Date: Tue, 24 Nov 2026 11:20:00 GMT"}},
     {{0, EVENT_HEADER, 0, 0, 0, 0, "Date: Fri, 01 Jan 2027 00:00:00 GMT"}}},
	{"verified",
     false,
     {{0, EVENT_HEADER, 0, 0, 0, 0, "X-Verify: SUCCESS"}},
     {{0, EVENT_HEADER, 0, 0, 0, 0, "X-Verify: NONE"}}},
	{"signature two bytes longer",
     true,
     {{0, EVENT_CERTIFICATE_SENT, 0, -1, 2, 1019, "valid"}},
     {{0, EVENT_CERTIFICATE_SENT, 0, -1, 2, 1021, "valid"}}},
	{"other certificate",
     false,
     {{0, EVENT_CERTIFICATE_SENT, 0, -1, 2, 1019, "valid"}},
     {{0, EVENT_CERTIFICATE_SENT, 0, -1, 2, 1019, "none"}}},
	{"alert", false, {{0, EVENT_ALERT_RECEIVED, 0, -1, 45, 2, NULL}}, {{0, EVENT_ALERT_RECEIVED, 0, -1, 42, 2, NULL}}},
	{"alert lost",
     false,
     {{0, EVENT_ALERT_RECEIVED, 0, -1, 45, 2, NULL}, {0, EVENT_RESET, 0, -1, ECONNRESET, 0, NULL}},
     {{0, EVENT_RESET, 0, -1, ECONNRESET, 0, NULL}}},
	{"FIN or RST behind a fatal alert",
     true,
     {{0, EVENT_ALERT_RECEIVED, 0, -1, 45, 2, NULL}, {0, EVENT_RESET, 0, -1, ECONNRESET, 0, NULL}},
     {{0, EVENT_ALERT_RECEIVED, 0, -1, 45, 2, NULL}, {0, EVENT_EOF, 0, -1, 0, 0, NULL}}},
	{"FIN or RST behind a warning",
     false,
     {{0, EVENT_ALERT_RECEIVED, 0, -1, 100, 1, NULL}, {0, EVENT_RESET, 0, -1, ECONNRESET, 0, NULL}},
     {{0, EVENT_ALERT_RECEIVED, 0, -1, 100, 1, NULL}, {0, EVENT_EOF, 0, -1, 0, 0, NULL}}},
	{"alert of another connection",
     false,
     {{0, EVENT_ALERT_RECEIVED, 1, -1, 45, 2, NULL}, {0, EVENT_RESET, 0, -1, ECONNRESET, 0, NULL}},
     {{0, EVENT_ALERT_RECEIVED, 1, -1, 45, 2, NULL}, {0, EVENT_EOF, 0, -1, 0, 0, NULL}}},
	{"which call met the reset",
     true,
     {{0, EVENT_RESET, 0, -1, ECONNRESET, 0, NULL}},
     {{0, EVENT_RESET, 0, -1, EPIPE, 0, NULL}}},
	{"write lost before the alert",
     true,
     {{0, EVENT_WRITE_LOST, 0, -1, EPIPE, 0, NULL}, {0, EVENT_ALERT_RECEIVED, 0, -1, 45, 2, NULL}},
     {{0, EVENT_ALERT_RECEIVED, 0, -1, 45, 2, NULL}}},
	{"FIN or RST", false, {{0, EVENT_RESET, 0, -1, ECONNRESET, 0, NULL}}, {{0, EVENT_EOF, 0, -1, 0, 0, NULL}}},
	{"order",
     false,
     {{0, EVENT_FIRST_BYTE, 0, -1, 0, 0, NULL}, {0, EVENT_EOF, 0, -1, 0, 0, NULL}},
     {{0, EVENT_EOF, 0, -1, 0, 0, NULL}, {0, EVENT_FIRST_BYTE, 0, -1, 0, 0, NULL}}},
	{"status",
     false,
     {{0, EVENT_RESPONSE, 0, 0, 400, 1, "Bad Request"}},
     {{0, EVENT_RESPONSE, 0, 0, 403, 1, "Bad Request"}}},
	{"page that quotes the port",
     true,
     {{0, EVENT_EXCERPT, 0, 0, 0, 0, "Server at localhost Port 40123"}, {0, EVENT_BODY, 0, 0, 300, 1, NULL}},
     {{0, EVENT_EXCERPT, 0, 0, 0, 0, "Server at localhost Port 8443"}, {0, EVENT_BODY, 0, 0, 299, 1, NULL}}},
	{"another page",
     false,
     {{0, EVENT_EXCERPT, 0, 0, 0, 0, "No required SSL certificate was sent"}},
     {{0, EVENT_EXCERPT, 0, 0, 0, 0, "hello"}}},
	{"body cut short", false, {{0, EVENT_BODY, 0, 0, 300, 1, NULL}}, {{0, EVENT_BODY, 0, 0, 300, 0, NULL}}},
	{"another number of tickets",
     true,
     {{0, EVENT_SESSION_TICKET, 0, -1, 7200, 0, NULL}, {0, EVENT_RESPONSE, 0, 0, 200, 1, NULL}},
     {{0, EVENT_RESPONSE, 0, 0, 200, 1, NULL}}},
	{"early data refused",
     false,
     {{0, EVENT_EARLY_DATA_ACCEPTED, 0, -1, 0, 0, NULL}},
     {{0, EVENT_EARLY_DATA_REJECTED, 0, -1, 0, 0, NULL}}},
	{"timeout of another kind",
     false,
     {{0, EVENT_TIMEOUT, 0, -1, 0, 0, "connect"}},
     {{0, EVENT_TIMEOUT, 0, -1, 0, 0, "response"}}},
};

static uint64_t of(const struct event *e, bool full)
{
	struct observation o = {.full = full};
	struct event copy[4];
	memcpy(copy, e, sizeof copy);
	o.events = copy;
	while (o.n < 4 && (e[o.n].kind || e[o.n].text || e[o.n].conn))
		o.n++;
	return signature_of(&o);
}

START_TEST(signature)
{
	ck_assert_msg((of(rows[_i].a, false) == of(rows[_i].b, false)) == rows[_i].same, "%s", rows[_i].name);
	ck_assert(of(rows[_i].a, false) != of(rows[_i].a, true));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("signature");
	TCase *t = tcase_create("signature");
	tcase_add_loop_test(t, signature, 0, sizeof rows / sizeof *rows);
	suite_add_tcase(s, t);
	return s;
}
