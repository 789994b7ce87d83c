/* clang-format off */ /* the tables are laid out for readers: a row a line */
#include "harness/judge/fixture.h"

struct row {
	const char *name;
	struct event events[FIXTURE_EVENTS];
	enum decision decision;
	const char *signal;
	enum phase phase;
};

/* Signals and phases of design.md section 1, from events alone. */
static const struct row rows[] = {
	{"closed port", {HELLO, E(CONNECT_FAILED, .a = ECONNREFUSED)}, DECISION_REJECT, "reset", PHASE_CONNECT},
	{"unreachable", {HELLO, E(CONNECT_FAILED, .a = EHOSTUNREACH)}, DECISION_UNANSWERED, "timeout", PHASE_CONNECT},
	{"connect timeout", {HELLO, E(TIMEOUT, .text = "connect")}, DECISION_UNANSWERED, "timeout", PHASE_CONNECT},
	{"reset after our hello", {HELLO, E(RESET, .a = ECONNRESET)}, DECISION_REJECT, "reset", PHASE_CONNECT},
	{"silent port", {HELLO, E(TIMEOUT, .text = "handshake")}, DECISION_UNANSWERED, "timeout", PHASE_CONNECT},
	{"alert is a TLS byte", {HELLO, ALERT(70), E(HANDSHAKE_FAILED)}, DECISION_REJECT, "alert:protocol_version",
	 PHASE_HANDSHAKE},
	{"TLS 1.2 refusal",
	 {HELLO, ASKED, SENT, ALERT(45), E(HANDSHAKE_FAILED, .a = -12)},
	 DECISION_REJECT,
	 "alert:certificate_expired",
	 PHASE_HANDSHAKE},
	{"TLS 1.3 late alert", {HELLO, UP, ALERT(116)}, DECISION_REJECT, "alert:certificate_required", PHASE_LATE},
	{"TLS 1.3 late, level warning", {HELLO, UP, E(ALERT_RECEIVED, .a = 45, .b = 1), E(EOF)}, DECISION_REJECT,
	 "alert:certificate_expired", PHASE_LATE},
	{"number nobody assigned", {HELLO, UP, ALERT(201)}, DECISION_REJECT, "alert:201", PHASE_LATE},
	{"write lost, then the alert", {HELLO, UP, E(WRITE_LOST, .a = EPIPE), ALERT(48)}, DECISION_REJECT,
	 "alert:unknown_ca", PHASE_LATE},
	{"reset seen, then the alert", {HELLO, UP, E(RESET, .a = ECONNRESET), ALERT(48)}, DECISION_REJECT,
	 "alert:unknown_ca", PHASE_LATE},
	{"write lost, then the response", {HELLO, UP, R(WRITE_LOST, .a = EPIPE), STATUS(413)}, DECISION_REJECT, "http:413",
	 PHASE_RESPONSE},
	{"write lost without an alert", {HELLO, UP, E(WRITE_LOST, .a = EPIPE), E(EOF)}, DECISION_REJECT, "reset",
	 PHASE_LATE},
	{"write lost and nothing more", {HELLO, UP, E(WRITE_LOST, .a = EPIPE)}, DECISION_REJECT, "reset", PHASE_LATE},
	{"user_canceled before close", {HELLO, UP, E(ALERT_RECEIVED, .a = 90, .b = 1), E(CLOSE_NOTIFY)}, DECISION_REJECT,
	 "close", PHASE_LATE},
	{"user_canceled after the answer", {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1"), ALERT(90), E(CLOSE_NOTIFY)},
	 DECISION_ACCEPT, "http:200", PHASE_RESPONSE},
	{"warning no_renegotiation goes on",
	 {HELLO, ASKED, SENT, DONE12, GET, E(ALERT_RECEIVED, .a = 100, .b = 1), STATUS(200), SUBJECT("mtlspec-a1")},
	 DECISION_ACCEPT,
	 "http:200",
	 PHASE_RESPONSE},
	{"close_notify late", {HELLO, UP, E(CLOSE_NOTIFY)}, DECISION_REJECT, "close", PHASE_LATE},
	{"FIN in the handshake", {HELLO, ASKED, SENT, E(EOF), E(HANDSHAKE_FAILED)}, DECISION_REJECT, "eof",
	 PHASE_HANDSHAKE},
	{"library error before FIN", {HELLO, ASKED, SENT, E(HANDSHAKE_FAILED), E(EOF)}, DECISION_REJECT, "eof",
	 PHASE_HANDSHAKE},
	{"reset not asked", {HELLO, E(FIRST_BYTE), DONE13, GET, E(RESET, .a = ECONNRESET)}, DECISION_REJECT, "reset",
	 PHASE_RESPONSE},
	{"alert not asked", {HELLO, E(FIRST_BYTE), DONE13, GET, ALERT(49)}, DECISION_REJECT, "alert:access_denied",
	 PHASE_RESPONSE},
	{"reset after 100 Continue", {HELLO, UP, R(INTERIM, .a = 100), E(RESET)}, DECISION_REJECT, "reset",
	 PHASE_RESPONSE},
	{"response deadline", {HELLO, UP, R(TIMEOUT, .text = "response")}, DECISION_UNANSWERED, "timeout", PHASE_LATE},
	{"budget of the case", {HELLO, UP, {.kind = EVENT_TIMEOUT, .conn = -1, .req = -1, .text = "budget"}},
	 DECISION_UNANSWERED, "timeout", PHASE_LATE},
	{"refusal before the budget", {HELLO, UP, E(EOF), {.kind = EVENT_TIMEOUT, .conn = -1, .req = -1}},
	 DECISION_REJECT, "eof", PHASE_LATE},
	{"random bytes for TLS", {HELLO, E(FIRST_BYTE), E(HANDSHAKE_FAILED, .a = -15)}, DECISION_UNANSWERED,
	 "handshake-failed", PHASE_HANDSHAKE},
	{"header section without end", {HELLO, UP, STATUS(200), R(TOO_LARGE, .text = "header section")},
	 DECISION_UNANSWERED, "too-large", PHASE_RESPONSE},
	{"random bytes for HTTP", {HELLO, UP, R(MALFORMED, .text = "no status line")}, DECISION_UNANSWERED, "malformed",
	 PHASE_RESPONSE},
	{"refused in the renegotiation",
	 {HELLO, E(FIRST_BYTE), DONE12, GET, E(HELLO_REQUEST), E(CERTIFICATE_REQUESTED), SENT, ALERT(40)},
	 DECISION_REJECT,
	 "alert:handshake_failure",
	 PHASE_RENEGOTIATION},
	{"refused after reauth",
	 {HELLO, E(FIRST_BYTE), DONE13, GET, E(REAUTH_REQUEST), SENT, E(REAUTHENTICATED), ALERT(48)},
	 DECISION_REJECT,
	 "alert:unknown_ca",
	 PHASE_POST_HANDSHAKE},
	{"reset counted from its first sign",
	 {HELLO, E(FIRST_BYTE), DONE13, GET, E(RESET), E(REAUTH_REQUEST), E(WRITE_LOST)}, DECISION_REJECT, "reset",
	 PHASE_RESPONSE},
	{"asked in a renegotiation of our own",
	 {HELLO, E(FIRST_BYTE), DONE12, GET, E(CERTIFICATE_REQUESTED), SENT, ALERT(45)}, DECISION_REJECT,
	 "alert:certificate_expired", PHASE_RENEGOTIATION},
	{"answered after reauth",
	 {HELLO, E(FIRST_BYTE), DONE13, GET, E(REAUTH_REQUEST), SENT, E(REAUTHENTICATED), STATUS(200),
	  SUBJECT("mtlspec-a1")},
	 DECISION_ACCEPT,
	 "http:200",
	 PHASE_RESPONSE},
	{"nginx dialect", {HELLO, UP, STATUS(400)}, DECISION_REJECT, "http:400", PHASE_RESPONSE},
	{"server error", {HELLO, UP, STATUS(500)}, DECISION_REJECT, "http:500", PHASE_RESPONSE},
	{"redirect", {HELLO, UP, STATUS(302), R(HEADER, .text = "Location: /login")}, DECISION_REDIRECT, "http:302",
	 PHASE_RESPONSE},
	{"not followed", {E(LED_ELSEWHERE, .text = "https://other/")}, DECISION_UNANSWERED, "led-elsewhere", PHASE_CONNECT},
	{"served with an identity", {HELLO, UP, STATUS(200), SUBJECT("CN=mtlspec-a1")}, DECISION_ACCEPT, "http:200",
	 PHASE_RESPONSE},
	{"served without one", {HELLO, UP, STATUS(200)}, DECISION_ANONYMOUS, "http:200", PHASE_RESPONSE},
	{"echo says nothing", {HELLO, UP, STATUS(200), SUBJECT("(null)")}, DECISION_ANONYMOUS, "http:200", PHASE_RESPONSE},
	{"response cut short is a response", {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1"), R(BODY, .b = 0), E(RESET)},
	 DECISION_ACCEPT, "http:200", PHASE_RESPONSE},
	{"IIS page", {HELLO, UP, STATUS(403), R(EXCERPT, .text = "<h2>HTTP Error 403.16 - Forbidden</h2>")},
	 DECISION_REJECT, "http:403.16", PHASE_RESPONSE},
	{"IIS title", {HELLO, UP, STATUS(403), R(EXCERPT, .text = "IIS 10.0 Detailed Error - 403.7 - Forbidden")},
	 DECISION_REJECT, "http:403.7", PHASE_RESPONSE},
	{"an address is no substatus", {HELLO, UP, STATUS(403), R(EXCERPT, .text = "from 10.403.16.2 and v403.16")},
	 DECISION_REJECT, "http:403", PHASE_RESPONSE},
	{"a decimal is no substatus", {HELLO, UP, STATUS(403), R(EXCERPT, .text = "took 403.04 ms")}, DECISION_REJECT,
	 "http:403", PHASE_RESPONSE},
	{"another status is no substatus", {HELLO, UP, STATUS(403), R(EXCERPT, .text = "see 404.11")}, DECISION_REJECT,
	 "http:403", PHASE_RESPONSE},
};

START_TEST(outcome)
{
	const struct row *r = &rows[_i];
	struct observation o;
	struct outcome out;
	fixture_observe(&o, r->events);
	judge_outcome(&fixture_case, &fixture_context, &o, 0, &out);
	ck_assert_msg(out.decision == r->decision && strcmp(out.signal, r->signal) == 0 && out.phase == r->phase,
		      "%s: %s by %s in %s", r->name, decision_text(out.decision), out.signal, phase_text(out.phase));
	ck_assert(out.any);
	observation_fini(&o);
}
END_TEST

START_TEST(nothing_tried)
{
	struct observation o;
	struct outcome out;
	observation_init(&o);
	judge_outcome(&fixture_case, &fixture_context, &o, 0, &out);
	ck_assert(!out.any);
	ck_assert_int_eq(out.decision, DECISION_UNANSWERED);
	ck_assert_int_eq(out.tls, -1);
	observation_fini(&o);
}
END_TEST

START_TEST(certificate_flags)
{
	static const struct event up[FIXTURE_EVENTS] = {HELLO, UP, STATUS(200)};
	static const struct event late[FIXTURE_EVENTS] = {
		HELLO, E(FIRST_BYTE), DONE13, GET, E(REAUTH_REQUEST), E(CERTIFICATE_REQUESTED), DECLINED, STATUS(403)};
	static const struct event after[FIXTURE_EVENTS] = {HELLO, ALERT(70), ASKED, SENT};
	struct observation o;
	struct outcome out;
	fixture_observe(&o, up);
	judge_outcome(&fixture_case, &fixture_context, &o, 0, &out);
	ck_assert(out.asked && out.sent && !out.declined && !out.asked_late && !out.resumed);
	ck_assert_int_eq(out.tls, TLS_1_3);
	ck_assert_int_eq(out.status, 200);
	observation_fini(&o);
	fixture_observe(&o, late);
	judge_outcome(&fixture_case, &fixture_context, &o, 0, &out);
	ck_assert(out.asked && out.asked_late && out.declined && !out.sent);
	observation_fini(&o);
	/* what came after the refusal was not before it */
	fixture_observe(&o, after);
	judge_outcome(&fixture_case, &fixture_context, &o, 0, &out);
	ck_assert(!out.asked && !out.sent);
	observation_fini(&o);
}
END_TEST

START_TEST(second_request)
{
	static const struct attribute c = {"id", "c", 0}, first = {"id", "first", 0}, second = {"id", "second", 0};
	static const struct script_step steps[] = {
		{.verb = VERB_CONNECT, .attributes = &c, .n_attributes = 1},
		{.verb = VERB_REQUEST, .attributes = &first, .n_attributes = 1},
		{.verb = VERB_REQUEST, .attributes = &second, .n_attributes = 1},
	};
	static const struct scenario s = {.suite = "s", .id = "s", .steps = steps, .n_steps = 3};
	struct kase k = fixture_case;
	struct observation o;
	struct outcome out;
	k.scenario = &s;
	observation_init(&o);
	observation_add(&o, 0, EVENT_CONNECT, 0, -1, 0, 0, "x");
	observation_add(&o, 0, EVENT_CERTIFICATE_REQUESTED, 0, -1, 0, 0, NULL);
	observation_add(&o, 0, EVENT_HANDSHAKE_DONE, 0, -1, TLS_1_3, 0, NULL);
	observation_add(&o, 0, EVENT_REQUEST_SENT, 0, 0, 0, 0, NULL);
	observation_add(&o, 0, EVENT_RESPONSE, 0, 0, 200, 0, NULL);
	observation_add(&o, 0, EVENT_REQUEST_SENT, 0, 1, 0, 0, NULL);
	observation_add(&o, 0, EVENT_REAUTH_REQUEST, 0, 1, 0, 0, NULL);
	observation_add(&o, 0, EVENT_ALERT_RECEIVED, 0, 1, 48, 2, NULL);
	judge_outcome(&k, &fixture_context, &o, 0, &out);
	ck_assert_str_eq(out.signal, "http:200");
	judge_outcome(&k, &fixture_context, &o, 1, &out);
	ck_assert_str_eq(out.signal, "alert:unknown_ca");
	/* the first answer's bytes came before the late request */
	ck_assert_int_eq(out.phase, PHASE_POST_HANDSHAKE);
	observation_fini(&o);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("judge outcome");
	TCase *c = tcase_create("outcome");
	tcase_add_loop_test(c, outcome, 0, ROWS(rows));
	tcase_add_test(c, nothing_tried);
	tcase_add_test(c, certificate_flags);
	tcase_add_test(c, second_request);
	suite_add_tcase(s, c);
	return s;
}
