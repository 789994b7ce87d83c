/* clang-format off */ /* the tables are laid out for readers: a row a line */
#include "harness/judge/fixture.h"

#include "harness/base/buf.h"

static const struct shown_identity alice = {
	.credential = "own:alice", .subject = "O=Example, CN=Alice Smith", .sha1 = "00aaff", .sha256 = "11aaff"};
static const struct shown_identity minted = {
	.credential = "valid", .subject = "mtlspec-a1", .sha1 = "00aaff", .sha256 = "11aaff"};
static const struct shown_identity nameless = {.credential = "uri-only", .subject = ""};

static const struct {
	const char *name;
	enum echo_form form;
	const char *echoed;
	const struct shown_identity *shown;
	enum same same;
} rows[] = {
	{"bare name", ECHO_SUBJECT, "mtlspec-a1", &minted, SAME_YES},
	{"RFC 2253", ECHO_SUBJECT, "CN=mtlspec-a1,O=mtlspec TEST ONLY", &minted, SAME_YES},
	{"OpenSSL one line", ECHO_SUBJECT, "/O=mtlspec TEST ONLY/CN=mtlspec-a1", &minted, SAME_YES},
	{"spaces around", ECHO_SUBJECT, "O = mtlspec TEST ONLY, CN = mtlspec-a1", &minted, SAME_YES},
	{"another name", ECHO_SUBJECT, "CN=mtlspec-b2", &minted, SAME_NO},
	{"a longer name", ECHO_SUBJECT, "CN=mtlspec-a12", &minted, SAME_NO},
	{"a name in front", ECHO_SUBJECT, "CN=x-mtlspec-a1", &minted, SAME_NO},
	{"only on a later line", ECHO_SUBJECT, "CN=mtlspec-b2\nmtlspec-a1", &minted, SAME_NO},
	{"own certificate", ECHO_SUBJECT, "/CN=Alice Smith/O=Example", &alice, SAME_YES},
	{"own certificate, other", ECHO_SUBJECT, "/CN=Bob/O=Example", &alice, SAME_NO},
	{"nameless", ECHO_SUBJECT, "anything", &nameless, SAME_UNKNOWN},
	{"sha1", ECHO_SHA1_HEX, "00aaff", &minted, SAME_YES},
	{"sha1 with colons", ECHO_SHA1_HEX, "00:AA:FF", &minted, SAME_YES},
	{"sha1 cut", ECHO_SHA1_HEX, "00aa", &minted, SAME_NO},
	{"sha1 too long", ECHO_SHA1_HEX, "00aaff00", &minted, SAME_NO},
	{"sha256", ECHO_SHA256_HEX, "11AAFF", &minted, SAME_YES},
	{"sha256 other", ECHO_SHA256_HEX, "11AAFE", &minted, SAME_NO},
	{"sha256 not known", ECHO_SHA256_HEX, "11AAFE", &nameless, SAME_UNKNOWN},
	{"no base64", ECHO_DER_BASE64, "*", &minted, SAME_UNKNOWN},
	{"no certificate", ECHO_DER_BASE64, "MAA=", &minted, SAME_UNKNOWN},
	{"no PEM", ECHO_PEM_URL, "mtlspec-a1", &minted, SAME_UNKNOWN},
};

START_TEST(same)
{
	struct arena a = {0};
	enum same got = identity_same(&a, rows[_i].form, rows[_i].echoed, rows[_i].shown);
	ck_assert_msg(got == rows[_i].same, "%s: %d", rows[_i].name, (int)got);
	arena_fini(&a);
}
END_TEST

/* As much of a certificate as comes before its subject and the subject: issuer mtlspec-b2, subject mtlspec-a1. */
#define NAME(c) 0x30, 0x15, 0x31, 0x13, 0x30, 0x11, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x0a, \
		'm', 't', 'l', 's', 'p', 'e', 'c', '-', c
static const unsigned char certificate[] = {
	0x30, 0x3c, 0x30, 0x3a,				  /* Certificate, TBSCertificate */
	0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01, /* version 3, serial 1 */
	0x30, 0x00, NAME('b'), '2', 0x30, 0x00, NAME('a'), '1', /* algorithm, issuer, validity, subject */
};

START_TEST(certificates)
{
	struct shown_identity other = minted;
	struct arena a = {0};
	struct buf b;
	buf_init(&b, 4096);
	text_base64(&b, certificate, sizeof certificate);
	ck_assert_int_eq(identity_same(&a, ECHO_DER_BASE64, b.data, &minted), SAME_YES);
	const char *colons = arena_printf(&a, ":%s:", b.data); /* RFC 9440 */
	ck_assert_int_eq(identity_same(&a, ECHO_DER_BASE64, colons, &minted), SAME_YES);
	const char *pem = arena_printf(&a, "-----BEGIN%%20CERTIFICATE-----%%0A%s%%0A-----END%%20CERTIFICATE-----%%0a",
				       b.data);
	ck_assert_int_eq(identity_same(&a, ECHO_PEM_URL, pem, &minted), SAME_YES);
	other.subject = "mtlspec-b2"; /* the issuer is not who called */
	ck_assert_int_eq(identity_same(&a, ECHO_DER_BASE64, b.data, &other), SAME_NO);
	other.subject = "mtlspec-a"; /* a part is not the name */
	ck_assert_int_eq(identity_same(&a, ECHO_PEM_URL, pem, &other), SAME_NO);
	for (size_t cut = 0; cut < sizeof certificate; cut++) {
		buf_clear(&b);
		text_base64(&b, certificate, cut);
		ck_assert_int_eq(identity_same(&a, ECHO_DER_BASE64, b.data, &minted), SAME_UNKNOWN);
	}
	buf_fini(&b);
	arena_fini(&a);
}
END_TEST

START_TEST(presented)
{
	struct observation o;
	observation_init(&o);
	observation_add(&o, 0, EVENT_CERTIFICATE_SENT, 0, -1, 1, 1, "valid");
	observation_add(&o, 0, EVENT_SESSION_SAVED, 0, -1, 1, 0, "ticket");
	observation_add(&o, 0, EVENT_SESSION_OFFERED, 1, -1, 0, 0, "ticket");
	observation_add(&o, 0, EVENT_SESSION_OFFERED, 2, -1, 0, 0, "ticket");
	observation_add(&o, 0, EVENT_RESUMED, 2, -1, 0, 0, NULL);
	observation_add(&o, 0, EVENT_SESSION_OFFERED, 3, -1, 0, 0, "self");
	observation_add(&o, 0, EVENT_RESUMED, 3, -1, 0, 0, NULL);
	observation_add(&o, 0, EVENT_SESSION_SAVED, 3, -1, 1, 0, "self");
	ck_assert_str_eq(identity_presented(&o, 0), "valid");
	ck_assert_ptr_null(identity_presented(&o, 1)); /* offered and declined by the server */
	ck_assert_str_eq(identity_presented(&o, 2), "valid");
	ck_assert_ptr_null(identity_presented(&o, 3)); /* a circle ends */
	observation_fini(&o);
}
END_TEST

/* How a target shows who it believes. */
START_TEST(shows)
{
	static const struct target verified = {.id = "v",
					       .echo = {.header = "X-Client-Subject"},
					       .verified = {.header = "X-Verify", .yes = "SUCCESS", .no = "NONE"}};
	static const struct target only_verified = {.id = "v", .verified = {.header = "X-Verify", .yes = "SUCCESS"}};
	static const struct target body = {.id = "b", .echo = {.body = "subject="}};
	static const struct target words = {.id = "w", .accept = {.statuses = "200 304", .contains = "welcome"},
					    .reject = {.statuses = "4xx 503", .contains = "denied", .location = "/login"}};
#define VERIFY(v) R(HEADER, .text = "x-verify: " v)
#define FOUND(n) R(FOUND, .a = (n))
	static const struct {
		const char *name;
		const struct target *target;
		struct event events[FIXTURE_EVENTS];
		enum decision decision;
		const char *identity;
	} t[] = {
		{"verified", &verified, {UP, STATUS(200), VERIFY("SUCCESS"), SUBJECT("a")}, DECISION_ACCEPT, "a"},
		{"not verified", &verified, {UP, STATUS(200), VERIFY("FAILED:x"), SUBJECT("a")}, DECISION_ANONYMOUS, NULL},
		{"nobody", &verified, {UP, STATUS(200), VERIFY("NONE")}, DECISION_ANONYMOUS, NULL},
		{"without that header", &verified, {UP, STATUS(200), SUBJECT("a")}, DECISION_ACCEPT, "a"},
		{"verified alone", &only_verified, {UP, STATUS(200), VERIFY("success")}, DECISION_ACCEPT, NULL},
		{"refused alone", &only_verified, {UP, STATUS(200), VERIFY("GENEROUS")}, DECISION_ANONYMOUS, NULL},
		{"body, by subject", &body, {UP, STATUS(200), FOUND(JOB_WATCH_ECHO), FOUND(JOB_WATCH_SUBJECTS + 1)},
		 DECISION_ACCEPT, "mtlspec-b2"},
		{"body, in the excerpt", &body, {UP, STATUS(200), R(EXCERPT, .text = "hello subject= CN=q")},
		 DECISION_ACCEPT, "CN=q"},
		{"body, empty", &body, {UP, STATUS(200), R(EXCERPT, .text = "subject=\nbye")}, DECISION_ANONYMOUS, NULL},
		{"body, no marker", &body, {UP, STATUS(200), R(EXCERPT, .text = "hello")}, DECISION_ANONYMOUS, NULL},
		{"contains", &words, {UP, STATUS(200), FOUND(JOB_WATCH_ACCEPT)}, DECISION_ACCEPT, NULL},
		{"contains, in the excerpt", &words, {UP, STATUS(304), R(EXCERPT, .text = "so welcome")}, DECISION_ACCEPT,
		 NULL},
		{"does not contain", &words, {UP, STATUS(200)}, DECISION_REJECT, NULL},
		{"refuses with 200", &words, {UP, STATUS(200), FOUND(JOB_WATCH_ACCEPT), FOUND(JOB_WATCH_REJECT)},
		 DECISION_REJECT, NULL},
		{"refuses with a redirect", &words, {UP, STATUS(302), R(HEADER, .text = "location: /login?x")},
		 DECISION_REJECT, NULL},
		{"redirects elsewhere", &words, {UP, STATUS(302), R(HEADER, .text = "Location: /home")},
		 DECISION_REDIRECT, NULL},
		{"redirects, and shows the page", &words, {UP, STATUS(302), R(HEADER, .text = "Location: /home"), FOUND(JOB_WATCH_ACCEPT)},
		 DECISION_ACCEPT, NULL},
		{"201 is not in its list", &words, {UP, STATUS(201), FOUND(JOB_WATCH_ACCEPT)}, DECISION_REJECT, NULL},
		{"503 is, by name", &words, {UP, STATUS(503)}, DECISION_REJECT, NULL},
	};
	for (size_t i = 0; i < ROWS(t); i++) {
		struct judge_context c = fixture_context;
		struct observation o;
		struct outcome out;
		c.target = t[i].target;
		fixture_observe(&o, t[i].events);
		judge_outcome(&fixture_case, &c, &o, 0, &out);
		ck_assert_msg(out.decision == t[i].decision, "%s: %s", t[i].name, decision_text(out.decision));
		ck_assert_msg(text_equal(out.identity, t[i].identity), "%s: %s", t[i].name, out.identity);
		ck_assert_msg(!out.throttled && !out.undecidable, "%s", t[i].name);
		observation_fini(&o);
	}
}
END_TEST

START_TEST(statuses)
{
	ck_assert(http_status_in("2xx", 204));
	ck_assert(http_status_in("400 403", 403));
	ck_assert(http_status_in("40X", 401));
	ck_assert(!http_status_in("40X", 411));
	ck_assert(!http_status_in("20", 200));
	ck_assert(!http_status_in("", 200));
	ck_assert(!http_status_in(NULL, 200));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("judge identity");
	TCase *c = tcase_create("identity");
	tcase_add_loop_test(c, same, 0, ROWS(rows));
	tcase_add_test(c, certificates);
	tcase_add_test(c, presented);
	tcase_add_test(c, shows);
	tcase_add_test(c, statuses);
	suite_add_tcase(s, c);
	return s;
}
