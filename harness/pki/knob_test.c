#include "harness/pki/knob.h"

#include "harness/base/fs.h"
#include "harness/base/test.h"

#define TEMPLATE "suites/schema/template-condition.xml"

static struct arena a;

static void teardown(void)
{
	arena_fini(&a);
}

/* People learn the words from the skeleton: it names every one of them. */
START_TEST(skeleton_names_every_knob)
{
	char words[1024], word[64], *text, needle[80];
	size_t len;
	struct err err = {{0}};
	const char *rest = knob_attributes((enum element)_i, words, sizeof words);
	ck_assert_msg(fs_read(&a, TEMPLATE, 1 << 20, &text, &len, &err) == RC_OK, "%s", err.text);
	snprintf(needle, sizeof needle, "<%s", element_text((enum element)_i));
	ck_assert_msg(strstr(text, needle) != NULL, "%s: no %s>", TEMPLATE, needle);
	size_t n = 0;
	for (; text_word(&rest, word, sizeof word); n++) {
		snprintf(needle, sizeof needle, " %s%s", word, ELEMENT_IS_CERTIFICATE(_i) ? " " : "=\"");
		ck_assert_msg(strstr(text, needle) != NULL, "%s: %s of <%s> is not told", TEMPLATE, word,
			      element_text((enum element)_i));
	}
	ck_assert_uint_gt(n, 0);
}
END_TEST

START_TEST(a_knob_stands_on_its_elements_only)
{
	ck_assert_ptr_nonnull(knob_find(ELEMENT_ROOT, "trust"));
	ck_assert_ptr_null(knob_find(ELEMENT_LEAF, "trust"));
	ck_assert_ptr_null(knob_find(ELEMENT_ROOT, "issuer"));
	ck_assert_ptr_null(knob_find(ELEMENT_MESSAGE, "oid"));
	ck_assert_ptr_null(knob_find(ELEMENT_LEAF, NULL));
}
END_TEST

static const struct {
	const char *attribute, *value;
	bool legal;
} values[] = {
    {"path-length", "0", true},
    {"path-length", "absent", true},
    {"path-length", "-1", false},
    {"path-length", "101", false},
    {"key-usage", "digitalSignature keyCertSign", true},
    {"key-usage", "digitalsignature", false},
    {"key-usage", "absent digitalSignature", false},
    {"extended-key-usage", "clientAuth 1.3.6.1.5.5.7.3.17", true},
    {"extended-key-usage", "clientauth", false},
    {"extended-key-usage", " ", false},
    {"subject-alternative-name", "dns:a.test uri:spiffe://a/b ip:::1 ip:10.0.0.1 email:a@b.test", true},
    {"subject-alternative-name", "ip:10.0.0.0/8", false},
    {"subject-alternative-name", "ip:300.0.0.1", false},
    {"subject-alternative-name", "dns:", false},
    {"not-after", "+1y", true},
    {"not-after", "2026-01-01", false},
    {"version", "2", false},
    {"issuer-name", "other-case", true},
    {"issuer-name", "others", false},
    {"ca", "true", false},
    {"key", "rsa-4096", true},
    {"key", "rsa-8192", false}, /* never over 4096 bits */
};

START_TEST(values_are_checked)
{
	struct cert_spec cert = {0};
	struct blueprint blueprint = {.n = 0};
	struct knob_at at = {.blueprint = &blueprint, .cert = &cert};
	const struct knob *knob = knob_find(ELEMENT_LEAF, values[_i].attribute);
	ck_assert_ptr_nonnull(knob);
	ck_assert_msg(knob->apply(&at, values[_i].value) == values[_i].legal, "%s=\"%s\"", values[_i].attribute,
		      values[_i].value);
}
END_TEST

START_TEST(constraints_carry_a_prefix)
{
	struct cert_spec cert = {0};
	struct knob_at at = {.cert = &cert};
	ck_assert(knob_permitted(&at, "ip:10.0.0.0/8 dns:example.test"));
	ck_assert(knob_excluded(&at, "ip:2001:db8::/32"));
	ck_assert(!knob_excluded(&at, "ip:10.0.0.0/33"));
	ck_assert(!knob_excluded(&at, "ip:10.0.0.1"));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("knob");
	TCase *t = tcase_create("knob");
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, skeleton_names_every_knob, 0, ELEMENT__COUNT);
	tcase_add_test(t, a_knob_stands_on_its_elements_only);
	tcase_add_loop_test(t, values_are_checked, 0, sizeof values / sizeof *values);
	tcase_add_test(t, constraints_carry_a_prefix);
	suite_add_tcase(s, t);
	return s;
}
