#include "harness/judge/fixture.h"

/* The same digest in both cases: SHA-256 of nothing would do as well, the judge computes none. */
#define SUM "00aa11bb"
#define SENT_BODY R(BODY_SENT, .a = 4096, .text = SUM)
#define SAYS(line) R(HEADER, .text = line)
#define OK STATUS(200), SUBJECT("mtlspec-a1")

static const struct received_rule both = {"X-Body-Length", "X-Body-Sha256"}, digest = {NULL, "X-Body-Sha256"}, none;

static const struct {
	const char *name;
	const struct received_rule *rule;
	struct event events[FIXTURE_EVENTS];
	enum verdict verdict;
	const char *reason;
} rows[] = {
    {"whole",
     &both,
     {HELLO, UP, SENT_BODY, OK, SAYS("X-Body-Length: 4096"), SAYS("X-Body-Sha256: " SUM)},
     VERDICT_PASS,
     "accept"},
    {"whole, in capital letters and with a blank behind it",
     &both,
     {HELLO, UP, SENT_BODY, OK, SAYS("x-body-length: 4096 "), SAYS("x-body-sha256: 00AA11BB ")},
     VERDICT_PASS,
     "accept"},
    {"digest alone", &digest, {HELLO, UP, SENT_BODY, OK, SAYS("X-Body-Sha256: " SUM)}, VERDICT_PASS, "accept"},
    {"shorter",
     &both,
     {HELLO, UP, SENT_BODY, OK, SAYS("X-Body-Length: 1024"), SAYS("X-Body-Sha256: " SUM)},
     VERDICT_FALSE_REJECT,
     "another body was received than the one sent: bytes: 1024 instead of 4096"},
    {"longer by a digit",
     &both,
     {HELLO, UP, SENT_BODY, OK, SAYS("X-Body-Length: 40960"), SAYS("X-Body-Sha256: " SUM)},
     VERDICT_FALSE_REJECT,
     "bytes: 40960 instead of 4096"},
    {"other bytes",
     &both,
     {HELLO, UP, SENT_BODY, OK, SAYS("X-Body-Length: 4096"), SAYS("X-Body-Sha256: 00aa11bc")},
     VERDICT_FALSE_REJECT,
     "SHA-256 00aa11bc instead of 00aa11bb"},
    {"nothing in the header", &digest, {HELLO, UP, SENT_BODY, OK, SAYS("X-Body-Sha256:")}, VERDICT_FALSE_REJECT, "none"},
    {"not said", &both, {HELLO, UP, SENT_BODY, OK}, VERDICT_INCONCLUSIVE, "it has no X-Body-Sha256"},
    {"said of another request",
     &digest,
     {HELLO, UP, SENT_BODY, OK, {.kind = EVENT_HEADER, .conn = 0, .req = 1, .text = "X-Body-Sha256: " SUM}},
     VERDICT_INCONCLUSIVE,
     "it has no X-Body-Sha256"},
    {"answered too early", &both, {HELLO, UP, OK}, VERDICT_FALSE_REJECT, "before the whole body was sent"},
    {"no rule", &none, {HELLO, UP, SENT_BODY, OK}, VERDICT_INCONCLUSIVE, "no <received>"},
    {"a refusal needs none", &both, {HELLO, UP, SENT_BODY, STATUS(413)}, VERDICT_PASS, "http:413"},
    {"nor does an alert", &both, {HELLO, UP, SENT_BODY, ALERT(40)}, VERDICT_PASS, "handshake_failure"},
};

START_TEST(intact)
{
	static const struct attribute c[] = {{"id", "c", 0}}, r[] = {{"id", "r", 0}, {"body", "4k", 0}};
	static const struct script_step steps[] = {{.verb = VERB_CONNECT, .attributes = c, .n_attributes = 1},
						   {.verb = VERB_REQUEST, .attributes = r, .n_attributes = 2}};
	const struct expect expect = {.decision = BIT(DECISION_ACCEPT) | BIT(DECISION_REJECT), .body = "intact"};
	const struct scenario scenario = {
	    .suite = "bodies", .id = "b", .steps = steps, .n_steps = 2, .expects = &expect, .n_expects = 1};
	struct target target = fixture_target;
	struct judge_context context = fixture_context;
	struct kase k = fixture_case;
	k.scenario = &scenario;
	target.received = *rows[_i].rule;
	context.target = &target;
	fixture_judge(&k, &context, rows[_i].events, rows[_i].name, rows[_i].verdict, rows[_i].reason);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("body");
	TCase *t = tcase_create("body");
	tcase_add_loop_test(t, intact, 0, ROWS(rows));
	suite_add_tcase(s, t);
	return s;
}
