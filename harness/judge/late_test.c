/* clang-format off */ /* the tables are laid out for readers: a row a line */
/* What a script says of late requests: what was given, what may never come so often, and connections that ended early. */
#include "harness/judge/fixture.h"

#define A(n, v) {n, v, 0}
static const struct attribute connect[] = {A("id", "c"), A("certificate", "valid")};
static const struct attribute first[] = {A("id", "first")}, again[] = {A("id", "again")};
static const struct script_step steps[] = {{.verb = VERB_CONNECT, .attributes = connect, .n_attributes = 2},
					   {.verb = VERB_REQUEST, .attributes = first, .n_attributes = 1},
					   {.verb = VERB_REQUEST, .attributes = again, .n_attributes = 1}};
static const struct given asked = {.event = "late-request", .on = "c"};
static const struct expect refused[] = {{.of = "first", .decision = BIT(DECISION_REJECT)},
					{.of = "again", .decision = BIT(DECISION_REJECT), .or_closed = true}};
static const struct never flood = {.event = "renegotiated", .on = "c", .times = 2, .level = LEVEL_SHOULD, .clause = "R-074"};

#define OPEN HELLO, E(FIRST_BYTE), DONE12, GET
#define GET2 {.kind = EVENT_REQUEST_SENT, .req = 1, .text = "GET /"}
#define STATUS2(n) {.kind = EVENT_RESPONSE, .req = 1, .a = (n), .b = 1}

static const struct {
	const char *name;
	const struct never *never;
	struct event events[FIXTURE_EVENTS];
	enum verdict verdict;
	const char *reason;
} rows[] = {
	{"refused and refused", NULL, {OPEN, E(HELLO_REQUEST), STATUS(403), GET2, STATUS2(403)}, VERDICT_PASS, "http:403"},
	{"refused and closed", NULL, {OPEN, E(HELLO_REQUEST), STATUS(403), E(CLOSE_NOTIFY)}, VERDICT_PASS, "reject by http:403"},
	{"refused, and we hung up", NULL, {OPEN, E(HELLO_REQUEST), STATUS(403), E(CLOSED)}, VERDICT_PASS, "reject by http:403"},
	{"refused by an alert", NULL, {OPEN, E(HELLO_REQUEST), ALERT(40)}, VERDICT_PASS, "handshake_failure"},
	{"refused, then served", NULL, {OPEN, E(HELLO_REQUEST), STATUS(403), GET2, STATUS2(200)}, VERDICT_FALSE_ACCEPT,
	 "was served"},
	{"served, then closed", NULL, {OPEN, E(HELLO_REQUEST), STATUS(200), E(CLOSE_NOTIFY)}, VERDICT_FALSE_ACCEPT, "was served"},
	{"never asked", NULL, {OPEN, STATUS(403), GET2, STATUS2(403)}, VERDICT_INCONCLUSIVE, "given unmet: late-request was not seen"},
	{"time ran out before the second", NULL, {OPEN, E(HELLO_REQUEST), E(TIMEOUT, .text = "response")}, VERDICT_INCONCLUSIVE,
	 "refused before the request was sent"},
	{"renegotiated once", &flood, {OPEN, E(HELLO_REQUEST), STATUS(403), E(RENEGOTIATION_TRIED), E(RENEGOTIATED),
	  E(RENEGOTIATION_TRIED), E(CLOSE_NOTIFY)}, VERDICT_PASS, "reject by http:403"},
	{"renegotiated twice", &flood, {OPEN, E(HELLO_REQUEST), STATUS(403), E(RENEGOTIATION_TRIED), E(RENEGOTIATED),
	  E(RENEGOTIATION_TRIED), E(RENEGOTIATED), E(CLOSE_NOTIFY)}, VERDICT_DEVIATION,
	 "renegotiated 2 times was seen, which RFC 6066 3, R-074 advises against"},
	{"nobody renegotiated", &flood, {OPEN, E(REAUTH_REQUEST), STATUS(403), E(CLOSE_NOTIFY)}, VERDICT_INCONCLUSIVE,
	 "nobody asked to renegotiate"},
};

START_TEST(late)
{
	const struct scenario s = {.suite = "s", .id = "s", .steps = steps, .n_steps = ROWS(steps), .expects = refused, .n_expects = 2,
				   .givens = &asked, .n_givens = 1, .nevers = rows[_i].never, .n_nevers = rows[_i].never ? 1 : 0};
	struct kase k = fixture_case;
	k.scenario = &s;
	k.tls = TLS_1_2;
	fixture_judge(&k, &fixture_context, rows[_i].events, rows[_i].name, rows[_i].verdict, rows[_i].reason);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("judge late");
	TCase *c = tcase_create("late");
	tcase_add_loop_test(c, late, 0, (int)ROWS(rows));
	suite_add_tcase(s, c);
	return s;
}
