#include "reports/report.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "reports/fixture.h"

#include <string.h>
#include <unistd.h>

#define GRAMMAR "suites/schema/results.rng"

static struct rundir dir;
static char path[600];
static struct err err;

static void setup(void)
{
	ck_assert_int_eq(rundir_open(&dir, &err), RC_OK);
	snprintf(path, sizeof path, "%s/results.xml", dir.path);
}

static void teardown(void)
{
	rundir_close(&dir);
}

static const struct {
	const char *name;
	struct fixture fixture;
	const char *golden;
} rows[] = {
	{"every verdict", {.interrupted = true}, "reports/golden/results.xml"},
	{"all good", {.clean = true, .strict = true}, "reports/golden/results-clean.xml"},
	{"hostile", {.hostile = true}, "reports/golden/results-hostile.xml"},
	{"many", {.many = 3000}, NULL},
};

START_TEST(writes)
{
	struct reporter r;
	ck_assert_int_eq(results_open(&r, path, &err), RC_OK);
	enum rc rc = fixture_feed(&r, &rows[_i].fixture, &err);
	ck_assert_msg(rc == RC_OK, "%s: %s", rows[_i].name, err.text);
	r.ops->close(&r);
	const char *why = fixture_valid(path, GRAMMAR);
	ck_assert_msg(!why, "%s: %s", rows[_i].name, why);
	why = rows[_i].golden ? fixture_same(path, rows[_i].golden) : NULL;
	ck_assert_msg(!why, "%s: %s", rows[_i].name, why);
}
END_TEST

/* A report that did not come to its end leaves nothing behind. */
START_TEST(drops_half)
{
	struct reporter r;
	struct report_meta meta = {
	    .tool_version = "0.1", .suite_digest = "", .tls_library = "", .hostname = "", .command = ""};
	struct arena a = {0};
	const char **names;
	size_t n;
	ck_assert_int_eq(results_open(&r, path, &err), RC_OK);
	ck_assert_int_eq(r.ops->begin(&r, &meta, &err), RC_OK);
	ck_assert_int_eq(r.ops->one_case(&r, fixture_case(VERDICT_FALSE_ACCEPT), &err), RC_OK);
	r.ops->close(&r);
	ck_assert_int_eq(fs_list(&a, dir.path, &names, &n, &err), RC_OK);
	ck_assert_uint_eq(n, 0);
	arena_fini(&a);
}
END_TEST

/* The disk is full: a fault with the file's name, nothing under the final name. */
START_TEST(full_disk)
{
	struct reporter r;
	struct fixture many = {.many = 3000};
	if (access("/dev/full", W_OK) != 0)
		return;
	char temp[700];
	snprintf(temp, sizeof temp, "%s.tmp-%ld", path, (long)getpid());
	ck_assert_int_eq(symlink("/dev/full", temp), 0);
	ck_assert_int_eq(results_open(&r, path, &err), RC_OK);
	ck_assert_int_eq(fixture_feed(&r, &many, &err), RC_FAULT);
	ck_assert_msg(strstr(err.text, "results.xml") && strstr(err.text, "space"), "%s", err.text);
	r.ops->close(&r);
	ck_assert(!fs_exists(path));
}
END_TEST

START_TEST(no_directory)
{
	struct reporter r;
	struct fixture clean = {.clean = true};
	snprintf(path, sizeof path, "%s/absent/results.xml", dir.path);
	ck_assert_int_eq(results_open(&r, path, &err), RC_OK);
	ck_assert_int_eq(fixture_feed(&r, &clean, &err), RC_FAULT);
	r.ops->close(&r);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("results");
	TCase *t = tcase_create("results");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, writes, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, drops_half);
	tcase_add_test(t, full_disk);
	tcase_add_test(t, no_directory);
	suite_add_tcase(s, t);
	return s;
}
