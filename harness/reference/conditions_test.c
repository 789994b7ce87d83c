/*
 * Every shipped condition through check.c: the sound rules decide as the condition says, by rules that its clause
 * names; and a fault turns round exactly the conditions whose clause it names.
 */
#include "harness/reference/check.h"

#include "harness/base/clock.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/base/text.h"
#include "harness/pki/forge.h"
#include "harness/suite/suite.h"

static const struct suite *suite;
static struct arena a;
static struct forge *f;
static struct err err;
static struct rundir dir;
static struct anchors anchors;
static struct minted *minted; /* of each condition */
static time_t now;

static void setup(void)
{
	struct suite_spec spec = {.dir = "suites"};
	now = clock_now();
	ck_assert_msg(suite_load(&a, &spec, &suite, &err) == RC_OK, "%s", err.text);
	struct forge_spec forge = {.suite = suite, .now = now, .seed = 5};
	ck_assert_msg(rundir_open(&dir, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(forge_open(&f, &forge, &err) == RC_OK, "%s", err.text);
	for (size_t i = 0; i < suite->n_conditions; i++)
		ck_assert_msg(forge_prepare(f, &suite->conditions[i], &err) == RC_OK, "%s", err.text);
	const char *path = arena_printf(&a, "%s/anchors.pem", dir.path);
	ck_assert_msg(forge_write_anchors(f, "main", path, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(anchors_load(&a, &anchors, path, &err) == RC_OK, "%s", err.text);
	minted = ARENA_NEW(&a, struct minted, suite->n_conditions);
	for (size_t i = 0; i < suite->n_conditions; i++)
		ck_assert_msg(forge_mint(f, &suite->conditions[i], i + 1, &a, &minted[i], &err) == RC_OK, "%s",
			      err.text);
}

static void teardown(void)
{
	anchors_fini(&anchors);
	forge_close(&f);
	rundir_close(&dir);
	arena_fini(&a);
}

static struct check_result judge(size_t i, int fault)
{
	struct span chain[64];
	struct faults faults = {.on = {false}};
	struct check_result result;
	const struct job_credential *c = &minted[i].credential;
	for (size_t k = 0; k < c->n; k++)
		chain[k] = (struct span){c->chain[k].data, c->chain[k].len};
	if (fault >= 0)
		faults.on[fault] = true;
	struct check_input in = {chain, c->n, &anchors, now, 10, &faults};
	check_chain(&in, &result);
	return result;
}

/* Something that check.c judges: a chain was sent, and it is the chain that is wrong, if anything. */
static bool is_about_a_chain(const struct condition *c)
{
	return !c->none && !text_glob("proof-*", c->id);
}

START_TEST(the_sound_rules_decide_as_the_condition_says)
{
	struct buf out;
	size_t accepted = 0, rejected = 0, n;
	const struct check_row *rows = check_rows(&n);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < suite->n_conditions; i++) {
		const struct condition *c = &suite->conditions[i];
		char failed[512];
		if (c->none)
			continue;
		struct check_result r = judge(i, -1);
		check_failed(&r, failed, sizeof failed);
		bool policy = c->decision & BIT(DECISION_ACCEPT) && c->decision & BIT(DECISION_REJECT);
		bool expect = c->decision & BIT(DECISION_ACCEPT) || !is_about_a_chain(c);
		if (!policy && !r.failed != expect)
			buf_addf(&out, "\n%s: failed are [%s]", c->id, failed);
		for (size_t k = 0; k < n; k++)
			if (r.failed >> k & 1 && !(rows[k].clause && text_has_word(c->clause, rows[k].clause)))
				buf_addf(&out, "\n%s cites %s and fails %s", c->id, c->clause, rows[k].name);
		accepted += !r.failed;
		rejected += r.failed != 0;
	}
	ck_assert_msg(out.len == 0, "%s", out.data);
	ck_assert_uint_ge(accepted, 20);
	ck_assert_uint_ge(rejected, 20);
	buf_fini(&out);
}
END_TEST

static bool concerns(const struct fault_row *fault, const struct condition *c)
{
	const char *clauses = fault->clause, *globs = fault->among;
	char word[64];
	bool cited = false, among = !globs;
	while (text_word(&clauses, word, sizeof word))
		cited = cited || text_has_word(c->clause, word);
	while (globs && text_word(&globs, word, sizeof word))
		among = among || text_glob(word, c->id);
	return cited && among && c->decision == BIT(DECISION_REJECT);
}

/* Whether any row of check.c is this fault's. */
static bool is_check_fault(int fault)
{
	size_t n;
	const struct check_row *rows = check_rows(&n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].faults & CHECK_FAULT(fault))
			return true;
	return false;
}

START_TEST(a_fault_turns_round_what_cites_its_clause)
{
	size_t n;
	const struct fault_row *fault = &fault_rows(&n)[_i];
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < suite->n_conditions; i++) {
		const struct condition *c = &suite->conditions[i];
		if (!is_about_a_chain(c) || (c->decision & BIT(DECISION_ACCEPT) && c->decision & BIT(DECISION_REJECT)))
			continue;
		bool turned = !judge(i, -1).failed != !judge(i, _i).failed;
		if (turned != (is_check_fault(_i) && concerns(fault, c)))
			buf_addf(&out, "\n%s %s %s", fault->name, turned ? "turns round" : "leaves alone", c->id);
	}
	ck_assert_msg(out.len == 0, "%s", out.data);
	buf_fini(&out);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/conditions");
	TCase *t = tcase_create("conditions");
	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_test(t, the_sound_rules_decide_as_the_condition_says);
	tcase_add_loop_test(t, a_fault_turns_round_what_cites_its_clause, 0, FAULT__COUNT);
	suite_add_tcase(s, t);
	return s;
}
