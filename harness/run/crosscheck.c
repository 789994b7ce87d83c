#include "harness/run/crosscheck.h"

#include <stdlib.h>
#include <string.h>

/* What a place does about a stranger, as far as one connection shows it. */
enum policy {
	POLICY_UNKNOWN,
	POLICY_NONE,	/* nobody asked, served */
	POLICY_CLOSED,	/* nobody asked, refused */
	POLICY_OPTIONAL,
	POLICY_REQUIRED,
	POLICY_RENEGOTIATION,
	POLICY_POST_HANDSHAKE,
};

/* A sentence, and the places that it is about. */
struct said {
	const char *text;
	struct buf labels;
	unsigned n;
};

struct checking {
	struct arena *arena;
	const struct crosscheck *c;
	struct said *said; /* owned */
	size_t n, cap;
};

/* The same sentence about several places is one. */
static void say(struct checking *k, const struct place *p, const char *text)
{
	size_t i = 0;
	while (i < k->n && strcmp(k->said[i].text, text) != 0)
		i++;
	if (i == k->n) {
		struct said *s = VEC_PUSH(k->said, k->n, k->cap);
		*s = (struct said){.text = text};
		buf_init(&s->labels, 4096);
	}
	buf_addf(&k->said[i].labels, "%s%s", k->said[i].n ? ", " : "", p->label);
	k->said[i].n++;
}

static bool is_served(const struct sight *s)
{
	enum decision d = s->look.outcome.decision;
	return s->look.outcome.status && (d == DECISION_ACCEPT || d == DECISION_ANONYMOUS);
}

static bool is_refused(const struct sight *s)
{
	return s->look.outcome.decision == DECISION_REJECT;
}

/* --- versions --- */

static const char *holder(const struct place *p, bool tls)
{
	return (tls ? p->endpoint->tls : p->endpoint->http) ? "<endpoint>" : "<target>";
}

static bool is_alive(const struct place *p)
{
	for (unsigned v = 0; v < TLS__COUNT; v++)
		if (look_spoke(&p->stranger[v].look))
			return true;
	return false;
}

/* The mode that a late policy belongs to says nothing about the other TLS version. */
static bool concerns(enum negotiation declared, unsigned v)
{
	if (declared == NEGOTIATION_RENEGOTIATION)
		return v <= TLS_1_2;
	return declared != NEGOTIATION_POST_HANDSHAKE || v == TLS_1_3;
}

static void check_tls(struct checking *k, const struct place *p)
{
	struct arena *a = k->arena;
	for (unsigned v = 0; v < TLS__COUNT; v++) {
		const struct look *l = &p->stranger[v].look;
		const char *name = tls_text((enum tls)v);
		if ((p->tls & BIT(v)) && l->tried && l->connected && !look_spoke(l))
			say(k, p,
			    arena_printf(a, "TLS %s is declared and not spoken (%s): take it out of tls= of %s in target.xml",
					 name, look_end(a, l), holder(p, true)));
		if ((p->undeclared & BIT(v)) && (concerns(p->declared, v) || v < TLS_1_2))
			say(k, p,
			    arena_printf(a, "TLS %s is spoken and not declared: add it to tls= of %s in target.xml to have its "
					    "cells run%s",
					 name, holder(p, true),
					 v < TLS_1_2 ? ", or switch it off at the server (RFC 8996)" : ""));
	}
}

/*
 * An answer of a lower minor version is an answer: minor versions are made to understand each other (RFC 9110 2.5).  505 is
 * HTTP Version Not Supported (15.6.6), 426 Upgrade Required (15.5.22); others close, or refuse what they serve over 1.1.
 */
static bool is_spoken(const struct place *p, enum http v)
{
	const struct sight *s = &p->request[v], *r = &p->request[HTTP_1_1];
	const struct look *l = &s->look;
	if (s->asked_h2)
		return text_equal(l->alpn, "h2"); /* else another, none, or an alert (RFC 7301 3.2) */
	if (!l->done)
		return true; /* nothing was said about HTTP */
	if (l->cut || l->outcome.status == 505 || l->outcome.status == 426)
		return false;
	if (v == HTTP_1_1 || !r->look.outcome.status)
		return true;
	return l->outcome.status && !(is_served(r) && is_refused(s));
}

static void check_http(struct checking *k, const struct place *p)
{
	for (unsigned v = 0; v < HTTP__COUNT; v++) {
		const struct sight *s = &p->request[v];
		const struct look *l = &s->look;
		if (!(p->http & BIT(v)) || !l->tried || !l->connected || l->outcome.throttled || is_spoken(p, (enum http)v))
			continue;
		const char *seen = l->cut ? l->cut : l->done && s->asked_h2 ? "h2 was offered and not chosen" : look_end(k->arena, l);
		say(k, p,
		    arena_printf(k->arena, "HTTP/%s is declared and not spoken (%s): take it out of http= of %s in target.xml",
				 http_text((enum http)v), seen, holder(p, false)));
	}
}

/* --- negotiation --- */

static enum policy policy_of(const struct place *p, const struct sight *s)
{
	const struct look *l = &s->look;
	if (!look_spoke(l) || l->outcome.throttled)
		return POLICY_UNKNOWN;
	if (l->late == EVENT_HELLO_REQUEST)
		return POLICY_RENEGOTIATION;
	if (l->late == EVENT_REAUTH_REQUEST)
		return POLICY_POST_HANDSHAKE;
	if (!l->asked && !l->done)
		return POLICY_UNKNOWN;
	if (!l->asked)
		return is_served(s) ? POLICY_NONE : is_refused(s) ? POLICY_CLOSED : POLICY_UNKNOWN;
	if (is_served(s))
		return POLICY_OPTIONAL;
	/* What the control does not get either says nothing about certificates. */
	bool at_all = !p->control.look.tried || strcmp(p->control.look.outcome.signal, l->outcome.signal) != 0;
	return is_refused(s) && at_all ? POLICY_REQUIRED : POLICY_UNKNOWN;
}

static enum negotiation mode_of(enum policy seen)
{
	switch (seen) {
	case POLICY_OPTIONAL:
		return NEGOTIATION_OPTIONAL;
	case POLICY_REQUIRED:
		return NEGOTIATION_REQUIRED;
	case POLICY_RENEGOTIATION:
		return NEGOTIATION_RENEGOTIATION;
	case POLICY_POST_HANDSHAKE:
		return NEGOTIATION_POST_HANDSHAKE;
	case POLICY_UNKNOWN:
	case POLICY_NONE:
	case POLICY_CLOSED:
		break;
	}
	return NEGOTIATION_NONE;
}

static const char *policy_words(struct arena *a, enum policy seen, const struct look *l)
{
	switch (seen) {
	case POLICY_NONE:
		return "no certificate is asked for, everybody is served";
	case POLICY_CLOSED:
		return arena_printf(a, "no certificate is asked for and the request is refused (%s)", look_end(a, l));
	case POLICY_OPTIONAL:
		return "a certificate is asked for in the first handshake and a client without one is served";
	case POLICY_REQUIRED:
		return arena_printf(a, "a certificate is asked for in the first handshake and a client without one is refused (%s)",
				    look_end(a, l));
	case POLICY_RENEGOTIATION:
	case POLICY_POST_HANDSHAKE:
		return "a certificate is asked for only after the request";
	case POLICY_UNKNOWN:
		break;
	}
	return "?";
}

static bool same_body(const struct sight *x, const struct sight *y)
{
	return x->body >= 0 && x->body == y->body && text_equal(x->look.excerpt, y->look.excerpt) &&
	       x->look.outcome.status == y->look.outcome.status;
}

/* The stranger who was served, if one was; the newest version's. */
static const struct sight *served_stranger(const struct place *p)
{
	for (unsigned v = TLS__COUNT; v-- > 0;)
		if (p->stranger[v].look.tried && is_served(&p->stranger[v]))
			return &p->stranger[v];
	return NULL;
}

static void contradict(struct checking *k, const struct place *p, enum policy seen, const struct look *l, const char *versions)
{
	struct arena *a = k->arena;
	const struct sight *stranger = served_stranger(p);
	const char *same = seen == POLICY_OPTIONAL && stranger && same_body(stranger, &p->control) && !p->control.look.outcome.identity
				   ? ", with the same body as the control"
				   : "";
	if (seen == POLICY_CLOSED && p->declared == NEGOTIATION_NONE) {
		say(k, p,
		    arena_printf(a, "%s%s, where negotiation=\"none\" promises everybody an answer that <accept> knows: check url= and "
				    "<accept> in target.xml",
				 versions, policy_words(a, seen, l)));
		return;
	}
	say(k, p,
	    arena_printf(a, "%s%s%s: target.xml declares negotiation=\"%s\"; if the server is right, \"%s\" belongs there", versions,
			 policy_words(a, seen, l), same, negotiation_text(p->declared), negotiation_text(mode_of(seen))));
}

/* Over all declared versions at once where they agree, else version by version. */
static void check_negotiation(struct checking *k, const struct place *p)
{
	enum policy seen[TLS__COUNT] = {POLICY_UNKNOWN}, first = POLICY_UNKNOWN;
	bool agree = true;
	for (unsigned v = 0; v < TLS__COUNT; v++) {
		if (!(p->tls & BIT(v)) || !concerns(p->declared, v))
			continue;
		seen[v] = policy_of(p, &p->stranger[v]);
		if (seen[v] == POLICY_UNKNOWN)
			continue;
		agree = agree && (first == POLICY_UNKNOWN || first == seen[v]);
		first = seen[v];
	}
	for (unsigned v = TLS__COUNT; v-- > 0;) {
		bool right = mode_of(seen[v]) == p->declared && seen[v] != POLICY_CLOSED;
		if (seen[v] == POLICY_UNKNOWN || right)
			continue;
		const char *versions = agree ? "" : arena_printf(k->arena, "over TLS %s ", tls_text((enum tls)v));
		contradict(k, p, seen[v], &p->stranger[v].look, versions);
		if (agree)
			break;
	}
}

/* --- capabilities --- */

static void check_ca_list(struct checking *k)
{
	const struct crosscheck *c = k->c;
	bool declared = text_has_word(c->target->has, "ca-list");
	unsigned with = 0, without = 0;
	int names = 0;
	for (size_t i = 0; i < c->n; i++) {
		bool empty = false, any = false;
		for (unsigned v = 0; v < TLS__COUNT; v++) {
			const struct look *l = &c->places[i].stranger[v].look;
			empty = empty || (l->asked && l->ca_names == 0);
			any = any || (l->asked && l->ca_names > 0);
			names = l->asked && l->ca_names > names ? l->ca_names : names;
		}
		with += any && !empty;
		without += empty;
		if (declared && empty)
			say(k, &c->places[i],
			    "the request for a certificate names no CA: has=\"ca-list\" of <target> in target.xml says that it does");
	}
	for (size_t i = 0; !declared && with && !without && i < c->n; i++)
		if (c->places[i].stranger[TLS_1_2].look.asked || c->places[i].stranger[TLS_1_3].look.asked)
			say(k, &c->places[i],
			    arena_printf(k->arena, "the request for a certificate names %d CA%s: add ca-list to has= of <target> in "
						   "target.xml",
					 names, names == 1 ? "" : "s"));
}

static bool shows_identity(const struct target *t)
{
	return t->echo.header || t->echo.body || t->verified.header;
}

static const char *echo_words(struct arena *a, const struct target *t)
{
	if (t->echo.header)
		return arena_printf(a, "header %s", t->echo.header);
	return t->echo.body ? arena_printf(a, "text \"%s\" in the body", t->echo.body) : "no <echo> says where";
}

static void check_echo(struct checking *k, const struct place *p)
{
	const struct target *t = k->c->target;
	bool declared = text_has_word(t->has, "echo");
	const struct outcome *o = &p->control.look.outcome;
	if (!p->control.look.tried || !is_served(&p->control) || !o->sent)
		return;
	if (declared && !o->identity && !o->undecidable)
		say(k, p,
		    arena_printf(k->arena, "the answer to the control names nobody (%s): correct <echo> in target.xml, or take echo out "
					   "of has= of <target>",
				 echo_words(k->arena, t)));
	if (!declared && o->identity)
		say(k, p,
		    arena_printf(k->arena, "the answer to the control names it (%s): add echo to has= of <target> in target.xml",
				 echo_words(k->arena, t)));
}

/* Where strangers are served too and nobody is named, no answer of the cases there can tell who was believed. */
static void check_strangers(struct checking *k, const struct place *p)
{
	const struct sight *stranger = served_stranger(p);
	bool control = p->control.look.tried && is_served(&p->control) && p->control.look.outcome.sent;
	bool same = stranger && control && same_body(stranger, &p->control);
	if (p->declared != NEGOTIATION_OPTIONAL && (p->declared == NEGOTIATION_NONE || !p->endpoint->strangers))
		return;
	const char *both = !stranger || !control ? ""
			   : same ? arena_printf(k->arena, "; the control and a client without a certificate get the same body (%d bytes)",
						 stranger->body)
				  : "; the control and a client without a certificate get different bodies: <accept contains=\"...\"> with "
				    "words of the control's tells them apart";
	if (!shows_identity(k->c->target))
		say(k, p,
		    arena_printf(k->arena, "inconclusive: no identity echo: clients without a certificate are served here too and target.xml "
					   "names neither <echo> nor <verified>, so who is served proves nothing%s",
				 both));
	else if (same && !p->control.look.outcome.identity && p->control.look.outcome.decision != DECISION_ACCEPT)
		say(k, p,
		    arena_printf(k->arena, "the control and a client without a certificate get the same answer (%s, the same %d bytes): who "
					   "is served here proves nothing; check <echo> and <verified> in target.xml",
				 p->control.look.outcome.signal, stranger->body));
}

/* --- the clock --- */

static const char *clock_words(struct arena *a, const struct crosscheck *c)
{
	uint64_t s = (uint64_t)(c->ahead < 0 ? -c->ahead : c->ahead);
	const char *unit = s >= 2 * 86400 ? "days" : s >= 2 * 3600 ? "hours" : s >= 120 ? "minutes" : "seconds";
	uint64_t n = s >= 2 * 86400 ? s / 86400 : s >= 2 * 3600 ? s / 3600 : s >= 120 ? s / 60 : s;
	return arena_printf(a, "the server's clock is %llu %s %s ours by its Date header (%llu s)%s", (unsigned long long)n, unit,
			    c->ahead < 0 ? "behind" : "ahead of", (unsigned long long)s,
			    c->target->remote ? ": certificates are dated by its clock" : "");
}

bool crosscheck_date(const char *text, time_t *out)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		if (!end || *end)
			continue;
		*out = timegm(&tm);
		return true;
	}
	return false;
}

/* --- all of it --- */

size_t crosscheck(struct arena *a, const struct crosscheck *c, const char **out, size_t max)
{
	struct checking k = {.arena = a, .c = c};
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct place *p = &c->places[i];
		if (!is_alive(p))
			continue;
		check_tls(&k, p);
		check_http(&k, p);
		check_negotiation(&k, p);
		check_echo(&k, p);
	}
	check_ca_list(&k);
	for (size_t i = 0; i < c->n; i++)
		if (is_alive(&c->places[i]))
			check_strangers(&k, &c->places[i]);
	for (size_t i = 0; i < k.n; i++) {
		if (n < max)
			out[n++] = arena_printf(a, "endpoint%s %.*s: %s", k.said[i].n > 1 ? "s" : "", (int)k.said[i].labels.len,
						k.said[i].labels.data, k.said[i].text);
		buf_fini(&k.said[i].labels);
	}
	free(k.said);
	if (c->clock_known && (c->ahead > CROSSCHECK_CLOCK || c->ahead < -CROSSCHECK_CLOCK) && n < max)
		out[n++] = clock_words(a, c);
	return n;
}
