#include "reports/fixture.h"

#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "harness/base/fs.h"

#include <libxml/relaxng.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static const struct requirement requirements[] = {
	{"R-081",
     "RFC 5280 6.1.3(a)(2)",
     "MUST",
     "The certificate validity period includes the current time.",
     {"requirements.xml", 9}},
	{"R-090",
     "RFC 5280 4.2.1.12",
     "MUST",
     "If the extension is present, the certificate is only used for a purpose it lists.",
     {"requirements.xml", 12}},
	{"R-047",
     "RFC 9113 9.2.3",
     "MUST NOT",
     "A server sends no post-handshake CertificateRequest on HTTP/2.",
     {"requirements.xml", 15}},
};

static const struct condition conditions[] = {
	{.id = "valid", .title = "Everything in order", .row = "C-001", .decision = BIT(DECISION_ACCEPT)},
	{.id = "leaf-expired",
     .title = "Leaf past its notAfter",
     .formerly = "expired",
     .row = "C-010",
     .clause = "R-081",
     .decision = BIT(DECISION_REJECT),
     .differs_from = "valid"},
	{.id = "any-eku",
     .title = "Extended key usage \"any\" & nothing <else>",
     .row = "C-030",
     .clause = "R-090",
     .decision = BIT(DECISION_ACCEPT) | BIT(DECISION_REJECT),
     .differs_from = "valid"},
};
enum { VALID, EXPIRED, ANY_EKU };

static const struct scenario chain = {
	.suite = "chain",
	.id = "chain",
	.title = "The server judges every chain condition as RFC 5280 asks",
	.why = "A server that believes an expired certificate believes people who have left.",
	.severity = SEVERITY_CRITICAL,
	.where = {"/somewhere/suites/scenarios/chain.xml", 12}};
static const struct scenario resume = {.suite = "resumption",
				       .id = "ticket-own-name",
				       .formerly = "ticket old-suite/tickets",
				       .severity = SEVERITY_HIGH,
				       .title = "A ticket brings the identity back",
				       .where = {"/somewhere/suites/scenarios/resumption.xml", 40}};

static const struct suite suite = {.conditions = conditions,
				   .n_conditions = 3,
				   .requirements = requirements,
				   .n_requirements = 3,
				   .dir = "/somewhere/suites"};

static const char *const notes[] = {"banned after 100 connections: cases behind 2026-11-24T11:20:07 prove nothing",
				    "the server chain changed once"};

static const struct report_server servers[] = {
	{"required", "8c4b1b4cf2b0a47ee4fdf9e8bd0e8d1e6cbeb4c2c0b1a9d7e6f5a4b3c2d1e0f9", "CN=localhost,O=Example"},
	{"names/open", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", ""},
};

static const struct report_target targets[] = {
	{.name = "nginx",
     .id = "nginx",
     .product = "nginx",
     .version = "1.22.1",
     .library = "OpenSSL 3.0.19",
     .configuration = "",
     .profile = "nginx",
     .suite = &suite,
     .notes = notes,
     .n_notes = 2,
     .servers = servers,
     .n_servers = 2,
     .index = 0},
	{.name = "hitch",
     .product = "hitch",
     .version = "",
     .library = "",
     .configuration = "",
     .profile = "",
     .suite = &suite,
     .skipped = "hitch is not installed: apt-get install hitch",
     .index = 1},
	{.name = "/home/me/my.targets/nginx.xml",
     .id = "my-nginx",
     .product = "nginx",
     .version = "1.27.4",
     .library = "",
     .configuration = "depth=1",
     .profile = "",
     .suite = &suite,
     .remote = true,
     .index = 2},
};

static const char *const causes[] = {"The server does not check validity periods (verification is off or partial)."};
static const char *const checks[] = {"openssl verify -purpose sslclient -CAfile anchors.pem leaf.pem"};
static const char *const fixes[] = {"nginx: ssl_verify_client on; not optional_no_ca."};
static const struct diagnosis diagnosis = {.id = "KB-22",
					   .title = "Verification result is not looked at",
					   .causes = causes,
					   .n_causes = 1,
					   .checks = checks,
					   .n_checks = 1,
					   .fixes = fixes,
					   .n_fixes = 1};

static const struct pin pin = {.cases = "*",
			       .reason = "accepts any EKU, fixed in 1.27.5",
			       .link = "https://bugs.example/1234",
			       .until = "2027-01-31",
			       .where = {"known.xml", 7}};

static struct event accepted[] = {
	{0, EVENT_CONNECT, 0, -1, 0, 0, "127.0.0.1:40123"},
	{112, EVENT_CONNECTED, 0, -1, 0, 0, "127.0.0.1:51212"},
	{350, EVENT_HELLO_SENT, 0, -1, 0, 0, "localhost"},
	{1280, EVENT_FIRST_BYTE, 0, -1, 0, 0, NULL},
	{1302, EVENT_CERTIFICATE_REQUESTED, 0, -1, 1, 37, "CN=mtlspec root"},
	{1890, EVENT_CERTIFICATE_SENT, 0, -1, 2, 1021, "leaf-expired"},
	{1904, EVENT_HANDSHAKE_DONE, 0, -1, TLS_1_3, 0, "http/1.1"},
	{1950, EVENT_REQUEST_SENT, 0, 0, 61, 0, "GET /"},
	{2811, EVENT_RESPONSE, 0, 0, 200, 1, "OK"},
	{2830, EVENT_HEADER, 0, 0, 0, 0, "X-Client-Subject: CN=mtlspec-3f9a0c11d2e4"},
	{2900, EVENT_BODY, 0, 0, 27, 1, NULL},
	{2955, EVENT_CLOSE_NOTIFY, 0, -1, 0, 0, NULL},
};
static struct event refused[] = {
	{0, EVENT_CONNECT, 0, -1, 0, 0, "127.0.0.1:40123"},
	{99, EVENT_CONNECTED, 0, -1, 0, 0, "127.0.0.1:51300"},
	{310, EVENT_HELLO_SENT, 0, -1, 0, 0, "localhost"},
	{1180, EVENT_FIRST_BYTE, 0, -1, 0, 0, NULL},
	{1202, EVENT_CERTIFICATE_REQUESTED, 0, -1, 1, 37, "CN=mtlspec root"},
	{1790, EVENT_CERTIFICATE_SENT, 0, -1, 2, 1019, "leaf-expired"},
	{1799, EVENT_HANDSHAKE_DONE, 0, -1, TLS_1_3, 0, "http/1.1"},
	{2501, EVENT_ALERT_RECEIVED, 0, -1, 45, 2, NULL},
	{2520, EVENT_EOF, 0, -1, 0, 0, NULL},
};
static struct event hostile[] = {
	{0, EVENT_CONNECT, 0, -1, 0, 0, "127.0.0.1:40123"},
	{1280, EVENT_CERTIFICATE_REQUESTED, 0, -1, 1, 37, "CN=\x01\x02]]>&\"'<\xff\xfe\xed\xa0\x80\xef\xbf\xbe\x1b[31m"},
	{2811, EVENT_RESPONSE, 0, 0, 400, 1, "No\r\nrequired\tSSL \x7f certificate \xe2\x80\xae sent"},
	{2830, EVENT_HEADER, 0, 0, 0, 0, "X-Evil: </failure></testcase><testcase name=\"forged\"/>\\x00"},
	{2831, EVENT_EXCERPT, 0, 0, 0, 0,
     "<html>&nbsp;<![CDATA[ <!-- M\xfcller M\xc3\xbcller \xf4\x90\x80\x80 \xc0\x80 %s%n "
     "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"
     "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"
     "<<"},
};
static struct event flood[60];

static const struct observation seen_accept = {.events = accepted, .n = 12, .duration_us = 3012};
static const struct observation seen_refuse = {.events = refused, .n = 9, .duration_us = 2544};
static const struct observation seen_hostile = {.events = hostile, .n = 5, .duration_us = 2900};
static const struct observation seen_flood = {.events = flood, .n = 60, .full = true, .duration_us = 900000};
static const struct observation seen_nothing = {.duration_us = 5000000};

/* Macros, because a constant of C11 cannot begin with another one (6.6); gcc allows it, clang 14 does not. */
#define ACCEPTED                                                                                                       \
	{                                                                                                              \
		.any = true, .decision = DECISION_ACCEPT, .signal = "http:200", .phase = PHASE_RESPONSE,               \
		.identity = "CN=mtlspec-3f9a0c11d2e4", .asked = true, .sent = true, .status = 200, .tls = TLS_1_3      \
	}
#define REFUSED                                                                                                        \
	{                                                                                                              \
		.any = true, .decision = DECISION_REJECT, .signal = "alert:certificate_expired", .phase = PHASE_LATE,  \
		.asked = true, .sent = true, .tls = TLS_1_3                                                            \
	}
#define SILENT                                                                                                         \
	{                                                                                                              \
		.any = true, .decision = DECISION_UNANSWERED, .signal = "timeout", .phase = PHASE_CONNECT, .tls = -1   \
	}

static const struct judgement judgements[VERDICT__COUNT] = {
	[VERDICT_PASS] = {.verdict = VERDICT_PASS,
		      .severity = SEVERITY_CRITICAL,
		      .reason = "as expected",
		      .expected = "reject",
		      .observed = "reject, alert:certificate_expired in late",
		      .clause = "R-081",
		      .outcome = REFUSED},
	[VERDICT_OBSERVED] = {.verdict = VERDICT_OBSERVED,
			  .severity = SEVERITY_LOW,
			  .reason = "left to the server's policy",
			  .expected = "policy",
			  .observed = "accept, http:200 in response",
			  .outcome = ACCEPTED},
	[VERDICT_DEVIATION] = {.verdict = VERDICT_DEVIATION,
			   .severity = SEVERITY_LOW,
			   .reason = "refused by another signal than the profile names",
			   .expected = "reject by http:400 in response",
			   .observed = "reject, alert:certificate_expired in late",
			   .clause = "R-081",
			   .note = "nginx documents 400",
			   .outcome = REFUSED},
	[VERDICT_FALSE_REJECT] = {.verdict = VERDICT_FALSE_REJECT,
			      .severity = SEVERITY_HIGH,
			      .reason = "a good certificate was refused",
			      .expected = "accept",
			      .observed = "reject, http:400 \"No\r\nrequired\x01\" in response",
			      .outcome = REFUSED},
	[VERDICT_VIOLATION] = {.verdict = VERDICT_VIOLATION,
			   .severity = SEVERITY_HIGH,
			   .reason = "reauth-request was seen",
			   .expected = "never reauth-request",
			   .observed = "accept, http:200 in response",
			   .clause = "R-047",
			   .outcome = ACCEPTED},
	[VERDICT_FALSE_ACCEPT] = {.verdict = VERDICT_FALSE_ACCEPT,
			      .severity = SEVERITY_CRITICAL,
			      .reason = "an expired leaf was believed",
			      .expected = "reject",
			      .observed = "accept, http:200 in response",
			      .clause = "R-081",
			      .outcome = ACCEPTED,
			      .diagnosis = &diagnosis},
	[VERDICT_CRASH] = {.verdict = VERDICT_CRASH,
		       .severity = SEVERITY_CRITICAL,
		       .reason = "a worker of the server died: signal 11",
		       .expected = "reject",
		       .observed = "unanswered, reset in handshake",
		       .clause = "R-081",
		       .outcome = SILENT},
	[VERDICT_INCONCLUSIVE] = {.verdict = VERDICT_INCONCLUSIVE,
			      .severity = SEVERITY_CRITICAL,
			      .reason = "not exercised: the certificate was never asked for",
			      .expected = "reject",
			      .observed = "unanswered, timeout in connect",
			      .clause = "R-081",
			      .outcome = SILENT},
	[VERDICT_BROKEN] = {.verdict = VERDICT_BROKEN,
			.severity = SEVERITY_CRITICAL,
			.reason = "worker killed by signal 9 after connect",
			.expected = "reject",
			.observed = "nothing",
			.outcome = {.tls = -1}},
};

static const struct {
	enum verdict verdict, judged;
	unsigned target;
	const struct scenario *scenario;
	int condition;
	enum tls tls;
	const struct observation *seen;
	const char *flaky;
} rows[] = {
	{VERDICT_PASS, VERDICT_PASS, 0, &chain, VALID, TLS_1_2, &seen_accept, NULL},
	{VERDICT_PASS, VERDICT_PASS, 0, &chain, EXPIRED, TLS_1_2, &seen_refuse, NULL},
	{VERDICT_FALSE_ACCEPT, VERDICT_FALSE_ACCEPT, 0, &chain, EXPIRED, TLS_1_3, &seen_accept, NULL},
	{VERDICT_DEVIATION, VERDICT_DEVIATION, 0, &chain, VALID, TLS_1_3, &seen_refuse, NULL},
	{VERDICT_OBSERVED, VERDICT_OBSERVED, 0, &chain, ANY_EKU, TLS_1_2, &seen_accept, NULL},
	{VERDICT_KNOWN_FAILURE, VERDICT_FALSE_ACCEPT, 0, &chain, ANY_EKU, TLS_1_3, &seen_accept, NULL},
	{VERDICT_FLAKY, VERDICT_FALSE_REJECT, 0, &resume, VALID, TLS_1_2, &seen_refuse,
     "false-reject once in 3 runs, the others passed"},
	{VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE, 0, &resume, EXPIRED, TLS_1_2, &seen_nothing, NULL},
	{VERDICT_BROKEN, VERDICT_BROKEN, 0, &resume, EXPIRED, TLS_1_3, &seen_nothing, NULL},
	{VERDICT_CRASH, VERDICT_CRASH, 2, &chain, EXPIRED, TLS_1_2, &seen_nothing, NULL},
	{VERDICT_UNEXPECTED_PASS, VERDICT_PASS, 2, &chain, EXPIRED, TLS_1_3, &seen_refuse, NULL},
	{VERDICT_VIOLATION, VERDICT_VIOLATION, 2, &resume, VALID, TLS_1_3, &seen_accept, NULL},
	{VERDICT_FALSE_REJECT, VERDICT_FALSE_REJECT, 2, &resume, ANY_EKU, TLS_1_3, &seen_hostile, NULL}, /* hostile */
	{VERDICT_FALSE_REJECT, VERDICT_FALSE_REJECT, 2, &resume, ANY_EKU, TLS_1_2, &seen_flood, NULL},   /* hostile */
};
#define N_ROWS	  (sizeof rows / sizeof *rows)
#define N_HOSTILE 2

static struct kase kase;
static char id[PLAN_ID_SIZE];
static struct report_run runs[3];
static struct report_case filled;

static void fill_flood(void)
{
	for (size_t i = 0; i < 60; i++)
		flood[i] = (struct event){
		    (uint32_t)i * 1000, EVENT_HEADER, 0, 0, 0, 0, "X-\"<&>: \x02<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"};
}

static const struct report_case *fill(size_t i, unsigned number)
{
	const struct condition *c = &conditions[rows[i].condition];
	kase = (struct kase){.number = number,
			     .scenario = rows[i].scenario,
			     .condition = c,
			     .tls = rows[i].tls,
			     .negotiation = NEGOTIATION_REQUIRED,
			     .http = HTTP_1_1,
			     .client = CLIENT_WILLING};
	int n = snprintf(id, sizeof id, "%s/%s[tls=%s,negotiation=required,http=1.1,condition=%s]",
			 rows[i].scenario->suite, rows[i].scenario->id, tls_text(rows[i].tls), c->id);
	if (number)
		snprintf(id + n - 1, sizeof id - (size_t)n + 1, ",n=%u]", number);
	const struct judgement *j = &judgements[rows[i].judged];
	runs[0] = (struct report_run){0, j, rows[i].seen, 1795519200};
	runs[1] = (struct report_run){1, &judgements[VERDICT_PASS], &seen_accept, 1795519201};
	runs[2] = (struct report_run){2, &judgements[VERDICT_PASS], &seen_accept, 1795519202};
	bool pinned = rows[i].verdict == VERDICT_KNOWN_FAILURE || rows[i].verdict == VERDICT_UNEXPECTED_PASS;
	filled = (struct report_case){.target = &targets[rows[i].target],
				      .kase = &kase,
				      .id = id,
				      .verdict = rows[i].verdict,
				      .judgement = j,
				      .observation = rows[i].seen,
				      .pin = pinned ? &pin : NULL,
				      .runs = runs,
				      .n_runs = rows[i].flaky ? 3 : 1,
				      .flaky = rows[i].flaky};
	if (rows[i].verdict != VERDICT_PASS)
		filled.recipe = "curl --cert leaf-expired.pem --key leaf-expired.key --cacert server-ca.pem \\\n"
				"  --tlsv1.3 https://localhost:40123/";
	return &filled;
}

const struct report_case *fixture_case(enum verdict v)
{
	fill_flood();
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].verdict == v)
			return fill(i, 0);
	return NULL;
}

static enum rc feed_cells(struct reporter *r, unsigned target, const struct scenario *s, struct err *err)
{
	enum rc rc;
	struct report_cells cells[] = {
	    {.target = &targets[target],
	     .scenario = s,
	     .disposition = DISPOSITION_IMPOSSIBLE,
	     .clause = "R-047",
	     .n = 15,
	     .reason = "no post-handshake request on HTTP/2"},
	    {.target = &targets[target],
	     .scenario = s,
	     .disposition = DISPOSITION_UNSUPPORTED,
	     .n = 4,
	     .reason = "built without HTTP/3"},
	    {.target = &targets[target],
	     .scenario = s,
	     .disposition = DISPOSITION_EXCLUDED,
	     .n = 1,
	     .reason = "--select tls=1.2,tls=1.3"},
	};
	for (size_t i = 0; i < 3; i++)
		TRY(r->ops->cells(r, &cells[i], err));
	rc = r->ops->scenario_end(r, &targets[target], s, err);
out:
	return rc;
}

/* The cases of one target, scenario by scenario, as a rendering feeds them. */
static enum rc feed_target(struct reporter *r, const struct fixture *f, unsigned t, struct report_totals *totals,
			   struct err *err)
{
	enum rc rc;
	const struct scenario *last = NULL;
	TRY(r->ops->target(r, &targets[t], err));
	for (size_t i = 0; i < N_ROWS - (f->hostile ? 0 : N_HOSTILE); i++) {
		if (rows[i].target != t || (f->clean && rows[i].verdict != VERDICT_PASS))
			continue;
		if (last && last != rows[i].scenario)
			TRY(feed_cells(r, t, last, err));
		last = rows[i].scenario;
		TRY(r->ops->one_case(r, fill(i, 0), err));
		totals->verdicts[rows[i].verdict]++;
		for (unsigned n = 0; i == 0 && n < f->many; n++)
			TRY(r->ops->one_case(r, fill(i, n + 1), err));
	}
	totals->verdicts[VERDICT_PASS] += t == 0 ? f->many : 0;
	rc = last ? feed_cells(r, t, last, err) : RC_OK;
out:
	return rc;
}

enum rc fixture_feed(struct reporter *r, const struct fixture *f, struct err *err)
{
	enum rc rc;
	struct report_totals totals = {.exit_code = f->clean ? 0 : 1, .unfinished = f->interrupted ? 7 : 0};
	struct report_meta meta = {.tool_version = "0.1",
				   .suite_digest = "5f0c9d",
				   .tls_library = "GnuTLS 3.7.9",
				   .hostname = "lab",
				   .command = "mtlspec run --target nginx",
				   .selection = "",
				   .seed = 42,
				   .started = 1795519190,
				   .duration_ms = 12345,
				   .interrupted = f->interrupted,
				   .strict = f->strict,
				   .fail_on = SEVERITY_LOW,
				   .out = "mtlspec-out"};
	fill_flood();
	TRY(r->ops->begin(r, &meta, err));
	for (unsigned t = 0; t < (f->clean ? 1 : 3); t++)
		TRY(feed_target(r, f, t, &totals, err));
	for (int v = 0; v < VERDICT__COUNT; v++)
		totals.run += totals.verdicts[v];
	unsigned blocks = f->clean ? 1 : 4;
	totals.not_run[DISPOSITION_IMPOSSIBLE] = 15 * blocks;
	totals.not_run[DISPOSITION_UNSUPPORTED] = 4 * blocks;
	totals.not_run[DISPOSITION_EXCLUDED] = blocks;
	totals.cells = totals.run + 20 * blocks + totals.unfinished;
	rc = r->ops->end(r, &totals, err);
out:
	return rc;
}

char *fixture_slurp(const char *path)
{
	struct arena a = {0};
	struct err err = {0};
	char *data, *out = NULL;
	size_t len;
	if (fs_read(&a, path, 64u << 20, &data, &len, &err) == RC_OK) {
		out = mem_alloc(len + 1);
		memcpy(out, data, len);
	}
	arena_fini(&a);
	return out;
}

static const char *first_difference(const char *got, const char *want)
{
	static char text[700];
	unsigned line = 1;
	size_t at = 0, begin = 0;
	for (; got[at] && got[at] == want[at]; at++) {
		if (got[at] == '\n') {
			line++;
			begin = at + 1;
		}
	}
	if (got[at] == want[at])
		return NULL;
	snprintf(text, sizeof text, "line %u\n got: %.300s\nwant: %.300s", line, got + begin, want + begin);
	return text;
}

const char *fixture_same(const char *path, const char *golden)
{
	struct err err = {0};
	const char *mode = clock_env("MTLSPEC_GOLDEN"), *out = "no such file";
	char *got = fixture_slurp(path), *want;
	if (got && mode && strcmp(mode, "write") == 0)
		out = fs_write(golden, got, strlen(got), 0644, &err) == RC_OK ? NULL : "cannot write the golden file";
	else if (got && (want = fixture_slurp(golden))) {
		out = first_difference(got, want);
		free(want);
	}
	free(got);
	return out;
}

static char complaint[1024];

static void complain(void *context, xmlErrorPtr e)
{
	(void)context;
	if (!complaint[0])
		snprintf(complaint, sizeof complaint, "line %d: %s", e->line, e->message ? e->message : "?");
}

const char *fixture_valid(const char *path, const char *grammar)
{
	complaint[0] = '\0';
	xmlRelaxNGParserCtxtPtr pc = xmlRelaxNGNewParserCtxt(grammar);
	xmlRelaxNGSetParserStructuredErrors(pc, complain, NULL);
	xmlRelaxNGPtr schema = xmlRelaxNGParse(pc);
	xmlSetStructuredErrorFunc(NULL, complain);
	xmlDocPtr doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
	int bad = -1;
	if (schema && doc) {
		xmlRelaxNGValidCtxtPtr vc = xmlRelaxNGNewValidCtxt(schema);
		xmlRelaxNGSetValidStructuredErrors(vc, complain, NULL);
		bad = xmlRelaxNGValidateDoc(vc, doc);
		xmlRelaxNGFreeValidCtxt(vc);
	}
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlFreeDoc(doc);
	xmlRelaxNGFree(schema);
	xmlRelaxNGFreeParserCtxt(pc);
	if (bad && !complaint[0])
		snprintf(complaint, sizeof complaint, "%s does not fit %s", path, grammar);
	return bad ? complaint : NULL;
}
