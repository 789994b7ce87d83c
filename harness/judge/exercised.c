#include "harness/judge/parts.h"

/*
 * Does the expectation test what the server does with a certificate?  Then it must have been asked for and shown.
 * A script that names an acceptable certificate, or none, tests something else: names, headers, sessions.  Unless it
 * changes what is acceptable.  One that sends another server name than it asks for may be refused for that, before anybody
 * is asked.
 */
static bool tests_certificate(const struct exercise *x)
{
	const struct condition *shown;
	if (x->as_condition)
		return true;
	if (x->wiring->sni)
		return false;
	if (!x->wiring->certificate)
		return x->kase->condition != NULL;
	shown = wiring_condition(x->kase, x->context->suite, x->wiring);
	if (shown && !shown->none && scenario_changes_world(x->kase->scenario))
		return true;
	return shown && !shown->none && condition_decision(shown, wiring_trust(x->kase, x->wiring)) == BIT(DECISION_REJECT);
}

static const char *certificate_missing(struct arena *a, const struct exercise *x)
{
	const struct outcome *o = x->outcome;
	const struct condition *shown = wiring_condition(x->kase, x->context->suite, x->wiring);
	bool none = shown ? shown->none : text_equal(x->wiring->certificate, "none");
	const char *where = words_where(a, o);
	if (!o->asked && o->decision == DECISION_ANONYMOUS)
		return arena_printf(a, "served without having asked for a certificate: %s", where);
	if (!o->asked && o->phase == PHASE_RESPONSE)
		return arena_printf(a, "refused without having asked for a certificate: %s", where);
	if (!o->asked)
		return arena_printf(a, "%s before the certificate was asked for: %s",
				    o->decision == DECISION_UNANSWERED ? "it ended" : "refused", where);
	if (none ? o->sent || !o->declined : !o->sent && !o->declined)
		return arena_printf(a, "the certificate was asked for, but it ended before the answer was sent: %s",
				    where);
	if (!none && !o->sent)
		return arena_printf(a, "the client declined to send its certificate: %s", where);
	return NULL;
}

static bool seen(const struct exercise *x, enum event_kind kind)
{
	const struct observation *o = x->observation;
	int conn = x->wiring->conn;
	const struct event *e = observation_find(o, 0, kind, conn, kind == EVENT_REQUEST_SENT ? x->wiring->req : -1);
	return e && (size_t)(e - o->events) < x->decided;
}

const char *exercised_missing(struct arena *a, const struct exercise *x)
{
	const struct outcome *o = x->outcome;
	const char *where = words_where(a, o);
	bool names = x->wiring->name || x->wiring->sni;
	if (o->throttled)
		return arena_printf(a, "the server sheds load: %s", where);
	const struct event *led = observation_find(x->observation, 0, EVENT_LED_ELSEWHERE, x->wiring->conn, -1);
	if (led)
		return arena_printf(a, "the redirect was not followed: %.200s", led->text ? led->text : "it leads elsewhere");
	if (o->phase == PHASE_CONNECT)
		return arena_printf(a, "it ended before the server's first TLS byte: %s", where);
	/* refusing the version is an answer to the hello */
	if (x->wiring->own_tls && !tests_certificate(x))
		return seen(x, EVENT_HELLO_SENT) ? NULL : arena_printf(a, "the hello was not sent: %s", where);
	/* a session stands for the certificate: asking again is not owed (RFC 8446 4.3.2) */
	if (x->wiring->resume)
		return seen(x, EVENT_SESSION_OFFERED) ? NULL : arena_printf(a, "the ticket was not offered: %s", where);
	if (decision_late_mode(x->kase, x->wiring) && !decision_late_possible(x->kase, x->wiring))
		return seen(x, EVENT_REQUEST_SENT) ? NULL
						   : arena_printf(a, "refused before the request was sent: %s", where);
	if (tests_certificate(x))
		return certificate_missing(a, x);
	/* what is expected of the handshake was put to the test by our first message of it */
	if (x->in_handshake)
		return seen(x, EVENT_HELLO_SENT) ? NULL : arena_printf(a, "no ClientHello was sent: %s", where);
	if (names && !seen(x, EVENT_HELLO_SENT))
		return arena_printf(a, "the name was not sent: %s", where);
	if (!names && !seen(x, EVENT_REQUEST_SENT))
		return arena_printf(a, "refused before the request was sent: %s", where);
	return NULL;
}
