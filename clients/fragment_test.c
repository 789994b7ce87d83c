#include "clients/fragment.h"

#include "harness/base/test.h"

static const struct {
	const char *name;
	size_t each;
	const char *in, *out; /* hex digits */
} rows[] = {
    {"whole", 16, "1603010003aabbcc", "1603010003aabbcc"},
    {"exactly", 3, "1603010003aabbcc", "1603010003aabbcc"},
    {"one byte each", 1, "1603010003aabbcc", "1603010001aa1603010001bb1603010001cc"},
    {"a rest", 2, "1603010003aabbcc", "1603010002aabb1603010001cc"},
    {"two records", 2, "1603010003aabbcc1503030002dd00", "1603010002aabb1603010001cc1503030002dd00"},
    {"no record", 2, "16030100", "16030100"},
    {"cut short", 2, "1603010004aabb", "1603010004aabb"},
    {"nothing", 2, "", ""},
};

static unsigned digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static void bytes(struct buf *b, const char *hex)
{
	buf_init(b, 1024);
	for (; *hex; hex += 2)
		buf_put_u8(b, digit(hex[0]) << 4 | digit(hex[1]));
}

START_TEST(records)
{
	struct buf in, want, got;
	bytes(&in, rows[_i].in);
	bytes(&want, rows[_i].out);
	buf_init(&got, 1024);
	fragment_records(&got, in.data, in.len, rows[_i].each);
	ck_assert_msg(got.len == want.len && (!got.len || memcmp(got.data, want.data, got.len) == 0), "%s: %zu bytes",
		      rows[_i].name, got.len);
	buf_fini(&in);
	buf_fini(&want);
	buf_fini(&got);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("fragment");
	TCase *c = tcase_create("fragment");
	tcase_add_loop_test(c, records, 0, (int)(sizeof rows / sizeof *rows));
	suite_add_tcase(s, c);
	return s;
}
