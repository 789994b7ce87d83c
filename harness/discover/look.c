#include "harness/discover/look.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* A discovery probe is one connection and at most one request: the judge sees the default script. */
static void judge_it(struct look *out, const struct observation *o, enum tls offered)
{
	static const struct scenario script = {.id = "discover", .default_script = true};
	static const struct suite nothing;
	struct kase k = {.scenario = &script, .tls = offered, .negotiation = NEGOTIATION_REQUIRED, .http = HTTP_1_1};
	struct judge_context c = {.suite = &nothing};
	judge_outcome(&k, &c, o, 0, &out->outcome);
	out->outcome.identity = NULL; /* there is no echo rule yet */
}

static void take_header(struct look *out, struct arena *a, const char *line)
{
	const char *colon = line ? strchr(line, ':') : NULL;
	if (!colon || out->n_headers == LOOK_MAX_HEADERS)
		return;
	out->headers[out->n_headers++] = (struct look_header){
		.name = arena_strndup(a, line, (size_t)(colon - line)),
		.value = arena_strdup(a, colon + 1 + strspn(colon + 1, " \t")),
	};
}

static void take_request(struct look *out, struct arena *a, const struct event *e)
{
	if (!out->done)
		out->asked = true;
	out->ca_names = e->a;
	out->ca_bytes = e->b;
	out->ca_text = arena_strdup(a, e->text);
}

/* Events before the response. */
static void take_handshake(struct look *out, struct arena *a, const struct event *e)
{
	enum event_kind kind = (enum event_kind)e->kind;
	if (kind == EVENT_CONNECTED) {
		out->connected = true;
		out->connect_us = e->at_us;
	} else if (kind == EVENT_CONNECT_FAILED) {
		out->connect_errno = e->a;
	} else if (kind == EVENT_FIRST_BYTE) {
		out->bytes = true;
	} else if (kind == EVENT_CERTIFICATE_REQUESTED) {
		take_request(out, a, e);
	} else if (kind == EVENT_CERTIFICATE_SENT) {
		out->sent_entries = e->a;
		out->sent_bytes = e->b;
	} else if (kind == EVENT_SERVER_CHAIN || kind == EVENT_SERVER_CHAIN_CHANGED) {
		out->server = arena_strdup(a, e->text);
		out->server_changed = kind == EVENT_SERVER_CHAIN_CHANGED;
	} else if (kind == EVENT_HANDSHAKE_DONE) {
		out->done = true;
		out->version = e->a;
		out->alpn = arena_strdup(a, e->text);
		out->handshake_us = e->at_us;
	} else if (kind == EVENT_HELLO_REQUEST || kind == EVENT_REAUTH_REQUEST) {
		out->late = kind;
	} else if (kind == EVENT_TLS_ERROR) {
		out->complaint = arena_strdup(a, e->text ? e->text : "?");
	}
}

static void take_answer(struct look *out, struct arena *a, const struct event *e)
{
	enum event_kind kind = (enum event_kind)e->kind;
	if (kind == EVENT_RESPONSE) {
		out->minor = e->b;
		out->reason = arena_strdup(a, e->text);
		out->response_us = e->at_us;
	} else if (kind == EVENT_HEADER) {
		take_header(out, a, e->text);
	} else if (kind == EVENT_EXCERPT) {
		out->excerpt = arena_strdup(a, e->text);
	} else if (kind == EVENT_FOUND && e->a >= 0 && e->a < 32) {
		out->found |= BIT(e->a);
	} else if (kind == EVENT_TIMEOUT) {
		out->timed_out = true;
	} else if (kind == EVENT_MALFORMED) {
		out->cut = arena_printf(a, "no HTTP: %s", e->text ? e->text : "malformed");
	} else if (kind == EVENT_TOO_LARGE) {
		out->cut = arena_printf(a, "too much of it: %s", e->text ? e->text : "too large");
	}
}

void look_read(struct look *out, struct arena *a, const struct observation *o, enum tls offered)
{
	*out = (struct look){.tried = true, .version = -1, .late = EVENT_KIND__COUNT};
	judge_it(out, o, offered);
	for (size_t i = 0; i < o->n; i++) {
		const struct event *e = &o->events[i];
		take_handshake(out, a, e);
		take_answer(out, a, e);
		if (e->kind == EVENT_ALERT_RECEIVED || e->kind == EVENT_CLOSE_NOTIFY)
			out->tls = true;
	}
	out->tls = out->tls || out->done || out->asked || out->server;
}

const char *look_header(const struct look *l, const char *name)
{
	for (size_t i = 0; i < l->n_headers; i++)
		if (strcasecmp(l->headers[i].name, name) == 0)
			return l->headers[i].value;
	return NULL;
}

bool look_spoke(const struct look *l)
{
	return l->done || l->asked || l->server;
}

static const char *no_connection(struct arena *a, const struct look *l)
{
	if (l->connect_errno == ECONNREFUSED)
		return "connection refused";
	if (l->connect_errno)
		return arena_printf(a, "no connection: %s", strerror(l->connect_errno));
	return "no answer to the connection attempt";
}

const char *look_end(struct arena *a, const struct look *l)
{
	const struct outcome *o = &l->outcome;
	if (!l->tried)
		return "not tried";
	if (!l->connected)
		return no_connection(a, l);
	if (o->phase == PHASE_CONNECT)
		return arena_printf(a, "%s before the server's first byte", o->signal);
	/* our own alert for what the server sent is no signal of the server's */
	if (l->complaint && o->decision == DECISION_UNANSWERED && !l->done)
		return arena_printf(a, "our TLS library gave up: %s", l->complaint);
	if (o->phase == PHASE_LATE)
		return arena_printf(a, "%s right behind the handshake", o->signal);
	if (o->status)
		return arena_printf(a, "%s%s%s", o->signal, l->reason ? " " : "", l->reason ? l->reason : "");
	if (o->phase == PHASE_HANDSHAKE)
		return arena_printf(a, "%s in the handshake", o->signal);
	if (o->phase == PHASE_RENEGOTIATION || o->phase == PHASE_POST_HANDSHAKE)
		return arena_printf(a, "%s after a late request for a certificate", o->signal);
	return arena_printf(a, "%s after the request", o->signal[0] ? o->signal : "nothing");
}
