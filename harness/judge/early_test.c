/* clang-format off */ /* the table is laid out for readers: a row a line */
/* served-early: a success that went out before our Finished did, which a replay would have got as well. */
#include "harness/judge/fixture.h"

#define A(n, v) {n, v, 0}
static const struct attribute connect[] = {A("id", "c"), A("certificate", "valid"), A("resume", "ticket"), A("early", "yes")},
			      request[] = {A("id", "r")};
static const struct script_step steps[] = {{.verb = VERB_CONNECT, .attributes = connect, .n_attributes = 4},
					   {.verb = VERB_REQUEST, .attributes = request, .n_attributes = 1}};
static const struct expect either[] = {{.of = "r", .decision = BIT(DECISION_ACCEPT) | BIT(DECISION_ANONYMOUS) | BIT(DECISION_REJECT)}};
static const struct never early = {.event = "served-early", .on = "c", .level = LEVEL_SHOULD, .clause = "R-074"};

#define OFFERED HELLO, E(SESSION_OFFERED, .text = "ticket"), E(FIRST_BYTE)
#define SENT_EARLY GET, E(EARLY_DATA_SENT, .a = 41)
#define TAKEN OFFERED, SENT_EARLY, DONE13, E(EARLY_DATA_ACCEPTED)

static const struct {
	const char *name;
	struct event events[FIXTURE_EVENTS];
	enum verdict verdict;
	const char *reason;
} rows[] = {
	{"served behind our Finished", {TAKEN, E(FINISHED_SENT), STATUS(200)}, VERDICT_PASS, "http:200"},
	{"served before it", {TAKEN, STATUS(200), E(FINISHED_SENT)}, VERDICT_DEVIATION,
	 "served-early was seen, which RFC 6066 3, R-074 advises against"},
	{"served, and it never went out", {TAKEN, STATUS(204)}, VERDICT_DEVIATION, "served-early was seen"},
	{"told to come back", {TAKEN, STATUS(425), E(FINISHED_SENT)}, VERDICT_PASS, "http:425"},
	{"refused before it", {TAKEN, STATUS(403), E(FINISHED_SENT)}, VERDICT_PASS, "http:403"},
	{"thrown away, then served", {OFFERED, SENT_EARLY, DONE13, E(EARLY_DATA_REJECTED), STATUS(200)}, VERDICT_PASS, "http:200"},
	{"none was sent", {OFFERED, DONE13, GET, STATUS(200)}, VERDICT_INCONCLUSIVE, "no early data was sent"},
};

START_TEST(served_early)
{
	const struct scenario s = {.suite = "s", .id = "s", .steps = steps, .n_steps = ROWS(steps), .expects = either, .n_expects = 1,
				   .nevers = &early, .n_nevers = 1};
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	k.scenario = &s;
	fixture_observe(&o, rows[_i].events);
	judge(&a, &k, &fixture_context, CONTROL_GOOD, &o, &j);
	ck_assert_msg(j.verdict == rows[_i].verdict, "%s: %s: %s", rows[_i].name, verdict_text(j.verdict), j.reason);
	ck_assert_msg(strstr(j.reason, rows[_i].reason), "%s: %s", rows[_i].name, j.reason);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("early data");
	TCase *c = tcase_create("early data");
	suite_add_tcase(s, c);
	tcase_add_loop_test(c, served_early, 0, (int)ROWS(rows));
	return s;
}
