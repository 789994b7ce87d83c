#include "harness/judge/parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * What an event can mean for the end of a request.  An answer or a farewell that arrived decides whatever came before
 * it: a reset or a lost write seen earlier only says that the peer had closed while we were still writing
 * (engineering.md 2).
 */
enum weight { WEIGHT_NONE, WEIGHT_GAVE_UP, WEIGHT_CUT, WEIGHT_RESET, WEIGHT_ARRIVED };

/* Alerts that end nothing by themselves: close_notify has its own event, user_canceled precedes one (RFC 8446 6.1). */
static bool alert_is_fatal(const struct event *e, bool tls13)
{
	if (e->a == 0 || e->a == 90)
		return false;
	return tls13 || e->b != 1; /* TLS 1.3 ignores the level (RFC 8446 section 6) */
}

/* Kinds that are not here end nothing. */
static const enum weight weights[EVENT_KIND__COUNT] = {
	[EVENT_RESPONSE] = WEIGHT_ARRIVED,
	[EVENT_MALFORMED] = WEIGHT_ARRIVED,
	[EVENT_TOO_LARGE] = WEIGHT_ARRIVED,
	[EVENT_CLOSE_NOTIFY] = WEIGHT_ARRIVED,
	[EVENT_TIMEOUT] = WEIGHT_ARRIVED,
	[EVENT_LED_ELSEWHERE] = WEIGHT_ARRIVED,
	[EVENT_ALERT_RECEIVED] = WEIGHT_ARRIVED, /* a fatal one */
	[EVENT_RESET] = WEIGHT_RESET,
	[EVENT_WRITE_LOST] = WEIGHT_RESET,
	[EVENT_CONNECT_FAILED] = WEIGHT_RESET,
	[EVENT_EOF] = WEIGHT_CUT,
	[EVENT_HANDSHAKE_FAILED] = WEIGHT_GAVE_UP,
	[EVENT_TLS_ERROR] = WEIGHT_GAVE_UP,
};

static enum weight weigh(const struct event *e, bool tls13)
{
	if (e->kind >= EVENT_KIND__COUNT || (e->kind == EVENT_ALERT_RECEIVED && !alert_is_fatal(e, tls13)))
		return WEIGHT_NONE;
	return weights[e->kind];
}

/* Events of one request; the others of a connection concern every request on it. */
static bool is_of_request(enum event_kind kind)
{
	return kind == EVENT_RESPONSE || kind == EVENT_MALFORMED || kind == EVENT_TOO_LARGE || kind == EVENT_TIMEOUT ||
	       kind == EVENT_INTERIM;
}

static bool concerns(const struct event *e, int conn, int request)
{
	if (e->conn < 0 && e->kind == EVENT_TIMEOUT)
		return true; /* the budget of the whole case */
	return e->conn == conn && (e->req < 0 || e->req == request || !is_of_request((enum event_kind)e->kind));
}

static bool is_tls13(const struct kase *k, const struct observation *o, int conn)
{
	const struct event *e = observation_find(o, 0, EVENT_HANDSHAKE_DONE, conn, -1);
	return e ? e->a == TLS_1_3 : k->tls == TLS_1_3;
}

/* A status line whose header section was never whole: not HTTP, or without end.  It has served nobody. */
static bool is_half_answer(const struct observation *o, size_t at)
{
	const struct event *e = &o->events[at];
	if (e->kind != EVENT_RESPONSE || observation_find(o, at, EVENT_BODY, e->conn, e->req))
		return false;
	return observation_find(o, at, EVENT_MALFORMED, e->conn, e->req) ||
	       observation_find(o, at, EVENT_TOO_LARGE, e->conn, e->req);
}

static size_t find_end(const struct kase *k, const struct observation *o, int conn, int request)
{
	enum weight best = WEIGHT_NONE;
	size_t at = o->n;
	bool tls13 = is_tls13(k, o, conn);
	for (size_t i = 0; i < o->n; i++) {
		if (!concerns(&o->events[i], conn, request) || is_half_answer(o, i))
			continue;
		enum weight w = weigh(&o->events[i], tls13);
		if (o->events[i].conn < 0)
			w = WEIGHT_GAVE_UP; /* the case's budget: what this connection showed says more */
		if (w > best) {
			best = w;
			at = i;
		}
		if (best == WEIGHT_ARRIVED)
			break;
	}
	return at;
}

/* What had happened on the connection before event `end`. */
struct past {
	bool any, first_byte, done, asked, late, bytes_since_late, bytes;
};

static void look_back(const struct observation *o, int conn, size_t end, struct past *p)
{
	*p = (struct past){0};
	for (size_t i = 0; i < end && i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->conn != conn)
			continue;
		p->any = true;
		bool asks = e->kind == EVENT_CERTIFICATE_REQUESTED;
		bool late = e->kind == EVENT_HELLO_REQUEST || e->kind == EVENT_REAUTH_REQUEST || (asks && p->done);
		bool byte = e->kind == EVENT_RESPONSE || e->kind == EVENT_INTERIM || e->kind == EVENT_MALFORMED;
		p->done = p->done || e->kind == EVENT_HANDSHAKE_DONE || e->kind == EVENT_PLAIN;
		p->asked = p->asked || (asks && !late);
		p->late = p->late || late;
		p->bytes = p->bytes || byte;
		p->bytes_since_late = late ? false : p->bytes_since_late || byte;
		p->first_byte = p->first_byte || asks || byte || p->done || e->kind == EVENT_FIRST_BYTE ||
				e->kind == EVENT_ALERT_RECEIVED || e->kind == EVENT_CLOSE_NOTIFY;
	}
}

static enum phase phase_of(const struct past *p, const struct event *end, bool tls13)
{
	enum event_kind kind = end ? (enum event_kind)end->kind : EVENT_KIND__COUNT;
	if (kind == EVENT_RESPONSE || kind == EVENT_MALFORMED || kind == EVENT_TOO_LARGE)
		return PHASE_RESPONSE;
	if (p->late && !p->bytes_since_late)
		return tls13 ? PHASE_POST_HANDSHAKE : PHASE_RENEGOTIATION;
	if (p->bytes)
		return PHASE_RESPONSE;
	if (p->done)
		return p->asked ? PHASE_LATE : PHASE_RESPONSE;
	if (p->first_byte || kind == EVENT_ALERT_RECEIVED || kind == EVENT_CLOSE_NOTIFY)
		return PHASE_HANDSHAKE;
	return PHASE_CONNECT;
}

static void set_signal(struct outcome *out, const char *signal, enum decision decision)
{
	snprintf(out->signal, sizeof out->signal, "%s", signal);
	out->decision = decision;
}

/* An end without an answer.  Whoever hangs up has refused; who keeps silent or talks nonsense has not answered. */
static void decide_end(const struct event *e, struct outcome *out)
{
	if (e->kind == EVENT_ALERT_RECEIVED) {
		snprintf(out->signal, sizeof out->signal, "alert:%s", alert_text((unsigned)e->a));
		if (strcmp(out->signal, "alert:?") == 0)
			snprintf(out->signal, sizeof out->signal, "alert:%d", e->a);
		out->decision = DECISION_REJECT;
	} else if (e->kind == EVENT_CLOSE_NOTIFY) {
		set_signal(out, "close", DECISION_REJECT);
	} else if (e->kind == EVENT_EOF) {
		set_signal(out, "eof", DECISION_REJECT);
	} else if (e->kind == EVENT_RESET || e->kind == EVENT_WRITE_LOST) {
		set_signal(out, "reset", DECISION_REJECT);
	} else if (e->kind == EVENT_CONNECT_FAILED) {
		/* a closed port answers SYN with RST; anything else is a network that does not answer */
		bool refused = e->a == ECONNREFUSED || e->a == ECONNRESET;
		set_signal(out, refused ? "reset" : "timeout", refused ? DECISION_REJECT : DECISION_UNANSWERED);
	} else if (e->kind == EVENT_TIMEOUT) {
		set_signal(out, "timeout", DECISION_UNANSWERED);
	} else {
		/* our side gave up over what the peer sent: the event's own public name */
		set_signal(out, event_kind_text((enum event_kind)e->kind), DECISION_UNANSWERED);
	}
}

/* What the connection had shown before the end: certificate asked, answered, session resumed. */
static void note_certificate(const struct observation *o, int conn, size_t end, struct outcome *out)
{
	bool done = false;
	for (size_t i = 0; i < end && i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->conn != conn)
			continue;
		if (e->kind == EVENT_HANDSHAKE_DONE) {
			done = true;
			out->tls = e->a;
		} else if (e->kind == EVENT_CERTIFICATE_REQUESTED) {
			out->asked = true;
			out->asked_late = out->asked_late || done;
		} else if (e->kind == EVENT_HELLO_REQUEST || e->kind == EVENT_REAUTH_REQUEST) {
			out->asked_late = true;
		} else if (e->kind == EVENT_CERTIFICATE_SENT || e->kind == EVENT_CERTIFICATE_DECLINED) {
			out->sent = e->kind == EVENT_CERTIFICATE_SENT; /* the last answer counts */
			out->declined = !out->sent;
		} else if (e->kind == EVENT_RESUMED) {
			out->resumed = true;
		}
	}
}

void outcome_compute(const struct kase *k, const struct judge_context *c, const struct observation *o, int conn,
		     int request, struct outcome *out, size_t *decided)
{
	struct past past;
	size_t end = find_end(k, o, conn, request);
	*out = (struct outcome){.decision = DECISION_UNANSWERED, .tls = -1};
	look_back(o, conn, end, &past);
	out->any = past.any;
	note_certificate(o, conn, end, out);
	const struct event *e = end < o->n ? &o->events[end] : NULL;
	out->any = out->any || (e && e->conn == conn);
	out->phase = phase_of(&past, e, is_tls13(k, o, conn));
	if (e && e->kind == EVENT_RESPONSE)
		http_decide(k, c, o, end, out);
	else if (e)
		decide_end(e, out);
	*decided = end;
}

void judge_outcome(const struct kase *k, const struct judge_context *c, const struct observation *o, int request,
		   struct outcome *out)
{
	struct wiring w;
	size_t decided;
	wiring_of(k, request, &w);
	outcome_compute(k, c, o, w.conn, request, out, &decided);
}

bool judge_control_accepted(const struct kase *k, const struct judge_context *c, const struct observation *o)
{
	struct outcome out;
	size_t decided;
	/* a control runs the default script, whatever the script of `k` is */
	outcome_compute(k, c, o, 0, 0, &out, &decided);
	if (out.throttled)
		return false;
	/* Served is not refused.  But at optional being believed is what the negative cases must not be. */
	return out.decision == DECISION_ACCEPT ||
	       (out.decision == DECISION_ANONYMOUS && k->negotiation != NEGOTIATION_OPTIONAL);
}
