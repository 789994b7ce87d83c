/* clang-format off */ /* the table is laid out for readers: a row a line */
#include "harness/judge/fixture.h"

static const struct expect as_condition = {.as_condition = true};
static const struct never never_malformed = {.event = "request-malformed", .clause = "R-081"};
static const struct never never_protocol = {.event = "protocol-not-offered"};
static const struct scenario plain = {.suite = "a", .id = "plain", .default_script = true, .expects = &as_condition,
				      .n_expects = 1};
static const struct scenario forbids = {.suite = "a", .id = "forbids", .default_script = true, .nevers = &never_malformed,
					.n_nevers = 1};
static const struct never never_ticket = {.event = "ticket-lives-too-long"};
static const struct scenario forbids_ticket = {.suite = "a", .id = "t", .default_script = true, .nevers = &never_ticket,
					       .n_nevers = 1};
static const struct scenario forbids_protocol = {.suite = "a", .id = "p", .default_script = true,
						 .nevers = &never_protocol, .n_nevers = 1};

#define BREACHED(b, why) E(BREACH, .a = BREACH_##b, .text = why)

static const struct {
	const char *name;
	const struct scenario *scenario;
	enum tls tls;
	struct event events[FIXTURE_EVENTS];
	enum verdict verdict;
	const char *reason, *clause;
} rows[] = {
	{"none", &plain, TLS_1_3, {HELLO, UP, STATUS(200), SUBJECT("CN=mtlspec-a1")}, VERDICT_PASS, "accept", NULL},
	{"in a case about something else", &plain, TLS_1_3,
	 {HELLO, E(FIRST_BYTE), BREACHED(PROTOCOL, "h3"), UP, STATUS(200), SUBJECT("CN=mtlspec-a1")}, VERDICT_VIOLATION,
	 "protocol-not-offered: h3, which R-120 forbids", "R-120"},
	{"by the version's own clause", &plain, TLS_1_2,
	 {HELLO, E(FIRST_BYTE), BREACHED(REQUEST_ALGORITHMS, "empty"), UP, STATUS(200), SUBJECT("CN=mtlspec-a1")},
	 VERDICT_VIOLATION, "request-without-algorithms: empty", "R-034"},
	{"which our library does not survive", &plain, TLS_1_3,
	 {HELLO, E(FIRST_BYTE), BREACHED(REQUEST_MALFORMED, "cut short"), E(TLS_ERROR, .a = -9), E(HANDSHAKE_FAILED, .a = -9)},
	 VERDICT_VIOLATION, "request-malformed: cut short", "R-121"},
	{"beside a false accept", &plain, TLS_1_3,
	 {HELLO, E(FIRST_BYTE), BREACHED(PROTOCOL, "h3"), UP, STATUS(200), SUBJECT("CN=somebody-else")}, VERDICT_FALSE_ACCEPT,
	 "another identity", NULL},
	{"forbidden by name", &forbids, TLS_1_3,
	 {HELLO, E(FIRST_BYTE), BREACHED(REQUEST_MALFORMED, "cut short"), UP, STATUS(200)}, VERDICT_VIOLATION,
	 "request-malformed was seen, which RFC 5280 6.1.3(a)(2), R-081 forbids", "R-081"},
	{"forbidden by name, not seen", &forbids, TLS_1_3, {HELLO, UP, STATUS(200)}, VERDICT_PASS, "", "R-081"},
	{"no request that could have been malformed", &forbids, TLS_1_3, {HELLO, E(FIRST_BYTE), DONE13, GET, STATUS(200)},
	 VERDICT_INCONCLUSIVE, "no certificate was asked for, so request-malformed could not happen", "R-081"},
	{"no handshake that could have chosen", &forbids_protocol, TLS_1_3, {HELLO, E(RESET, .a = ECONNRESET)},
	 VERDICT_INCONCLUSIVE, "no handshake was answered", NULL},
	{"a ticket that lives too long", &plain, TLS_1_3,
	 {HELLO, UP, E(SESSION_TICKET, .a = 604801), BREACHED(TICKET_LIFE, "604801 s"), STATUS(200), SUBJECT("CN=mtlspec-a1")},
	 VERDICT_VIOLATION, "ticket-lives-too-long: 604801 s, which R-027 forbids", "R-027"},
	{"a ticket that does not", &forbids_ticket, TLS_1_3, {HELLO, UP, E(SESSION_TICKET, .a = 604800), STATUS(200)},
	 VERDICT_PASS, "", NULL},
	{"no ticket that could have", &forbids_ticket, TLS_1_3, {HELLO, UP, STATUS(200)}, VERDICT_INCONCLUSIVE,
	 "no ticket came", NULL},
	{"refused instead of chosen", &forbids_protocol, TLS_1_3, {HELLO, E(FIRST_BYTE), ALERT(120)}, VERDICT_PASS, "", NULL},
};

START_TEST(breaches)
{
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	k.scenario = rows[_i].scenario;
	k.tls = rows[_i].tls;
	fixture_observe(&o, rows[_i].events);
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
	ck_assert_msg(j.verdict == rows[_i].verdict, "%s: %s: %s", rows[_i].name, verdict_text(j.verdict), j.reason);
	ck_assert_msg(strstr(j.reason, rows[_i].reason) != NULL, "%s: %s", rows[_i].name, j.reason);
	if (rows[_i].clause)
		ck_assert_str_eq(j.clause, rows[_i].clause);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

/* Whatever can be found has a clause. */
START_TEST(clauses)
{
	for (int b = 0; b < BREACH__COUNT; b++) {
		ck_assert_ptr_nonnull(breach_clause((enum breach)b, true));
		ck_assert_ptr_nonnull(breach_clause((enum breach)b, false));
	}
	ck_assert_ptr_null(breach_clause((enum breach)BREACH__COUNT, true));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("breaches");
	TCase *c = tcase_create("breaches");
	suite_add_tcase(s, c);
	tcase_add_loop_test(c, breaches, 0, (int)ROWS(rows));
	tcase_add_test(c, clauses);
	return s;
}
