#include "reports/report.h"

#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "reports/fixture.h"

#include <string.h>
#include <unistd.h>

static struct rundir dir;
static char path[600];
static struct err err;

static void setup(void)
{
	ck_assert_int_eq(rundir_open(&dir, &err), RC_OK);
	snprintf(path, sizeof path, "%s/console.txt", dir.path);
}

static void teardown(void)
{
	rundir_close(&dir);
}

static void render(const struct fixture *f, bool colour)
{
	struct reporter r;
	struct console_spec spec = {.colour = colour, .file = fopen(path, "w")};
	ck_assert_ptr_nonnull(spec.file);
	ck_assert_int_eq(console_open(&r, &spec, &err), RC_OK);
	enum rc rc = fixture_feed(&r, f, &err);
	ck_assert_msg(rc == RC_OK, "%s", err.text);
	r.ops->close(&r);
	ck_assert_int_eq(fclose(spec.file), 0);
}

static const struct {
	const char *name;
	struct fixture fixture;
	bool colour;
	const char *golden, *last;
} rows[] = {
	{"every verdict",
     {.interrupted = true, .hostile = true},
     false,
     "reports/golden/console.txt",
     "5 passed, 8 failed, 88 skipped\n"},
	{"all good", {.clean = true}, false, "reports/golden/console-clean.txt", "2 passed, 0 failed, 20 skipped\n"},
	{"strict", {.strict = true}, false, NULL, "3 passed, 8 failed, 81 skipped\n"},
	{"colour", {.clean = true}, true, "reports/golden/console-colour.txt", NULL},
};

START_TEST(prints)
{
	render(&rows[_i].fixture, rows[_i].colour);
	const char *why = rows[_i].golden ? fixture_same(path, rows[_i].golden) : NULL;
	ck_assert_msg(!why, "%s: %s", rows[_i].name, why);
	char *text = fixture_slurp(path);
	if (rows[_i].last) {
		size_t len = strlen(text), n = strlen(rows[_i].last);
		ck_assert_msg(len > n && text[len - n - 1] == '\n' && strcmp(text + len - n, rows[_i].last) == 0,
			      "%s: ends with %s", rows[_i].name, text + (len > 80 ? len - 80 : 0));
	}
	for (const char *p = text; *p; p++)
		ck_assert_msg((unsigned char)*p >= 0x20 || *p == '\n' || (rows[_i].colour && *p == 033),
			      "control byte %d", *p);
	free(text);
}
END_TEST

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

/* Two hundred failures: twenty in full, the critical among them, the rest as groups, nothing uncounted. */
START_TEST(limits)
{
	struct reporter r;
	struct console_spec spec = {.file = fopen(path, "w")};
	struct report_meta meta = {.tool_version = "0.1", .out = "mtlspec-out"};
	struct report_totals totals = {.cells = 200, .run = 200, .exit_code = 1};
	ck_assert_int_eq(console_open(&r, &spec, &err), RC_OK);
	ck_assert_int_eq(r.ops->begin(&r, &meta, &err), RC_OK);
	for (int i = 0; i < 200; i++) {
		enum verdict v = i < 199 ? VERDICT_VIOLATION : VERDICT_FALSE_ACCEPT;
		ck_assert_int_eq(r.ops->one_case(&r, fixture_case(v), &err), RC_OK);
		totals.verdicts[v]++;
	}
	ck_assert_int_eq(r.ops->end(&r, &totals, &err), RC_OK);
	r.ops->close(&r);
	ck_assert_int_eq(fclose(spec.file), 0);
	char *text = fixture_slurp(path);
	ck_assert_uint_eq(count(text, ") violation, severity"), 19);
	ck_assert_uint_eq(count(text, ") false-accept, severity critical"), 1);
	ck_assert_uint_eq(count(text, "  199 x nginx-2 resumption/ticket-own-name condition=valid"), 0);
	ck_assert_uint_eq(count(text, "  199 x nginx resumption/ticket-own-name condition=valid"), 1);
	ck_assert_uint_eq(count(text, "\n0 passed, 200 failed, 0 skipped\n"), 1);
	free(text);
}
END_TEST

/* That nobody is named is a fact about the target: one row, however many cases meet it, and no story. */
START_TEST(no_identity_echo)
{
	struct reporter r;
	struct console_spec spec = {.file = fopen(path, "w")};
	struct report_meta meta = {.tool_version = "0.1", .out = "mtlspec-out"};
	struct report_totals totals = {.cells = 41, .run = 41, .exit_code = 3};
	ck_assert_int_eq(console_open(&r, &spec, &err), RC_OK);
	ck_assert_int_eq(r.ops->begin(&r, &meta, &err), RC_OK);
	for (int i = 0; i < 41; i++) {
		struct report_case c = *fixture_case(VERDICT_INCONCLUSIVE);
		struct judgement j = *c.judgement;
		struct scenario other = *c.kase->scenario;
		struct kase k = *c.kase;
		j.outcome.undecidable = i < 40;
		k.scenario = i % 2 ? &other : c.kase->scenario;
		c.judgement = &j;
		c.kase = &k;
		ck_assert_int_eq(r.ops->one_case(&r, &c, &err), RC_OK);
		totals.verdicts[c.verdict]++;
	}
	ck_assert_int_eq(r.ops->end(&r, &totals, &err), RC_OK);
	r.ops->close(&r);
	ck_assert_int_eq(fclose(spec.file), 0);
	char *text = fixture_slurp(path);
	ck_assert_msg(count(text, "no identity echo") == 1 && count(text, "  40 x nginx no identity echo"), "%s", text);
	ck_assert_msg(count(text, ") inconclusive, severity") == 1, "%s", text);
	free(text);
}
END_TEST

START_TEST(closed_stream)
{
	struct reporter r;
	struct console_spec spec = {.file = fopen("/dev/full", "w")};
	struct fixture f = {0};
	if (!spec.file)
		return;
	ck_assert_int_eq(console_open(&r, &spec, &err), RC_OK);
	ck_assert_int_eq(fixture_feed(&r, &f, &err), RC_FAULT);
	r.ops->close(&r);
	fclose(spec.file);
}
END_TEST

/* What its verb answered is told beside what the plan knew, so that the rows make up the sum. */
START_TEST(unsupported_verb)
{
	struct reporter r;
	struct console_spec spec = {.file = fopen(path, "w")};
	struct report_meta meta = {.tool_version = "0.1", .out = "mtlspec-out"};
	struct report_totals totals = {.cells = 2, .not_run = {[DISPOSITION_UNSUPPORTED] = 2}, .exit_code = 4};
	ck_assert_int_eq(console_open(&r, &spec, &err), RC_OK);
	ck_assert_int_eq(r.ops->begin(&r, &meta, &err), RC_OK);
	for (int i = 0; i < 2; i++) {
		struct report_case c = *fixture_case(VERDICT_INCONCLUSIVE);
		struct judgement j = *c.judgement;
		j.reason = "not in this build: start";
		c.verdict = VERDICT_UNSUPPORTED;
		c.judgement = &j;
		ck_assert_int_eq(r.ops->one_case(&r, &c, &err), RC_OK);
	}
	ck_assert_int_eq(r.ops->end(&r, &totals, &err), RC_OK);
	r.ops->close(&r);
	ck_assert_int_eq(fclose(spec.file), 0);
	char *text = fixture_slurp(path);
	ck_assert_uint_eq(count(text, "\n  2 unsupported: not in this build: start\n"), 1);
	free(text);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("console");
	TCase *t = tcase_create("console");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, prints, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, limits);
	tcase_add_test(t, no_identity_echo);
	tcase_add_test(t, unsupported_verb);
	tcase_add_test(t, closed_stream);
	suite_add_tcase(s, t);
	return s;
}
