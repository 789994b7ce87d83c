/* clang-format off */ /* the tables are laid out for readers: a row a line */
#include "harness/judge/fixture.h"

/* Scripts with two connections, as in design.md section 3 (ticket-across-names). */
#define A(n, v) {n, v, 0}
static const struct attribute first[] = {A("id", "first"), A("name", "open"), A("certificate", "none")};
static const struct attribute warm[] = {A("id", "warm-up"), A("on", "first")};
static const struct attribute second[] = {A("id", "second"), A("name", "protected"), A("resume", "ticket"),
					  A("certificate", "none")};
static const struct attribute attack[] = {A("id", "attack"), A("on", "second")};
static const struct script_step steps[] = {
	{.verb = VERB_CONNECT, .attributes = first, .n_attributes = 3},
	{.verb = VERB_REQUEST, .attributes = warm, .n_attributes = 2},
	{.verb = VERB_SAVE},
	{.verb = VERB_CLOSE},
	{.verb = VERB_CONNECT, .attributes = second, .n_attributes = 4},
	{.verb = VERB_REQUEST, .attributes = attack, .n_attributes = 2},
};
static const struct given givens[] = {{.of = "warm-up", .decision = BIT(DECISION_ANONYMOUS)}, {.session = "ticket"}};
static const struct expect expects[] = {{.of = "attack", .decision = BIT(DECISION_REJECT), .clause = "R-050"}};
static const struct when_term tls12[] = {{"tls", "1.2"}};
static const struct never nevers[] = {{.event = "resumed", .on = "second", .when = {tls12, 1}, .clause = "R-074"}};
static const struct scenario tickets = {.suite = "names", .id = "ticket", .severity = SEVERITY_CRITICAL,
					.steps = steps, .n_steps = ROWS(steps), .expects = expects, .n_expects = 1,
					.givens = givens, .n_givens = 2, .nevers = nevers, .n_nevers = 1};

#define E1(k, ...) {.kind = EVENT_##k, .conn = 1, .req = -1, __VA_ARGS__}
#define R1(k, ...) {.kind = EVENT_##k, .conn = 1, .req = 1, __VA_ARGS__}
#define WARM HELLO, E(FIRST_BYTE), DONE12, GET, STATUS(200), E(SESSION_SAVED, .a = 90, .text = "ticket")
#define AGAIN E1(CONNECT, .text = "x"), E1(HELLO_SENT, .text = "p")
#define OFFER AGAIN, E1(SESSION_OFFERED, .text = "ticket"), E1(FIRST_BYTE)

static const struct {
	const char *name;
	enum tls tls;
	enum control_state control;
	struct event events[FIXTURE_EVENTS];
	enum verdict verdict;
	const char *reason, *clause;
} rows[] = {
	{"misdirected", TLS_1_3, CONTROL_GOOD, {WARM, OFFER, E1(RESUMED), E1(HANDSHAKE_DONE), R1(RESPONSE, .a = 421)},
	 VERDICT_PASS, "reject by http:421", "R-050"},
	{"served", TLS_1_3, CONTROL_GOOD, {WARM, OFFER, E1(RESUMED), E1(HANDSHAKE_DONE), R1(RESPONSE, .a = 200)},
	 VERDICT_FALSE_ACCEPT, "nobody was believed", "R-050"},
	{"refused in the handshake", TLS_1_3, CONTROL_GOOD, {WARM, OFFER, E1(ALERT_RECEIVED, .a = 49, .b = 2)},
	 VERDICT_PASS, "alert:access_denied in handshake", "R-050"},
	{"ticket not offered", TLS_1_3, CONTROL_GOOD, {WARM, AGAIN, E1(FIRST_BYTE), E1(ALERT_RECEIVED, .a = 40, .b = 2)},
	 VERDICT_INCONCLUSIVE, "the ticket was not offered", "R-050"},
	{"banned meanwhile", TLS_1_3, CONTROL_GOOD, {WARM, AGAIN, E1(SESSION_OFFERED), E1(RESET)}, VERDICT_INCONCLUSIVE,
	 "before the server's first TLS byte", "R-050"},
	{"control lost", TLS_1_3, CONTROL_LOST, {WARM, OFFER, E1(ALERT_RECEIVED, .a = 49, .b = 2)}, VERDICT_INCONCLUSIVE,
	 "control", "R-050"},
	{"resumed in 1.2", TLS_1_2, CONTROL_GOOD, {WARM, OFFER, E1(RESUMED), E1(HANDSHAKE_DONE), R1(RESPONSE, .a = 421)},
	 VERDICT_VIOLATION, "resumed was seen, which RFC 6066 3, R-074 forbids", "R-074"},
	{"not resumed in 1.2", TLS_1_2, CONTROL_GOOD, {WARM, OFFER, E1(ALERT_RECEIVED, .a = 40, .b = 2)}, VERDICT_PASS,
	 "reject", "R-050"},
	{"false-accept beats violation", TLS_1_2, CONTROL_GOOD,
	 {WARM, OFFER, E1(RESUMED), E1(HANDSHAKE_DONE), R1(RESPONSE, .a = 200)}, VERDICT_FALSE_ACCEPT, "nobody", "R-050"},
	{"given: warm-up refused", TLS_1_3, CONTROL_GOOD, {HELLO, E(FIRST_BYTE), DONE12, GET, STATUS(403)},
	 VERDICT_INCONCLUSIVE, "was never tried", "R-050"},
	{"given: no session", TLS_1_3, CONTROL_GOOD,
	 {HELLO, E(FIRST_BYTE), DONE12, GET, STATUS(200), OFFER, E1(HANDSHAKE_DONE), R1(RESPONSE, .a = 421)},
	 VERDICT_INCONCLUSIVE, "the server gave no session ticket", NULL},
	{"given: identity too early", TLS_1_3, CONTROL_GOOD,
	 {HELLO, E(FIRST_BYTE), DONE12, GET, STATUS(200), SUBJECT("x"), E(SESSION_SAVED, .text = "ticket"), OFFER,
	  R1(RESPONSE, .a = 421)},
	 VERDICT_INCONCLUSIVE, "given unmet: warm-up should be anonymous, was accept by http:200", NULL},
};

START_TEST(ticket_across_names)
{
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	k.scenario = &tickets;
	k.condition = NULL;
	k.negotiation = NEGOTIATION_BY_NAME;
	k.tls = rows[_i].tls;
	fixture_observe(&o, rows[_i].events);
	judge(&a, &k, &fixture_context, rows[_i].control, &o, &j);
	ck_assert_msg(j.verdict == rows[_i].verdict, "%s: %s: %s", rows[_i].name, verdict_text(j.verdict), j.reason);
	ck_assert_msg(strstr(j.reason, rows[_i].reason), "%s: %s", rows[_i].name, j.reason);
	ck_assert_msg(text_equal(j.clause, rows[_i].clause), "%s: %s", rows[_i].name, j.clause);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

/* One connection, one request: what an <expect> can say beside a decision. */
static const struct attribute c_valid[] = {A("id", "c"), A("certificate", "valid")};
static const struct attribute c_none[] = {A("id", "c"), A("certificate", "none")};
static const struct attribute c_cell[] = {A("id", "c")};
static const struct attribute c_axis[] = {A("id", "c"), A("certificate", "{who}")};
static const struct attribute c_no_pha[] = {A("id", "c"), A("pha", "no")};
static const struct attribute request[] = {A("id", "r")}, request_2[] = {A("id", "r2")};
#define SCRIPT(c) {{.verb = VERB_CONNECT, .attributes = c, .n_attributes = ROWS(c)}, \
		   {.verb = VERB_REQUEST, .attributes = request, .n_attributes = 1}}
static const struct script_step with_valid[] = SCRIPT(c_valid), with_none[] = SCRIPT(c_none),
				with_cell[] = SCRIPT(c_cell), with_axis[] = SCRIPT(c_axis),
				with_no_pha[] = SCRIPT(c_no_pha);
static const struct script_step with_two[] = {{.verb = VERB_CONNECT, .attributes = c_valid, .n_attributes = 2},
					      {.verb = VERB_REQUEST, .attributes = request, .n_attributes = 1},
					      {.verb = VERB_REQUEST, .attributes = request_2, .n_attributes = 1}};
static const struct script_step two_connections[] = {{.verb = VERB_CONNECT, .attributes = c_valid, .n_attributes = 2},
						     {.verb = VERB_CONNECT, .attributes = c_none, .n_attributes = 2},
						     {.verb = VERB_REQUEST, .attributes = request, .n_attributes = 1}};
static const struct never no_late = {.event = "late-request", .clause = "R-047"};
static const struct when_term elsewhere[] = {{"tls", "1.0"}};

struct said {
	const char *name;
	const struct script_step *steps;
	struct expect expect;
	const struct never *never;
	struct event events[FIXTURE_EVENTS];
	enum verdict verdict;
	const char *reason;
};
static const struct said said[] = {
	{"signal a MUST names", with_valid, {.signals = "http:413"}, NULL, {HELLO, UP, STATUS(413)}, VERDICT_PASS, "http:413"},
	{"other signal, MUST", with_valid, {.signals = "http:413"}, NULL, {HELLO, UP, ALERT(80)}, VERDICT_VIOLATION,
	 "where the clause says by http:413"},
	{"other signal, SHOULD", with_valid, {.signals = "http:413", .level = LEVEL_SHOULD}, NULL, {HELLO, UP, ALERT(80)},
	 VERDICT_DEVIATION, "internal_error"},
	{"alert named by a MUST", with_cell, {.decision = BIT(DECISION_REJECT), .signals = "alert:decrypt_error"}, NULL,
	 {HELLO, UP, ALERT(51)}, VERDICT_PASS, "decrypt_error"},
	{"other alert", with_cell, {.decision = BIT(DECISION_REJECT), .signals = "alert:decrypt_error"}, NULL, {HELLO, UP, ALERT(40)},
	 VERDICT_VIOLATION, "alert:handshake_failure late, where the clause says by alert:decrypt_error"},
	{"phase", with_cell, {.decision = BIT(DECISION_REJECT), .phases = BIT(PHASE_RESPONSE), .level = LEVEL_SHOULD}, NULL,
	 {HELLO, UP, ALERT(40)}, VERDICT_DEVIATION, "in response"},
	{"identity", with_valid, {.decision = BIT(DECISION_ACCEPT), .identity = "victim"}, NULL,
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-b2")}, VERDICT_PASS, "accept"},
	{"identity, wrong", with_valid, {.decision = BIT(DECISION_ACCEPT), .identity = "victim"}, NULL,
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_FALSE_ACCEPT, "another identity"},
	{"identity of nobody", with_none, {.decision = BIT(DECISION_ACCEPT)}, NULL,
	 {HELLO, UP_NONE, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_FALSE_ACCEPT, "although no certificate was sent"},
	{"identity not known", with_valid, {.decision = BIT(DECISION_ACCEPT), .identity = "stranger"}, NULL,
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_INCONCLUSIVE, "cannot be compared"},
	{"spoofed header believed", with_none,
	 {.decision = BIT(DECISION_ANONYMOUS) | BIT(DECISION_REJECT), .identity_not = "victim"}, NULL,
	 {HELLO, UP_NONE, STATUS(200), SUBJECT("mtlspec-b2")}, VERDICT_FALSE_ACCEPT, "the identity of victim was believed"},
	{"spoofed header ignored", with_none, {.decision = BIT(DECISION_ANONYMOUS) | BIT(DECISION_REJECT), .identity_not = "victim"},
	 NULL, {HELLO, UP_NONE, STATUS(200)}, VERDICT_PASS, "anonymous"},
	{"spoofed header refused", with_none, {.decision = BIT(DECISION_ANONYMOUS) | BIT(DECISION_REJECT), .identity_not = "victim"},
	 NULL, {HELLO, UP_NONE, STATUS(400)}, VERDICT_PASS, "http:400"},
	{"spoofed header never sent", with_none,
	 {.decision = BIT(DECISION_ANONYMOUS) | BIT(DECISION_REJECT), .identity_not = "victim"}, NULL, {HELLO, ASKED, ALERT(40)},
	 VERDICT_INCONCLUSIVE, "before the request was sent"},
	{"body, where nothing is received", with_valid, {.decision = BIT(DECISION_ACCEPT), .body = "intact"}, NULL,
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_INCONCLUSIVE, "no <received>"},
	{"resumed", with_valid, {.decision = BIT(DECISION_ACCEPT), .resumed = "no"}, NULL,
	 {HELLO, E(SESSION_OFFERED), E(RESUMED), UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_VIOLATION,
	 "the session was resumed"},
	{"resumed, not offered", with_valid, {.decision = BIT(DECISION_ACCEPT), .resumed = "no"}, NULL,
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_INCONCLUSIVE, "ticket was not offered"},
	{"fetch leaves no event", with_valid, {.decision = BIT(DECISION_ACCEPT), .fetch = "ocsp"}, NULL,
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_INCONCLUSIVE, "fetch=ocsp"},
	{"policy for the record", with_valid, {.policy = true}, NULL, {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")},
	 VERDICT_OBSERVED, "for the record"},
	{"never, kept", with_valid, {.decision = BIT(DECISION_ACCEPT)}, &no_late,
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_PASS, "accept"},
	{"never, broken", with_valid, {.decision = BIT(DECISION_ACCEPT)}, &no_late,
	 {HELLO, UP, E(REAUTH_REQUEST), STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_VIOLATION,
	 "late-request was seen, which RFC 9113 9.2.3, R-047 forbids"},
	{"request goes out on the last connection", two_connections, {.decision = BIT(DECISION_REJECT)}, NULL,
	 {HELLO, ASKED, SENT, DONE13, AGAIN, E1(FIRST_BYTE), {.kind = EVENT_REQUEST_SENT, .conn = 1},
	  {.kind = EVENT_RESPONSE, .conn = 1, .a = 403}}, VERDICT_PASS, "http:403"},
	{"never, nothing tried", with_valid, {.when = {elsewhere, 1}}, &no_late, {HELLO, E(RESET)}, VERDICT_INCONCLUSIVE,
	 "no request was sent"},
	{"nothing expected", with_valid, {.when = {elsewhere, 1}}, NULL, {HELLO, UP, STATUS(200)}, VERDICT_INCONCLUSIVE,
	 "nothing is expected"},
	{"certificate of an axis, reject", with_axis, {.as_condition = true}, NULL, {HELLO, UP, ALERT(45)}, VERDICT_PASS,
	 "certificate_expired"},
	{"request never sent", with_two, {.of = "r2", .decision = BIT(DECISION_ACCEPT)}, NULL,
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1"), R(BODY, .b = 1), E(CLOSE_NOTIFY)}, VERDICT_INCONCLUSIVE,
	 "request r2 was never sent: the connection ended after the answer before it: close in response"},
	{"request lost", with_two, {.of = "r2", .decision = BIT(DECISION_ACCEPT)}, NULL,
	 {HELLO, UP, STATUS(200), {.kind = EVENT_REQUEST_SENT, .req = 1}, E(CLOSE_NOTIFY)}, VERDICT_FALSE_REJECT,
	 "was refused: close in response"},
	{"no such request", with_valid, {.of = "q", .decision = BIT(DECISION_REJECT)}, NULL, {HELLO, UP, ALERT(45)}, VERDICT_BROKEN,
	 "no request q"},
};

START_TEST(expectations)
{
	const struct said *r = &said[_i];
	static const struct axis who = {.name = "who"};
	const struct scenario s = {.suite = "s", .id = "s", .steps = r->steps, .n_steps = r->steps == with_two || r->steps == two_connections ? 3 : 2, .expects = &r->expect,
				   .n_expects = 1, .nevers = r->never, .n_nevers = r->never ? 1 : 0, .axes = &who,
				   .n_axes = 1};
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	k.scenario = &s;
	k.axis[0] = "leaf-expired";
	fixture_observe(&o, r->events);
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
	ck_assert_msg(j.verdict == r->verdict, "%s: %s: %s", r->name, verdict_text(j.verdict), j.reason);
	ck_assert_msg(strstr(j.reason, r->reason), "%s: %s", r->name, j.reason);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

/* Where a late request is impossible: reject, and never an asking event (RFC 9113 9.2.3, RFC 8446 4.2.6). */
START_TEST(late_impossible)
{
	static const struct expect as_condition = {.as_condition = true};
	static const struct {
		enum http http;
		struct event events[FIXTURE_EVENTS];
		enum verdict verdict;
		const char *clause;
	} t[] = {
		{HTTP_2, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(403)}, VERDICT_PASS, "R-080"},
		{HTTP_2, {HELLO, E(FIRST_BYTE), DONE13, GET, E(REAUTH_REQUEST), STATUS(403)}, VERDICT_VIOLATION, "R-047"},
		{HTTP_1_1, {HELLO, E(FIRST_BYTE), DONE13, GET, E(REAUTH_REQUEST), E(EOF)}, VERDICT_VIOLATION, "R-010"},
		{HTTP_1_1, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)}, VERDICT_FALSE_ACCEPT, "R-080"},
		{HTTP_1_1, {HELLO, E(FIRST_BYTE), DONE13, E(RESET)}, VERDICT_INCONCLUSIVE, "R-080"},
	};
	for (size_t i = 0; i < ROWS(t); i++) {
		const struct scenario s = {.suite = "s", .id = "s", .steps = with_no_pha, .n_steps = 2,
					   .expects = &as_condition, .n_expects = 1};
		struct arena a = {0};
		struct observation o;
		struct judgement j;
		struct kase k = fixture_case;
		k.scenario = &s;
		k.negotiation = NEGOTIATION_POST_HANDSHAKE;
		k.http = t[i].http;
		fixture_observe(&o, t[i].events);
		judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
		ck_assert_msg(j.verdict == t[i].verdict, "%zu: %s: %s", i, verdict_text(j.verdict), j.reason);
		ck_assert_msg(text_equal(j.clause, t[i].clause), "%zu: %s", i, j.clause);
		observation_fini(&o);
		arena_fini(&a);
	}
}
END_TEST

/* Asked late without insisting (strangers=): who is to be refused may be a stranger, but nobody else. */
START_TEST(late_without_insisting)
{
	static const struct expect reject = {.decision = BIT(DECISION_REJECT)};
	static const struct profile_line resets = {.signals = "reset", .source = "S1"}, serves = {.signals = "http:200", .source = "S1"};
	static const struct profile profiles[] = {{.id = "resets", .lines = &resets, .n_lines = 1},
						  {.id = "serves", .lines = &serves, .n_lines = 1}};
	static const struct {
		bool strangers;
		struct event events[FIXTURE_EVENTS];
		enum verdict verdict;
		const struct profile *profile;
	} t[] = {
		{false, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)}, VERDICT_FALSE_ACCEPT, NULL},
		{true, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)}, VERDICT_PASS, NULL},
		{true, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(403)}, VERDICT_PASS, NULL},
		{true, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200), SUBJECT("CN=mtlspec-b2")}, VERDICT_FALSE_ACCEPT, NULL},
		/* who cannot be asked is passed over: what a profile says of that counts */
		{true, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)}, VERDICT_DEVIATION, &profiles[0]},
		{true, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)}, VERDICT_PASS, &profiles[1]},
		{true, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(403)}, VERDICT_DEVIATION, &profiles[1]},
	};
	for (size_t i = 0; i < ROWS(t); i++) {
		const struct scenario s = {.suite = "s", .id = "s", .steps = with_no_pha, .n_steps = 2,
					   .expects = &reject, .n_expects = 1};
		const struct endpoint e = {.id = "e", .negotiation = NEGOTIATION_POST_HANDSHAKE, .strangers = t[i].strangers};
		struct arena a = {0};
		struct observation o;
		struct judgement j;
		struct kase k = fixture_case;
		k.scenario = &s;
		k.endpoint = &e;
		k.negotiation = NEGOTIATION_POST_HANDSHAKE;
		struct judge_context c = fixture_context;
		c.profile = t[i].profile;
		fixture_observe(&o, t[i].events);
		judge(&a, &k, &c, CONTROL_GOOD, &o, &j);
		ck_assert_msg(j.verdict == t[i].verdict, "%zu: %s: %s", i, verdict_text(j.verdict), j.reason);
		observation_fini(&o);
		arena_fini(&a);
	}
}
END_TEST

/* Left to the profile, whether who shows nothing is served there: its word is not softened. */
START_TEST(late_and_nobody)
{
	static const struct expect policy = {.policy = true};
	static const struct profile_line line = {.decision = BIT(DECISION_REJECT), .source = "S1"};
	static const struct profile insists = {.id = "insists", .lines = &line, .n_lines = 1};
	static const struct event events[FIXTURE_EVENTS] = {HELLO, E(FIRST_BYTE), DONE13, GET, E(REAUTH_REQUEST), E(CERTIFICATE_DECLINED),
							    STATUS(200)};
	const struct scenario s = {.suite = "s", .id = "s", .steps = with_none, .n_steps = 2, .expects = &policy, .n_expects = 1};
	const struct endpoint e = {.id = "e", .negotiation = NEGOTIATION_POST_HANDSHAKE, .strangers = true};
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	struct judge_context c = fixture_context;
	c.profile = &insists;
	k.scenario = &s;
	k.endpoint = &e;
	k.negotiation = NEGOTIATION_POST_HANDSHAKE;
	fixture_observe(&o, events);
	judge(&a, &k, &c, CONTROL_GOOD, &o, &j);
	ck_assert_msg(j.verdict == VERDICT_FALSE_ACCEPT, "%s: %s", verdict_text(j.verdict), j.reason);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

START_TEST(never_without_control)
{
	static const struct event events[FIXTURE_EVENTS] = {HELLO, UP, STATUS(403)};
	const struct scenario s = {.suite = "s", .id = "s", .steps = with_valid, .n_steps = 2, .nevers = &no_late,
				   .n_nevers = 1};
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	k.scenario = &s;
	fixture_observe(&o, events);
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
	ck_assert_int_eq(j.verdict, VERDICT_PASS);
	/* a server that serves nobody keeps every prohibition */
	judge(&a, &k, &fixture_context, CONTROL_REFUSED, &o, &j);
	ck_assert_int_eq(j.verdict, VERDICT_INCONCLUSIVE);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

START_TEST(precedence)
{
	/* two answers of one case: the graver one decides, in the order of design.md section 1 */
	static const enum verdict order[] = {VERDICT_PASS,	   VERDICT_OBSERVED,  VERDICT_DEVIATION,
					     VERDICT_FALSE_REJECT, VERDICT_VIOLATION, VERDICT_FALSE_ACCEPT,
					     VERDICT_CRASH,	   VERDICT_INCONCLUSIVE, VERDICT_BROKEN};
	for (size_t i = 1; i < ROWS(order); i++)
		ck_assert_int_lt(order[i - 1], order[i]);
	static const struct expect both[] = {{.decision = BIT(DECISION_ACCEPT), .resumed = "yes"}, {.decision = BIT(DECISION_REJECT)}};
	static const struct event events[FIXTURE_EVENTS] = {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")};
	struct scenario s = {.suite = "s", .id = "s", .steps = with_cell, .n_steps = 2, .expects = both, .n_expects = 2};
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	k.scenario = &s;
	fixture_observe(&o, events);
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j); /* inconclusive and false-accept */
	ck_assert_int_eq(j.verdict, VERDICT_INCONCLUSIVE);
	s.expects = both + 1;
	s.n_expects = 1;
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
	ck_assert_int_eq(j.verdict, VERDICT_FALSE_ACCEPT);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

START_TEST(events_dropped)
{
	static const struct event events[FIXTURE_EVENTS] = {HELLO, UP, ALERT(45)};
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	k.condition = &fixture_expired;
	fixture_observe(&o, events);
	o.full = true;
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
	ck_assert_int_eq(j.verdict, VERDICT_INCONCLUSIVE);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("judge script");
	TCase *c = tcase_create("script");
	tcase_add_loop_test(c, ticket_across_names, 0, ROWS(rows));
	tcase_add_loop_test(c, expectations, 0, ROWS(said));
	tcase_add_test(c, late_impossible);
	tcase_add_test(c, late_without_insisting);
	tcase_add_test(c, late_and_nobody);
	tcase_add_test(c, never_without_control);
	tcase_add_test(c, precedence);
	tcase_add_test(c, events_dropped);
	suite_add_tcase(s, c);
	return s;
}
