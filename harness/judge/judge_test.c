/* clang-format off */ /* the tables are laid out for readers: a row a line */
#include "harness/judge/fixture.h"

/* ---- the two tables of design.md section 1, cell by cell ---- */

struct expected_row {
	const char *name;
	enum negotiation negotiation;
	const struct condition *condition;
	enum http http;
	enum client_kind client;
	unsigned mask;
	bool strangers;
};
#define ACC BIT(DECISION_ACCEPT)
#define ANO BIT(DECISION_ANONYMOUS)
#define REJ BIT(DECISION_REJECT)

static const struct expected_row expected_rows[] = {
	{"none, accept", NEGOTIATION_NONE, &fixture_valid, HTTP_1_1, CLIENT_WILLING, ANO, false},
	{"none, reject", NEGOTIATION_NONE, &fixture_expired, HTTP_1_1, CLIENT_WILLING, ANO, false},
	{"none, no certificate", NEGOTIATION_NONE, &fixture_none, HTTP_1_1, CLIENT_WILLING, ANO, false},
	{"optional, accept", NEGOTIATION_OPTIONAL, &fixture_valid, HTTP_1_1, CLIENT_WILLING, ACC, false},
	{"optional, reject", NEGOTIATION_OPTIONAL, &fixture_expired, HTTP_1_1, CLIENT_WILLING, REJ | ANO, false},
	{"optional, no certificate", NEGOTIATION_OPTIONAL, &fixture_none, HTTP_1_1, CLIENT_WILLING, ANO, false},
	{"optional, policy", NEGOTIATION_OPTIONAL, &fixture_any_eku, HTTP_1_1, CLIENT_WILLING, ACC | REJ | ANO, false},
	{"required, accept", NEGOTIATION_REQUIRED, &fixture_valid, HTTP_1_1, CLIENT_WILLING, ACC, false},
	{"required, reject", NEGOTIATION_REQUIRED, &fixture_expired, HTTP_1_1, CLIENT_WILLING, REJ, false},
	{"required, no certificate", NEGOTIATION_REQUIRED, &fixture_none, HTTP_2, CLIENT_WILLING, REJ, false},
	{"required, policy", NEGOTIATION_REQUIRED, &fixture_any_eku, HTTP_1_1, CLIENT_WILLING, ACC | REJ, false},
	{"by name, accept", NEGOTIATION_BY_NAME, &fixture_valid, HTTP_1_1, CLIENT_WILLING, ACC, false},
	{"by name, reject", NEGOTIATION_BY_NAME, &fixture_expired, HTTP_1_1, CLIENT_WILLING, REJ, false},
	{"by name, no certificate", NEGOTIATION_BY_NAME, &fixture_none, HTTP_1_1, CLIENT_WILLING, REJ, false},
	{"late, accept", NEGOTIATION_POST_HANDSHAKE, &fixture_valid, HTTP_1_1, CLIENT_WILLING, ACC, false},
	{"late, reject", NEGOTIATION_POST_HANDSHAKE, &fixture_expired, HTTP_1_1, CLIENT_WILLING, REJ, false},
	{"late, no certificate", NEGOTIATION_POST_HANDSHAKE, &fixture_none, HTTP_1_1, CLIENT_WILLING, REJ, false},
	{"late, PHA not offered", NEGOTIATION_POST_HANDSHAKE, &fixture_valid, HTTP_1_1, CLIENT_BROWSER, REJ, false},
	{"late, h2", NEGOTIATION_POST_HANDSHAKE, &fixture_valid, HTTP_2, CLIENT_WILLING, REJ, false},
	{"late, h3", NEGOTIATION_POST_HANDSHAKE, &fixture_valid, HTTP_3, CLIENT_WILLING, REJ, false},
	{"renegotiation, h2", NEGOTIATION_RENEGOTIATION, &fixture_valid, HTTP_2, CLIENT_WILLING, REJ, false},
	{"late, not insisting, accept", NEGOTIATION_POST_HANDSHAKE, &fixture_valid, HTTP_1_1, CLIENT_WILLING, ACC, true},
	{"late, not insisting, reject", NEGOTIATION_RENEGOTIATION, &fixture_expired, HTTP_1_1, CLIENT_WILLING, REJ | ANO, true},
	{"late, not insisting, no certificate", NEGOTIATION_RENEGOTIATION, &fixture_none, HTTP_1_1, CLIENT_WILLING, ANO, true},
	{"late, not insisting, PHA not offered", NEGOTIATION_POST_HANDSHAKE, &fixture_valid, HTTP_1_1, CLIENT_BROWSER, REJ | ANO, true},
	{"required, strangers elsewhere", NEGOTIATION_REQUIRED, &fixture_none, HTTP_1_1, CLIENT_WILLING, REJ, true},
};

START_TEST(expected_decision)
{
	const struct expected_row *r = &expected_rows[_i];
	struct kase k = fixture_case;
	struct wiring w;
	bool policy;
	k.negotiation = r->negotiation;
	k.condition = r->condition;
	k.http = r->http;
	k.client = r->client;
	const struct endpoint endpoint = {.id = "e", .negotiation = r->negotiation, .strangers = r->strangers};
	k.endpoint = &endpoint;
	wiring_of(&k, 0, &w);
	unsigned mask = decision_expected(&k, &fixture_suite, &w, &policy);
	ck_assert_msg(mask == r->mask, "%s: %x", r->name, mask);
	ck_assert_msg(policy == (r->condition == &fixture_any_eku), "%s: policy", r->name);
}
END_TEST

/* Two names at one address, each with its own anchors: whose certificate is good where. */
START_TEST(tenants)
{
	static const struct condition theirs = {.id = "theirs", .decision = REJ, .trust = "tenant", .differs_from = "valid"};
	static const struct {
		const char *name;
		const struct condition *shown;
		unsigned mask;
	} rows[] = {
		{"protected", &fixture_valid, ACC}, {"protected", &theirs, REJ},      {"protected", &fixture_none, REJ},
		{"tenant", &fixture_valid, REJ},    {"tenant", &theirs, ACC},	      {"tenant", &fixture_none, REJ},
		{"tenant", &fixture_any_eku, REJ},  {"tenant", &fixture_expired, REJ}, {NULL, &theirs, REJ},
	};
	static const struct endpoint_name names[] = {
		{"protected", "protected.test", NEGOTIATION_REQUIRED, "main", NULL}, {"tenant", "tenant.test", NEGOTIATION_REQUIRED, "tenant", NULL}};
	static const struct endpoint endpoint = {.id = "names", .negotiation = NEGOTIATION_BY_NAME, .names = names, .n_names = 2};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct kase k = fixture_case;
		struct wiring w = {.name = rows[i].name};
		bool policy;
		k.negotiation = NEGOTIATION_BY_NAME;
		k.endpoint = &endpoint;
		k.condition = rows[i].shown;
		unsigned mask = decision_expected(&k, &fixture_suite, &w, &policy);
		ck_assert_msg(mask == rows[i].mask && !policy, "%s at %s: %x", rows[i].shown->id,
			      rows[i].name ? rows[i].name : "the protected name", mask);
	}
}
END_TEST

static const struct {
	unsigned expected;
	enum decision observed;
	enum verdict verdict;
} compare_rows[] = {
	{ACC, DECISION_ACCEPT, VERDICT_PASS},
	{ACC, DECISION_ANONYMOUS, VERDICT_FALSE_REJECT},
	{ACC, DECISION_REJECT, VERDICT_FALSE_REJECT},
	{ACC, DECISION_UNANSWERED, VERDICT_FALSE_REJECT},
	{ACC, DECISION_REDIRECT, VERDICT_FALSE_REJECT},
	{ANO, DECISION_ACCEPT, VERDICT_FALSE_ACCEPT},
	{ANO, DECISION_ANONYMOUS, VERDICT_PASS},
	{ANO, DECISION_REJECT, VERDICT_FALSE_REJECT},
	{ANO, DECISION_UNANSWERED, VERDICT_FALSE_REJECT},
	{ANO, DECISION_REDIRECT, VERDICT_FALSE_REJECT},
	{REJ, DECISION_ACCEPT, VERDICT_FALSE_ACCEPT},
	{REJ, DECISION_ANONYMOUS, VERDICT_FALSE_ACCEPT},
	{REJ, DECISION_REJECT, VERDICT_PASS},
	{REJ, DECISION_UNANSWERED, VERDICT_DEVIATION},
	{REJ, DECISION_REDIRECT, VERDICT_DEVIATION},
	{REJ | ANO, DECISION_ACCEPT, VERDICT_FALSE_ACCEPT},
	{REJ | ANO, DECISION_ANONYMOUS, VERDICT_PASS},
	{REJ | ANO, DECISION_REJECT, VERDICT_PASS},
	{REJ | ANO, DECISION_UNANSWERED, VERDICT_DEVIATION},
	{BIT(DECISION_REDIRECT), DECISION_REDIRECT, VERDICT_PASS},
	{BIT(DECISION_REDIRECT), DECISION_ACCEPT, VERDICT_FALSE_ACCEPT},
};

START_TEST(compared_decision)
{
	const char *why;
	enum verdict v = decision_compare(compare_rows[_i].expected, compare_rows[_i].observed, &why);
	ck_assert_msg(v == compare_rows[_i].verdict, "%d: %s", _i, verdict_text(v));
	ck_assert((v == VERDICT_PASS) == (why == NULL));
}
END_TEST

/* ---- whole cases under the default script ---- */

struct row {
	const char *name;
	enum negotiation negotiation;
	const struct condition *condition;
	const struct target *target; /* NULL: fixture_target */
	enum control_state control;
	struct event events[FIXTURE_EVENTS];
	enum verdict verdict;
	const char *reason; /* part of it */
};
#define OPTIONAL NEGOTIATION_OPTIONAL
#define REQUIRED NEGOTIATION_REQUIRED
#define GOOD CONTROL_GOOD
#define SERVED UP, STATUS(200), SUBJECT("CN=mtlspec-a1,O=mtlspec TEST ONLY")
#define SERVED_NOBODY UP, STATUS(200)

static const struct row rows[] = {
	/* accept expected x every observation */
	{"valid accepted", REQUIRED, &fixture_valid, NULL, GOOD, {HELLO, SERVED}, VERDICT_PASS, "accept by http:200"},
	{"valid, other identity", REQUIRED, &fixture_valid, NULL, GOOD, {HELLO, UP, STATUS(200), SUBJECT("CN=mtlspec-b2")},
	 VERDICT_FALSE_ACCEPT, "another identity was believed: CN=mtlspec-b2 instead of mtlspec-a1"},
	{"valid, identity lost", REQUIRED, &fixture_valid, NULL, GOOD, {HELLO, SERVED_NOBODY}, VERDICT_FALSE_REJECT,
	 "identity was lost"},
	{"valid refused", REQUIRED, &fixture_valid, NULL, CONTROL_NOT_NEEDED, {HELLO, UP, ALERT(48)}, VERDICT_FALSE_REJECT,
	 "was refused: alert:unknown_ca late"},
	{"valid unanswered", REQUIRED, &fixture_valid, NULL, GOOD, {HELLO, UP, R(TIMEOUT)}, VERDICT_FALSE_REJECT,
	 "got no answer: timeout"},
	{"valid redirected", REQUIRED, &fixture_valid, NULL, GOOD, {HELLO, UP, STATUS(302)}, VERDICT_FALSE_REJECT,
	 "was redirected"},
	/* anonymous expected x every observation */
	{"none at optional", OPTIONAL, &fixture_none, NULL, GOOD, {HELLO, UP_NONE, STATUS(200)}, VERDICT_PASS, "anonymous"},
	{"none at optional believed", OPTIONAL, &fixture_none, NULL, GOOD, {HELLO, UP_NONE, STATUS(200), SUBJECT("x")},
	 VERDICT_FALSE_ACCEPT, "was accepted"},
	{"none at optional refused", OPTIONAL, &fixture_none, NULL, GOOD, {HELLO, UP_NONE, ALERT(116)},
	 VERDICT_FALSE_REJECT, "was refused"},
	{"none at optional unanswered", OPTIONAL, &fixture_none, NULL, GOOD, {HELLO, UP_NONE, R(TIMEOUT)},
	 VERDICT_FALSE_REJECT, "no answer"},
	{"expired at none", NEGOTIATION_NONE, &fixture_expired, NULL, GOOD, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)},
	 VERDICT_PASS, "anonymous"},
	/* reject expected x every observation */
	{"expired accepted", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, SERVED}, VERDICT_FALSE_ACCEPT,
	 "certificate leaf-expired (Leaf past its notAfter) was accepted: http:200 in response with identity CN="},
	{"expired served to nobody", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, SERVED_NOBODY}, VERDICT_FALSE_ACCEPT,
	 "served although nobody was believed"},
	{"expired refused", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, ALERT(45)}, VERDICT_PASS,
	 "reject by alert:certificate_expired late"},
	{"expired refused, TLS 1.2", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, ASKED, SENT, ALERT(45)}, VERDICT_PASS,
	 "in handshake"},
	{"expired in silence", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, R(TIMEOUT)}, VERDICT_DEVIATION,
	 "refused in silence"},
	{"expired redirected", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, STATUS(302)}, VERDICT_DEVIATION,
	 "redirected"},
	{"none refused", REQUIRED, &fixture_none, NULL, GOOD, {HELLO, UP_NONE, ALERT(116)}, VERDICT_PASS, "reject"},
	{"none served", REQUIRED, &fixture_none, NULL, GOOD, {HELLO, UP_NONE, STATUS(200)}, VERDICT_FALSE_ACCEPT,
	 "a client without a certificate was served"},
	{"server error is no refusal", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, STATUS(500)}, VERDICT_DEVIATION,
	 "server error"},
	/* reject or anonymous, at optional */
	{"expired at optional, anonymous", OPTIONAL, &fixture_expired, NULL, GOOD, {HELLO, SERVED_NOBODY}, VERDICT_PASS,
	 "anonymous"},
	{"expired at optional, refused", OPTIONAL, &fixture_expired, NULL, GOOD, {HELLO, UP, ALERT(45)}, VERDICT_PASS,
	 "reject"},
	{"expired at optional, accepted", OPTIONAL, &fixture_expired, NULL, GOOD, {HELLO, SERVED}, VERDICT_FALSE_ACCEPT,
	 "was accepted"},
	{"expired at optional, silence", OPTIONAL, &fixture_expired, NULL, GOOD, {HELLO, UP, R(TIMEOUT)},
	 VERDICT_DEVIATION, "silence"},
	/* no echo */
	{"required without echo", REQUIRED, &fixture_valid, &fixture_mute, GOOD, {HELLO, SERVED_NOBODY}, VERDICT_PASS,
	 "accept"},
	{"required without echo, expired", REQUIRED, &fixture_expired, &fixture_mute, GOOD, {HELLO, SERVED_NOBODY},
	 VERDICT_FALSE_ACCEPT, "was accepted"},
	{"optional without echo", OPTIONAL, &fixture_valid, &fixture_mute, GOOD, {HELLO, SERVED_NOBODY},
	 VERDICT_INCONCLUSIVE, "no identity echo"},
	{"optional without echo, expired", OPTIONAL, &fixture_expired, &fixture_mute, GOOD, {HELLO, SERVED_NOBODY},
	 VERDICT_INCONCLUSIVE, "no identity echo"},
	{"optional without echo, none", OPTIONAL, &fixture_none, &fixture_mute, GOOD, {HELLO, UP_NONE, STATUS(200)},
	 VERDICT_PASS, "anonymous"},
	{"optional without echo, policy", OPTIONAL, &fixture_any_eku, &fixture_mute, GOOD, {HELLO, SERVED_NOBODY},
	 VERDICT_OBSERVED, "policy"},
	/* not exercised: never a pass */
	{"ban", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(RESET, .a = ECONNRESET)}, VERDICT_INCONCLUSIVE,
	 "not exercised: it ended before the server's first TLS byte: reset in connect"},
	{"closed port", REQUIRED, &fixture_expired, NULL, GOOD, {E(CONNECT, .text = "x"), E(CONNECT_FAILED, .a = ECONNREFUSED)},
	 VERDICT_INCONCLUSIVE, "reset in connect"},
	{"silent port", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(TIMEOUT)}, VERDICT_INCONCLUSIVE, "not exercised"},
	{"protocol_version", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(FIRST_BYTE), ALERT(70)},
	 VERDICT_INCONCLUSIVE,
	 "refused before the certificate was asked for: alert:protocol_version in handshake"},
	{"reset in the handshake", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(FIRST_BYTE), E(RESET)},
	 VERDICT_INCONCLUSIVE, "refused before the certificate was asked for: reset in handshake"},
	{"random bytes", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(FIRST_BYTE), E(HANDSHAKE_FAILED)},
	 VERDICT_INCONCLUSIVE, "it ended before the certificate was asked for"},
	{"reset between question and answer", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, ASKED, E(RESET)},
	 VERDICT_INCONCLUSIVE, "before the answer was sent"},
	{"never asked, 403", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(403)},
	 VERDICT_INCONCLUSIVE, "refused without having asked for a certificate: http:403"},
	{"none never asked, 403", REQUIRED, &fixture_none, NULL, GOOD, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(403)},
	 VERDICT_INCONCLUSIVE, "without having asked"},
	{"client declined", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP_NONE, ALERT(116)}, VERDICT_INCONCLUSIVE,
	 "declined to send"},
	{"429", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, STATUS(429)}, VERDICT_INCONCLUSIVE, "sheds load"},
	{"503", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, STATUS(503)}, VERDICT_INCONCLUSIVE, "http:503"},
	{"valid, 503", REQUIRED, &fixture_valid, NULL, GOOD, {HELLO, UP, STATUS(503)}, VERDICT_INCONCLUSIVE, "sheds load"},
	{"policy, ban", REQUIRED, &fixture_any_eku, NULL, GOOD, {HELLO, E(RESET)}, VERDICT_INCONCLUSIVE, "not exercised"},
	{"forgets to ask, served", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)},
	 VERDICT_FALSE_ACCEPT, "(Leaf past its notAfter) was served: http:200"},
	{"forgets to ask at optional", OPTIONAL, &fixture_expired, NULL, GOOD,
	 {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)}, VERDICT_INCONCLUSIVE, "served without having asked"},
	{"forgets to ask, valid", OPTIONAL, &fixture_valid, NULL, GOOD, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)},
	 VERDICT_FALSE_REJECT, "identity was lost"},
	/* races */
	{"write lost, alert", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, E(WRITE_LOST, .a = EPIPE), ALERT(45)},
	 VERDICT_PASS, "alert:certificate_expired"},
	{"write lost, nothing", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, E(WRITE_LOST, .a = EPIPE), E(EOF)},
	 VERDICT_PASS, "reset late"},
	/* controls */
	{"control refused", REQUIRED, &fixture_expired, NULL, CONTROL_REFUSED, {HELLO, UP, ALERT(45)},
	 VERDICT_INCONCLUSIVE, "its control was refused too"},
	{"control lost", REQUIRED, &fixture_expired, NULL, CONTROL_LOST, {HELLO, UP, ALERT(45)}, VERDICT_INCONCLUSIVE,
	 "accepted before it and refused after it"},
	{"control missing", REQUIRED, &fixture_expired, NULL, CONTROL_MISSING, {HELLO, UP, ALERT(45)},
	 VERDICT_INCONCLUSIVE, "the run ended"},
	{"deviation without control", REQUIRED, &fixture_expired, NULL, CONTROL_REFUSED, {HELLO, UP, R(TIMEOUT)},
	 VERDICT_INCONCLUSIVE, "control"},
	{"anonymous at optional, control refused", OPTIONAL, &fixture_expired, NULL, CONTROL_REFUSED,
	 {HELLO, SERVED_NOBODY}, VERDICT_INCONCLUSIVE, "control"},
	{"observed refusal, control refused", REQUIRED, &fixture_any_eku, NULL, CONTROL_REFUSED, {HELLO, UP, ALERT(43)},
	 VERDICT_INCONCLUSIVE, "control"},
	{"false-accept stays", REQUIRED, &fixture_expired, NULL, CONTROL_REFUSED, {HELLO, SERVED}, VERDICT_FALSE_ACCEPT,
	 "was accepted"},
	{"positive twin, control refused", REQUIRED, &fixture_rsa, NULL, CONTROL_REFUSED, {HELLO, UP, ALERT(48)},
	 VERDICT_INCONCLUSIVE, "its control was refused too"},
	{"positive twin, control lost", REQUIRED, &fixture_rsa, NULL, CONTROL_LOST, {HELLO, E(RESET)},
	 VERDICT_INCONCLUSIVE, "refused after it"},
	{"positive twin, control good", REQUIRED, &fixture_rsa, NULL, GOOD, {HELLO, UP, ALERT(48)}, VERDICT_FALSE_REJECT,
	 "was refused"},
	{"positive twin passes alone", REQUIRED, &fixture_rsa, NULL, CONTROL_REFUSED, {HELLO, SERVED}, VERDICT_PASS,
	 "accept"},
	{"the control itself, local", REQUIRED, &fixture_valid, NULL, CONTROL_REFUSED, {HELLO, UP, ALERT(48)},
	 VERDICT_FALSE_REJECT, "was refused"},
	{"the control itself, remote", REQUIRED, &fixture_valid, &fixture_remote, CONTROL_REFUSED, {HELLO, UP, ALERT(48)},
	 VERDICT_INCONCLUSIVE, "is the anchor installed"},
	{"remote, control good", REQUIRED, &fixture_valid, &fixture_remote, GOOD, {HELLO, UP, ALERT(48)},
	 VERDICT_FALSE_REJECT, "was refused"},
	/* levels and policy */
	{"SHOULD broken", REQUIRED, &fixture_sha1, NULL, GOOD, {HELLO, SERVED}, VERDICT_DEVIATION, "was accepted"},
	{"SHOULD, served to nobody", REQUIRED, &fixture_sha1, NULL, GOOD, {HELLO, SERVED_NOBODY}, VERDICT_FALSE_ACCEPT,
	 "nobody was believed"},
	{"SHOULD accept, refused", REQUIRED, &fixture_pss, NULL, GOOD, {HELLO, UP, ALERT(43)}, VERDICT_DEVIATION,
	 "was refused"},
	{"SHOULD accept, unanswered", REQUIRED, &fixture_pss, NULL, GOOD, {HELLO, UP, R(TIMEOUT)}, VERDICT_DEVIATION,
	 "no answer"},
	{"SHOULD accept, identity lost", REQUIRED, &fixture_pss, NULL, GOOD, {HELLO, SERVED_NOBODY},
	 VERDICT_FALSE_REJECT, "identity was lost"},
	{"SHOULD accept, not believed at optional", OPTIONAL, &fixture_pss, NULL, GOOD, {HELLO, SERVED_NOBODY},
	 VERDICT_DEVIATION, "identity was lost"},
	{"SHOULD accept, refused like its control", REQUIRED, &fixture_pss, NULL, CONTROL_REFUSED, {HELLO, UP, ALERT(43)},
	 VERDICT_INCONCLUSIVE, "control"},
	{"SHOULD, other identity", REQUIRED, &fixture_pss, NULL, GOOD, {HELLO, UP, STATUS(200), SUBJECT("evil")},
	 VERDICT_FALSE_ACCEPT, "another identity"},
	{"policy accepted", REQUIRED, &fixture_any_eku, NULL, GOOD, {HELLO, SERVED}, VERDICT_OBSERVED, "accept by http:200"},
	{"policy refused", REQUIRED, &fixture_any_eku, NULL, GOOD, {HELLO, UP, ALERT(43)}, VERDICT_OBSERVED,
	 "reject by alert:unsupported_certificate"},
	{"policy served to nobody", REQUIRED, &fixture_any_eku, NULL, GOOD, {HELLO, SERVED_NOBODY}, VERDICT_FALSE_ACCEPT,
	 "nobody was believed"},
	{"policy at none", NEGOTIATION_NONE, &fixture_any_eku, NULL, GOOD, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)},
	 VERDICT_PASS, "anonymous"},
	/* the run itself */
	{"crash", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, E(RESET), E(TARGET_DIED, .text = "worker 7, signal 11")},
	 VERDICT_CRASH, "the target died: worker 7, signal 11"},
	{"crash whatever the client saw", REQUIRED, &fixture_valid, NULL, CONTROL_LOST, {HELLO, SERVED, E(TARGET_DIED)},
	 VERDICT_CRASH, "died"},
	{"crash before anything was asked", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(RESET), E(TARGET_DIED)},
	 VERDICT_CRASH, "died"},
	{"crash and a false-accept", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, SERVED, E(TARGET_DIED)},
	 VERDICT_CRASH, "died"},
	{"worker died", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, E(WORKER_DIED, .a = 11)}, VERDICT_BROKEN,
	 "the worker died: signal 11 after request-sent"},
	{"worker exited", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, UP, E(WORKER_DIED, .a = -3)}, VERDICT_BROKEN,
	 "exit status 3"},
	{"broken beats a crash", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(TARGET_DIED), E(WORKER_DIED, .a = 9)},
	 VERDICT_BROKEN, "signal 9"},
	{"fault", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, SERVED, E(FAULT, .text = "out of sockets")},
	 VERDICT_BROKEN, "the harness failed: out of sockets"},
	{"unsupported verb", REQUIRED, &fixture_expired, NULL, GOOD, {HELLO, E(UNSUPPORTED, .text = "key-update")},
	 VERDICT_UNSUPPORTED, "not in this build: key-update"},
	{"nothing recorded", REQUIRED, &fixture_expired, NULL, GOOD, {{0}}, VERDICT_BROKEN, "nothing was recorded"},
};

START_TEST(cases)
{
	const struct row *r = &rows[_i];
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	struct judge_context c = fixture_context;
	k.negotiation = r->negotiation;
	k.condition = r->condition;
	if (r->target)
		c.target = r->target;
	fixture_observe(&o, r->events);
	judge(&a, &k, &c, r->control, &o, &j);
	ck_assert_msg(j.verdict == r->verdict, "%s: %s: %s", r->name, verdict_text(j.verdict), j.reason);
	ck_assert_msg(strstr(j.reason, r->reason), "%s: %s", r->name, j.reason);
	ck_assert_msg(!strchr(j.reason, '\n'), "%s: one line", r->name);
	ck_assert_int_eq(j.severity, r->verdict == VERDICT_CRASH ? SEVERITY_CRITICAL : SEVERITY_HIGH);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

START_TEST(texts)
{
	static const struct event events[FIXTURE_EVENTS] = {HELLO, SERVED};
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	k.condition = &fixture_expired;
	fixture_observe(&o, events);
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
	ck_assert_str_eq(j.expected, "reject (RFC 5280 6.1.3(a)(2), R-081)");
	ck_assert_str_eq(j.observed, "accept by http:200 in response, identity CN=mtlspec-a1,O=mtlspec TEST ONLY");
	ck_assert_str_eq(j.clause, "R-081");
	ck_assert_ptr_null(j.note);
	k.condition = &fixture_any_eku;
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
	ck_assert_str_eq(j.expected, "accept or reject (policy, no profile line decides; R-090)");
	ck_assert_ptr_nonnull(j.note);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

START_TEST(controls_accepted)
{
	static const struct {
		enum negotiation negotiation;
		struct event events[FIXTURE_EVENTS];
		bool accepted;
	} t[] = {
		{REQUIRED, {HELLO, SERVED}, true},
		{REQUIRED, {HELLO, SERVED_NOBODY}, true}, /* its identity is lost, which is a case of its own */
		{REQUIRED, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)}, true},
		{OPTIONAL, {HELLO, SERVED_NOBODY}, false},
		{OPTIONAL, {HELLO, SERVED}, true},
		{REQUIRED, {HELLO, UP, ALERT(48)}, false},
		{REQUIRED, {HELLO, UP, STATUS(503)}, false},
		{REQUIRED, {HELLO, E(RESET)}, false},
		{NEGOTIATION_NONE, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)}, true},
		{NEGOTIATION_NONE, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(403)}, false},
	};
	for (size_t i = 0; i < ROWS(t); i++) {
		struct observation o;
		struct kase k = fixture_case;
		k.negotiation = t[i].negotiation;
		fixture_observe(&o, t[i].events);
		ck_assert_msg(judge_control_accepted(&k, &fixture_context, &o) == t[i].accepted, "%zu", i);
		observation_fini(&o);
	}
}
END_TEST

static const struct {
	enum verdict verdict;
	int normal, strict, low; /* low: severity below --fail-on */
} exits[] = {
	{VERDICT_PASS, 0, 0, 0},	  {VERDICT_OBSERVED, 0, 0, 0},	      {VERDICT_DEVIATION, 0, 1, 0},
	{VERDICT_FALSE_ACCEPT, 1, 1, 0},  {VERDICT_FALSE_REJECT, 1, 1, 0},    {VERDICT_VIOLATION, 1, 1, 0},
	{VERDICT_CRASH, 1, 1, 1},	  {VERDICT_KNOWN_FAILURE, 0, 0, 0},   {VERDICT_UNEXPECTED_PASS, 1, 1, 1},
	{VERDICT_INCONCLUSIVE, 3, 3, 3},  {VERDICT_BROKEN, 3, 3, 3},	      {VERDICT_FLAKY, 5, 1, 5},
	{VERDICT_UNSUPPORTED, 0, 0, 0},	  {VERDICT_IMPOSSIBLE, 0, 0, 0},      {VERDICT_EXCLUDED, 0, 0, 0},
};

START_TEST(exit_codes)
{
	static const int order[] = {2, 1, 3, 5, 4, 0};
	ck_assert_uint_eq(ROWS(exits), VERDICT__COUNT);
	for (size_t i = 0; i < ROWS(exits); i++) {
		enum verdict v = exits[i].verdict;
		ck_assert_int_eq(judge_exit(v, SEVERITY_LOW, SEVERITY_LOW, false), exits[i].normal);
		ck_assert_int_eq(judge_exit(v, SEVERITY_LOW, SEVERITY_LOW, true), exits[i].strict);
		ck_assert_int_eq(judge_exit(v, SEVERITY_MEDIUM, SEVERITY_HIGH, false), exits[i].low);
	}
	for (size_t i = 0; i < ROWS(order); i++)
		for (size_t j = i; j < ROWS(order); j++) {
			ck_assert_int_eq(judge_exit_worse(order[i], order[j]), order[i]);
			ck_assert_int_eq(judge_exit_worse(order[j], order[i]), order[i]);
		}
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("judge");
	TCase *c = tcase_create("judge");
	tcase_add_loop_test(c, expected_decision, 0, ROWS(expected_rows));
	tcase_add_test(c, tenants);
	tcase_add_loop_test(c, compared_decision, 0, ROWS(compare_rows));
	tcase_add_loop_test(c, cases, 0, ROWS(rows));
	tcase_add_test(c, texts);
	tcase_add_test(c, controls_accepted);
	tcase_add_test(c, exit_codes);
	suite_add_tcase(s, c);
	return s;
}
