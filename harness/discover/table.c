#include "harness/discover/table.h"

#include "harness/discover/raw.h"
#include "reports/clean.h"

#include <string.h>

#define QUESTION_WIDTH 26
#define ANSWER_WIDTH   34
#define TEXT_MAX       300

struct table {
	struct buf *out;
	struct arena *arena;
	const struct facts *facts;
	const struct conclusion *found;
};

static void pad(struct buf *b, size_t written, size_t width)
{
	do
		buf_adds(b, " ");
	while (++written < width);
}

static void row(struct table *t, const char *question, const char *answer, const char *evidence)
{
	size_t at = t->out->len;
	buf_adds(t->out, "  ");
	buf_adds(t->out, question);
	pad(t->out, t->out->len - at, QUESTION_WIDTH);
	at = t->out->len;
	clean_adds(t->out, answer, TEXT_MAX);
	if (evidence && *evidence) {
		pad(t->out, t->out->len - at, ANSWER_WIDTH);
		clean_adds(t->out, evidence, TEXT_MAX);
	}
	buf_adds(t->out, "\n");
}

const char *table_answer(const struct look *l)
{
	if (!l->tried)
		return "not tried";
	if (l->outcome.throttled)
		return "busy";
	switch (l->outcome.decision) {
	case DECISION_ACCEPT:
	case DECISION_ANONYMOUS:
		return "served";
	case DECISION_REDIRECT:
		return "redirected";
	case DECISION_REJECT:
		return "refused";
	case DECISION_UNANSWERED:
	case DECISION__COUNT:
		break;
	}
	return "no answer";
}

static const char *took(struct arena *a, uint32_t us)
{
	return arena_printf(a, "%u.%u ms", (unsigned)(us / 1000), (unsigned)(us / 100 % 10));
}

static void put_address(struct table *t)
{
	const struct facts *f = t->facts;
	const char *at = arena_printf(t->arena, strchr(f->address.ip, ':') ? "[%s]:%u" : "%s:%u", f->address.ip,
				      (unsigned)f->address.port);
	for (size_t i = 0; i < f->n_unused; i++)
		row(t, "address", f->unused[i].address.ip, f->unused[i].why);
	row(t, "address", at,
	    f->first.connected ? arena_printf(t->arena, "TCP connection in %s", took(t->arena, f->first.connect_us)) :
				 look_end(t->arena, &f->first));
}

static void put_versions(struct table *t)
{
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		const struct look *l = &t->facts->version[v];
		const char *question = arena_printf(t->arena, "TLS %s", tls_text((enum tls)v));
		if (!l->tried)
			row(t, question, "not tried", NULL);
		else if (!look_spoke(l))
			row(t, question, "refused", look_end(t->arena, l));
		else if (l->done)
			row(t, question, "accepted", arena_printf(t->arena, "handshake in %s", took(t->arena, l->handshake_us - l->connect_us)));
		else
			row(t, question, "accepted", arena_printf(t->arena, "then %s", look_end(t->arena, l)));
	}
}

static void put_alpn(struct table *t)
{
	const struct look *l = &t->facts->alpn;
	if (!l->tried)
		return;
	if (l->alpn)
		row(t, "ALPN", l->alpn, "of h2 and http/1.1");
	else if (l->done)
		row(t, "ALPN", "none", "it chose neither h2 nor http/1.1");
	else
		row(t, "ALPN", "not measured", look_end(t->arena, l));
}

static const char *asked_how(const struct look *l)
{
	if (l->late == EVENT_HELLO_REQUEST)
		return "after the request, renegotiation";
	if (l->late == EVENT_REAUTH_REQUEST)
		return "after the request, post-handshake";
	return l->asked ? "in the first handshake" : l->done ? "no" : "not measured";
}

/* One row for all versions that answer alike, newest first. */
static void put_by_version(struct table *t, const char *question, const struct look *looks,
			   const char *(*answer)(const struct look *), bool ends)
{
	bool said[TLS__COUNT] = {false};
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		const char *evidence = "";
		if (said[v] || !looks[v].tried || !t->found->policy[v].known)
			continue;
		for (int w = v; w >= 0; w--) {
			if (!looks[w].tried || !t->found->policy[w].known || strcmp(answer(&looks[v]), answer(&looks[w])) != 0)
				continue;
			said[w] = true;
			evidence = arena_printf(t->arena, "%s%sTLS %s%s%s", evidence, *evidence ? "; " : "", tls_text((enum tls)w),
						ends ? ": " : "", ends ? look_end(t->arena, &looks[w]) : "");
		}
		row(t, question, answer(&looks[v]), evidence);
	}
}

static void put_ca_list(struct table *t)
{
	const struct look *l = t->found->asked;
	if (!l)
		return;
	if (l->ca_names == 0) {
		row(t, "CA list", "empty", "any certificate may be offered");
		return;
	}
	const char *line = l->ca_text ? l->ca_text : "";
	for (int i = 0; *line; i++) {
		size_t len = strcspn(line, "\n");
		row(t, i ? "" : "CA list",
		    i ? "" : arena_printf(t->arena, "%d name%s, %d bytes", l->ca_names, l->ca_names == 1 ? "" : "s", l->ca_bytes),
		    arena_strndup(t->arena, line, len));
		line += len + (line[len] == '\n');
	}
	if (l->ca_names > DISCOVER_CA_NAMES)
		row(t, "", "", arena_printf(t->arena, "and %d more", l->ca_names - DISCOVER_CA_NAMES));
}

static void put_control(struct table *t)
{
	const struct own *g = &t->facts->own;
	if (!g->any)
		return;
	put_by_version(t, "with the certificate", t->facts->control, table_answer, true);
	const struct look *l = t->found->control;
	const char *certificate = arena_printf(t->arena, "%zu certificate%s, leaf %s", g->n, g->n == 1 ? "" : "s", g->dn);
	if (l)
		row(t, "certificate sent", l->outcome.sent ? "yes" : l->asked ? "no" : "no: not asked for", certificate);
	if (!l || !conclude_accepted(l))
		return;
	const struct echo_found *e = &t->found->echo;
	if (e->echo.header)
		row(t, "identity echoed", arena_printf(t->arena, "%s, as %s", e->echo.header, echo_form_text(e->echo.as)), e->value);
	else if (e->echo.body)
		row(t, "identity echoed", "in the page, as subject", arena_printf(t->arena, "behind \"%s\"", e->echo.body));
	else
		row(t, "identity echoed", "no", "in no header and not on the page");
	if (e->verified.header)
		row(t, "verification echoed", e->verified.header,
		    arena_printf(t->arena, "%s with it, %s without", e->verified.yes, e->verified.no ? e->verified.no : "not seen"));
}

/* A header of any answer, the newest version's first. */
static const char *any_header(const struct table *t, const char *name)
{
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		const char *value = look_header(&t->facts->version[v], name);
		if (!value)
			value = look_header(&t->facts->control[v], name);
		if (value)
			return value;
	}
	return NULL;
}

static void put_headers(struct table *t)
{
	static const struct {
		const char *question, *name;
	} rows[] = {{"Server", "Server"}, {"Via", "Via"}, {"redirect to", "Location"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (any_header(t, rows[i].name))
			row(t, rows[i].question, any_header(t, rows[i].name), NULL);
	if (t->found->without && t->found->without->cut)
		row(t, "the answer", "cut short by us", t->found->without->cut);
}

static void put_name(struct table *t, const char *question, const struct look *l)
{
	const struct look *with = t->found->without;
	if (!l->tried || !with)
		return;
	if (!l->done && !l->asked) {
		row(t, question, "refused", look_end(t->arena, l));
		return;
	}
	const char *policy = l->asked ? "asks for a certificate" : "asks for none";
	if (l->asked == with->asked)
		policy = with->outcome.asked_late ? "accepted" : "the same policy"; /* nothing was requested: no late request */
	row(t, question, policy, text_equal(l->server, with->server) ? "same server certificate" : "another server certificate");
}

static const char *plain_answer(const struct raw *r)
{
	int status = raw_status(r);
	switch (raw_kind(r)) {
	case RAW_HTTP:
		return status >= 200 && status < 300 ? "served" : status >= 300 && status < 400 ? "redirected" : "refused";
	case RAW_TLS:
		return "refused";
	case RAW_OTHER:
		return "answered, not by HTTP";
	case RAW_NOTHING:
		break;
	}
	return "no answer";
}

static void put_plain(struct table *t)
{
	const struct raw *r = &t->facts->plain;
	if (r->tried)
		row(t, "plain HTTP on the port", plain_answer(r), raw_end(t->arena, r));
}

void table_put(struct buf *b, struct arena *a, const struct facts *f, const struct conclusion *c)
{
	struct table t = {b, a, f, c};
	buf_addf(b, "%s\n\n", f->url);
	row(&t, "QUESTION", "ANSWER", "EVIDENCE");
	put_address(&t);
	if (c->wire == WIRE_TLS) {
		put_versions(&t);
		put_alpn(&t);
		put_by_version(&t, "certificate asked for", f->version, asked_how, false);
		put_ca_list(&t);
		put_by_version(&t, "without a certificate", f->version, table_answer, true);
		if (f->browser.tried)
			row(&t, "to a browser", table_answer(&f->browser),
			    arena_printf(a, "TLS 1.3 without post_handshake_auth: %s", look_end(a, &f->browser)));
		put_control(&t);
		put_headers(&t);
		put_name(&t, "without SNI", &f->no_name);
		put_name(&t, "unknown name in SNI", &f->other_name);
		if (c->without && c->without->server)
			row(&t, "server certificate", "sha256", c->without->server);
	} else if (f->first.connected) {
		row(&t, "TLS", "no", look_end(a, &f->first));
		if (f->hello.tried)
			row(&t, "to another ClientHello", "no TLS", raw_end(a, &f->hello));
	}
	put_plain(&t);
	row(&t, "connections made", arena_printf(a, "%u", f->connections),
	    arena_printf(a, "one after the other, at most %d", DISCOVER_MAX_CONNECTIONS));
}
