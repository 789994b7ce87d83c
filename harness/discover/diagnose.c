#include "harness/discover/diagnose.h"

#include "harness/discover/raw.h"
#include "harness/discover/table.h"
#include "harness/discover/target_text.h"
#include "reports/clean.h"

#include <ctype.h>
#include <string.h>

#define TEXT_MAX 600

static void sentence(struct buf *b, const char *text)
{
	buf_adds(b, "  - ");
	clean_adds(b, text, TEXT_MAX);
	buf_adds(b, "\n");
}

static const char *versions(struct arena *a, unsigned mask)
{
	const char *out = "";
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		unsigned older = mask & (BIT(v) - 1);
		if (mask & BIT(v))
			out = arena_printf(a, "%s%sTLS %s", out, !*out ? "" : older ? ", " : " and ", tls_text((enum tls)v));
	}
	return out;
}

/* --- who is there --- */

static const char *no_tls(struct arena *a, const struct facts *f, enum wire wire)
{
	const char *at = arena_printf(a, "%s port %u", f->address.ip, (unsigned)f->address.port);
	switch (wire) {
	case WIRE_REFUSED:
		return arena_printf(a, "%s refuses connections: nothing listens there, or a firewall rejects.", at);
	case WIRE_UNREACHABLE:
		return arena_printf(a, "%s cannot be reached: %s.", at, look_end(a, &f->first));
	case WIRE_RESET:
		return arena_printf(a, "%s takes connections and resets them at once, whatever is sent: a filter, a ban, or a "
				       "proxy without its backend.",
				    at);
	case WIRE_CLOSED:
		return arena_printf(a, "%s takes connections and closes them without a word, whatever is sent.", at);
	case WIRE_SILENT:
		return arena_printf(a, "%s takes connections and says nothing within %u ms: a hung server, a full queue, or a "
				       "protocol in which the client does not speak first.",
				    at, (unsigned)f->timeout_ms);
	case WIRE_PLAIN:
		return arena_printf(a, "%s speaks plain HTTP, not TLS (%s): no certificate can be asked for there.", at,
				    raw_end(a, raw_kind(&f->plain) == RAW_HTTP ? &f->plain : &f->hello));
	case WIRE_OTHER:
		if (f->first.timed_out)
			return arena_printf(a, "%s sends bytes so slowly that they make neither TLS nor HTTP within %u ms.", at,
					    (unsigned)f->timeout_ms);
		return arena_printf(a, "%s speaks neither TLS nor HTTP: to a ClientHello and to a GET it sent other bytes.", at);
	case WIRE_TLS:
		break;
	}
	if (strcmp(f->first.outcome.signal, "alert:unrecognized_name") == 0)
		return arena_printf(a, "%s speaks TLS but serves nobody of the name %s: use a URL with a name that it has.", at, f->host);
	if (strcmp(f->first.outcome.signal, "alert:no_application_protocol") == 0)
		return arena_printf(a, "%s speaks TLS but refuses HTTP/1.1 (alert:no_application_protocol); discovery asks by HTTP/1.1.", at);
	if (f->first.complaint)
		return arena_printf(a, "%s speaks TLS, but no handshake with TLS 1.0 to 1.3 gets anywhere: %s.", at, look_end(a, &f->first));
	return arena_printf(a, "%s speaks TLS, but no handshake with TLS 1.0 to 1.3 gets anywhere: %s.  A server without a certificate "
			       "for the name %s may answer so.",
			    at, look_end(a, &f->first), f->host);
}

static const char *policy_words(struct arena *a, const struct look *without, const struct policy *p)
{
	switch (p->negotiation) {
	case NEGOTIATION_NONE:
		return without->outcome.status && without->outcome.decision == DECISION_REJECT ?
			       arena_printf(a, "asks for no certificate and answers %s: whatever refuses there, it is no client-certificate policy "
					       "(none)",
					    without->outcome.signal) :
			       "asks for no certificate (none)";
	case NEGOTIATION_OPTIONAL:
		return "asks for a certificate in the first handshake and lets clients without one through to HTTP (optional)";
	case NEGOTIATION_REQUIRED:
		return arena_printf(a, "asks for a certificate in the first handshake and refuses clients without one: %s (required)",
				    look_end(a, without));
	case NEGOTIATION_RENEGOTIATION:
		return "asks for a certificate after the request, by renegotiation (renegotiation)";
	case NEGOTIATION_POST_HANDSHAKE:
		if (!without->outcome.asked_late)
			return arena_printf(a, "asks for no certificate and ends the request (%s): it wants one after the request and has no way to "
					       "ask (post-handshake)",
					    look_end(a, without));
		return "asks for a certificate after the request, by post-handshake authentication (post-handshake)";
	case NEGOTIATION_BY_NAME:
	case NEGOTIATION__COUNT:
		break;
	}
	return "";
}

const char *diagnose_summary(struct arena *a, const struct facts *f, const struct conclusion *c)
{
	if (c->newest < 0)
		return no_tls(a, f, c->wire);
	return arena_printf(a, "It speaks %s.  It %s.", versions(a, c->tls),
			    policy_words(a, c->without, &c->policy[c->newest]));
}

/* --- what is odd --- */

/* One sentence for all versions of which the same is to be said; NULL: nothing. */
static void say_by_version(struct buf *b, struct arena *a, const char *before, const char *const *texts)
{
	unsigned said = 0;
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		unsigned same = 0;
		if (!texts[v] || (said & BIT(v)))
			continue;
		for (int w = v; w >= 0; w--)
			if (text_equal(texts[v], texts[w]))
				same |= BIT(w);
		said |= same;
		sentence(b, arena_printf(a, "%s %s %s.", before, versions(a, same), texts[v]));
	}
}

static void say_versions(struct buf *b, struct arena *a, const struct facts *f, const struct conclusion *c)
{
	const char *different[TLS__COUNT] = {NULL}, *doubts[TLS__COUNT] = {NULL};
	for (int v = 0; v < TLS__COUNT; v++) {
		if (!c->policy[v].known)
			continue;
		if (c->policy[v].negotiation != c->policy[c->newest].negotiation)
			different[v] = arena_printf(a, "it is different: it %s", policy_words(a, &f->version[v], &c->policy[v]));
		doubts[v] = c->policy[v].doubt;
	}
	say_by_version(b, a, "Under", different);
	say_by_version(b, a, "Not certain: under", doubts);
	unsigned old = c->tls & (BIT(TLS_1_0) | BIT(TLS_1_1));
	if (old)
		sentence(b, arena_printf(a, "It accepts %s, which RFC 8996 says must not be used.", versions(a, old)));
	if (c->policy[c->newest].negotiation == NEGOTIATION_RENEGOTIATION)
		sentence(b, "A late request depends on what the client can do; how it fares with others was not tried.");
}

/* RFC 8446 4.2.6: who does not offer it must not be asked after the handshake. */
static void say_stuck(struct buf *b, struct arena *a, const struct conclusion *c)
{
	static const char *const shown[] = {
		[STUCK_NOT] = "",
		[STUCK_RESET] = "Its user sees ERR_CONNECTION_RESET and no page.  Windows does this (http.sys, under IIS and IIS Express) before "
				"Windows 11 24H2 and Server 2025.",
		[STUCK_NOT_SUPPORTED] = "Its user sees 500.0 with 0x80070032, ERROR_NOT_SUPPORTED.  Windows does this (http.sys, under IIS and IIS "
					"Express) from Windows 11 24H2 and Server 2025 on.",
		[STUCK_ERROR] = "Its user sees a server error.  From Windows 11 24H2 and Server 2025 on IIS answers 500.0 with 0x80070032 here, "
				"and the page without the code is what it shows to other machines: details are for the server itself "
				"(httpErrors errorMode=\"DetailedLocalOnly\").  Run this on the server, against https://localhost, or look at "
				"the page there; or turn on failed request tracing for status 500.",
		[STUCK_FORBIDDEN] = "Its user sees 403.  Apache httpd says \"Cannot perform Post-Handshake Authentication\" (AH10158); early builds "
				    "of Server 2022 answered 403 too.",
	};
	if (!c->stuck)
		return;
	sentence(b, arena_printf(a, "No browser can use this under TLS 1.3: it wants the certificate after the request, which needs "
				    "post_handshake_auth, and no browser offers that.  What a browser gets: %s.",
				 look_end(a, c->stuck)));
	sentence(b, shown[c->how_stuck]);
	if (c->policy[TLS_1_2].known && c->policy[TLS_1_2].negotiation == NEGOTIATION_RENEGOTIATION)
		sentence(b, "Under TLS 1.2 it asks by renegotiation, which browsers can answer: hence \"it worked before\".");
}

static bool is_listed(const struct look *l, const struct own *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const char *name = g->issuers[i];
		size_t len = strlen(name);
		for (const char *line = l->ca_text; line && *line;) {
			size_t n = strcspn(line, "\n");
			if (n == len && memcmp(line, name, len) == 0)
				return true;
			line += n + (line[n] == '\n');
		}
	}
	return false;
}

static void say_ca_list(struct buf *b, struct arena *a, const struct facts *f, const struct conclusion *c)
{
	const struct look *l = c->asked;
	if (!l || l->ca_names > DISCOVER_CA_NAMES)
		return;
	if (l->ca_names == 0)
		sentence(b, "The CA list in its request is empty: browsers will offer every client certificate they have.");
	else if (f->own.any && !is_listed(l, &f->own))
		sentence(b, arena_printf(a, "The CA list does not name the issuer of your certificate (%s): mtlspec sends it all the same, "
					    "a browser would not.",
					 f->own.n ? f->own.issuers[0] : "?"));
}

static void say_control(struct buf *b, struct arena *a, const struct facts *f, const struct conclusion *c)
{
	const char *texts[TLS__COUNT] = {NULL};
	for (int v = 0; v < TLS__COUNT; v++) {
		const struct look *l = &f->control[v];
		if (!l->tried || !c->policy[v].known)
			continue;
		if (conclude_accepted(l))
			texts[v] = arena_printf(a, "it serves the holder of your certificate (%s)", look_end(a, l));
		else if (l->outcome.sent)
			texts[v] = arena_printf(a, "your certificate was asked for and sent; %s: %s", table_answer(l), look_end(a, l));
		else
			texts[v] = "your certificate was never asked for";
	}
	say_by_version(b, a, "Under", texts);
	if (!c->control || !conclude_accepted(c->control) || c->echo.echo.header || c->echo.echo.body)
		return;
	if (c->policy[c->newest].negotiation == NEGOTIATION_OPTIONAL)
		sentence(b, "Nothing in its answer names the certificate: since strangers are served as well, acceptance cannot be told "
			    "from service to a stranger, and those cases will be inconclusive.  Let it echo the subject in a header.");
	else
		sentence(b, "Nothing in its answer names the certificate: a run cannot see an identity that gets mixed up.");
}

static void say_surroundings(struct buf *b, struct arena *a, const struct facts *f, const struct conclusion *c)
{
	const struct look *names[] = {&f->no_name, &f->other_name};
	static const char *const which[] = {"without a name (SNI)", "with an unknown name (SNI)"};
	int status = raw_status(&f->plain);
	bool changed = false;
	for (size_t i = 0; i < 2; i++)
		if (names[i]->tried && names[i]->done && names[i]->asked != c->without->asked)
			sentence(b, arena_printf(a, "The policy depends on the name: %s it asks for %s.  Try a negotiation=\"by-name\" endpoint.",
						 which[i], names[i]->asked ? "a certificate" : "no certificate"));
	if (status >= 200 && status < 300)
		sentence(b, "The same port serves plain HTTP: a client can do without TLS and certificate altogether.");
	for (unsigned v = 0; v < TLS__COUNT; v++)
		changed = changed || f->version[v].server_changed || f->control[v].server_changed;
	if (changed)
		sentence(b, "Its own certificate was not the same on every connection: several servers may stand behind the address, and "
			    "they may differ in policy.");
	if (c->without->cut)
		sentence(b, arena_printf(a, "The answer was cut short by us (%s).", c->without->cut));
	else if (c->without->timed_out)
		sentence(b, arena_printf(a, "An answer had not come to its end within %u ms.", (unsigned)f->timeout_ms));
}

/* --- why --- */

/* PORT, HOST and PATH of the commands in diagnoses are known here. */
static const char *fill_in(struct arena *a, const struct facts *f, const char *text)
{
	const struct {
		const char *word, *value;
	} known[] = {{"PORT", arena_printf(a, "%u", (unsigned)f->address.port)}, {"HOST", f->host}, {"/PATH", f->path}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		size_t len = strlen(known[i].word);
		for (const char *at = text; (at = strstr(at, known[i].word));) {
			bool begins = at == text || !isalnum((unsigned char)at[-1]) || known[i].word[0] == '/';
			if (!begins || isalnum((unsigned char)at[len])) {
				at += len;
				continue;
			}
			size_t before = (size_t)(at - text);
			text = arena_printf(a, "%.*s%s%s", (int)before, text, known[i].value, at + len);
			at = text + before + strlen(known[i].value);
		}
	}
	return text;
}

struct causes {
	struct buf *out;
	struct arena *arena;
	const struct suite *suite;
	const struct facts *facts;
	const struct conclusion *found;
	const struct diagnosis *said[2 * TLS__COUNT + 1];
	size_t n;
};

static void put_list(struct causes *s, const char *what, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(s->out, "      %s: ", what);
		clean_adds(s->out, fill_in(s->arena, s->facts, v[i]), TEXT_MAX);
		buf_adds(s->out, "\n");
	}
}

/* Once each, with what it was that showed it. */
static void put_cause(struct causes *s, const char *whom, const struct look *l, enum tls v, bool own, enum client_kind client)
{
	static const struct condition none = {.id = "none", .none = true}, given = {.id = "own:given", .own = "given"};
	static const struct scenario script = {.id = "discover", .default_script = true};
	struct kase k = {.scenario = &script, .condition = own ? &given : &none, .tls = v,
			 .negotiation = s->found->policy[v].negotiation, .http = HTTP_1_1, .client = client};
	struct diagnosis_facts facts = {.kase = &k, .outcome = &l->outcome, .verdict = VERDICT_OBSERVED,
					.product = target_text_product(s->arena, s->facts, s->found)};
	const struct diagnosis *d = diagnosis_find(s->suite, &facts);
	for (size_t j = 0; j < s->n; j++)
		if (s->said[j] == d)
			return;
	if (!d)
		return;
	s->said[s->n++] = d;
	buf_addf(s->out, "  - %s, %s: %s (%s)\n", whom, l->outcome.signal, d->title ? d->title : d->id, d->id);
	put_list(s, "cause", d->causes, d->n_causes);
	put_list(s, "check", d->checks, d->n_checks);
	put_list(s, "fix", d->fixes, d->n_fixes);
}

static void put_causes(struct causes *s)
{
	const struct facts *f = s->facts;
	if (s->found->stuck)
		put_cause(s, "to a browser", s->found->stuck, TLS_1_3, false, CLIENT_BROWSER);
	for (int i = 2 * TLS__COUNT - 1; i >= 0; i--) {
		enum tls v = (enum tls)(i / 2);
		const struct look *l = i % 2 ? &f->control[v] : &f->version[v];
		if (!l->tried || !s->found->policy[v].known || l->outcome.decision != DECISION_REJECT)
			continue;
		/* refusing strangers is what it is for, once somebody is served */
		if (i % 2 == 0 && conclude_accepted(&f->control[v]))
			continue;
		put_cause(s, i % 2 ? "with your certificate" : "without a certificate", l, v, i % 2, CLIENT_WILLING);
	}
}

void diagnose_put(struct buf *b, struct arena *a, const struct suite *suite, const struct facts *f,
		  const struct conclusion *c)
{
	buf_adds(b, "\nDiagnosis\n");
	sentence(b, diagnose_summary(a, f, c));
	if (c->newest < 0)
		return;
	say_versions(b, a, f, c);
	say_stuck(b, a, c);
	say_ca_list(b, a, f, c);
	say_control(b, a, f, c);
	say_surroundings(b, a, f, c);
	struct causes causes = {.out = b, .arena = a, .suite = suite, .facts = f, .found = c};
	if (suite)
		put_causes(&causes);
}

/* --- what now --- */

void diagnose_put_next(struct buf *b, struct arena *a, const struct facts *f, const struct conclusion *c,
		       const char *file)
{
	const char *target = file ? file : "FILE";
	buf_adds(b, "\nNext\n");
	if (c->newest < 0) {
		sentence(b, "Check host and port, and from where they can be reached; then run this again.  A slow server needs --timeout.");
		return;
	}
	if (!file)
		sentence(b, arena_printf(a, "mtlspec discover %s --out target.xml    # keep the target file", f->url));
	bool accepted = c->control && conclude_accepted(c->control);
	if (c->asked && !f->own.any)
		sentence(b, arena_printf(a, "mtlspec discover %s --certificate FILE,KEY    # with a certificate that it trusts: what serves, what "
					    "it echoes",
					 f->url));
	if (accepted && f->own.pki) {
		sentence(b, arena_printf(a, "mtlspec run --target %s --pki %s    # every condition, good and broken", target, f->own.pki));
		return;
	}
	if (accepted || !c->asked)
		sentence(b, arena_printf(a, "mtlspec run --target %s    # %s", target,
					 accepted ? "read-only, with your certificate as control" : "what can be judged without certificates"));
	if (c->asked)
		sentence(b, arena_printf(a, "mtlspec pki init DIR; let the server trust DIR/anchor.pem; mtlspec run --target %s --pki DIR    # every "
					    "condition, good and broken",
					 target));
}
