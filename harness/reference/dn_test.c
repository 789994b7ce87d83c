#include "harness/reference/constraints.h"
#include "harness/reference/dn.h"

#include "harness/base/test.h"
#include "harness/base/text.h"

#include <string.h>

/* A Name of one commonName: "p:text" PrintableString, "u:" UTF8String, "b:" BMPString (ASCII only), "i:" IA5String;
 * RDNs by '/'. */
static struct span name_of(const char *text, unsigned char *out)
{
	unsigned char *rdn = out + 2;
	while (*text) {
		size_t len = strcspn(text + 2, "/"), bytes = *text == 'b' ? 2 * len : len;
		unsigned char *v = rdn + 11;
		for (size_t i = 0; i < len; i++) {
			if (*text == 'b')
				*v++ = 0;
			*v++ = (unsigned char)text[2 + i];
		}
		const unsigned char head[] = {0x31,
					      (unsigned char)(bytes + 9),
					      0x30,
					      (unsigned char)(bytes + 7),
					      6,
					      3,
					      0x55,
					      4,
					      3,
					      *text == 'p'   ? 0x13
					      : *text == 'u' ? 0x0c
					      : *text == 'b' ? 0x1e
							     : 0x16,
					      (unsigned char)bytes};
		memcpy(rdn, head, sizeof head);
		rdn = v;
		text += 2 + len;
		text += *text == '/';
	}
	out[0] = 0x30;
	out[1] = (unsigned char)(rdn - out - 2);
	return (struct span){out, (size_t)(rdn - out)};
}

static const struct {
	const char *a, *b;
	bool equal, within; /* b is a, b begins a */
} pairs[] = {
    {"p:Root", "p:Root", true, true},
    {"p:Root", "u:root", true, true},
    {"p:Root CA", "b: ROOT   ca ", true, true},
    {"p:Root CA", "p:RootCA", false, false},
    {"p:Root", "p:Root2", false, false},
    {"p:Root/p:Below", "p:Root", false, true},
    {"p:Root", "p:Root/p:Below", false, false},
    {"p:Root/p:Below", "p:Below/p:Root", false, false},
    {"p:Root", "", false, true},
    {"", "", true, true},
    {"u:\xc3\xa4", "u:\xc3\xa4", true, true},
    {"u:\xc3\xa4", "u:\xc3\x84", false, false},
};

START_TEST(compares_names)
{
	unsigned char x[128], y[128];
	struct span a = name_of(pairs[_i].a, x), b = name_of(pairs[_i].b, y);
	ck_assert_msg(dn_equal(a, b) == pairs[_i].equal, "%s = %s", pairs[_i].a, pairs[_i].b);
	ck_assert_msg(dn_equal(b, a) == pairs[_i].equal, "%s = %s", pairs[_i].b, pairs[_i].a);
	ck_assert_msg(dn_within(a, b) == pairs[_i].within, "%s within %s", pairs[_i].a, pairs[_i].b);
	ck_assert(dn_is_empty(a) == !pairs[_i].a[0]);
}
END_TEST

/* Forms by letter: d dNSName, m rfc822Name, u URI, i iPAddress (bytes in hex), o registeredID (not understood). */
static size_t put_name(const char *text, unsigned char *out)
{
	static const struct {
		char letter;
		unsigned char tag;
	} tags[] = {{'d', 0x82}, {'m', 0x81}, {'u', 0x86}, {'i', 0x87}, {'o', 0x88}};
	struct buf raw;
	buf_init(&raw, 256);
	for (size_t i = 0; i < 5; i++)
		if (tags[i].letter == text[0])
			out[0] = tags[i].tag;
	if (text[0] == 'i')
		ck_assert(text_unhex(&raw, text + 2));
	else
		buf_adds(&raw, text + 2);
	out[1] = (unsigned char)raw.len;
	if (raw.len)
		memcpy(out + 2, raw.data, raw.len);
	size_t len = raw.len + 2;
	buf_fini(&raw);
	return len;
}

static const struct {
	const char *permitted, *excluded, *name;
	bool critical, holds;
} rows[] = {
    {"d:example.org", NULL, "d:example.org", true, true},
    {"d:example.org", NULL, "d:a.b.EXAMPLE.org", true, true},
    {"d:example.org", NULL, "d:a.example.org.", true, true},
    {"d:example.org", NULL, "d:badexample.org", true, false},
    {"d:.example.org", NULL, "d:example.org", true, false},
    {"d:", NULL, "d:anything", true, true},
    {NULL, "d:", "d:anything", true, false},
    {"d:example.org", NULL, "m:a@elsewhere", true, true},
    {NULL, "d:bad.example", "d:X.BAD.EXAMPLE", true, false},
    {NULL, "d:bad.example.org", "d:*.example.org", true, false},
    {NULL, "d:a.bad.example.org", "d:*.example.net", true, true},
    {"d:example.org", NULL, "d:*.example.org", true, true},
    {"d:example.org", "d:no.example.org", "d:x.no.example.org", true, false},
    {"m:example.org", NULL, "m:joe@example.org", true, true},
    {"m:example.org", NULL, "m:joe@a.example.org", true, false},
    {"m:.example.org", NULL, "m:joe@a.example.org", true, true},
    {"m:joe@example.org", NULL, "m:joe@EXAMPLE.org", true, true},
    {"m:joe@example.org", NULL, "m:Joe@example.org", true, false},
    {"m:example.org", NULL, "m:nobody", true, false},
    {"u:example.org", NULL, "u:spiffe://example.org/x", true, true},
    {"u:example.org", NULL, "u:https://joe@example.org:8443/x", true, true},
    {"u:example.org", NULL, "u:https://a.example.org/", true, false},
    {"u:.example.org", NULL, "u:https://a.example.org?x", true, true},
    {"u:example.org", NULL, "u:urn:example.org", true, false},
    {NULL, "u:example.org", "u:urn:x", true, false},
    {NULL, "u:example.org", "u:https://[::1]/", true, false},
    {"i:0a000000ff000000", NULL, "i:0a010203", true, true},
    {"i:0a000000ff000000", NULL, "i:0b010203", true, false},
    {NULL, "i:0a000000ff000000", "i:0a010203", true, false},
    {"i:0a000000ff000000", NULL, "i:20010db8000000000000000000000001", true, false},
    {"o:x", NULL, "o:x", true, false},
    {"o:x", NULL, "o:x", false, true},
    {"o:x", NULL, "d:x", true, true},
};

static size_t put_list(unsigned char tag, const char *name, unsigned char *out)
{
	if (!name)
		return 0;
	size_t n = put_name(name, out + 4);
	out[0] = tag;
	out[1] = (unsigned char)(n + 2);
	out[2] = 0x30;
	out[3] = (unsigned char)n;
	return n + 4;
}

START_TEST(holds_names_to_constraints)
{
	unsigned char nc[256], san[128], empty[2];
	unsigned work = CONSTRAINTS_WORK;
	struct x509 issuer = {.constraints_critical = rows[_i].critical}, leaf = {.subject = name_of("", empty)};
	size_t n = put_list(0xa0, rows[_i].permitted, nc);
	n += put_list(0xa1, rows[_i].excluded, nc + n);
	issuer.constraints = (struct span){nc, n};
	leaf.alt_names = (struct span){san, put_name(rows[_i].name, san)};
	ck_assert(constraints_well_formed(issuer.constraints));
	ck_assert_msg(constraints_hold(&issuer, &leaf, &work) == rows[_i].holds, "permitted %s, excluded %s: %s",
		      rows[_i].permitted, rows[_i].excluded, rows[_i].name);
	/* No work left: refused, never believed. */
	work = 0;
	ck_assert(!constraints_hold(&issuer, &leaf, &work));
}
END_TEST

START_TEST(odd_constraints)
{
	/* minimum 1; maximum 2; rubbish behind the base; a permitted list that is cut */
	static const unsigned char minimum[] = {0xa0, 8, 0x30, 6, 0x82, 1, 'a', 0x80, 1, 1};
	static const unsigned char maximum[] = {0xa0, 8, 0x30, 6, 0x82, 1, 'a', 0x81, 1, 2};
	static const unsigned char rubbish[] = {0xa0, 8, 0x30, 6, 0x82, 1, 'a', 0x04, 1, 2};
	static const unsigned char cut[] = {0xa0, 8, 0x30, 6, 0x82, 1, 'a'};
	static const unsigned char name[] = {0x82, 1, 'a'};
	unsigned char empty[2];
	unsigned work = CONSTRAINTS_WORK;
	struct x509 leaf = {.subject = name_of("", empty), .alt_names = {name, sizeof name}};
	struct x509 issuer = {.constraints = {minimum, sizeof minimum}, .constraints_critical = true};
	ck_assert(!constraints_hold(&issuer, &leaf, &work));
	issuer.constraints = (struct span){maximum, sizeof maximum};
	ck_assert(!constraints_hold(&issuer, &leaf, &work));
	ck_assert(!constraints_well_formed((struct span){rubbish, sizeof rubbish}));
	ck_assert(!constraints_well_formed((struct span){cut, sizeof cut}));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/dn");
	TCase *t = tcase_create("dn");
	tcase_add_loop_test(t, compares_names, 0, (int)(sizeof pairs / sizeof *pairs));
	tcase_add_loop_test(t, holds_names_to_constraints, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, odd_constraints);
	suite_add_tcase(s, t);
	return s;
}
