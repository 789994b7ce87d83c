/* fixture.h - for the judge's tests: events as literals, a target that echoes, conditions of each column. */
#ifndef HARNESS_JUDGE_FIXTURE_H
#define HARNESS_JUDGE_FIXTURE_H

#include "harness/base/test.h"
#include "harness/judge/parts.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
#define ROWS(t) (sizeof(t) / sizeof *(t))

/* Events of connection 0; those with R in front belong to request 0. */
#define E(k, ...) {.kind = EVENT_##k, .conn = 0, .req = -1, __VA_ARGS__}
#define R(k, ...) {.kind = EVENT_##k, .conn = 0, .req = 0, __VA_ARGS__}
#define HELLO E(CONNECT, .text = "127.0.0.1:1"), E(CONNECTED), E(HELLO_SENT, .text = "localhost")
#define ASKED E(FIRST_BYTE), E(CERTIFICATE_REQUESTED, .a = 1, .b = 37)
#define SENT E(CERTIFICATE_SENT, .a = 2, .b = 900, .text = "shown")
#define DECLINED E(CERTIFICATE_DECLINED)
#define DONE13 E(HANDSHAKE_DONE, .a = TLS_1_3, .text = "http/1.1")
#define DONE12 E(HANDSHAKE_DONE, .a = TLS_1_2, .text = "http/1.1")
#define GET R(REQUEST_SENT, .a = 60, .text = "GET /")
#define ALERT(n) E(ALERT_RECEIVED, .a = (n), .b = 2)
#define STATUS(n) R(RESPONSE, .a = (n), .b = 1)
#define SUBJECT(cn) R(HEADER, .text = "X-Client-Subject: " cn)
#define UP ASKED, SENT, DONE13, GET	 /* up front, TLS 1.3, certificate sent */
#define UP_NONE ASKED, DECLINED, DONE13, GET /* the same without one */

enum { FIXTURE_EVENTS = 24 };

static inline void fixture_observe(struct observation *o, const struct event *events)
{
	observation_init(o);
	/* EVENT_CONNECT is 0: an all-zero row ends the list, real ones carry an address */
	for (size_t i = 0; i < FIXTURE_EVENTS && !(events[i].kind == EVENT_CONNECT && !events[i].text); i++)
		observation_add(o, (uint32_t)i * 100, (enum event_kind)events[i].kind, events[i].conn, events[i].req,
				events[i].a, events[i].b, events[i].text);
}

static const struct condition fixture_valid = {
	.id = "valid", .title = "A sound chain", .decision = BIT(DECISION_ACCEPT), .clause = "R-080"};
static const struct condition fixture_expired = {.id = "leaf-expired",
						 .title = "Leaf past its notAfter",
						 .decision = BIT(DECISION_REJECT),
						 .clause = "R-081",
						 .differs_from = "valid"};
static const struct condition fixture_none = {
	.id = "none", .title = "No certificate", .decision = BIT(DECISION_REJECT), .none = true, .differs_from = "valid"};
static const struct condition fixture_any_eku = {.id = "any-eku",
						 .title = "anyExtendedKeyUsage only",
						 .level = LEVEL_POLICY,
						 .decision = BIT(DECISION_ACCEPT) | BIT(DECISION_REJECT),
						 .clause = "R-090",
						 .differs_from = "valid"};
static const struct condition fixture_sha1 = {.id = "sha1",
					      .title = "SHA-1 leaf",
					      .level = LEVEL_SHOULD,
					      .decision = BIT(DECISION_REJECT),
					      .clause = "R-016",
					      .differs_from = "valid"};
static const struct condition fixture_pss = {.id = "pss",
					     .title = "RSA-PSS leaf",
					     .level = LEVEL_SHOULD,
					     .decision = BIT(DECISION_ACCEPT),
					     .differs_from = "valid"};
static const struct condition fixture_rsa = {
	.id = "rsa", .title = "RSA-2048", .decision = BIT(DECISION_ACCEPT), .differs_from = "valid"};

static const struct requirement fixture_requirements[] = {
	{.id = "R-081", .section = "RFC 5280 6.1.3(a)(2)", .level = "MUST"},
	{.id = "R-050", .section = "RFC 9110 7.4", .level = "MUST"},
	{.id = "R-047", .section = "RFC 9113 9.2.3", .level = "MUST NOT"},
	{.id = "R-074", .section = "RFC 6066 3", .level = "MUST NOT"},
};
static const struct condition fixture_conditions[] = {
	{.id = "valid", .decision = BIT(DECISION_ACCEPT)},
	{.id = "leaf-expired", .decision = BIT(DECISION_REJECT), .differs_from = "valid"},
	{.id = "victim", .decision = BIT(DECISION_ACCEPT)},
};

static const struct suite fixture_suite = {
	.conditions = fixture_conditions,
	.n_conditions = ROWS(fixture_conditions),
	.requirements = fixture_requirements,
	.n_requirements = ROWS(fixture_requirements),
};

static const struct target fixture_target = {
	.id = "nginx", .product = "nginx", .echo = {.header = "X-Client-Subject", .as = ECHO_SUBJECT}};
static const struct target fixture_mute = {.id = "mute", .product = "mute"};
static const struct target fixture_remote = {
	.id = "iis", .product = "iis", .remote = true, .echo = {.header = "X-Client-Subject", .as = ECHO_SUBJECT}};

/* The credential that SENT names, and another. */
static const struct shown_identity fixture_identities[] = {
	{.credential = "shown", .subject = "mtlspec-a1", .sha1 = "0aff", .sha256 = "0aff01"},
	{.credential = "victim", .subject = "mtlspec-b2", .sha1 = "1bff", .sha256 = "1bff01"},
};

static const struct judge_context fixture_context = {
	.suite = &fixture_suite,
	.target = &fixture_target,
	.product_version = "1.22.1",
	.product_library = "OpenSSL 3.0.19",
	.identities = fixture_identities,
	.n_identities = ROWS(fixture_identities),
};

static const struct expect fixture_as_condition = {.as_condition = true};
static const struct scenario fixture_scenario = {.suite = "chain",
						 .id = "chain",
						 .severity = SEVERITY_HIGH,
						 .client = BIT(CLIENT_WILLING),
						 .default_script = true,
						 .expects = &fixture_as_condition,
						 .n_expects = 1};
static const struct kase fixture_case = {.scenario = &fixture_scenario,
					 .condition = &fixture_valid,
					 .tls = TLS_1_3,
					 .negotiation = NEGOTIATION_REQUIRED,
					 .http = HTTP_1_1,
					 .client = CLIENT_WILLING};

/* Judges `events` (FIXTURE_EVENTS of them at the most) as a run of `k` behind a good control; `name` is the row's. */
static inline void fixture_judge(const struct kase *k, const struct judge_context *context, const struct event *events,
				 const char *name, enum verdict verdict, const char *reason)
{
	struct arena a = {0};
	struct observation o;
	struct judgement j;
	fixture_observe(&o, events);
	judge(&a, k, context, CONTROL_GOOD, &o, &j);
	ck_assert_msg(j.verdict == verdict, "%s: %s: %s", name, verdict_text(j.verdict), j.reason);
	ck_assert_msg(strstr(j.reason, reason), "%s: %s", name, j.reason);
	observation_fini(&o);
	arena_fini(&a);
}

#endif
