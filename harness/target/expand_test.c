#include "harness/target/expand.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"

#include <string.h>

static enum rc lookup(void *context, const char *name, const char **value, struct err *err)
{
	(void)context;
	if (strcmp(name, "broken") == 0)
		return err_set(err, RC_FAULT, "cannot be had");
	if (strcmp(name, "dir") == 0)
		*value = "/a b/@dir@";
	else if (strcmp(name, "port:one-2") == 0)
		*value = "8443";
	else if (strcmp(name, "empty") == 0)
		*value = "";
	return RC_OK;
}

static const struct expand x = {lookup, NULL};

static const struct {
	const char *text, *want;
	enum rc rc;
	const char *says;
} rows[] = {
    {"", "", RC_OK, NULL},
    {"plain", "plain", RC_OK, NULL},
    {"@dir@/x", "/a b/@dir@/x", RC_OK, NULL}, /* not expanded again */
    {"127.0.0.1:@port:one-2@;", "127.0.0.1:8443;", RC_OK, NULL},
    {"a@empty@b@empty@", "ab", RC_OK, NULL},
    {"me@@host @@@port:one-2@@@", "me@host @8443@", RC_OK, NULL},
    {"x\ny @nobody@", NULL, RC_INPUT, "t.in:4: unknown placeholder @nobody@"},
    {"x @", NULL, RC_INPUT, "t.in:3: \"@\" opens no placeholder"},
    {"me@host", NULL, RC_INPUT, "t.in:3: \"@\" opens no placeholder"},
    {"\n\n@a b@", NULL, RC_INPUT, "t.in:5: \"@\" opens no placeholder"},
    {"@broken@", NULL, RC_FAULT, "cannot be had"},
};

START_TEST(replaces)
{
	struct arena a = {0};
	struct err err = {{0}};
	const char *out = NULL;
	ck_assert_int_eq(expand_text(&a, &x, rows[_i].text, (struct where){"t.in", 3}, &out, &err), rows[_i].rc);
	if (rows[_i].want)
		ck_assert_str_eq(out, rows[_i].want);
	else
		ck_assert_msg(strstr(err.text, rows[_i].says) == err.text, "%s", err.text);
	arena_fini(&a);
}
END_TEST

START_TEST(writes_files)
{
	struct rundir dir;
	struct arena a = {0};
	struct err err = {{0}};
	char *data;
	size_t len;
	ck_assert_int_eq(rundir_open(&dir, &err), RC_OK);
	const char *from = arena_printf(&a, "%s/t.in", dir.path), *to = arena_printf(&a, "%s/t", dir.path);
	ck_assert_int_eq(fs_write(from, "1\n@port:one-2@\n@no@\n", 20, 0644, &err), RC_OK);
	ck_assert_int_eq(expand_file(&a, &x, from, to, true, &err), RC_OK);
	ck_assert_int_eq(fs_read(&a, to, 100, &data, &len, &err), RC_OK);
	ck_assert_str_eq(data, "1\n@port:one-2@\n@no@\n");
	ck_assert_int_eq(expand_file(&a, &x, from, to, false, &err), RC_INPUT);
	ck_assert_ptr_nonnull(strstr(err.text, "/t.in:3: unknown placeholder @no@"));
	err = (struct err){{0}};
	ck_assert_int_eq(fs_write(from, "a\0b", 3, 0644, &err), RC_OK);
	ck_assert_int_eq(expand_file(&a, &x, from, to, false, &err), RC_INPUT);
	err = (struct err){{0}};
	ck_assert_int_eq(expand_file(&a, &x, "/nonexistent/t.in", to, false, &err), RC_ABSENT);
	rundir_close(&dir);
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("target/expand");
	TCase *t = tcase_create("expand");
	tcase_add_loop_test(t, replaces, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, writes_files);
	suite_add_tcase(s, t);
	return s;
}
