#include "harness/target/version.h"

#include "harness/base/test.h"

static const struct {
	const char *text, *pattern, *product, *library;
} rows[] = {
    {"nginx version: nginx/1.22.1\nbuilt with OpenSSL 3.0.19 27 Jan 2026 (running with OpenSSL 3.0.22 25 Aug 2026)\n",
     "nginx/", "1.22.1", "OpenSSL 3.0.22"},
    {"nginx version: nginx/1.29.2\nbuilt with BoringSSL 0.20250818.0 (compatible; LibreSSL)\n", "nginx/", "1.29.2",
     "BoringSSL 0.20250818.0"},
    {"Server version: Apache/2.4.71 (Debian)\nServer built:   2026-11-12T08:58:41\n", "Apache/", "2.4.71", ""},
    {"v2.11.4 h1:XKvkaUm1Ls6zR4Ngn4vTfMWNSKxnEsyRbTWQ8vVYwVs=\n", "", "2.11.4", ""},
    {"2.6.2\n", NULL, "2.6.2", ""},
    {"hitch 1.7.2\nCopyright (c) 2020 Varnish Software AB\n", "hitch ", "1.7.2", ""},
    {"OpenSSL 3.0.22 25 Aug 2026 (Library: OpenSSL 3.0.22 25 Aug 2026)\n", "OpenSSL ", "3.0.22", "OpenSSL 3.0.22"},
    {"gnutls-serv 3.7.9\nCopyright (C) 2000-2021\n", "gnutls-serv ", "3.7.9", ""},
    {"server 1.0-rc1 (GnuTLS/3.7.9)\n", "server ", "1.0-rc1", "GnuTLS 3.7.9"},
    {"product v1.2.3.\n", "product", "1.2.3", ""},
    {"no number here\n", "", "", ""},
    {"something else 1.0\n", "nginx/", "", ""},
    {"", "x", "", ""},
};

START_TEST(finds)
{
	char product[64], library[64];
	version_product(rows[_i].text, rows[_i].pattern, product, sizeof product);
	version_library(rows[_i].text, library, sizeof library);
	ck_assert_str_eq(product, rows[_i].product);
	ck_assert_str_eq(library, rows[_i].library);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("target/version");
	TCase *t = tcase_create("version");
	tcase_add_loop_test(t, finds, 0, (int)(sizeof rows / sizeof *rows));
	suite_add_tcase(s, t);
	return s;
}
