/* clang-format off */ /* the tables are laid out for readers: a row a line */
#include "harness/judge/explain.h"

#include "harness/base/test.h"

#include <string.h>

static const struct when_term bare[] = {{"signal", "http:400"}, {"asked", "yes"}};
static const struct when_term alerts[] = {{"signal", "alert:certificate_required|alert:handshake_failure"}};
static const struct when_term unknown_ca[] = {{"signal", "alert:unknown_ca"}};
static const struct when_term go[] = {{"product", "caddy|go"}, {"signal", "alert:bad_certificate"}};
static const struct when_term bad[] = {{"signal", "alert:bad_certificate"}};
static const struct when_term iis[] = {{"signal", "http:403.16"}};
static const struct when_term iis_other[] = {{"signal", "http:403.7"}};
static const struct when_term ends[] = {{"signal", "eof|reset"}};
static const struct diagnosis entries[] = {
	{.id = "KB-17", .when = {bare, 2}, .match = "No required SSL certificate was sent"},
	{.id = "KB-19", .when = {alerts, 1}},
	{.id = "KB-20", .when = {unknown_ca, 1}, .match = "unable to get local issuer certificate\nunknown authority"},
	{.id = "KB-21", .when = {bad, 1}},
	{.id = "KB-27", .when = {go, 2}},
	{.id = "KB-06", .when = {iis, 1}, .match = "403.16\n403 16 2148204809\n0x800B0109"},
	{.id = "KB-04", .when = {iis_other, 1}},
	{.id = "KB-31", .when = {ends, 1}, .match = "ERR_CONNECTION_CLOSED"},
	{.id = "KB-01", .match = "0x80070032\nNegotiate Client Certificate : Disabled"},
};
static const struct suite suite = {.diagnoses = entries, .n_diagnoses = sizeof entries / sizeof *entries};

static const struct {
	const char *text, *hits; /* ids, best first */
} rows[] = {
	{"http:400", "KB-17"},
	{"400", "KB-17"},
	{"HTTP/1.1 400 Bad Request", "KB-17"},
	{"<center>No required SSL certificate was sent</center>", "KB-17"},
	{"no required\n  ssl   CERTIFICATE was sent", "KB-17"},
	{"alert:unknown_ca", "KB-20"},
	{"unknown_ca", "KB-20"},
	{"Unknown CA", "KB-20"},
	{"48", "KB-20"},
	{"0A000418:SSL routines::tlsv1 alert unknown ca:ssl3_read_bytes:SSL alert number 48", "KB-20"},
	{"The TLS protocol defined fatal alert code is 48.", "KB-20"},
	{"alert(116)", "KB-19"},
	{"handshake_failure", "KB-19"},
	{"x509: certificate signed by unknown authority", "KB-20"},
	{"42", "KB-21 KB-27"},
	{"caddy says bad_certificate", "KB-27 KB-21"},
	{"403.16", "KB-06"},
	{"HTTP Error 403.16 - Forbidden", "KB-06"},
	{"http:403", "KB-06 KB-04"},
	{"GET /a - 443 - 10.0.0.1 curl - 403 16 2148204809 15", "KB-06"},
	{"0x800b0109", "KB-06"},
	{"reset", "KB-31"},
	{"This site can't be reached: ERR_CONNECTION_CLOSED", "KB-31"},
	{"Negotiate Client Certificate    : Disabled", "KB-01"},
	{"KB-01", "KB-01"},
	{"kb-20", "KB-20"},
	{"403.1", ""}, /* a substatus of its own, not the beginning of 403.16 */
	{"0x8007003", ""},
	{"0x800701480", ""},
	{"10.403.16.2", ""},
	{"148", ""},
	{"418", ""},
	{"everything is fine", ""},
	{"unknown_cat", ""},
	{"", ""},
};

START_TEST(ranked)
{
	struct arena a = {0};
	const struct explain_hit *hits;
	const char *ids = "";
	size_t n;
	explain_rank(&a, &suite, rows[_i].text, &hits, &n);
	for (size_t i = 0; i < n; i++) {
		ids = arena_printf(&a, "%s%s%s", ids, i ? " " : "", hits[i].diagnosis->id);
		ck_assert_msg(hits[i].found && hits[i].found[0], "%s: a reason", rows[_i].text);
	}
	ck_assert_msg(strcmp(ids, rows[_i].hits) == 0, "%s: %s", rows[_i].text, ids);
	arena_fini(&a);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("explain");
	TCase *c = tcase_create("explain");
	tcase_add_loop_test(c, ranked, 0, sizeof rows / sizeof *rows);
	suite_add_tcase(s, c);
	return s;
}
