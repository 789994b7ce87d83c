/* The lines a person would type: what they say of a request's body. */
#include "harness/run/recipe.h"

#include "harness/base/test.h"

#include <string.h>

#define A(n, v) {n, v, 0}
#define GENERATED(n) "yes 'mtlspec generated request body.' | head -c " n
static const struct attribute plain[] = {A("id", "r")}, post[] = {A("id", "r"), A("method", "POST"), A("body", "limit+1")},
			      chunked[] = {A("method", "PUT"), A("body", "4k"), A("chunked", "yes")},
			      waiting[] = {A("method", "POST"), A("body", "{size}"), A("expect-continue", "yes")};

static const struct {
	const char *name;
	const struct attribute *attributes;
	size_t n;
	enum negotiation negotiation;
	const char *curl, *openssl; /* parts of the lines; NULL: no body in them */
} rows[] = {
	{"GET", plain, 1, NEGOTIATION_REQUIRED, NULL, "printf 'GET /x HTTP/1.1\\r\\nHost: h:8443\\r\\nConnection: close\\r\\n\\r\\n' |"},
	{"POST", post, 3, NEGOTIATION_REQUIRED, GENERATED("101") " | curl -v --http1.1 --tlsv1.3 --insecure -X POST --data-binary @- -H 'Expect:'",
	 "Content-Length: 101\\r\\n\\r\\n'; " GENERATED("101") "; } | openssl"},
	{"chunked", chunked, 3, NEGOTIATION_REQUIRED, "-X PUT --data-binary @- -H 'Expect:' -H 'Transfer-Encoding: chunked'",
	 "chunked\\r\\n\\r\\n1000\\r\\n'; " GENERATED("4096") "; printf '\\r\\n0\\r\\n\\r\\n'; }"},
	{"waiting", waiting, 3, NEGOTIATION_POST_HANDSHAKE, GENERATED("7") " | curl -v --http1.1 --tlsv1.3 --insecure -X POST --data-binary @- -H 'Expect: 100-continue'",
	 "Expect: 100-continue\\r\\nContent-Length: 7\\r\\n"},
};

START_TEST(lines)
{
	static const char *const sizes[] = {"7"};
	static const struct axis axis = {.name = "size", .values = sizes, .n = 1};
	const struct script_step steps[] = {{.verb = VERB_CONNECT},
					    {.verb = VERB_REQUEST, .attributes = rows[_i].attributes, .n_attributes = rows[_i].n}};
	const struct scenario scenario = {.suite = "s", .id = "s", .steps = steps, .n_steps = 2, .axes = &axis, .n_axes = 1};
	const struct kase k = {.scenario = &scenario, .tls = TLS_1_3, .http = HTTP_1_1, .negotiation = rows[_i].negotiation, .axis = {"7"}};
	const struct live_endpoint e = {.address = {"127.0.0.1", 8443}, .host = "h", .authority = "h:8443", .path = "/x"};
	const struct recipe_files f = {.body_limit = 100};
	struct arena a = {0};
	const char *curl = recipe_curl(&a, &k, &e, &f), *openssl = recipe_openssl(&a, &k, &e, &f);
	ck_assert_msg(rows[_i].curl ? strstr(curl, rows[_i].curl) != NULL : !strstr(curl, "--data"), "%s: %s", rows[_i].name, curl);
	ck_assert_msg(strstr(openssl, rows[_i].openssl) != NULL, "%s: %s", rows[_i].name, openssl);
	ck_assert_msg(!strstr(openssl, "-enable_pha") == (rows[_i].negotiation != NEGOTIATION_POST_HANDSHAKE), "%s: %s", rows[_i].name,
		      openssl);
	arena_fini(&a);
}
END_TEST

/* What the script says of the connection goes before the cell. */
START_TEST(connection_of_its_own)
{
	static const struct attribute connect[] = {A("id", "c"), A("tls", "1.3"), A("pha", "no")};
	const struct script_step steps[] = {{.verb = VERB_CONNECT, .attributes = connect, .n_attributes = 3},
					    {.verb = VERB_REQUEST, .attributes = plain, .n_attributes = 1}};
	const struct scenario scenario = {.suite = "s", .id = "s", .steps = steps, .n_steps = 2};
	const struct kase k = {.scenario = &scenario, .tls = TLS_1_2, .http = HTTP_1_1, .negotiation = NEGOTIATION_POST_HANDSHAKE};
	const struct live_endpoint e = {.address = {"127.0.0.1", 8443}, .host = "h", .authority = "h:8443", .path = "/x"};
	const struct recipe_files f = {0};
	struct arena a = {0};
	ck_assert_ptr_nonnull(strstr(recipe_curl(&a, &k, &e, &f), " --tlsv1.3 "));
	const char *openssl = recipe_openssl(&a, &k, &e, &f);
	ck_assert_ptr_nonnull(strstr(openssl, " -tls1_3 "));
	ck_assert_ptr_null(strstr(openssl, "-enable_pha"));
	arena_fini(&a);
}
END_TEST

/* One connection earns the session, the other comes back with it. */
START_TEST(early_data)
{
	static const struct attribute first[] = {A("id", "a"), A("name", "open"), A("certificate", "none")},
				      second[] = {A("id", "b"), A("name", "{sni}"), A("resume", "t"), A("early", "yes")},
				      elsewhere[] = {A("id", "r"), A("host", "protected")};
	static const char *const names_of[] = {"open", "protected"};
	static const struct axis axis = {.name = "sni", .values = names_of, .n = 2};
	const struct script_step steps[] = {{.verb = VERB_CONNECT, .attributes = first, .n_attributes = 3},
					    {.verb = VERB_REQUEST, .attributes = plain, .n_attributes = 1},
					    {.verb = VERB_SAVE},
					    {.verb = VERB_CONNECT, .attributes = second, .n_attributes = 4},
					    {.verb = VERB_REQUEST, .attributes = elsewhere, .n_attributes = 2}};
	struct scenario scenario = {.suite = "s", .id = "s", .steps = steps, .n_steps = 5, .axes = &axis, .n_axes = 1};
	struct kase k = {.scenario = &scenario, .tls = TLS_1_3, .http = HTTP_1_1, .axis = {"open"}};
	static const struct endpoint_name names[] = {{.id = "open", .host = "open.test"}, {.id = "protected", .host = "p.test"}};
	const struct endpoint endpoint = {.names = names, .n_names = 2};
	const struct live_endpoint e = {.endpoint = &endpoint, .address = {"::1", 8443}, .host = "p.test", .authority = "p.test:8443",
					.path = "/x"};
	const struct recipe_files f = {0};
	struct arena a = {0};
	ck_assert_str_eq(recipe_early(&a, &k, &e, &f),
			 "printf 'GET /x HTTP/1.1\\r\\nHost: open.test:8443\\r\\nConnection: close\\r\\n\\r\\n' | openssl s_client -connect "
			 "[::1]:8443 -servername open.test -tls1_3 -ign_eof -sess_out session.pem\n"
			 "  printf 'GET /x HTTP/1.1\\r\\nHost: p.test:8443\\r\\nConnection: close\\r\\n\\r\\n' > early.txt; openssl s_client "
			 "-connect [::1]:8443 -servername open.test -tls1_3 -ign_eof -sess_in session.pem -early_data early.txt < /dev/null");
	k.axis[0] = "protected";
	ck_assert_ptr_nonnull(strstr(recipe_early(&a, &k, &e, &f), "-servername p.test -tls1_3 -ign_eof -sess_in session.pem   # early"));
	scenario.n_steps = 2;
	ck_assert_ptr_null(recipe_early(&a, &k, &e, &f));
	arena_fini(&a);
}
END_TEST

START_TEST(redirect)
{
	static const struct attribute first[] = {A("id", "a"), A("name", "open")}, ask[] = {A("id", "q"), A("target", "redirect")},
				      second[] = {A("id", "b"), A("name", "p"), A("follow", "q")};
	const struct script_step steps[] = {{.verb = VERB_CONNECT, .attributes = first, .n_attributes = 2},
					    {.verb = VERB_REQUEST, .attributes = ask, .n_attributes = 2},
					    {.verb = VERB_CONNECT, .attributes = second, .n_attributes = 3}};
	struct scenario scenario = {.suite = "s", .id = "s", .steps = steps, .n_steps = 3};
	const struct kase k = {.scenario = &scenario, .tls = TLS_1_2, .http = HTTP_1_1};
	static const struct endpoint_name names[] = {{.id = "open", .host = "open.test", .redirect = "/m"}, {.id = "p", .host = "p.test"}};
	const struct endpoint endpoint = {.names = names, .n_names = 2};
	const struct live_endpoint e = {.endpoint = &endpoint, .address = {"127.0.0.1", 8443}, .host = "p.test", .authority = "p.test:8443"};
	const struct recipe_files f = {.chain = "c.pem", .key = "k.pem"};
	struct arena a = {0};
	ck_assert_str_eq(recipe_follow(&a, &k, &e, &f),
			 "curl -v --location --max-redirs 1 --tls-max 1.2 --insecure --cert 'c.pem' --key 'k.pem' --connect-to "
			 "open.test:8443:127.0.0.1:8443 --connect-to p.test:8443:127.0.0.1:8443 'https://open.test:8443/m'");
	scenario.n_steps = 2;
	ck_assert_ptr_null(recipe_follow(&a, &k, &e, &f));
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("recipe");
	TCase *c = tcase_create("recipe");
	tcase_add_loop_test(c, lines, 0, sizeof rows / sizeof *rows);
	tcase_add_test(c, connection_of_its_own);
	tcase_add_test(c, early_data);
	tcase_add_test(c, redirect);
	suite_add_tcase(s, c);
	return s;
}
