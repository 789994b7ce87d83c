#include "harness/target/url.h"

#include "harness/base/test.h"

static const struct where here = {"t.xml", 7};

static const struct {
	const char *text, *host, *authority, *path;
	unsigned port;
} good[] = {
    {"https://localhost:8443/", "localhost", "localhost:8443", "/", 8443},
    {"https://localhost", "localhost", "localhost", "/", 443},
    {"https://LocalHost:443/a/b?c=d", "localhost", "localhost", "/a/b?c=d", 443},
    {"https://host?x", "host", "host", "/?x", 443},
    {"HTTPS://[::1]:8443/", "::1", "[::1]:8443", "/", 8443},
    {"https://[2001:DB8::1]/x", "2001:db8::1", "[2001:db8::1]", "/x", 443},
    {"https://10.0.0.1/", "10.0.0.1", "10.0.0.1", "/", 443},
    {"https://my_host.corp.:1/", "my_host.corp.", "my_host.corp.:1", "/", 1},
};

static const struct {
	const char *text, *says;
} bad[] = {
    {"http://host/", "no https"},
    {"host:8443", "no https"},
    {"https://", "names no host"},
    {"https:///path", "names no host"},
    {"https://user@host/", "user name"},
    {"https://host:0/", "no port"},
    {"https://host:65536/", "no port"},
    {"https://host:/", "no port"},
    {"https://host:84 43/", "no port"},
    {"https://ho st/", "names no host"},
    {"https://host..x/", "names no host"},
    {"https://::1/", "no port"},
    {"https://[::1/", "written [ADDRESS]:PORT"},
    {"https://[::1]x/", "written [ADDRESS]:PORT"},
    {"https://[127.0.0.1]/", "names no host"},
    {"https://host/#frag", "fragment"},
    {"https://host/a b", "percent-encoded"},
    {"https://host/\xc3\xa4", "percent-encoded"},
};

START_TEST(reads_urls)
{
	struct arena a = {0};
	struct err err = {{0}};
	struct url u;
	ck_assert_msg(url_parse(&a, good[_i].text, here, &u, &err) == RC_OK, "%s: %s", good[_i].text, err.text);
	ck_assert_str_eq(u.host, good[_i].host);
	ck_assert_str_eq(u.authority, good[_i].authority);
	ck_assert_str_eq(u.path, good[_i].path);
	ck_assert_uint_eq(u.port, good[_i].port);
	arena_fini(&a);
}
END_TEST

START_TEST(refuses)
{
	struct arena a = {0};
	struct err err = {{0}};
	struct url u;
	ck_assert_msg(url_parse(&a, bad[_i].text, here, &u, &err) == RC_INPUT, "%s was taken", bad[_i].text);
	ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s: %s", bad[_i].text, err.text);
	ck_assert_ptr_eq(strstr(err.text, "t.xml:7: "), err.text);
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *text, *host;
	unsigned port;
} addresses[] = {
    {"127.0.0.1:81", "127.0.0.1", 81}, {"[::1]:82", "::1", 82},	      {"[::1]", "::1", 443},
    {"iis.lab", "iis.lab", 443},       {"iis.lab:84", "iis.lab", 84},
};

START_TEST(reads_addresses)
{
	struct arena a = {0};
	struct err err = {{0}};
	const char *host;
	uint16_t port;
	ck_assert_int_eq(url_address(&a, addresses[_i].text, here, &host, &port, &err), RC_OK);
	ck_assert_str_eq(host, addresses[_i].host);
	ck_assert_uint_eq(port, addresses[_i].port);
	arena_fini(&a);
}
END_TEST

START_TEST(tells_literals_from_names)
{
	ck_assert(url_host_is_ip("127.0.0.1"));
	ck_assert(url_host_is_ip("::1"));
	ck_assert(!url_host_is_ip("localhost"));
	ck_assert(!url_host_is_ip("1.2.3"));
}
END_TEST

START_TEST(knows_localhost)
{
	static const struct {
		const char *host;
		bool is;
	} rows[] = {{"localhost", true},	 {"LocalHost", true},	{"a.localhost", true}, {"mylocalhost", false},
		    {"localhost.test", false}, {"ocalhost", false}, {"", false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(url_host_is_localhost(rows[i].host) == rows[i].is, "%s", rows[i].host);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("target/url");
	TCase *t = tcase_create("url");
	tcase_add_loop_test(t, reads_urls, 0, (int)(sizeof good / sizeof *good));
	tcase_add_loop_test(t, refuses, 0, (int)(sizeof bad / sizeof *bad));
	tcase_add_loop_test(t, reads_addresses, 0, (int)(sizeof addresses / sizeof *addresses));
	tcase_add_test(t, tells_literals_from_names);
	tcase_add_test(t, knows_localhost);
	suite_add_tcase(s, t);
	return s;
}
