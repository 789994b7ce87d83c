#include "clients/redirect.h"

#include "harness/base/test.h"

#define A "p.test:8443"

static const struct {
	const char *name, *location, *authority, *target;
	bool leads;
} rows[] = {
    {"as it should", "https://p.test:8443/a?b", A, "/a?b", true},
    {"in other case", "HTTPS://P.Test:8443/a", A, "/a", true},
    {"with a fragment", "https://p.test:8443/a#top", A, "/a", true},
    {"the root", "https://p.test:8443", A, "/", true},
    {"the root with a query", "https://p.test:8443?b", A, "/?b", true},
    {"the usual port, said", "https://p.test:443/a", "p.test", "/a", true},
    {"the usual port, not said", "https://p.test/a", "p.test:443", "/a", true},
    {"an empty port", "https://p.test:/a", "p.test", "/a", true},
    {"an address", "https://[::1]:8443/a", "[::1]:8443", "/a", true},
    {"no Location", NULL, A, "/a", false},
    {"an empty one", "", A, "/a", false},
    {"without TLS", "http://p.test:8443/a", A, "/a", false},
    {"a path alone", "/a", A, "/a", false},
    {"without a scheme", "//p.test:8443/a", A, "/a", false},
    {"another port", "https://p.test:8444/a", A, "/a", false},
    {"no port", "https://p.test/a", A, "/a", false},
    {"another name", "https://q.test:8443/a", A, "/a", false},
    {"a longer name", "https://p.test.evil.test:8443/a", "p.test", "/a", false},
    {"the name as a user", "https://p.test:8443@evil.test/a", A, "/a", false},
    {"the name in the path", "https://evil.test/p.test:8443/a", A, "/a", false},
    {"a backslash", "https://evil.test\\@p.test:8443/a", A, "/a", false},
    {"another path", "https://p.test:8443/b", A, "/a", false},
    {"more of a path", "https://p.test:8443/a/b", A, "/a", false},
    {"less of a path", "https://p.test:8443/", A, "/a", false},
    {"another query", "https://p.test:8443/a?c", A, "/a?b", false},
    {"no query", "https://p.test:8443/a", A, "/a?b", false},
    {"the root instead", "https://p.test:8443", A, "/a", false},
};

START_TEST(leads)
{
	ck_assert_msg(redirect_leads_to(rows[_i].location, rows[_i].authority, rows[_i].target) == rows[_i].leads, "%s", rows[_i].name);
}
END_TEST

START_TEST(statuses)
{
	unsigned n = 0;
	for (int status = 100; status < 600; status++)
		n += redirect_is_status(status);
	ck_assert_uint_eq(n, 5);
	ck_assert(redirect_is_status(308) && !redirect_is_status(304));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("redirect");
	TCase *c = tcase_create("redirect");
	tcase_add_loop_test(c, leads, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(c, statuses);
	suite_add_tcase(s, c);
	return s;
}
