#include "harness/judge/parts.h"

#include <string.h>

/* The gravest answer of a case; verdicts are listed in order of precedence (model.h). */
static void take(struct finding *best, bool *any, const struct finding *f)
{
	if (!*any || f->verdict > best->verdict)
		*best = *f;
	*any = true;
}

static bool is_late_request(const char *event)
{
	return strcmp(event, "late-request") == 0 || strcmp(event, "hello-request") == 0 ||
	       strcmp(event, "reauth-request") == 0;
}

/* A success before our Finished: said to whoever sends these bytes, be it once more. */
static bool is_served_early(const struct observation *o, size_t at)
{
	const struct event *e = &o->events[at];
	bool early = false;
	for (size_t i = 0; i < at; i++)
		if (o->events[i].conn == e->conn && o->events[i].kind == EVENT_EARLY_DATA_ACCEPTED)
			early = true;
		else if (o->events[i].conn == e->conn && o->events[i].kind == EVENT_FINISHED_SENT)
			early = false;
	return early && e->kind == EVENT_RESPONSE && e->a >= 200 && e->a < 300;
}

static bool is_event(const struct observation *o, size_t at, const char *name)
{
	const struct event *e = &o->events[at];
	enum event_kind kind;
	enum breach breach;
	if (breach_parse(name, &breach))
		return e->kind == EVENT_BREACH && e->a == (int32_t)breach;
	if (strcmp(name, "late-request") == 0)
		return e->kind == EVENT_HELLO_REQUEST || e->kind == EVENT_REAUTH_REQUEST;
	if (strcmp(name, "served-early") == 0)
		return is_served_early(o, at);
	return event_kind_parse(name, &kind) && e->kind == kind;
}

/* How often an event was seen on the connection with this id; NULL: on any. */
static unsigned count_events(const struct trial *t, const char *name, const char *on)
{
	const struct observation *o = t->observation;
	int conn = on ? wiring_connection(t->kase, on) : -1;
	unsigned n = 0;
	for (size_t i = 0; i < o->n; i++)
		n += (conn < 0 || o->events[i].conn == conn) && is_event(o, i, name);
	return n;
}

/* Something that did not happen proves nothing unless it could have happened. */
static const char *vacuous(const struct observation *o, const char *event, int conn)
{
	enum breach breach;
	if (breach_parse(event, &breach))
		return breach_vacuous(o, breach, conn);
	if (strcmp(event, "resumed") == 0)
		return observation_find(o, 0, EVENT_SESSION_OFFERED, conn, -1) ? NULL : "no ticket was offered";
	if (strcmp(event, "served-early") == 0)
		return observation_find(o, 0, EVENT_EARLY_DATA_SENT, conn, -1) ? NULL : "no early data was sent";
	if (strcmp(event, "renegotiated") == 0)
		return observation_find(o, 0, EVENT_RENEGOTIATION_TRIED, conn, -1) ||
			       observation_find(o, 0, EVENT_HELLO_REQUEST, conn, -1)
			   ? NULL
			   : "nobody asked to renegotiate";
	if (is_late_request(event))
		return observation_find(o, 0, EVENT_REQUEST_SENT, conn, -1) ? NULL : "no request was sent";
	return observation_find(o, 0, EVENT_FIRST_BYTE, conn, -1) ||
		       observation_find(o, 0, EVENT_HANDSHAKE_DONE, conn, -1)
		   ? NULL
		   : "the server never spoke";
}

static void never_judge(const struct trial *t, const struct never *n, struct finding *f)
{
	struct arena *a = t->arena;
	int conn = n->on ? wiring_connection(t->kase, n->on) : -1;
	unsigned seen = count_events(t, n->event, n->on);
	const char *clause = words_clause(a, t->context->suite, n->clause);
	const char *missing = vacuous(t->observation, n->event, conn);
	bool unsure = t->control == CONTROL_REFUSED || t->control == CONTROL_LOST || t->control == CONTROL_MISSING;
	struct wiring w;
	size_t decided;
	*f = (struct finding){.verdict = VERDICT_PASS, .clause = n->clause};
	wiring_find(t->kase, NULL, &w);
	outcome_compute(t->kase, t->context, t->observation, w.conn, w.req, &f->outcome, &decided);
	const char *what = n->times > 1 ? arena_printf(a, "%s %u times", n->event, n->times) : n->event;
	f->expected = arena_printf(a, "never %s%s%s%s", what, clause ? " (" : "", clause ? clause : "", clause ? ")" : "");
	f->observed = words_outcome(a, &f->outcome);
	f->reason = f->observed;
	if (seen && seen >= n->times) {
		f->verdict = n->level == LEVEL_MUST ? VERDICT_VIOLATION : VERDICT_DEVIATION;
		f->reason = arena_printf(a, "%s was seen, which %s %s", what, clause ? clause : "the scenario",
					 n->level == LEVEL_MUST ? "forbids" : "advises against");
	} else if (missing || unsure) {
		f->verdict = VERDICT_INCONCLUSIVE;
		f->reason = missing ? arena_printf(a, "not exercised: %s, so %s could not happen", missing, n->event)
				    : arena_printf(a, "%s was not seen, but the control was not accepted", n->event);
	}
}

/* Sets `f` when the given is unmet: what a case builds on did not happen. */
static bool given_unmet(const struct trial *t, const struct given *g, struct finding *f)
{
	struct arena *a = t->arena;
	struct wiring w;
	size_t decided;
	*f = (struct finding){.verdict = VERDICT_INCONCLUSIVE, .clause = t->kase->scenario->clause};
	if (!wiring_find(t->kase, g->of, &w))
		w = (struct wiring){0};
	outcome_compute(t->kase, t->context, t->observation, w.conn, w.req, &f->outcome, &decided);
	unsigned seen = BIT(f->outcome.decision);
	if (f->outcome.undecidable)
		seen |= BIT(DECISION_ANONYMOUS);
	f->observed = words_outcome(a, &f->outcome);
	if (g->decision && !(g->decision & seen)) {
		f->expected = arena_printf(a, "%s, given", decision_mask_text(a, g->decision));
		f->reason = arena_printf(a, "given unmet: %s should be %s, was %s", g->of ? g->of : "the request",
					 decision_mask_text(a, g->decision), f->observed);
		return true;
	}
	if (g->session) {
		bool saved = false;
		for (size_t i = 0; i < t->observation->n; i++) {
			const struct event *e = &t->observation->events[i];
			saved = saved || (e->kind == EVENT_SESSION_SAVED && text_equal(e->text, g->session));
		}
		f->expected = arena_printf(a, "session %s, given", g->session);
		f->reason = arena_printf(a, "given unmet: the server gave no session %s", g->session);
		if (!saved)
			return true;
	}
	if (g->event && !count_events(t, g->event, g->on)) {
		f->expected = arena_printf(a, "%s%s%s, given", g->event, g->on ? " on " : "", g->on ? g->on : "");
		f->reason = arena_printf(a, "given unmet: %s was not seen%s%s", g->event, g->on ? " on " : "",
					 g->on ? g->on : "");
		return true;
	}
	f->expected = arena_printf(a, "fetch of %s, given", g->fetch ? g->fetch : "nothing");
	f->reason = arena_printf(a, "given unmet: no fetch of %s was recorded", g->fetch ? g->fetch : "anything");
	return g->fetch != NULL;
}

static const struct event *last_event(const struct observation *o, enum event_kind but)
{
	for (size_t i = o->n; i > 0; i--)
		if (o->events[i - 1].kind != but)
			return &o->events[i - 1];
	return NULL;
}

/* What the parent or the client said about the run itself.  True when that settles the case. */
static bool judge_run(const struct trial *t, struct finding *f)
{
	struct arena *a = t->arena;
	const struct observation *o = t->observation;
	const struct event *e, *last;
	if (o->n == 0) {
		f->verdict = VERDICT_BROKEN;
		f->reason = "nothing was recorded";
	} else if ((e = observation_find(o, 0, EVENT_WORKER_DIED, -1, -1))) {
		last = last_event(o, EVENT_WORKER_DIED);
		f->verdict = VERDICT_BROKEN;
		f->reason = arena_printf(a, "the worker died: %s %d after %s", e->a > 0 ? "signal" : "exit status",
					 e->a > 0 ? e->a : -e->a,
					 last ? event_kind_text((enum event_kind)last->kind) : "nothing");
	} else if ((e = observation_find(o, 0, EVENT_FAULT, -1, -1))) {
		f->verdict = VERDICT_BROKEN;
		f->reason = arena_printf(a, "the harness failed: %s", e->text ? e->text : "no reason recorded");
	} else if ((e = observation_find(o, 0, EVENT_TARGET_DIED, -1, -1))) {
		/* whatever the client saw: not exercised, silence and lost controls follow from the death */
		f->verdict = VERDICT_CRASH;
		f->reason = arena_printf(a, "the target died: %s", e->text ? e->text : "how is not known");
		f->expected = f->expected ? arena_printf(a, "%s, and a target that lives on", f->expected)
					  : "a target that lives on";
	} else if ((e = observation_find(o, 0, EVENT_UNSUPPORTED, -1, -1))) {
		f->verdict = VERDICT_UNSUPPORTED;
		f->reason = arena_printf(a, "not in this build: %s", e->text ? e->text : "a verb of the script");
	} else {
		return false;
	}
	return true;
}

/* Expectations, prohibitions and givens that apply to this cell. */
static void judge_script(const struct trial *t, struct finding *best)
{
	const struct scenario *s = t->kase->scenario;
	struct finding f;
	bool any = false;
	for (size_t i = 0; i < s->n_expects; i++) {
		if (!when_holds(&s->expects[i].when, plan_value, t->kase))
			continue;
		expect_judge(t, &s->expects[i], &f);
		take(best, &any, &f);
	}
	for (size_t i = 0; i < s->n_nevers; i++) {
		if (!when_holds(&s->nevers[i].when, plan_value, t->kase))
			continue;
		never_judge(t, &s->nevers[i], &f);
		take(best, &any, &f);
	}
	for (size_t i = 0; i < t->observation->n; i++) {
		if (t->observation->events[i].kind != EVENT_BREACH)
			continue;
		breach_judge(t, &t->observation->events[i], &f);
		/* what was seen was seen, even if it kept the rest of the case from happening */
		any = any && best->verdict != VERDICT_INCONCLUSIVE;
		take(best, &any, &f);
	}
	if (!any) {
		f = (struct finding){.verdict = VERDICT_INCONCLUSIVE, .reason = "nothing is expected at this cell"};
		judge_outcome(t->kase, t->context, t->observation, 0, &f.outcome);
		f.observed = words_outcome(t->arena, &f.outcome);
		f.expected = "nothing";
		take(best, &any, &f);
	}
	for (size_t i = 0; i < s->n_givens; i++)
		if (when_holds(&s->givens[i].when, plan_value, t->kase) && given_unmet(t, &s->givens[i], &f))
			take(best, &any, &f);
	if (t->observation->full && best->verdict < VERDICT_VIOLATION) {
		best->verdict = VERDICT_INCONCLUSIVE;
		best->reason =
		    arena_printf(t->arena, "more than %d events: what came last is not known", OBSERVATION_MAX_EVENTS);
	}
}

void judge(struct arena *a, const struct kase *k, const struct judge_context *c, enum control_state control,
	   const struct observation *o, struct judgement *out)
{
	const struct trial t = {.arena = a, .kase = k, .context = c, .observation = o, .control = control};
	struct finding f;
	judge_script(&t, &f);
	judge_run(&t, &f);
	*out = (struct judgement){
	    .verdict = f.verdict,
	    .severity = f.verdict == VERDICT_CRASH ? SEVERITY_CRITICAL : k->scenario->severity,
	    .reason = f.reason ? f.reason : "",
	    .expected = f.expected ? f.expected : "",
	    .observed = f.observed ? f.observed : "",
	    .clause = f.clause,
	    .note = f.note,
	    .outcome = f.outcome,
	};
	const struct diagnosis_facts facts = {
	    .kase = k,
	    .outcome = &out->outcome,
	    .verdict = f.verdict,
	    .product = c->target ? c->target->product : NULL,
	};
	if (f.verdict != VERDICT_PASS && f.verdict != VERDICT_OBSERVED && f.verdict != VERDICT_UNSUPPORTED && c->suite)
		out->diagnosis = diagnosis_find(c->suite, &facts);
}
