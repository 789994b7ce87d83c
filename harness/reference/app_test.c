#include "harness/reference/app.h"

#include "harness/reference/testpki.h"

enum who { NOBODY, VALID, EXPIRED };

static const struct {
	const char *name;
	enum app_mode mode;
	bool asked, tls13;
	enum who who;
	const char *fault;
	enum admit admit;
	int alert;
} admissions[] = {
    {"none, asked nothing", APP_NONE, false, true, NOBODY, "", ADMIT_ANONYMOUS, 0},
    {"optional, nobody", APP_OPTIONAL, true, true, NOBODY, "", ADMIT_ANONYMOUS, 0},
    {"optional, valid", APP_OPTIONAL, true, true, VALID, "", ADMIT_IDENTITY, 0},
    {"optional, expired", APP_OPTIONAL, true, true, EXPIRED, "", ADMIT_REFUSED, 45},
    {"required, valid", APP_REQUIRED, true, false, VALID, "", ADMIT_IDENTITY, 0},
    {"required, nobody, TLS 1.3", APP_REQUIRED, true, true, NOBODY, "", ADMIT_REFUSED, 116},
    {"required, nobody, TLS 1.2", APP_REQUIRED, true, false, NOBODY, "", ADMIT_REFUSED, 40},
    {"required, expired", APP_REQUIRED, true, true, EXPIRED, "", ADMIT_REFUSED, 45},
    {"late, not asked yet", APP_POST_HANDSHAKE, false, true, NOBODY, "", ADMIT_UNASKED, 0},
    {"late, never asked", APP_RENEGOTIATION, false, false, NOBODY, "forgets-to-ask", ADMIT_ANONYMOUS, 0},
    {"late, valid", APP_RENEGOTIATION, true, false, VALID, "", ADMIT_IDENTITY, 0},
    {"late, nobody, TLS 1.3", APP_POST_HANDSHAKE, true, true, NOBODY, "", ADMIT_REFUSED, 116},
    {"late, nobody, TLS 1.2", APP_RENEGOTIATION, true, false, NOBODY, "", ADMIT_REFUSED, 40},
    {"accepts-expired", APP_REQUIRED, true, true, EXPIRED, "accepts-expired", ADMIT_IDENTITY, 0},
    {"accepts-no-certificate", APP_REQUIRED, true, true, NOBODY, "accepts-no-certificate", ADMIT_ANONYMOUS, 0},
    {"rejects-valid", APP_REQUIRED, true, true, VALID, "rejects-valid", ADMIT_REFUSED, 42},
    {"rejects-valid, nobody", APP_OPTIONAL, true, true, NOBODY, "rejects-valid", ADMIT_ANONYMOUS, 0},
};

static void set_fault(struct faults *f, const char *name)
{
	size_t n;
	const struct fault_row *rows = fault_rows(&n);
	for (size_t i = 0; i < n; i++)
		f->on[i] = strcmp(rows[i].name, name) == 0;
}

START_TEST(admits)
{
	static const struct twig twigs[] = {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(), TWIG_LEAF(.to = -1), {0}};
	struct minted_twigs m;
	struct x509 anchor;
	const char *why;
	struct faults faults;
	struct admission got;
	twigs_mint(&m, twigs);
	x509_parse(&anchor, (struct span){m.der[0].data, m.der[0].size}, &why);
	struct anchors anchors = {&anchor, 1};
	unsigned leaf = admissions[_i].who == EXPIRED ? 3 : 2;
	struct span chain[] = {{m.der[leaf].data, m.der[leaf].size}, {m.der[1].data, m.der[1].size}};
	set_fault(&faults, admissions[_i].fault);
	struct policy policy = {.mode = admissions[_i].mode, .anchors = &anchors, .depth = 10, .hold = 65536, .faults = &faults};
	struct peer peer = {.asked = admissions[_i].asked,
			    .tls13 = admissions[_i].tls13,
			    .chain = chain,
			    .n = admissions[_i].who == NOBODY ? 0 : 2,
			    .now = clock_now()};
	app_admit(&policy, &peer, &got);
	ck_assert_msg(got.admit == admissions[_i].admit, "%s: admitted as %d", admissions[_i].name, got.admit);
	ck_assert_msg(got.alert == admissions[_i].alert, "%s: alert %d", admissions[_i].name, got.alert);
	ck_assert_str_eq(got.subject, got.admit == ADMIT_IDENTITY ? "leaf" : "");
	ck_assert_uint_eq(strlen(got.sha256), got.admit == ADMIT_IDENTITY ? 64 : 0);
	ck_assert(!got.why[0] == (got.admit != ADMIT_REFUSED));
	if (got.admit == ADMIT_IDENTITY)
		ck_assert((got.expires > got.since) == (admissions[_i].who == VALID));
	x509_fini(&anchor);
	twigs_free(&m);
}
END_TEST

static const struct {
	const char *name;
	int64_t since, expires, now;
	const char *fault;
	unsigned status;
} lives[] = {
    {"in time", 10, 20, 20, "", 200},
    {"expired since", 10, 20, 21, "", 403},
    {"serves-after-expiry", 10, 20, 21, "serves-after-expiry", 200},
    {"expired then already, and believed by a fault", 30, 20, 31, "", 200},
};

START_TEST(outlives)
{
	struct faults faults;
	struct admission admission = {.admit = ADMIT_IDENTITY, .since = lives[_i].since, .expires = lives[_i].expires};
	struct request request = {.number = 2, .method = "GET", .target = "/", .now = lives[_i].now};
	struct policy policy = {.mode = APP_REQUIRED, .depth = 10, .hold = 65536, .faults = &faults};
	struct reply reply;
	set_fault(&faults, lives[_i].fault);
	app_answer(&policy, &admission, &request, &reply);
	ck_assert_msg(reply.status == lives[_i].status, "%s: %u", lives[_i].name, reply.status);
	reply_fini(&reply);
}
END_TEST

/* A session is judged when it is offered, but for the fault that keeps the judgement which earned it. */
START_TEST(judges_sessions)
{
	static const struct twig twigs[] = {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.to = -1), {0}};
	static const char *const names[] = {"", "resumes-after-expiry"};
	struct minted_twigs m;
	struct x509 anchor;
	const char *why;
	struct faults faults;
	struct admission got;
	twigs_mint(&m, twigs);
	x509_parse(&anchor, (struct span){m.der[0].data, m.der[0].size}, &why);
	struct anchors anchors = {&anchor, 1};
	struct span chain[] = {{m.der[2].data, m.der[2].size}, {m.der[1].data, m.der[1].size}};
	struct policy policy = {.mode = APP_REQUIRED, .anchors = &anchors, .depth = 10, .hold = 65536, .faults = &faults};
	struct peer peer = {.asked = true, .tls13 = true, .resumed = true, .chain = chain, .n = 2, .now = clock_now()};
	for (int i = 0; i < 2; i++) {
		set_fault(&faults, names[i]);
		app_admit(&policy, &peer, &got);
		ck_assert_int_eq(got.admit, i ? ADMIT_IDENTITY : ADMIT_REFUSED);
	}
	peer.resumed = false;
	app_admit(&policy, &peer, &got);
	ck_assert_int_eq(got.admit, ADMIT_REFUSED);
	x509_fini(&anchor);
	twigs_free(&m);
}
END_TEST

static const struct {
	const char *name, *host, *authority;
	enum admit admit;
	const char *fault;
	unsigned status;
	const char *subject, *says;
} answers[] = {
    {"stranger", NULL, "localhost", ADMIT_ANONYMOUS, "", 200, "", "mtlspec reference: hello stranger"},
    {"known", NULL, "localhost", ADMIT_IDENTITY, "", 200, "mtlspec-1", "mtlspec reference: hello mtlspec-1"},
    {"known as somebody else", NULL, "localhost", ADMIT_IDENTITY, "wrong-identity", 200, "mtlspec-somebody-else",
     "hello"},
    {"second request", NULL, "localhost", ADMIT_IDENTITY, "forgets-identity", 200, "", "hello stranger"},
    {"refused", NULL, "localhost", ADMIT_REFUSED, "", 403, "", "refused: not-over"},
    {"serves-after-refusal", NULL, "localhost", ADMIT_REFUSED, "serves-after-refusal", 200, "", "hello stranger"},
    {"right name", "a.test", "a.test", ADMIT_IDENTITY, "", 200, "mtlspec-1", "hello"},
    {"no name", "a.test", "", ADMIT_IDENTITY, "", 200, "mtlspec-1", "hello"},
    {"other name", "a.test", "b.test", ADMIT_IDENTITY, "", 421, "", "another name"},
    {"trusts-host-header", "a.test", "b.test", ADMIT_ANONYMOUS, "trusts-host-header", 200, "", "hello stranger"},
    {"other name, refused", "a.test", "b.test", ADMIT_REFUSED, "", 421, "", "another name"},
};

START_TEST(replies)
{
	struct faults faults;
	struct admission admission = {.admit = answers[_i].admit};
	struct request request = {.number = 2, .method = "GET", .target = "/"};
	struct reply reply;
	set_fault(&faults, answers[_i].fault);
	if (admission.admit == ADMIT_IDENTITY) {
		snprintf(admission.subject, sizeof admission.subject, "mtlspec-1");
		snprintf(admission.sha256, sizeof admission.sha256, "%064d", 1);
	} else if (admission.admit == ADMIT_REFUSED) {
		snprintf(admission.why, sizeof admission.why, "not-over");
	}
	snprintf(request.authority, sizeof request.authority, "%s", answers[_i].authority);
	struct policy policy = {.host = answers[_i].host, .mode = APP_REQUIRED, .depth = 10, .hold = 65536, .faults = &faults};
	app_answer(&policy, &admission, &request, &reply);
	ck_assert_msg(reply.status == answers[_i].status, "%s: %u", answers[_i].name, reply.status);
	ck_assert_str_eq(reply.subject, answers[_i].subject);
	ck_assert_msg(strstr(reply.body.data, answers[_i].says), "%s: %s", answers[_i].name, reply.body.data);
	ck_assert(!reply.sha256[0] == !reply.subject[0]);
	reply_fini(&reply);
}
END_TEST

/* Nothing is said before the certificate was asked for; then the same request has its answer. */
START_TEST(asks_now)
{
	static const enum app_silence silences[] = {APP_NOT_OFFERED, APP_DECLINED, APP_IGNORED};
	struct faults faults = {{false}};
	struct policy policy = {.mode = APP_POST_HANDSHAKE, .depth = 10, .hold = 65536, .faults = &faults};
	struct request request = {.number = 1, .method = "GET", .target = "/", .authority = "localhost"};
	struct admission admission = {.admit = ADMIT_UNASKED};
	struct reply reply;
	app_answer(&policy, &admission, &request, &reply);
	ck_assert(reply.ask);
	reply_fini(&reply);
	for (size_t i = 0; i < sizeof silences / sizeof *silences; i++) {
		app_unanswered(&policy, silences[i], &admission);
		app_answer(&policy, &admission, &request, &reply);
		ck_assert(!reply.ask);
		ck_assert_uint_eq(reply.status, 403);
		ck_assert_int_eq(reply.last, silences[i] == APP_IGNORED);
		ck_assert_ptr_nonnull(strstr(reply.body.data, "the client d"));
		reply_fini(&reply);
	}
}
END_TEST

static const struct {
	const char *name;
	enum app_mode mode;
	bool early, too_early;
	unsigned status;
} times[] = {
    {"in the handshake", APP_REQUIRED, true, true, 425},   {"behind it", APP_REQUIRED, false, true, 200},
    {"early, and served later", APP_REQUIRED, true, false, 200}, {"optional", APP_OPTIONAL, true, true, 425},
    {"behind a proxy", APP_PLAIN, true, true, 425},
    {"what is open to all", APP_NONE, true, true, 200},
};

static const struct {
	const char *target, *fault;
	unsigned status;
	const char *location, *says;
} moves[] = {
    {"/members", "", 308, "https://p.test:81/members", "has moved"},
    {"/", "", 200, "", "hello stranger"},
    {"/members/x", "", 200, "", "hello stranger"},
    {"/members", "redirects-to-wrong-host", 308, "https://elsewhere.invalid:81/members", "has moved"},
    {"/members", "redirects-to-front-page", 308, "https://p.test:81/", "has moved"},
    {"/members", "serves-body-with-redirect", 308, "https://p.test:81/members", "hello stranger"},
    {"/members", "forgets-to-redirect", 200, "", "hello stranger"},
};

START_TEST(redirects)
{
	struct faults faults;
	struct policy policy = {.host = "open.test", .mode = APP_NONE, .faults = &faults, .moved = "/members", .moved_to = "p.test"};
	struct request request = {.number = 1, .method = "GET", .authority = "open.test", .port = ":81"};
	struct admission admission = {.admit = ADMIT_ANONYMOUS};
	struct reply reply;
	set_fault(&faults, moves[_i].fault);
	snprintf(request.target, sizeof request.target, "%s", moves[_i].target);
	app_answer(&policy, &admission, &request, &reply);
	ck_assert_msg(reply.status == moves[_i].status, "%s %s: %u", moves[_i].target, moves[_i].fault, reply.status);
	ck_assert_str_eq(reply.location, moves[_i].location);
	ck_assert_ptr_nonnull(strstr(reply.body.data, moves[_i].says));
	reply_fini(&reply);
}
END_TEST

/* RFC 8470 5.2. */
START_TEST(too_early)
{
	struct faults faults = {{false}};
	struct policy policy = {.mode = times[_i].mode, .depth = 10, .faults = &faults, .too_early = times[_i].too_early};
	struct request request = {.number = 1, .method = "GET", .target = "/", .early = times[_i].early};
	struct admission admission = {.admit = ADMIT_IDENTITY};
	struct reply reply;
	app_answer(&policy, &admission, &request, &reply);
	ck_assert_msg(reply.status == times[_i].status, "%s: %u", times[_i].name, reply.status);
	reply_fini(&reply);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/app");
	TCase *t = tcase_create("app");
	tcase_add_loop_test(t, admits, 0, (int)(sizeof admissions / sizeof *admissions));
	tcase_add_loop_test(t, replies, 0, (int)(sizeof answers / sizeof *answers));
	tcase_add_test(t, asks_now);
	tcase_add_loop_test(t, outlives, 0, (int)(sizeof lives / sizeof *lives));
	tcase_add_test(t, judges_sessions);
	tcase_add_loop_test(t, redirects, 0, (int)(sizeof moves / sizeof *moves));
	tcase_add_loop_test(t, too_early, 0, (int)(sizeof times / sizeof *times));
	suite_add_tcase(s, t);
	return s;
}
