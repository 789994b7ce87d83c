#include "harness/pki/issue.h"

#include "harness/base/test.h"
#include "harness/pki/cert.h"

#include <ctype.h>
#include <string.h>

static struct arena a;

static void teardown(void)
{
	arena_fini(&a);
}

static struct blob name_of(const char *unit, const char *common)
{
	struct buf b;
	buf_init(&b, 1024);
	cert_put_name(&b, "Example 1", unit, common);
	struct blob out = {.data = arena_memdup(&a, b.data, b.len), .len = b.len};
	buf_fini(&b);
	return out;
}

/* As many octets, of which so many are others, at the places of letters only. */
static const struct {
	const char *unit, *common;
	enum issuer_name what;
	size_t differ;
	bool letters;
} rows[] = {
    {NULL, "ab 9f", ISSUER_NAME_OTHER, 1, false},      {NULL, "ab 90", ISSUER_NAME_OTHER, 1, false},
    {"unit", "x\xc3\xa9", ISSUER_NAME_OTHER, 1, false}, {NULL, "Ab 90", ISSUER_NAME_OTHER_CASE, 9, true},
    {"UNIT", "7", ISSUER_NAME_OTHER_CASE, 11, true},
};

START_TEST(is_written_otherwise)
{
	struct blob issuer = name_of(rows[_i].unit, rows[_i].common), subject = name_of(NULL, "leaf");
	struct blob got = issue_issuer_name(&a, rows[_i].what, issuer, subject);
	const unsigned char *was = issuer.data, *is = got.data;
	size_t differ = 0;
	ck_assert_uint_eq(got.len, issuer.len);
	for (size_t i = 0; i < got.len; i++) {
		differ += is[i] != was[i];
		if (rows[_i].letters)
			ck_assert_int_eq(tolower(is[i]), tolower(was[i]));
	}
	ck_assert_uint_eq(differ, rows[_i].differ);
}
END_TEST

START_TEST(is_the_name_of_one_of_them)
{
	struct blob issuer = name_of(NULL, "issuer"), subject = name_of(NULL, "leaf");
	ck_assert_ptr_eq(issue_issuer_name(&a, ISSUER_NAME_OWN, issuer, subject).data, subject.data);
	ck_assert_ptr_null(issue_issuer_name(&a, ISSUER_NAME_ISSUER, issuer, subject).data);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("issue");
	TCase *t = tcase_create("issue");
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, is_written_otherwise, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, is_the_name_of_one_of_them);
	suite_add_tcase(s, t);
	return s;
}
