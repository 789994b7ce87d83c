#include "reports/clean.h"

#include "harness/base/test.h"

#include <libxml/chvalid.h>
#include <libxml/xmlstring.h>
#include <string.h>

static const struct {
	const char *name, *in;
	size_t len, max;
	const char *out;
} rows[] = {
	{"plain", "GET /", 5, 100, "GET /"},
	{"nothing", "", 0, 100, ""},
	{"markup is the writer's business", "<a b=\"&\">", 9, 100, "<a b=\"&\">"},
	{"NUL", "a\0b", 3, 100, "a\\x00b"},
	{"controls", "\t\r\n\x1b[31m\x7f", 9, 100, "\\x09\\x0d\\x0a\\x1b[31m\\x7f"},
	{"C1 controls", "\xc2\x9b", 2, 100, "\\xc2\\x9b"},
	{"umlaut", "M\xc3\xbcller", 7, 100, "M\xc3\xbcller"},
	{"four bytes", "\xf0\x9f\x94\x92", 4, 100, "\xf0\x9f\x94\x92"},
	{"latin-1", "M\xfcller", 6, 100, "M\\xfcller"},
	{"overlong slash", "\xc0\xaf", 2, 100, "\\xc0\\xaf"},
	{"overlong three", "\xe0\x80\xaf", 3, 100, "\\xe0\\x80\\xaf"},
	{"overlong four", "\xf0\x80\x80\xaf", 4, 100, "\\xf0\\x80\\x80\\xaf"},
	{"surrogate", "\xed\xa0\x80", 3, 100, "\\xed\\xa0\\x80"},
	{"U+FFFE", "\xef\xbf\xbe", 3, 100, "\\xef\\xbf\\xbe"},
	{"U+FFFF", "\xef\xbf\xbf", 3, 100, "\\xef\\xbf\\xbf"},
	{"U+FFFD may stay", "\xef\xbf\xbd", 3, 100, "\xef\xbf\xbd"},
	{"noncharacter", "\xef\xb7\x90", 3, 100, "\\xef\\xb7\\x90"},
	{"noncharacter of plane 1", "\xf0\x9f\xbf\xbe", 4, 100, "\\xf0\\x9f\\xbf\\xbe"},
	{"past U+10FFFF", "\xf4\x90\x80\x80", 4, 100, "\\xf4\\x90\\x80\\x80"},
	{"bidi override", "\xe2\x80\xae", 3, 100, "\\xe2\\x80\\xae"},
	{"line separator", "\xe2\x80\xa8", 3, 100, "\\xe2\\x80\\xa8"},
	{"byte order mark", "\xef\xbb\xbf", 3, 100, "\\xef\\xbb\\xbf"},
	{"cut short sequence", "a\xe2\x82", 3, 100, "a\\xe2\\x82"},
	{"lone continuation", "\x80", 1, 100, "\\x80"},
	{"backslash", "C:\\temp", 7, 100, "C:\\temp"},
	{"cleaned before", "\\x1b", 4, 100, "\\x1b"},
	{"fits exactly", "abcdef", 6, 6, "abcdef"},
	{"one too many", "abcdefg", 7, 6, "abc..."},
	{"no cut inside an escape", "abcd\x01\x02", 6, 8, "abcd..."},
	{"no cut inside a character", "ab\xc3\xbc\xc3\xbc\xc3\xbc", 8, 7, "ab\xc3\xbc..."},
};

START_TEST(cleans)
{
	struct buf b;
	buf_init(&b, 4096);
	clean_add(&b, rows[_i].in, rows[_i].len, rows[_i].max);
	ck_assert_msg(strcmp(b.data ? b.data : "", rows[_i].out) == 0, "%s: %s", rows[_i].name, b.data);
	buf_fini(&b);
}
END_TEST

/* Three bytes of many kinds: what comes out is UTF-8 of XML characters, in one line, within its bound. */
START_TEST(always_valid)
{
	struct buf b;
	buf_init(&b, 4096);
	for (unsigned v = 0; v < 1u << 24; v += 251) {
		unsigned char in[3] = {(unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v};
		buf_clear(&b);
		clean_add(&b, in, 3, 9);
		ck_assert_uint_le(b.len, 9);
		for (size_t at = 0; at < b.len;) {
			int len = (int)(b.len - at);
			int c = xmlGetUTF8Char((const unsigned char *)b.data + at, &len);
			ck_assert_msg(c >= 0x20 && xmlIsCharQ((unsigned)c), "%06x gives %s", v, b.data);
			at += (size_t)len;
		}
	}
	buf_fini(&b);
}
END_TEST

START_TEST(clean_text_borrows)
{
	struct buf b;
	buf_init(&b, 4096);
	const char *plain = "nothing to do";
	ck_assert_ptr_eq(clean_text(&b, plain, 100), plain);
	ck_assert_str_eq(clean_text(&b, "a\x02", 100), "a\\x02");
	ck_assert_str_eq(clean_text(&b, plain, 10), "nothing...");
	ck_assert_str_eq(clean_text(&b, NULL, 10), "");
	ck_assert_uint_eq(clean_cost("a<&>\"", 5), 5 + 3 + 4 + 3 + 5);
	buf_fini(&b);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("clean");
	TCase *t = tcase_create("clean");
	tcase_add_loop_test(t, cleans, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, always_valid);
	tcase_add_test(t, clean_text_borrows);
	suite_add_tcase(s, t);
	return s;
}
