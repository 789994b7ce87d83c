#include "harness/base/test.h"
#include "harness/reference/hello.h"

#define ROWS(t) (sizeof(t) / sizeof *(t))
#define HEAD "\x03\x03" "0123456789abcdef0123456789abcdef"
#define SUITES "\0\x02\x13\x01" "\x01\0"

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	bool read, found;
	size_t session_id, body;
} rows[] = {
#define M(text) text, sizeof(text) - 1
    {"empty", M(""), .read = false},
    {"cut in the random", M("\x03\x03" "0123"), .read = false},
    {"no extensions", M(HEAD "\0" SUITES), .read = true},
    {"a session id", M(HEAD "\x04" "abcd" SUITES), .read = true, .session_id = 4},
    {"a session id longer than the message", M(HEAD "\xff" "abcd"), .read = false},
    {"extensions longer than the message", M(HEAD "\0" SUITES "\0\x09" "\0\x23"), .read = false},
    {"an empty ticket", M(HEAD "\0" SUITES "\0\x04" "\0\x23\0\0"), .read = true, .found = true},
    {"a ticket behind another", M(HEAD "\0" SUITES "\0\x0b" "\0\x17\0\0" "\0\x23\0\x03xyz"), .read = true, .found = true, .body = 3},
    {"a ticket longer than the extensions", M(HEAD "\0" SUITES "\0\x05" "\0\x23\0\x03x"), .read = true},
    {"half a type", M(HEAD "\0" SUITES "\0\x01" "\0"), .read = true},
};

START_TEST(reads)
{
	struct hello h;
	struct span body = {0};
	struct span message = {(const unsigned char *)rows[_i].bytes, rows[_i].len};
	ck_assert_msg(hello_read(message, &h) == rows[_i].read, "%s", rows[_i].name);
	if (!rows[_i].read)
		return;
	ck_assert_msg(h.session_id.len == rows[_i].session_id, "%s", rows[_i].name);
	ck_assert_msg(hello_extension(&h, HELLO_SESSION_TICKET, &body) == rows[_i].found, "%s", rows[_i].name);
	if (rows[_i].found)
		ck_assert_msg(body.len == rows[_i].body, "%s", rows[_i].name);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/hello");
	TCase *t = tcase_create("hello");
	tcase_add_loop_test(t, reads, 0, (int)ROWS(rows));
	suite_add_tcase(s, t);
	return s;
}
