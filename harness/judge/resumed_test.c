/* clang-format off */ /* the tables are laid out for readers: a row a line */
#include "harness/judge/fixture.h"

/* A script that comes back with its session: same-as= of <expect>, event= of <given>. */
#define A(n, v) {n, v, 0}
static const struct attribute first[] = {A("id", "first"), A("certificate", "valid")}, warm[] = {A("id", "warm-up")},
			      second[] = {A("id", "second"), A("certificate", "valid"), A("resume", "ticket")},
			      again[] = {A("id", "again"), A("on", "second")};
static const struct script_step steps[] = {
	{.verb = VERB_CONNECT, .attributes = first, .n_attributes = 2}, {.verb = VERB_REQUEST, .attributes = warm, .n_attributes = 1},
	{.verb = VERB_SAVE}, {.verb = VERB_CONNECT, .attributes = second, .n_attributes = 3},
	{.verb = VERB_REQUEST, .attributes = again, .n_attributes = 2},
};
static const struct target echoing = {.id = "nginx", .product = "nginx", .echo = {.header = "X-Client-Subject", .as = ECHO_SUBJECT},
				      .verified = {.header = "X-Verify", .no = "NONE"}};
static const struct expect same[] = {{.of = "again", .same_as = "warm-up", .level = LEVEL_SHOULD}};
static const struct given resumed[] = {{.event = "resumed", .on = "second"}};

#define E1(k, ...) {.kind = EVENT_##k, .conn = 1, .req = -1, __VA_ARGS__}
#define R1(k, ...) {.kind = EVENT_##k, .conn = 1, .req = 1, __VA_ARGS__}
#define CN "CN=mtlspec-a1"
#define ONCE HELLO, ASKED, SENT, DONE12, GET, STATUS(200), SUBJECT(CN), R(HEADER, .text = "X-Verify: SUCCESS")
#define BACK E1(CONNECT, .text = "x"), E1(SESSION_OFFERED, .text = "ticket"), E1(FIRST_BYTE), E1(CERTIFICATE_SENT, .text = "shown"), E1(HANDSHAKE_DONE), \
	     R1(REQUEST_SENT), R1(RESPONSE, .a = 200)

static const struct {
	const char *name;
	const struct event events[FIXTURE_EVENTS];
	bool given;
	enum verdict verdict;
	const char *reason;
} rows[] = {
	{"as before", {ONCE, E1(RESUMED), BACK, R1(HEADER, .text = "x-client-subject: " CN), R1(HEADER, .text = "X-Verify: SUCCESS")},
	 .given = true, VERDICT_PASS, "accept"},
	{"another word", {ONCE, BACK, R1(HEADER, .text = "X-Client-Subject: " CN), R1(HEADER, .text = "X-Verify: GENEROUS")},
	 .given = false, VERDICT_DEVIATION, "X-Verify was SUCCESS for warm-up and is GENEROUS now"},
	{"no word", {ONCE, BACK, R1(HEADER, .text = "X-Client-Subject: " CN)}, .given = false, VERDICT_DEVIATION,
	 "X-Verify was SUCCESS for warm-up and is absent now"},
	{"refused: another expectation's", {ONCE, BACK, R1(RESPONSE, .a = 403)}, .given = false, VERDICT_PASS, ""},
	{"not resumed", {ONCE, BACK, R1(HEADER, .text = "X-Client-Subject: " CN), R1(HEADER, .text = "X-Verify: SUCCESS")},
	 .given = true, VERDICT_INCONCLUSIVE, "given unmet: resumed was not seen on second"},
	{"resumed elsewhere", {ONCE, E(RESUMED), BACK, R1(HEADER, .text = "X-Client-Subject: " CN), R1(HEADER, .text = "X-Verify: SUCCESS")},
	 .given = true, VERDICT_INCONCLUSIVE, "given unmet: resumed was not seen on second"},
};

START_TEST(comes_back)
{
	const struct scenario s = {.suite = "s", .id = "s", .steps = steps, .n_steps = ROWS(steps), .expects = same, .n_expects = 1,
				   .givens = resumed, .n_givens = rows[_i].given};
	struct kase k = fixture_case;
	struct judge_context c = fixture_context;
	struct shown_identity valid = fixture_identities[0];
	valid.credential = "shown";
	c.target = &echoing;
	c.identities = &valid;
	c.n_identities = 1;
	k.scenario = &s;
	fixture_judge(&k, &c, rows[_i].events, rows[_i].name, rows[_i].verdict, rows[_i].reason);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("judge resumed");
	TCase *c = tcase_create("resumed");
	tcase_add_loop_test(c, comes_back, 0, ROWS(rows));
	suite_add_tcase(s, c);
	return s;
}
