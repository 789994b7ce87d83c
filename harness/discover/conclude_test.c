/* From what was seen to a negotiation, row by row; what kind of server is there at all; which header names the client. */
#include "harness/discover/conclude.h"

#include "harness/base/test.h"
#include "harness/discover/fixture.h"

#include <string.h>

#define UP "connect connected first-byte server-chain:1:0:00 "
#define ASKED UP "certificate-requested:1:9:CN=ca "
#define WITHOUT ASKED "certificate-declined handshake-done:3 request-sent:1:0:GET "
#define WITH ASKED "certificate-sent:1:9:given handshake-done:3 request-sent:1:0:GET "

static struct arena arena;

static void teardown(void)
{
	arena_fini(&arena);
}

static const struct {
	const char *name, *without, *control; /* control NULL: not tried */
	bool known;
	enum negotiation negotiation;
	const char *doubt; /* a part of it; NULL: none */
} rows[] = {
	{"served, not asked", UP "handshake-done:3 request-sent:1:0:GET response:200", NULL, true, NEGOTIATION_NONE, NULL},
	{"403, not asked", UP "handshake-done:3 request-sent:1:0:GET response:403", NULL, true, NEGOTIATION_NONE, NULL},
	{"cut before the end of the handshake", UP "eof handshake-failed:-110", NULL, true, NEGOTIATION_NONE, "did not come to its end"},
	{"served, asked", WITHOUT "response:200", NULL, true, NEGOTIATION_OPTIONAL, NULL},
	{"204 is service", WITHOUT "response:204", NULL, true, NEGOTIATION_OPTIONAL, NULL},
	{"served, mine refused", WITHOUT "response:200", WITH "alert-received:48:2", true, NEGOTIATION_OPTIONAL, NULL},
	{"alert, no certificate to show", WITHOUT "alert-received:116:2", NULL, true, NEGOTIATION_REQUIRED, "not shown"},
	{"alert, mine served", WITHOUT "alert-received:116:2", WITH "response:200", true, NEGOTIATION_REQUIRED, NULL},
	{"alert, mine refused", WITHOUT "alert-received:116:2", WITH "alert-received:45:2", true, NEGOTIATION_REQUIRED,
	 "alert:certificate_expired"},
	{"alert in the handshake", ASKED "certificate-declined alert-received:40:2 handshake-failed:-12", WITH "response:200", true,
	 NEGOTIATION_REQUIRED, NULL},
	{"bare close", WITHOUT "eof", WITH "response:200", true, NEGOTIATION_REQUIRED, NULL},
	{"reset", WITHOUT "reset:104", NULL, true, NEGOTIATION_REQUIRED, "not shown"},
	{"400, mine served", WITHOUT "response:400", WITH "response:200", true, NEGOTIATION_REQUIRED, NULL},
	{"403, 403 for mine", WITHOUT "response:403", WITH "response:403", true, NEGOTIATION_REQUIRED, "nothing to do with"},
	{"404, no certificate to show", WITHOUT "response:404", NULL, true, NEGOTIATION_OPTIONAL, "http:404"},
	{"404, mine served", WITHOUT "response:404", WITH "response:200", true, NEGOTIATION_REQUIRED, NULL},
	{"404, 404 for mine", WITHOUT "response:404", WITH "response:404", true, NEGOTIATION_OPTIONAL, "http:404"},
	{"302, mine served", WITHOUT "response:302", WITH "response:200", true, NEGOTIATION_REQUIRED, NULL},
	{"302", WITHOUT "response:302", NULL, true, NEGOTIATION_OPTIONAL, "http:302"},
	{"busy", WITHOUT "response:503", NULL, true, NEGOTIATION_OPTIONAL, "http:503"},
	{"silence", WITHOUT "timeout:0:0:response", NULL, true, NEGOTIATION_REQUIRED, "no answer"},
	{"endless header", WITHOUT "too-large:0:0:header|section", NULL, true, NEGOTIATION_OPTIONAL, "no whole HTTP response"},
	{"no HTTP", WITHOUT "malformed:0:0:no|status|line", NULL, true, NEGOTIATION_OPTIONAL, "no whole HTTP response"},
	{"late, TLS 1.3", UP "handshake-done:3 request-sent:1:0:GET reauth-request certificate-requested:0:0", NULL, true,
	 NEGOTIATION_POST_HANDSHAKE, NULL},
	{"late, TLS 1.2", UP "handshake-done:2 request-sent:1:0:GET hello-request", NULL, true, NEGOTIATION_RENEGOTIATION, NULL},
	{"version refused", "connect connected first-byte alert-received:70:2 handshake-failed:-12", NULL, false, NEGOTIATION_NONE, NULL},
	{"closed port", "connect connect-failed:111", NULL, false, NEGOTIATION_NONE, NULL},
};

START_TEST(policy)
{
	struct look without, control = {.tried = false};
	fixture_look(&without, &arena, rows[_i].without, TLS_1_3);
	if (rows[_i].control)
		fixture_look(&control, &arena, rows[_i].control, TLS_1_3);
	struct policy p = conclude_policy(&arena, &without, &control);
	ck_assert_msg(p.known == rows[_i].known, "%s: known %d", rows[_i].name, p.known);
	if (!p.known)
		return;
	ck_assert_msg(p.negotiation == rows[_i].negotiation, "%s: %s", rows[_i].name, negotiation_text(p.negotiation));
	ck_assert_msg(rows[_i].doubt ? p.doubt && strstr(p.doubt, rows[_i].doubt) : !p.doubt, "%s: doubt %s", rows[_i].name,
		      p.doubt ? p.doubt : "none");
}
END_TEST

static const struct {
	const char *server;
	enum wire wire;
} wires[] = {
	{"required-by-alert", WIRE_TLS}, {"unknown-name", WIRE_TLS}, {"nobody", WIRE_REFUSED},	{"silent", WIRE_SILENT},
	{"resets", WIRE_RESET},		 {"plain-http", WIRE_PLAIN}, {"other-protocol", WIRE_OTHER},
};

START_TEST(wire)
{
	ck_assert_msg(wire_of(fixture_facts(&arena, wires[_i].server)) == wires[_i].wire, "%s", wires[_i].server);
}
END_TEST

/* A server whose TLS our library cannot take is still one: its own ClientHello tells. */
START_TEST(tls_beyond_our_library)
{
	struct facts f = *fixture_facts(&arena, "other-protocol");
	f.hello.n = 7;
	memcpy(f.hello.data, "\x16\x03\x03\x00\x40\x02\x00", 7);
	ck_assert_int_eq(wire_of(&f), WIRE_TLS);
	f.hello.data[3] = 0xff; /* no record is so long (RFC 8446 5.1) */
	ck_assert_int_eq(wire_of(&f), WIRE_OTHER);
}
END_TEST

static const struct {
	const char *name, *without, *with;
	const char *header; /* NULL: none */
	enum echo_form as;
} echoes[] = {
	{"subject", "", "header:0:0:X-S:|CN=alice,O=Lab", "X-S", ECHO_SUBJECT},
	{"slashes", "", "header:0:0:X-S:|/O=Lab/CN=alice", "X-S", ECHO_SUBJECT},
	{"a longer name is another", "", "header:0:0:X-S:|CN=alice2", NULL, ECHO_SUBJECT},
	{"sha1 with colons", "", "header:0:0:X-F:|AA:00", "X-F", ECHO_SHA1_HEX},
	{"sha256 before subject", "", "header:0:0:X-S:|CN=alice header:0:0:X-F:|BB11", "X-F", ECHO_SHA256_HEX},
	{"the same without a certificate", "header:0:0:X-S:|alice", "header:0:0:X-S:|alice", NULL, ECHO_SUBJECT},
	{"another value without one", "header:0:0:X-S:|-", "header:0:0:X-S:|alice", "X-S", ECHO_SUBJECT},
	{"nothing", "", "header:0:0:Server:|nginx", NULL, ECHO_SUBJECT},
};

START_TEST(echo)
{
	static const struct own own = {.any = true, .subject = "alice", .sha1 = "aa00", .sha256 = "bb11"};
	struct look without, with;
	struct echo_found e;
	fixture_look(&without, &arena, arena_printf(&arena, WITHOUT "response:400 %s body:1:1", echoes[_i].without), TLS_1_3);
	fixture_look(&with, &arena, arena_printf(&arena, WITH "response:200 %s body:1:1", echoes[_i].with), TLS_1_3);
	echo_find(&arena, &without, &with, &own, &e);
	ck_assert_msg(text_equal(e.echo.header, echoes[_i].header), "%s: %s", echoes[_i].name, e.echo.header ? e.echo.header : "none");
	ck_assert_msg(!e.echo.header || e.echo.as == echoes[_i].as, "%s: as %s", echoes[_i].name, echo_form_text(e.echo.as));
	ck_assert_ptr_null(e.verified.header);
}
END_TEST

/* The page's words count only where a stranger's page lacks them. */
START_TEST(echo_on_the_page)
{
	static const struct own own = {.any = true, .subject = "alice", .sha1 = "aa00", .sha256 = "bb11"};
	struct look without, with;
	struct echo_found e;
	fixture_look(&without, &arena, WITHOUT "response:200 body:1:1", TLS_1_3);
	fixture_look(&with, &arena, WITH "response:200 found:2 found:3 body:1:1", TLS_1_3);
	echo_find(&arena, &without, &with, &own, &e);
	ck_assert_str_eq(e.echo.body, DISCOVER_SUBJECT_MARKER);
	fixture_look(&without, &arena, WITHOUT "response:200 found:2 body:1:1", TLS_1_3);
	echo_find(&arena, &without, &with, &own, &e);
	ck_assert_ptr_null(e.echo.body);
}
END_TEST

#define ROWS(v) ((int)(sizeof(v) / sizeof *(v)))

Suite *test_suite(void)
{
	Suite *s = suite_create("discover/conclude");
	TCase *t = tcase_create("conclude");
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, policy, 0, ROWS(rows));
	tcase_add_loop_test(t, wire, 0, ROWS(wires));
	tcase_add_test(t, tls_beyond_our_library);
	tcase_add_loop_test(t, echo, 0, ROWS(echoes));
	tcase_add_test(t, echo_on_the_page);
	suite_add_tcase(s, t);
	return s;
}
