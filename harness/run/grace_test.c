#include "harness/run/grace.h"

#include "harness/base/test.h"

static const struct {
	const char *name;
	uint32_t took_us[8];
	unsigned n, times;
	uint64_t want;
} rows[] = {
    {"nothing known", {0}, 0, 0, 0},
    {"three cases tell nothing", {10000, 10000, 10000}, 3, 1, 0},
    {"alike", {10000}, 1, 4, 30000},
    {"a quarter of quick ones is no rule", {10, 10000, 10000, 10000}, 4, 1, 30000},
    {"half of them wait long", {10000, 5000000}, 2, 20, 30000},
    {"all are slow", {400000}, 1, 40, 1200000},
    {"a machine that is starved", {2000000}, 1, 40, 6000000},
    {"bounded", {4000000}, 1, 40, GRACE_MAX_US},
};

START_TEST(row)
{
	struct grace g = {{0}, 0};
	for (unsigned t = 0; t < rows[_i].times; t++)
		for (unsigned i = 0; i < rows[_i].n; i++)
			grace_note(&g, rows[_i].took_us[i]);
	ck_assert_msg(grace_us(&g) == rows[_i].want, "%s: %llu", rows[_i].name, (unsigned long long)grace_us(&g));
}
END_TEST

START_TEST(what_was_long_ago_is_forgotten)
{
	struct grace g = {{0}, 0};
	for (unsigned i = 0; i < GRACE_KEPT; i++)
		grace_note(&g, 900000);
	for (unsigned i = 0; i < GRACE_KEPT; i++)
		grace_note(&g, 1000);
	ck_assert_uint_eq(grace_us(&g), 3000);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("grace");
	TCase *t = tcase_create("grace");
	tcase_add_loop_test(t, row, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, what_was_long_ago_is_forgotten);
	suite_add_tcase(s, t);
	return s;
}
