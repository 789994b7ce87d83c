#include "harness/run/crosscheck.h"

#include "harness/base/test.h"

#include <string.h>

#define BOTH (BIT(TLS_1_2) | BIT(TLS_1_3))
#define PAGE "hello, somebody"

/* What one connection shows, in short. */
#define UP	.tried = true, .connected = true, .done = true
#define DONE	UP, .late = EVENT_KIND__COUNT
#define LATE(k) UP, .late = EVENT_##k
#define ASKED .asked = true, .ca_names = 1
#define NO_LIST .asked = true
#define SERVED(d, ...)                                                                                                  \
	.minor = 1, .excerpt = PAGE, .outcome = {.any = true, .decision = DECISION_##d, .phase = PHASE_RESPONSE,        \
						 .signal = "http:200", .status = 200, __VA_ARGS__}
#define REFUSED(n)                                                                                                      \
	.minor = 1, .excerpt = "no", .outcome = {.any = true, .decision = DECISION_REJECT, .phase = PHASE_RESPONSE,     \
						 .signal = "http:" #n, .status = n}
#define ALERT(name, p) .outcome = {.any = true, .decision = DECISION_REJECT, .phase = p, .signal = "alert:" name}
#define SIGHT(...) {.look = {__VA_ARGS__}, .body = 15}

static const struct endpoint plain = {.id = "main"}, own_tls = {.id = "main", .tls = BOTH}, open_to_all = {.id = "main", .strangers = true};

static const struct target echoes = {.id = "t", .has = "echo ca-list", .echo = {.header = "X-Subject"}};
static const struct target silent = {.id = "t", .has = "ca-list"};
static const struct target claims = {.id = "t", .has = "echo ca-list"};
static const struct target hides = {.id = "t", .has = "ca-list", .echo = {.body = "Subject: "}};
static const struct target no_list = {.id = "t", .has = ""};

#define M_ ,
#define STRANGERS(x, ...) .stranger = {[TLS_1_2] = SIGHT(x), [TLS_1_3] = SIGHT(__VA_ARGS__)}
/* The same at both versions. */
#define BOTH_SHOW(...) .stranger = {[TLS_1_2] = SIGHT(__VA_ARGS__), [TLS_1_3] = SIGHT(__VA_ARGS__)}
#define PLACE(e, mode) .endpoint = &e, .label = "main", .declared = NEGOTIATION_##mode, .tls = BOTH, .http = BIT(HTTP_1_1)
#define CONTROL(d, ...) .control = SIGHT(DONE, ASKED, SERVED(d, .sent = true, __VA_ARGS__))
#define REQUIRES BOTH_SHOW(DONE, ASKED, REFUSED(400))
#define OFFERS BOTH_SHOW(DONE, ASKED, SERVED(ANONYMOUS))

static const struct {
	const char *name;
	const struct target *target;
	struct place place;
	const char *says; /* of the only sentence; NULL: there is none */
	const char *says_too; /* of a second one */
} rows[] = {
	{"as declared: required", &echoes, {PLACE(plain, REQUIRED), REQUIRES, CONTROL(ACCEPT, .identity = "me")}, NULL, NULL},
	{"as declared: optional", &echoes, {PLACE(plain, OPTIONAL), OFFERS, CONTROL(ACCEPT, .identity = "me")}, NULL, NULL},
	{"as declared: none", &echoes, {PLACE(plain, NONE), BOTH_SHOW(DONE, SERVED(ANONYMOUS))}, NULL, NULL},
	{"as declared: renegotiation",
	 &echoes,
	 {PLACE(plain, RENEGOTIATION),
	  STRANGERS(LATE(HELLO_REQUEST) M_ REFUSED(403), DONE M_ SERVED(ANONYMOUS))},
	 NULL, NULL},
	{"nothing answers at all", &silent, {PLACE(plain, OPTIONAL), BOTH_SHOW(.tried = true)}, NULL, NULL},

	{"required, nobody is asked", &echoes, {PLACE(plain, REQUIRED), BOTH_SHOW(DONE, SERVED(ANONYMOUS))},
	 "no certificate is asked for, everybody is served: target.xml declares negotiation=\"required\"; if the server is right, "
	 "\"none\" belongs there",
	 NULL},
	{"required, strangers are served, one body for all", &silent,
	 {PLACE(plain, REQUIRED), OFFERS, CONTROL(ACCEPT, .undecidable = true)},
	 "a client without one is served, with the same body as the control: target.xml declares negotiation=\"required\"; if the "
	 "server is right, \"optional\"",
	 NULL},
	{"optional, strangers are refused", &echoes, {PLACE(plain, OPTIONAL), REQUIRES, CONTROL(ACCEPT, .identity = "me")},
	 "a client without one is refused (http:400): target.xml declares negotiation=\"optional\"; if the server is right, \"required\"",
	 NULL},
	{"optional, but the page is not there for anybody", &silent,
	 {PLACE(plain, OPTIONAL), BOTH_SHOW(DONE, ASKED, REFUSED(404)), .control = SIGHT(DONE, ASKED, REFUSED(404))},
	 "inconclusive: no identity echo", NULL},
	{"none, asked", &echoes, {PLACE(plain, NONE), OFFERS}, "declares negotiation=\"none\"; if the server is right, \"optional\"", NULL},
	{"none, asked and refused", &echoes, {PLACE(plain, NONE), REQUIRES}, "if the server is right, \"required\"", NULL},
	{"none, refused unasked", &echoes, {PLACE(plain, NONE), BOTH_SHOW(DONE, REFUSED(404))},
	 "the request is refused (http:404), where negotiation=\"none\"", NULL},
	{"required, asked late", &echoes,
	 {PLACE(plain, REQUIRED), STRANGERS(LATE(HELLO_REQUEST) M_ REFUSED(403), LATE(REAUTH_REQUEST) M_ REFUSED(403))},
	 "over TLS 1.3 a certificate is asked for only after the request: target.xml declares negotiation=\"required\"; if the server is "
	 "right, \"post-handshake\"",
	 "over TLS 1.2 a certificate is asked for only after the request: target.xml declares negotiation=\"required\"; if the server is "
	 "right, \"renegotiation\""},
	{"versions differ", &echoes,
	 {PLACE(plain, REQUIRED), STRANGERS(DONE M_ SERVED(ANONYMOUS), DONE M_ ASKED M_ REFUSED(400))},
	 "over TLS 1.2 no certificate is asked for", NULL},
	{"load is no policy", &echoes,
	 {PLACE(plain, OPTIONAL),
	  BOTH_SHOW(DONE, ASKED, .outcome = {.decision = DECISION_REJECT, .status = 503, .throttled = true, .signal = "http:503"})},
	 NULL, NULL},

	{"a late mode of the other version", &echoes, 
	 {PLACE(plain, POST_HANDSHAKE), STRANGERS(DONE, LATE(REAUTH_REQUEST) M_ REFUSED(403)), .undeclared = BIT(TLS_1_2)}, NULL, NULL},
	{"a version declared and not spoken", &echoes,
	 {PLACE(plain, REQUIRED),
	  STRANGERS(.tried = true M_ .connected = true M_ ALERT("protocol_version", PHASE_HANDSHAKE), DONE M_ ASKED M_ REFUSED(400))},
	 "TLS 1.2 is declared and not spoken (alert:protocol_version in the handshake): take it out of tls= of <target>", NULL},
	{"the endpoint says it itself", &echoes,
	 {PLACE(own_tls, REQUIRED), STRANGERS(.tried = true M_ .connected = true M_ .outcome = {.signal = "eof"}, DONE M_ ASKED M_ REFUSED(400))},
	 "out of tls= of <endpoint>", NULL},
	{"refused late is spoken", &echoes, {PLACE(plain, REQUIRED), BOTH_SHOW(DONE, ASKED, ALERT("certificate_required", PHASE_LATE))},
	 NULL, NULL},
	{"old versions", &echoes, {PLACE(plain, REQUIRED), REQUIRES, .undeclared = BIT(TLS_1_0) | BIT(TLS_1_1)},
	 "TLS 1.0 is spoken and not declared: add it to tls= of <target> in target.xml to have its cells run, or switch it off at the "
	 "server (RFC 8996)",
	 "TLS 1.1 is spoken"},
	{"HTTP/1.0 refused", &echoes,
	 {.endpoint = &plain, .label = "main", .declared = NEGOTIATION_REQUIRED, .tls = BOTH,
	  .http = BIT(HTTP_1_0) | BIT(HTTP_1_1), REQUIRES, CONTROL(ACCEPT, .identity = "me"),
	  .request = {[HTTP_1_1] = SIGHT(DONE, SERVED(ACCEPT)), [HTTP_1_0] = SIGHT(DONE, REFUSED(505))}},
	 "HTTP/1.0 is declared and not spoken (http:505): take it out of http= of <target>", NULL},
	{"HTTP/1.0 hung up on", &echoes,
	 {.endpoint = &plain, .label = "main", .declared = NEGOTIATION_REQUIRED, .tls = BOTH,
	  .http = BIT(HTTP_1_0) | BIT(HTTP_1_1), REQUIRES, CONTROL(ACCEPT, .identity = "me"),
	  .request = {[HTTP_1_1] = SIGHT(DONE, SERVED(ACCEPT)), [HTTP_1_0] = SIGHT(DONE, .outcome = {.signal = "eof", .phase = PHASE_RESPONSE})}},
	 "HTTP/1.0 is declared and not spoken (eof after the request)", NULL},
	{"HTTP/2 not chosen", &echoes,
	 {.endpoint = &plain, .label = "main", .declared = NEGOTIATION_REQUIRED, .tls = BOTH,
	  .http = BIT(HTTP_1_1) | BIT(HTTP_2), REQUIRES, CONTROL(ACCEPT, .identity = "me"),
	  .request = {[HTTP_1_1] = SIGHT(DONE, SERVED(ACCEPT)), [HTTP_2] = {.look = {DONE, .alpn = "http/1.1"}, .asked_h2 = true}}},
	 "HTTP/2 is declared and not spoken (h2 was offered and not chosen)", NULL},
	{"HTTP/2 refused with an alert", &echoes,
	 {.endpoint = &plain, .label = "main", .declared = NEGOTIATION_REQUIRED, .tls = BOTH, .http = BIT(HTTP_1_1) | BIT(HTTP_2), REQUIRES,
	  CONTROL(ACCEPT, .identity = "me"),
	  .request = {[HTTP_1_1] = SIGHT(DONE, SERVED(ACCEPT)),
		      [HTTP_2] = {.look = {.tried = true, .connected = true, ALERT("no_application_protocol", PHASE_HANDSHAKE)}, .asked_h2 = true}}},
	 "HTTP/2 is declared and not spoken (alert:no_application_protocol in the handshake)", NULL},
	{"HTTP/2 chosen", &echoes,
	 {.endpoint = &plain, .label = "main", .declared = NEGOTIATION_REQUIRED, .tls = BOTH,
	  .http = BIT(HTTP_1_1) | BIT(HTTP_2), REQUIRES, CONTROL(ACCEPT, .identity = "me"),
	  .request = {[HTTP_1_1] = SIGHT(DONE, SERVED(ACCEPT)), [HTTP_2] = {.look = {DONE, .alpn = "h2"}, .asked_h2 = true}}},
	 NULL, NULL},

	{"ca-list declared, not there", &echoes,
	 {PLACE(plain, REQUIRED), BOTH_SHOW(DONE, NO_LIST, REFUSED(400)), CONTROL(ACCEPT, .identity = "me")},
	 "the request for a certificate names no CA: has=\"ca-list\" of <target>", NULL},
	{"there, not declared", &no_list, {PLACE(plain, REQUIRED), REQUIRES}, "names 1 CA: add ca-list to has= of <target>", NULL},
	{"neither", &no_list, {PLACE(plain, REQUIRED), BOTH_SHOW(DONE, NO_LIST, REFUSED(400))}, NULL, NULL},

	{"echo declared, nobody named", &echoes, {PLACE(plain, REQUIRED), REQUIRES, CONTROL(ANONYMOUS, .identity = NULL)},
	 "the answer to the control names nobody (header X-Subject)", NULL},
	{"echo declared, nowhere said where", &claims, {PLACE(plain, REQUIRED), REQUIRES, CONTROL(ACCEPT, .identity = NULL)},
	 "names nobody (no <echo> says where)", NULL},
	{"echo there, not declared", &hides, {PLACE(plain, REQUIRED), REQUIRES, CONTROL(ACCEPT, .identity = "me")},
	 "names it (text \"Subject: \" in the body): add echo to has= of <target>", NULL},

	{"one body for all", &silent, {PLACE(plain, OPTIONAL), OFFERS, CONTROL(ACCEPT, .undecidable = true)},
	 "no identity echo: clients without a certificate are served here too and target.xml names neither <echo> nor <verified>, so who "
	 "is served proves nothing; the control and a client without a certificate get the same body (15 bytes)",
	 NULL},
	{"bodies differ", &silent,
	 {PLACE(plain, OPTIONAL), OFFERS,
	  .control = {.look = {DONE, ASKED, .excerpt = "hello, you", .outcome = {.any = true, .decision = DECISION_ACCEPT, .status = 200, .signal = "http:200", .sent = true, .undecidable = true}}, .body = 10}},
	 "get different bodies: <accept contains", NULL},
	{"a required endpoint that serves strangers", &silent, {PLACE(open_to_all, REQUIRED), REQUIRES}, "no identity echo", NULL},
	{"one answer for all although it echoes", &echoes, {PLACE(plain, OPTIONAL), OFFERS, CONTROL(ANONYMOUS, .identity = NULL)},
	 "the answer to the control names nobody", "get the same answer (http:200, the same 15 bytes)"},
};

START_TEST(says)
{
	struct arena a = {0};
	const char *out[8] = {NULL};
	const struct crosscheck c = {.target = rows[_i].target, .places = &rows[_i].place, .n = 1};
	size_t n = crosscheck(&a, &c, out, 8), want = (rows[_i].says != NULL) + (rows[_i].says_too != NULL);
	ck_assert_msg(n == want, "%s: %zu sentences: %s | %s", rows[_i].name, n, out[0] ? out[0] : "", out[1] ? out[1] : "");
	ck_assert_msg(!n || strstr(out[0], rows[_i].says), "%s: %s", rows[_i].name, out[0]);
	ck_assert_msg(n < 2 || strstr(out[1], rows[_i].says_too), "%s: %s", rows[_i].name, out[1]);
	ck_assert_msg(!n || text_starts(out[0], "endpoint main: "), "%s: %s", rows[_i].name, out[0]);
	arena_fini(&a);
}
END_TEST

/* What several places have in common is said once. */
START_TEST(joins)
{
	struct arena a = {0};
	const char *out[2];
	const struct place places[] = {
		{PLACE(plain, REQUIRED), REQUIRES, .undeclared = BIT(TLS_1_1)},
		{PLACE(plain, OPTIONAL), OFFERS},
		{.endpoint = &plain, .label = "names/open", .declared = NEGOTIATION_NONE, .tls = BOTH,
		 BOTH_SHOW(DONE, SERVED(ANONYMOUS)), .undeclared = BIT(TLS_1_1)},
	};
	const struct crosscheck c = {.target = &echoes, .places = places, .n = 3};
	ck_assert_uint_eq(crosscheck(&a, &c, out, 2), 1);
	ck_assert_msg(text_starts(out[0], "endpoints main, names/open: TLS 1.1 is spoken"), "%s", out[0]);
	ck_assert_uint_eq(crosscheck(&a, &c, out, 0), 0);
	arena_fini(&a);
}
END_TEST

static const struct {
	bool known;
	int64_t ahead;
	const char *says;
} clocks[] = {
	{false, 4000, NULL},
	{true, 60, NULL},
	{true, -60, NULL},
	{true, 61, "61 seconds ahead of ours"},
	{true, -300, "5 minutes behind ours by its Date header (300 s)"},
	{true, 7300, "2 hours ahead of"},
	{true, -40 * 86400, "40 days behind ours"},
};

START_TEST(clock_note)
{
	struct arena a = {0};
	const char *out[1];
	const struct crosscheck c = {.target = &echoes, .clock_known = clocks[_i].known, .ahead = clocks[_i].ahead};
	ck_assert_uint_eq(crosscheck(&a, &c, out, 1), clocks[_i].says != NULL);
	if (clocks[_i].says)
		ck_assert_msg(strstr(out[0], clocks[_i].says), "%s", out[0]);
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *text;
	int64_t want; /* -1: no date */
} dates[] = {
	{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777}, /* the three of RFC 9110 5.6.7 */
	{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
	{"Sun Nov  6 08:49:37 1994", 784111777},
	{"Tue, 24 Nov 2026 13:00:00 GMT", 1795525200},
	{"", -1},
	{"yesterday", -1},
	{"Sun, 06 Nov 1994 08:49:37 GMT trailing", -1},
	{"1994-11-06T08:49:37Z", -1},
};

START_TEST(date)
{
	time_t t = -1;
	bool is = crosscheck_date(dates[_i].text, &t);
	ck_assert_msg(is == (dates[_i].want >= 0) && (!is || (int64_t)t == dates[_i].want), "%s: %lld", dates[_i].text, (long long)t);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("crosscheck");
	TCase *t = tcase_create("crosscheck");
	tcase_add_loop_test(t, says, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, joins);
	tcase_add_loop_test(t, clock_note, 0, sizeof clocks / sizeof *clocks);
	tcase_add_loop_test(t, date, 0, sizeof dates / sizeof *dates);
	suite_add_tcase(s, t);
	return s;
}
