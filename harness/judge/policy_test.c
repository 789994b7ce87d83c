/* clang-format off */ /* the tables are laid out for readers: a row a line */
#include "harness/judge/fixture.h"

/* ---- versions and signals ---- */

static const struct {
	const char *condition, *version;
	bool holds;
} versions[] = {
	{NULL, "1.0", true},
	{NULL, NULL, true},
	{">=1.27.4", "1.27.4", true},
	{">=1.27.4", "1.27.3", false},
	{">=1.27.4", "1.100", true},
	{">=1.27.4 <1.29.2", "1.29.2", false},
	{">=1.27.4 <1.29.2", "1.29.1", true},
	{"<2", "1.22.1-9+deb12u11", true},
	{"=1.22", "1.22.0", true},
	{"1.22.1", "1.22.1", true},
	{"!=1.22.1", "1.22.1", false},
	{"<=1.1.1v", "1.1.1w", false},
	{">1.1.1", "1.1.1w", true},
	{">=3", "OpenSSL 3.0.19", true},
	{">=1", "", false},
	{">=1", NULL, false},
	{"<99", "unknown", false},
};

START_TEST(version)
{
	ck_assert_msg(policy_version_holds(versions[_i].condition, versions[_i].version) == versions[_i].holds, "%s %s",
		      versions[_i].condition, versions[_i].version);
}
END_TEST

START_TEST(signals)
{
	ck_assert(policy_signal_in("http:400 reset", "reset"));
	ck_assert(!policy_signal_in("http:400", "http:403"));
	ck_assert(policy_signal_in("alert:*", "alert:unknown_ca"));
	ck_assert(policy_signal_in("http:403.16", "http:403")); /* the page hid the substatus */
	ck_assert(policy_signal_in("http:403", "http:403.16"));
	ck_assert(!policy_signal_in("http:403.7", "http:403.16"));
	ck_assert(!policy_signal_in("", "eof"));
	ck_assert(!policy_signal_in(NULL, "eof"));
}
END_TEST

/* ---- profiles ---- */

static const struct when_term no_cert[] = {{"negotiation", "required"}, {"condition", "none"}};
static const struct when_term refused[] = {{"expected", "reject"}};
static const struct when_term any_eku[] = {{"condition", "any-eku"}};
static const struct when_term optional[] = {{"negotiation", "optional"}};
static const struct profile_line lines[] = {
	{.when = {any_eku, 1}, .decision = BIT(DECISION_ACCEPT), .version = ">=2", .source = "changes in 2"},
	{.when = {any_eku, 1}, .decision = BIT(DECISION_REJECT), .source = "domain.md 4.4"},
	{.when = {no_cert, 2}, .signals = "http:400", .phases = BIT(PHASE_RESPONSE), .source = "4.2"},
	{.when = {optional, 1}, .signals = "alert:*", .source = "4.2"},
	{.when = {refused, 1}, .signals = "http:400 http:403", .source = "4.2"},
};
static const struct profile profile = {.id = "nginx", .product = "nginx", .lines = lines, .n_lines = ROWS(lines)};

static const struct {
	const char *name;
	const struct condition *condition;
	enum negotiation negotiation;
	const char *version;
	struct event events[FIXTURE_EVENTS];
	enum verdict verdict;
	const char *expected;
} rows[] = {
	{"its dialect", &fixture_none, NEGOTIATION_REQUIRED, "1", {HELLO, UP_NONE, STATUS(400)}, VERDICT_PASS,
	 "reject by http:400 in response"},
	{"other signal", &fixture_none, NEGOTIATION_REQUIRED, "1", {HELLO, UP_NONE, ALERT(116)}, VERDICT_DEVIATION,
	 "reject by http:400 in response"},
	{"second of two signals", &fixture_expired, NEGOTIATION_REQUIRED, "1", {HELLO, UP, STATUS(403)}, VERDICT_PASS,
	 "reject by http:400 http:403 (RFC 5280"},
	{"a signal cannot excuse", &fixture_none, NEGOTIATION_REQUIRED, "1", {HELLO, UP_NONE, STATUS(200)},
	 VERDICT_FALSE_ACCEPT, "reject by http:400"},
	{"acceptance has no refusal signal", &fixture_valid, NEGOTIATION_OPTIONAL, "1",
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_PASS, "accept"},
	{"nobody refused", &fixture_expired, NEGOTIATION_OPTIONAL, "1", {HELLO, UP, STATUS(200)}, VERDICT_PASS,
	 "anonymous or reject by alert:*"},
	{"policy decided", &fixture_any_eku, NEGOTIATION_REQUIRED, "1", {HELLO, UP, STATUS(400)}, VERDICT_PASS,
	 "reject by http:400 http:403 (policy of profile nginx: domain.md 4.4)"},
	{"policy broken", &fixture_any_eku, NEGOTIATION_REQUIRED, "1", {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")},
	 VERDICT_FALSE_ACCEPT, "reject"},
	{"policy by version", &fixture_any_eku, NEGOTIATION_REQUIRED, "2.1",
	 {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")}, VERDICT_PASS, "accept (policy of profile nginx: changes in 2)"},
	{"policy by version, broken", &fixture_any_eku, NEGOTIATION_REQUIRED, "2.1", {HELLO, UP, STATUS(400)},
	 VERDICT_FALSE_REJECT, "accept"},
	{"policy, and nobody believed", &fixture_any_eku, NEGOTIATION_REQUIRED, "1", {HELLO, UP, STATUS(200)},
	 VERDICT_FALSE_ACCEPT, "reject by http:400"},
	/* at optional a line that refuses refuses the identity: who is served as a stranger is not believed */
	{"policy, served as a stranger", &fixture_any_eku, NEGOTIATION_OPTIONAL, "1", {HELLO, UP, STATUS(200)}, VERDICT_PASS,
	 "anonymous or reject by alert:* (policy of profile nginx: domain.md 4.4)"},
	{"policy, believed", &fixture_any_eku, NEGOTIATION_OPTIONAL, "1", {HELLO, UP, STATUS(200), SUBJECT("mtlspec-a1")},
	 VERDICT_FALSE_ACCEPT, "anonymous or reject"},
	{"policy says accept, served as a stranger", &fixture_any_eku, NEGOTIATION_OPTIONAL, "2.1", {HELLO, UP, STATUS(200)},
	 VERDICT_FALSE_REJECT, "accept (policy"},
	{"version unknown", &fixture_any_eku, NEGOTIATION_REQUIRED, NULL, {HELLO, UP, STATUS(400)}, VERDICT_PASS, "reject"},
};

START_TEST(dialects)
{
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	struct kase k = fixture_case;
	struct judge_context c = fixture_context;
	k.condition = rows[_i].condition;
	k.negotiation = rows[_i].negotiation;
	c.profile = &profile;
	c.product_version = rows[_i].version;
	fixture_observe(&o, rows[_i].events);
	judge(&a, &k, &c, CONTROL_GOOD, &o, &j);
	ck_assert_msg(j.verdict == rows[_i].verdict, "%s: %s: %s", rows[_i].name, verdict_text(j.verdict), j.reason);
	ck_assert_msg(text_starts(j.expected, rows[_i].expected), "%s: %s", rows[_i].name, j.expected);
	ck_assert_msg((j.verdict == VERDICT_DEVIATION) == (j.note != NULL), "%s", rows[_i].name);
	observation_fini(&o);
	arena_fini(&a);
}
END_TEST

/* ---- known failures ---- */

static const struct when_term old[] = {{"version", "<1.27.4"}, {"library", "OpenSSL 3*"}};
static const struct when_term tls12[] = {{"tls", "1.2"}};
#define FA BIT(VERDICT_FALSE_ACCEPT)

static const struct {
	const char *name;
	struct pin pin;
	enum verdict before, after;
} pinned[] = {
	{"pinned", {.cases = "chain/*", .verdicts = FA}, VERDICT_FALSE_ACCEPT, VERDICT_KNOWN_FAILURE},
	{"whole id", {.cases = "chain/chain[tls=1.3,negotiation=required,http=1.1,condition=valid]", .verdicts = FA},
	 VERDICT_FALSE_ACCEPT, VERDICT_KNOWN_FAILURE},
	{"other case", {.cases = "names/*", .verdicts = FA}, VERDICT_FALSE_ACCEPT, VERDICT_FALSE_ACCEPT},
	{"other verdict", {.cases = "*", .verdicts = FA}, VERDICT_FALSE_REJECT, VERDICT_FALSE_REJECT},
	{"passes", {.cases = "*", .verdicts = FA}, VERDICT_PASS, VERDICT_UNEXPECTED_PASS},
	{"passes with another signal", {.cases = "*", .verdicts = FA}, VERDICT_DEVIATION, VERDICT_UNEXPECTED_PASS},
	{"deviation pinned", {.cases = "*", .verdicts = BIT(VERDICT_DEVIATION)}, VERDICT_DEVIATION,
	 VERDICT_KNOWN_FAILURE},
	{"no evidence", {.cases = "*", .verdicts = FA}, VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE},
	{"last day", {.cases = "*", .verdicts = FA, .until = "2026-11-24"}, VERDICT_FALSE_ACCEPT, VERDICT_KNOWN_FAILURE},
	{"day after", {.cases = "*", .verdicts = FA, .until = "2026-11-23"}, VERDICT_FALSE_ACCEPT,
	 VERDICT_UNEXPECTED_PASS},
	{"this target", {.cases = "*", .target = "ngi*", .verdicts = FA}, VERDICT_FALSE_ACCEPT, VERDICT_KNOWN_FAILURE},
	{"other target", {.cases = "*", .target = "apache", .verdicts = FA}, VERDICT_FALSE_ACCEPT, VERDICT_FALSE_ACCEPT},
	{"this variant", {.cases = "*", .target = "nginx:default-*", .verdicts = FA}, VERDICT_FALSE_ACCEPT,
	 VERDICT_KNOWN_FAILURE},
	{"other variant", {.cases = "*", .target = "nginx:forgotten", .verdicts = FA}, VERDICT_FALSE_ACCEPT,
	 VERDICT_FALSE_ACCEPT},
	{"this version", {.cases = "*", .when = {old, 2}, .verdicts = FA}, VERDICT_FALSE_ACCEPT, VERDICT_KNOWN_FAILURE},
	{"other TLS", {.cases = "*", .when = {tls12, 1}, .verdicts = FA}, VERDICT_FALSE_ACCEPT, VERDICT_FALSE_ACCEPT},
	{"other TLS passes", {.cases = "*", .when = {tls12, 1}, .verdicts = FA}, VERDICT_PASS, VERDICT_PASS},
};

START_TEST(pins)
{
	const struct pins all = {.path = "known.xml", .rows = &pinned[_i].pin, .n = 1};
	const struct pin *which = &pinned[0].pin;
	struct judge_context c = fixture_context;
	c.target_name = "nginx:default-depth";
	enum verdict v = judge_pin(&all, &fixture_case, &c, pinned[_i].before, "2026-11-24", &which);
	ck_assert_msg(v == pinned[_i].after, "%s: %s", pinned[_i].name, verdict_text(v));
	ck_assert_ptr_eq(which, v == VERDICT_KNOWN_FAILURE || v == VERDICT_UNEXPECTED_PASS ? &pinned[_i].pin : NULL);
}
END_TEST

START_TEST(pins_in_order)
{
	const struct pin two[] = {{.cases = "*", .verdicts = BIT(VERDICT_VIOLATION)}, {.cases = "*", .verdicts = FA}};
	const struct pins all = {.rows = two, .n = 2};
	const struct pin *which;
	/* the pin that names the verdict, not the first that names the case */
	ck_assert_int_eq(judge_pin(&all, &fixture_case, &fixture_context, VERDICT_FALSE_ACCEPT, "2026-11-24", &which),
			 VERDICT_KNOWN_FAILURE);
	ck_assert_ptr_eq(which, &two[1]);
	ck_assert_int_eq(judge_pin(NULL, &fixture_case, &fixture_context, VERDICT_PASS, "2026-11-24", &which),
			 VERDICT_PASS);
	ck_assert_ptr_null(which);
}
END_TEST

/* ---- diagnoses ---- */

START_TEST(diagnoses)
{
	static const struct when_term broad[] = {{"signal", "http:400"}};
	static const struct when_term narrow[] = {{"signal", "http:400"}, {"asked", "yes"}, {"sent", "no"}};
	static const struct when_term other[] = {{"product", "apache"}, {"signal", "*"}, {"asked", "*"}, {"sent", "*"}};
	static const struct when_term same[] = {{"signal", "same"}};
	static const struct diagnosis d[] = {
		{.id = "first", .when = {same, 1}}, {.id = "second", .when = {same, 1}},
		{.id = "text-only"}, {.id = "KB-18", .when = {broad, 1}}, {.id = "KB-17", .when = {narrow, 3}},
		{.id = "KB-00", .when = {other, 4}}};
	static const struct suite suite = {.diagnoses = d, .n_diagnoses = ROWS(d)};
	struct outcome o = {.signal = "http:400", .asked = true};
	struct diagnosis_facts f = {&fixture_case, &o, VERDICT_FALSE_REJECT, "nginx"};
	ck_assert_str_eq(diagnosis_find(&suite, &f)->id, "KB-17");
	o.sent = true;
	ck_assert_str_eq(diagnosis_find(&suite, &f)->id, "KB-18");
	memcpy(o.signal, "same", 5);
	ck_assert_str_eq(diagnosis_find(&suite, &f)->id, "first"); /* of equals the first */
	memcpy(o.signal, "eof", 4);
	ck_assert_ptr_null(diagnosis_find(&suite, &f));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("judge policy");
	TCase *c = tcase_create("policy");
	tcase_add_loop_test(c, version, 0, ROWS(versions));
	tcase_add_test(c, signals);
	tcase_add_loop_test(c, dialects, 0, ROWS(rows));
	tcase_add_loop_test(c, pins, 0, ROWS(pinned));
	tcase_add_test(c, pins_in_order);
	tcase_add_test(c, diagnoses);
	suite_add_tcase(s, c);
	return s;
}
