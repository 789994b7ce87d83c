#include "harness/pki/der.h"

#include "harness/base/test.h"
#include "harness/base/text.h"

static struct buf b, hex;

static void setup(void)
{
	buf_init(&b, 1 << 20);
	buf_init(&hex, 1 << 20);
}

static void teardown(void)
{
	buf_fini(&b);
	buf_fini(&hex);
}

static const char *written(void)
{
	buf_clear(&hex);
	text_hex(&hex, b.data, b.len);
	return hex.data ? hex.data : "";
}

static const struct {
	const char *name;
	uint64_t v;
	const char *hex;
} integers[] = {
    {"zero", 0, "020100"},
    {"one octet", 127, "02017f"},
    {"sign octet", 128, "02020080"},
    {"two octets", 256, "02020100"},
    {"all ones", UINT64_MAX, "020900ffffffffffffffff"},
};

START_TEST(integer)
{
	der_put_unsigned(&b, integers[_i].v);
	ck_assert_msg(strcmp(written(), integers[_i].hex) == 0, "%s: %s", integers[_i].name, written());
}
END_TEST

static const struct {
	const char *oid, *hex; /* "" for what is none */
} oids[] = {
    {"1.2.840.10045.4.3.2", "06082a8648ce3d040302"},
    {"2.5.29.19", "0603551d13"},
    {"2.999.3", "0603883703"}, /* X.690 8.19.5 */
    {"1.3.101.112", "06032b6570"},
    {"", ""},
    {"1", ""},
    {"1.40", ""},
    {"3.1", ""},
    {"1.2.", ""},
    {"1..2", ""},
    {"1.2.x", ""},
    {"1.2.01", ""},
};

START_TEST(oid)
{
	bool ok = der_put_oid(&b, oids[_i].oid);
	ck_assert_msg(ok == (oids[_i].hex[0] != '\0'), "%s", oids[_i].oid);
	ck_assert_str_eq(written(), oids[_i].hex);
}
END_TEST

static const struct {
	unsigned flags;
	const char *hex;
} flags[] = {
    {0, "030100"},
    {1u << 0, "03020780"},	     /* digitalSignature */
    {1u << 5 | 1u << 6, "03020106"}, /* keyCertSign, cRLSign */
    {1u << 8, "0303070080"},	     /* decipherOnly: ninth bit */
};

START_TEST(flag)
{
	der_put_flags(&b, flags[_i].flags);
	ck_assert_str_eq(written(), flags[_i].hex);
}
END_TEST

static const struct {
	time_t when;
	unsigned tag;
	const char *text;
} times[] = {
    {0, DER_UTC_TIME, "700101000000Z"},
    {2524607999, DER_UTC_TIME, "491231235959Z"},
    {2524608000, DER_GENERALIZED_TIME, "20500101000000Z"},
    {-631152001, DER_GENERALIZED_TIME, "19491231235959Z"},
};

START_TEST(time_form)
{
	struct der_tlv tlv;
	der_put_time(&b, times[_i].when);
	struct der in = der_of(b.data, b.len);
	ck_assert(der_expect(&in, times[_i].tag, &tlv));
	ck_assert_uint_eq(tlv.len, strlen(times[_i].text));
	ck_assert_mem_eq(tlv.data, times[_i].text, tlv.len);
}
END_TEST

/* Lengths around each boundary of the length octets, closed from outside and read back. */
START_TEST(lengths)
{
	static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
	static unsigned char content[65536];
	struct der_tlv outer, inner;
	der_put(&b, DER_OCTET_STRING, content, sizes[_i]);
	der_close(&b, 0, DER_SEQUENCE);
	struct der in = der_of(b.data, b.len);
	ck_assert(der_expect(&in, DER_SEQUENCE, &outer) && in.at == in.end);
	in = der_of(outer.data, outer.len);
	ck_assert(der_expect(&in, DER_OCTET_STRING, &inner));
	ck_assert_uint_eq(inner.len, sizes[_i]);
	ck_assert(!der_next(&in, &inner));
}
END_TEST

START_TEST(cut_short)
{
	struct der_tlv tlv;
	der_put(&b, DER_OCTET_STRING, "0123456789", 10);
	for (size_t n = 0; n < b.len; n++) {
		struct der in = der_of(b.data, n);
		ck_assert_msg(!der_next(&in, &tlv), "%zu octets of %zu were read", n, b.len);
	}
	struct der indefinite = der_of("\x30\x80\x00\x00", 4);
	ck_assert(!der_next(&indefinite, &tlv));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("der");
	TCase *t = tcase_create("der");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, integer, 0, sizeof integers / sizeof *integers);
	tcase_add_loop_test(t, oid, 0, sizeof oids / sizeof *oids);
	tcase_add_loop_test(t, flag, 0, sizeof flags / sizeof *flags);
	tcase_add_loop_test(t, time_form, 0, sizeof times / sizeof *times);
	tcase_add_loop_test(t, lengths, 0, 8);
	tcase_add_test(t, cut_short);
	suite_add_tcase(s, t);
	return s;
}
