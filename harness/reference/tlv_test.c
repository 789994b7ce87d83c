#include "harness/reference/tlv.h"

#include "harness/base/test.h"
#include "harness/base/text.h"
#include "harness/reference/x509.h"

#include <limits.h>
#include <string.h>

static const struct {
	const char *hex;
	bool good;
	size_t body; /* bytes */
} elements[] = {
    {"0500", true, 0},
    {"0401aa", true, 1},
    {"30020500", true, 2},
    {"0402aa", false, 0},
    {"04", false, 0},
    {"", false, 0},
    {"04810142", false, 0} /* not minimal */,
    {"3080", false, 0} /* indefinite */,
    {"1f2001aa", false, 0} /* long tag */,
    {"0482000142", false, 0} /* leading zero */,
    {"04850000000001aa", false, 0},
    {"0484ffffffff", false, 0},
};

START_TEST(reads_elements)
{
	struct buf raw;
	struct tlv e;
	buf_init(&raw, 64);
	ck_assert(text_unhex(&raw, elements[_i].hex));
	struct span from = {(const unsigned char *)raw.data, raw.len};
	ck_assert_msg(tlv_next(&from, &e) == elements[_i].good, "%s", elements[_i].hex);
	if (elements[_i].good)
		ck_assert_uint_eq(e.body.len, elements[_i].body);
	ck_assert_uint_eq(from.len, elements[_i].good ? 0 : raw.len);
	buf_fini(&raw);
}
END_TEST

START_TEST(long_form)
{
	unsigned char raw[0x83] = {4, 0x81, 0x80};
	struct span from = {raw, sizeof raw};
	struct tlv e;
	ck_assert(tlv_next(&from, &e));
	ck_assert_uint_eq(e.body.len, 0x80);
	ck_assert_uint_eq(e.all.len, sizeof raw);
}
END_TEST

START_TEST(values)
{
	static const unsigned char yes[] = {0xff}, lax[] = {1}, ten[] = {10}, negative[] = {0x80}, padded[] = {0, 10},
				   big[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
				   oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d}, cut[] = {0x2a, 0x86},
				   lead[] = {0x2a, 0x80, 1}, top[] = {0x55, 0x1d, 0x0f}, huge[] = {0x83, 0x37};
	bool b = false;
	long v;
	char text[64];
	ck_assert(tlv_bool((struct span){yes, 1}, &b) && b);
	ck_assert(!tlv_bool((struct span){lax, 1}, &b));
	ck_assert(tlv_long((struct span){ten, 1}, &v) && v == 10);
	ck_assert(tlv_long((struct span){big, sizeof big}, &v) && v == LONG_MAX);
	ck_assert(!tlv_long((struct span){negative, 1}, &v));
	ck_assert(!tlv_long((struct span){padded, 2}, &v));
	ck_assert(!tlv_long((struct span){padded, 0}, &v));
	ck_assert(tlv_oid((struct span){oid, sizeof oid}, text, sizeof text));
	ck_assert_str_eq(text, "1.2.840.113549");
	ck_assert(tlv_oid((struct span){top, sizeof top}, text, sizeof text));
	ck_assert_str_eq(text, "2.5.29.15");
	ck_assert(tlv_oid((struct span){huge, sizeof huge}, text, sizeof text));
	ck_assert_str_eq(text, "2.359");
	ck_assert(!tlv_oid((struct span){oid, sizeof oid}, text, 8));
	ck_assert(!tlv_oid((struct span){cut, sizeof cut}, text, sizeof text));
	ck_assert(!tlv_oid((struct span){lead, sizeof lead}, text, sizeof text));
}
END_TEST

/* Dates in a certificate that is otherwise hardly one. */
static const struct {
	unsigned char tag;
	const char *text;
	int64_t when; /* -1: malformed */
} dates[] = {
    {0x17, "700101000000Z", 0},		 {0x17, "700102000001Z", 86401},	{0x17, "491231235959Z", 2524607999},
    {0x17, "500101000000Z", -631152000}, {0x18, "20500101000000Z", 2524608000}, {0x18, "99991231235959Z", 253402300799},
    {0x17, "240229120000Z", 1709208000}, {0x18, "20200101000000Z", -1},		{0x17, "2401011200Z", -1},
    {0x17, "240101120000+0100", -1},	 {0x18, "20510101000000.5Z", -1},	{0x17, "241301120000Z", -1},
    {0x17, "24o101120000Z", -1},
};

START_TEST(reads_dates)
{
	unsigned char der[256] = {0}, *p = der + 4;
	size_t n = strlen(dates[_i].text);
	const char *why = NULL;
	struct x509 c;
	static const unsigned char before[] = {2, 1, 1, 0x30, 0, 0x30, 0};
	static const unsigned char after[] = {0x30, 0, 0x30, 0, 0x30, 0, 3, 1, 0};
	memcpy(p, before, sizeof before);
	p += sizeof before;
	*p++ = 0x30;
	*p++ = (unsigned char)(2 * n + 4);
	for (int i = 0; i < 2; i++) {
		*p++ = dates[_i].tag;
		*p++ = (unsigned char)n;
		memcpy(p, dates[_i].text, n);
		p += n;
	}
	memcpy(p, after, 4);
	der[2] = 0x30;
	der[3] = (unsigned char)(p + 4 - der - 4);
	memcpy(p + 4, after + 4, 5);
	der[0] = 0x30;
	der[1] = (unsigned char)(p + 9 - der - 2);
	ck_assert_msg(x509_parse(&c, (struct span){der, (size_t)(p + 9 - der)}, &why), "%s: %s", dates[_i].text, why);
	ck_assert_msg(!c.bad_date == (dates[_i].when != -1), "%s: %s", dates[_i].text, c.bad_date);
	if (dates[_i].when != -1)
		ck_assert_msg(c.not_before == dates[_i].when, "%s: %lld", dates[_i].text, (long long)c.not_before);
	else
		ck_assert(c.not_before == INT64_MIN && c.not_after == INT64_MAX);
	x509_fini(&c);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/tlv");
	TCase *t = tcase_create("tlv");
	tcase_add_loop_test(t, reads_elements, 0, (int)(sizeof elements / sizeof *elements));
	tcase_add_test(t, long_form);
	tcase_add_test(t, values);
	tcase_add_loop_test(t, reads_dates, 0, (int)(sizeof dates / sizeof *dates));
	suite_add_tcase(s, t);
	return s;
}
