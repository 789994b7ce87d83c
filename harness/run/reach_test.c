/* clang-format off */ /* the tables are laid out for readers: a row a line */
#include "harness/run/reach.h"

#include "harness/base/test.h"

#define ROWS(t) ((int)(sizeof(t) / sizeof *(t)))
#define BOTH (BIT(CLIENT_WILLING) | BIT(CLIENT_BROWSER))

static const struct scenario both = {.suite = "s", .id = "both", .client = BOTH};
static const struct scenario other = {.suite = "s", .id = "other", .client = BOTH};
static const struct scenario willing_only = {.suite = "s", .id = "one", .client = BIT(CLIENT_WILLING)};

/* A willing client's case, then a browser's. */
static const struct {
	const char *name;
	const struct scenario *first, *second;
	enum tls tls; /* of the second; the first is 1.3 */
	enum verdict verdict; /* of the first */
	enum decision willing, browser;
	bool said;
} rows[] = {
	{"out of reach", &both, &both, TLS_1_3, VERDICT_PASS, DECISION_ACCEPT, DECISION_REJECT, true},
	{"not believed", &both, &both, TLS_1_3, VERDICT_PASS, DECISION_ACCEPT, DECISION_ANONYMOUS, true},
	{"both get in", &both, &both, TLS_1_3, VERDICT_PASS, DECISION_ACCEPT, DECISION_ACCEPT, false},
	{"nobody gets in", &both, &both, TLS_1_3, VERDICT_FALSE_REJECT, DECISION_REJECT, DECISION_REJECT, false},
	{"another cell", &both, &both, TLS_1_2, VERDICT_PASS, DECISION_ACCEPT, DECISION_REJECT, false},
	{"another scenario", &both, &other, TLS_1_3, VERDICT_PASS, DECISION_ACCEPT, DECISION_REJECT, false},
	{"nothing proven", &both, &both, TLS_1_3, VERDICT_INCONCLUSIVE, DECISION_ACCEPT, DECISION_REJECT, false},
	{"no client axis", &willing_only, &willing_only, TLS_1_3, VERDICT_PASS, DECISION_ACCEPT, DECISION_REJECT, false},
};

START_TEST(reach)
{
	struct arena a = {0};
	struct reach r = {0};
	struct kase k = {.scenario = rows[_i].first, .tls = TLS_1_3, .http = HTTP_1_1, .client = CLIENT_WILLING};
	struct judgement j = {.verdict = rows[_i].verdict, .observed = "seen", .outcome = {.decision = rows[_i].willing}};
	ck_assert_ptr_null(reach_case(&r, &a, &k, &j));
	k.scenario = rows[_i].second;
	k.tls = rows[_i].tls;
	k.client = CLIENT_BROWSER;
	j = (struct judgement){.verdict = VERDICT_PASS, .observed = "reject by http:403", .outcome = {.decision = rows[_i].browser}};
	const char *said = reach_case(&r, &a, &k, &j);
	ck_assert_msg(rows[_i].said == (said != NULL), "%s: %s", rows[_i].name, said ? said : "nothing");
	if (said)
		ck_assert_str_eq(said, "no browser can use this: a willing client is accepted, a browser is not (reject by http:403)");
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reach");
	TCase *c = tcase_create("reach");
	tcase_add_loop_test(c, reach, 0, ROWS(rows));
	suite_add_tcase(s, c);
	return s;
}
