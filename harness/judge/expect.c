#include "harness/judge/parts.h"

#include <string.h>
#include <strings.h>

#define REFUSALS (BIT(DECISION_REJECT) | BIT(DECISION_UNANSWERED) | BIT(DECISION_REDIRECT))

/* What one <expect> asks at this cell, and who says so. */
struct wanted {
	unsigned mask;
	bool open; /* policy, and no profile line decides: whatever is in the mask is a fact */
	const char *signals;
	unsigned phases;
	const struct profile_line *line;    /* where the signals come from; NULL: the <expect> itself */
	const struct profile_line *decided; /* the line that decided a policy */
	enum level level;
	const char *clause;
};

struct judging {
	const struct trial *t;
	const struct expect *e;
	struct wiring w;
	struct wanted want;
	struct finding *out;
	size_t decided;
};

static void settle(struct finding *f, enum verdict v, const char *reason)
{
	f->verdict = v;
	f->reason = reason;
}

/* Where a certificate is asked for without insisting, whoever is to be refused may be served as a stranger (first table
 * of design.md section 1), whether a clause says so, the <expect> or the line of a profile. */
static bool may_be_stranger(const struct judging *j)
{
	const struct kase *k = j->t->kase;
	return (j->e->as_condition || decision_late_mode(k, &j->w)) &&
	       decision_policy(k, &j->w) == NEGOTIATION_OPTIONAL;
}

static void want_decision(struct judging *j)
{
	const struct kase *k = j->t->kase;
	struct wanted *want = &j->want;
	const struct condition *shown = wiring_condition(k, j->t->context->suite, &j->w);
	bool policy = j->e->policy;
	struct dialect d;
	want->level = j->e->level;
	want->clause = j->e->clause;
	want->mask = j->e->decision;
	if (j->e->as_condition) {
		want->mask = decision_expected(k, j->t->context->suite, &j->w, &policy);
		/* under anchors that it was not made for, a certificate is judged by another clause than its own */
		bool at_home = shown && condition_decision(shown, wiring_trust(k, &j->w)) == shown->decision;
		if (at_home && shown->level == LEVEL_SHOULD)
			want->level = LEVEL_SHOULD;
		if (!want->clause && at_home && want->mask != BIT(DECISION_ANONYMOUS))
			want->clause = shown->clause;
	} else if (policy && !want->mask) {
		want->mask = BIT(DECISION_ACCEPT) | BIT(DECISION_ANONYMOUS) | BIT(DECISION_REJECT);
	}
	if (!want->clause)
		want->clause = k->scenario->clause;
	if (policy) {
		policy_find(k, j->t->context, 0, &d);
		want->decided = d.decision;
		want->open = !d.decision;
		if (d.decision)
			want->mask = d.decision->decision;
	}
	/* a line that decides about who shows nothing is about just that: served, or not */
	bool nobody = shown ? shown->none : text_equal(j->w.certificate, "none");
	if ((want->mask & BIT(DECISION_REJECT)) && may_be_stranger(j) && !(want->decided && nobody))
		want->mask |= BIT(DECISION_ANONYMOUS);
}

static void want_signal(struct judging *j)
{
	struct wanted *want = &j->want;
	struct dialect d;
	want->signals = j->e->signals;
	want->phases = j->e->phases;
	if (want->signals || want->phases || want->open)
		return;
	policy_find(j->t->kase, j->t->context, want->mask, &d);
	want->line = d.signal;
	if (d.signal) {
		want->signals = d.signal->signals;
		want->phases = d.signal->phases;
	}
}

static const char *phases_text(struct arena *a, unsigned mask)
{
	const char *text = NULL;
	for (int p = 0; p < PHASE__COUNT; p++)
		if (mask & BIT(p))
			text = text ? arena_printf(a, "%s or %s", text, phase_text((enum phase)p))
				    : phase_text((enum phase)p);
	return text;
}

/* "http:400 in response", for what is wanted of a refusal. */
static const char *signals_text(struct arena *a, const struct wanted *want)
{
	const char *phases = phases_text(a, want->phases), *signals = want->signals;
	if (!signals || !signals[0])
		return phases ? arena_printf(a, " in %s", phases) : "";
	return phases ? arena_printf(a, " by %s in %s", signals, phases) : arena_printf(a, " by %s", signals);
}

static const char *expected_text(struct judging *j)
{
	struct arena *a = j->t->arena;
	const struct judge_context *c = j->t->context;
	const struct wanted *want = &j->want;
	const char *clause = words_clause(a, c->suite, want->clause);
	/* a profile's signal belongs to a refusal; where service is expected it says nothing */
	bool shows = !want->line || (want->mask & BIT(DECISION_REJECT));
	const char *what =
	    arena_printf(a, "%s%s", decision_mask_text(a, want->mask), shows ? signals_text(a, want) : "");
	if (want->open)
		return arena_printf(a, "%s (policy, no profile line decides%s%s)", what, clause ? "; " : "",
				    clause ? clause : "");
	if (want->decided)
		return arena_printf(a, "%s (policy of profile %s: %s)", what, c->profile->id,
				    want->decided->source ? want->decided->source : "no source");
	return clause ? arena_printf(a, "%s (%s)", what, clause) : what;
}

/* A server may close after any answer (RFC 9112 9.6): that refuses nothing of a request that never went out. */
static bool ended_before(const struct judging *j)
{
	const struct observation *o = j->t->observation;
	if (observation_find(o, 0, EVENT_REQUEST_SENT, j->w.conn, j->w.req))
		return false;
	const struct event *answer = observation_find(o, 0, EVENT_RESPONSE, j->w.conn, -1);
	return answer && (size_t)(answer - o->events) < j->decided && j->out->outcome.status == 0;
}

/* or-closed: an earlier request got its end, an answer or not, and with it the connection.  A given says which it was.
 */
static bool was_closed(const struct judging *j)
{
	const struct observation *o = j->t->observation;
	bool waited = j->decided < o->n && o->events[j->decided].kind == EVENT_TIMEOUT;
	return !waited && !observation_find(o, 0, EVENT_REQUEST_SENT, j->w.conn, j->w.req) &&
	       observation_find(o, 0, EVENT_REQUEST_SENT, j->w.conn, -1);
}

/* Answers that settle the matter before decisions are compared.  True when they do. */
static bool settle_preconditions(struct judging *j)
{
	struct arena *a = j->t->arena;
	const struct outcome *o = &j->out->outcome;
	const struct exercise x = {
	    .kase = j->t->kase,
	    .context = j->t->context,
	    .observation = j->t->observation,
	    .wiring = &j->w,
	    .outcome = o,
	    .decided = j->decided,
	    .as_condition = j->e->as_condition,
	    .in_handshake = j->e->phases == BIT(PHASE_HANDSHAKE),
	};
	unsigned mask = j->want.mask;
	const char *why;
	if (!o->any) {
		settle(j->out, VERDICT_INCONCLUSIVE,
		       arena_printf(a, "request %s was never tried", j->e->of ? j->e->of : "of the script"));
		return true;
	}
	if (j->e->or_closed && was_closed(j)) {
		settle(j->out, VERDICT_PASS,
		       arena_printf(a, "the connection had ended before request %s: %s",
				    j->e->of ? j->e->of : "of the script", words_where(a, o)));
		return true;
	}
	if (ended_before(j)) {
		settle(j->out, VERDICT_INCONCLUSIVE,
		       arena_printf(a, "request %s was never sent: the connection ended after the answer before it: %s",
				    j->e->of ? j->e->of : "of the script", words_where(a, o)));
		return true;
	}
	if (o->throttled) {
		settle(j->out, VERDICT_INCONCLUSIVE, arena_printf(a, "the server sheds load: %s", words_where(a, o)));
		return true;
	}
	if (o->undecidable &&
	    decision_compare(mask, DECISION_ACCEPT, &why) != decision_compare(mask, DECISION_ANONYMOUS, &why)) {
		settle(j->out, VERDICT_INCONCLUSIVE,
		       arena_printf(a, "no identity echo: %s does not say whether anybody is believed",
				    words_where(a, o)));
		return true;
	}
	bool refused = (BIT(o->decision) & REFUSALS) && (!mask || (mask & BIT(DECISION_REJECT)));
	bool unbelieved = o->decision == DECISION_ANONYMOUS && j->e->as_condition && (mask & BIT(DECISION_REJECT)) &&
			  (mask & BIT(DECISION_ANONYMOUS));
	const char *missing = refused || unbelieved ? exercised_missing(a, &x) : NULL;
	if (missing)
		settle(j->out, VERDICT_INCONCLUSIVE, arena_printf(a, "not exercised: %s", missing));
	return missing != NULL;
}

/* Whose identity is believed?  Another one than the one shown is worse than none (second table, first cell). */
static void check_identity(struct judging *j)
{
	struct arena *a = j->t->arena;
	const struct judge_context *c = j->t->context;
	const struct outcome *o = &j->out->outcome;
	const char *want = j->e->identity, *presented = identity_presented(j->t->observation, j->w.conn);
	if (o->decision != DECISION_ACCEPT || !o->identity)
		return;
	int len = (int)strcspn(o->identity, "\r\n<");
	if (len > 120)
		len = 120;
	if (!want)
		want = presented;
	if (!want) {
		settle(
		    j->out, VERDICT_FALSE_ACCEPT,
		    arena_printf(a, "identity %.*s was believed although no certificate was sent", len, o->identity));
		return;
	}
	const struct shown_identity *shown = identity_of(c, want);
	switch (shown ? identity_same(a, c->target->echo.as, o->identity, shown) : SAME_UNKNOWN) {
	case SAME_YES:
		return;
	case SAME_NO:
		settle(j->out, VERDICT_FALSE_ACCEPT,
		       arena_printf(a, "another identity was believed: %.*s instead of %s", len, o->identity,
				    shown->subject && shown->subject[0] ? shown->subject : want));
		return;
	case SAME_UNKNOWN:
		settle(j->out, VERDICT_INCONCLUSIVE,
		       arena_printf(a, "the echoed identity %.*s cannot be compared with %s", len, o->identity, want));
		return;
	}
}

/* identity-not: the victim of a forgery.  Whatever was decided, its name must not come back. */
static bool names_victim(struct judging *j)
{
	const struct judge_context *c = j->t->context;
	const struct outcome *o = &j->out->outcome;
	const struct shown_identity *victim = identity_of(c, j->e->identity_not);
	if (!j->e->identity_not || !o->identity)
		return false;
	switch (victim ? identity_same(j->t->arena, c->target->echo.as, o->identity, victim) : SAME_UNKNOWN) {
	case SAME_YES:
		settle(j->out, VERDICT_FALSE_ACCEPT,
		       arena_printf(j->t->arena, "the identity of %s was believed: %s", j->e->identity_not,
				    words_outcome(j->t->arena, o)));
		return true;
	case SAME_UNKNOWN:
		settle(j->out, VERDICT_INCONCLUSIVE,
		       arena_printf(j->t->arena, "the echoed identity cannot be compared with %s", j->e->identity_not));
		return true;
	case SAME_NO:
		break;
	}
	return false;
}

/*
 * A SHOULD leaves the verifier free to decide the other way; it is no leave for what neither way allows, such as
 * serving at a required endpoint while believing nobody.
 */
static bool is_other_way(const struct judging *j)
{
	const char *why;
	unsigned other = BIT(DECISION_REJECT);
	if (!j->e->as_condition)
		return true;
	if (j->want.mask & BIT(DECISION_REJECT))
		other = BIT(DECISION_ACCEPT);
	else if (decision_policy(j->t->kase, &j->w) == NEGOTIATION_OPTIONAL)
		other |= BIT(DECISION_ANONYMOUS);
	enum verdict v = decision_compare(other, j->out->outcome.decision, &why);
	return v == VERDICT_PASS || v == VERDICT_DEVIATION;
}

/* The second table of design.md section 1, softened where the clause is a SHOULD. */
static void compare(struct judging *j)
{
	struct arena *a = j->t->arena;
	struct finding *f = j->out;
	const char *why;
	enum verdict v = j->want.mask ? decision_compare(j->want.mask, f->outcome.decision, &why) : VERDICT_PASS;
	if (v == VERDICT_PASS) {
		settle(f, VERDICT_PASS, f->observed);
		check_identity(j);
		return;
	}
	if (f->outcome.decision == DECISION_ANONYMOUS && !f->outcome.sent && !f->outcome.resumed &&
	    v == VERDICT_FALSE_ACCEPT)
		why = "was served"; /* nobody could be believed */
	const char *reason = arena_printf(a, "%s %s: %s", words_shown(a, j->t->kase, j->t->context, &j->w), why,
					  words_where(a, &f->outcome));
	if (f->outcome.identity && f->outcome.decision == DECISION_ACCEPT)
		reason = arena_printf(a, "%s with identity %.*s", reason, (int)strcspn(f->outcome.identity, "\r\n<"),
				      f->outcome.identity);
	settle(f, v, reason);
	if (j->want.level == LEVEL_SHOULD && is_other_way(j)) {
		f->verdict = VERDICT_DEVIATION;
		f->note = "the clause recommends it or binds only the sender: recorded, not failed";
	}
}

/* The requirement that forbids asking late at this cell. */
static const char *late_clause(const struct kase *k)
{
	if (k->http == HTTP_3)
		return "R-051";
	if (k->http == HTTP_2)
		return k->tls == TLS_1_3 ? "R-047" : "R-046";
	return "R-010";
}

static void check_late_request(struct judging *j)
{
	const struct outcome *o = &j->out->outcome;
	if (!o->asked_late || !j->e->as_condition || !decision_late_mode(j->t->kase, &j->w) ||
	    decision_late_possible(j->t->kase, &j->w) || j->out->verdict >= VERDICT_VIOLATION)
		return;
	j->out->clause = late_clause(j->t->kase);
	settle(j->out, VERDICT_VIOLATION,
	       arena_printf(j->t->arena, "a certificate was asked for late where %s forbids it",
			    words_clause(j->t->arena, j->t->context->suite, j->out->clause)));
}

static void mismatch(struct judging *j, enum verdict v, const char *note)
{
	if (j->out->verdict >= v)
		return;
	settle(j->out, v, note);
}

/* Served as a stranger where it asks late, and was not asked. */
static bool is_passed_over(const struct judging *j)
{
	const struct outcome *o = &j->out->outcome;
	return o->decision == DECISION_ANONYMOUS && !o->asked && !o->asked_late && decision_late_mode(j->t->kase, &j->w);
}

/* Signal and phase of a decision that is right.  A profile's belong to a refusal, or to what comes of who cannot be asked. */
static void check_signal(struct judging *j)
{
	struct arena *a = j->t->arena;
	const struct outcome *o = &j->out->outcome;
	const struct wanted *want = &j->want;
	if (want->line && o->decision != DECISION_REJECT && !is_passed_over(j))
		return;
	bool right = (!want->signals || !want->signals[0] || policy_signal_in(want->signals, o->signal)) &&
		     (!want->phases || (want->phases & BIT(o->phase)));
	if (!right && want->line)
		mismatch(j, VERDICT_DEVIATION,
			 arena_printf(a, "%s, where profile %s says%s", words_where(a, o), j->t->context->profile->id,
				      signals_text(a, want)));
	else if (!right)
		/* an alert number alone fails a case only where a cited MUST names it */
		mismatch(j, j->e->level == LEVEL_MUST ? VERDICT_VIOLATION : VERDICT_DEVIATION,
			 arena_printf(a, "%s, where the clause says%s", words_where(a, o), signals_text(a, want)));
	if (want->signals || want->phases || o->decision != DECISION_REJECT)
		return;
	const struct target *t = j->t->context->target;
	if (o->status >= 500 && !http_status_in(t ? t->reject.statuses : NULL, o->status))
		mismatch(j, VERDICT_DEVIATION,
			 arena_printf(a, "%s is a server error, not a refusal", words_where(a, o)));
}

/* Value of this header in the answer to `request`, or NULL. */
static const char *echoed_header(const struct observation *o, int request, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->kind == EVENT_HEADER && e->req == request && e->text && strncasecmp(e->text, name, len) == 0 &&
		    e->text[len] == ':')
			return e->text + len + 1;
	}
	return NULL;
}

/* What a server says of one client does not change because the client comes back. */
static void check_same_as(struct judging *j, enum verdict wrong)
{
	const struct target *target = j->t->context->target;
	const char *names[] = {target ? target->echo.header : NULL, target ? target->verified.header : NULL};
	struct wiring first;
	if (!j->e->same_as || j->out->outcome.decision != DECISION_ACCEPT || !wiring_find(j->t->kase, j->e->same_as, &first))
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *before = names[i] ? echoed_header(j->t->observation, first.req, names[i]) : NULL;
		const char *now = names[i] ? echoed_header(j->t->observation, j->w.req, names[i]) : NULL;
		if (!text_equal(before, now))
			mismatch(j, wrong,
				 arena_printf(j->t->arena, "%s was%s%.100s for %s and is%s%.100s now", names[i],
					      before ? "" : " absent", before ? before : "", j->e->same_as,
					      now ? "" : " absent", now ? now : ""));
	}
}

/* A refusal needs no body. */
static void check_body(struct judging *j)
{
	enum verdict v;
	const struct target *t = j->t->context->target;
	const char *why;
	if (!t || j->out->outcome.status == 0 || (BIT(j->out->outcome.decision) & REFUSALS))
		return;
	why = body_wrong(j->t->arena, &t->received, j->t->observation, j->decided, &v);
	if (why)
		mismatch(j, v, why);
}

/* body, resumed, fetch, within. */
static void check_rest(struct judging *j)
{
	struct arena *a = j->t->arena;
	const struct outcome *o = &j->out->outcome;
	const struct expect *e = j->e;
	enum verdict wrong = e->level == LEVEL_MUST ? VERDICT_VIOLATION : VERDICT_DEVIATION;
	check_same_as(j, wrong);
	if (e->body)
		check_body(j);
	if (e->resumed && !observation_find(j->t->observation, 0, EVENT_SESSION_OFFERED, j->w.conn, -1))
		mismatch(j, VERDICT_INCONCLUSIVE, "not exercised: the ticket was not offered");
	else if (e->resumed && o->resumed != text_equal(e->resumed, "yes"))
		mismatch(j, wrong, o->resumed ? "the session was resumed" : "the session was not resumed");
	if (e->fetch)
		mismatch(j, VERDICT_INCONCLUSIVE,
			 arena_printf(a, "nothing was recorded that shows fetch=%s", e->fetch));
	if (e->within)
		mismatch(j, VERDICT_INCONCLUSIVE,
			 arena_printf(a, "the control's duration is not known: within=%s", e->within));
}

static void weigh_control(struct judging *j)
{
	struct finding *f = j->out;
	const struct target *target = j->t->context->target;
	unsigned mask = j->want.mask, seen = BIT(f->outcome.decision);
	const struct weighed w = {
	    .verdict = f->verdict,
	    .refusal =
		(seen & REFUSALS) || (f->outcome.decision == DECISION_ANONYMOUS && (mask & BIT(DECISION_REJECT))),
	    .positive = mask && !(mask & BIT(DECISION_REJECT)) && (seen & REFUSALS),
	    .remote = target && target->remote,
	    .is_control = control_is(j->t->kase),
	};
	const char *why;
	enum verdict v = control_weigh(j->t->control, &w, &why);
	if (why)
		settle(f, v, arena_printf(j->t->arena, "%s: %s", why, words_outcome(j->t->arena, &f->outcome)));
}

void expect_judge(const struct trial *t, const struct expect *e, struct finding *out)
{
	struct judging j = {.t = t, .e = e, .out = out};
	*out = (struct finding){.verdict = VERDICT_PASS};
	if (!wiring_find(t->kase, e->of, &j.w)) {
		settle(out, VERDICT_BROKEN, arena_printf(t->arena, "the script has no request %s", e->of));
		return;
	}
	outcome_compute(t->kase, t->context, t->observation, j.w.conn, j.w.req, &out->outcome, &j.decided);
	want_decision(&j);
	want_signal(&j);
	out->observed = words_outcome(t->arena, &out->outcome);
	out->expected = expected_text(&j);
	out->clause = j.want.clause;
	if (settle_preconditions(&j))
		return;
	if (!names_victim(&j))
		compare(&j);
	check_late_request(&j);
	if (out->verdict == VERDICT_PASS) {
		check_signal(&j);
		check_rest(&j);
	}
	if (out->verdict == VERDICT_PASS && j.want.open)
		settle(out, VERDICT_OBSERVED, arena_printf(t->arena, "policy, for the record: %s", out->observed));
	weigh_control(&j);
	if (!out->note && (out->verdict == VERDICT_DEVIATION || out->verdict == VERDICT_OBSERVED))
		out->note = out->reason;
}
