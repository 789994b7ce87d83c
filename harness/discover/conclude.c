#include "harness/discover/conclude.h"

#include <string.h>

static bool is_served(const struct look *l)
{
	return l->tried && l->outcome.status >= 200 && l->outcome.status < 300;
}

bool conclude_accepted(const struct look *control)
{
	return is_served(control) && control->outcome.sent;
}

/* Statuses by which servers refuse for want of a good certificate: domain 4.2, RFC 9110 15.5, nginx's own 495 and 496. */
static bool is_refusal(int status)
{
	return status == 400 || status == 401 || status == 403 || status == 495 || status == 496;
}

/* What shows, or fails to show, that a server that refuses strangers serves anybody at all. */
static const char *doubt_service(struct arena *a, const struct look *without, const struct look *control)
{
	if (!control->tried)
		return "it refuses without a certificate; that it serves anybody with one is not shown";
	if (conclude_accepted(control))
		return NULL;
	if (control->outcome.status && control->outcome.status == without->outcome.status)
		return arena_printf(a, "it answers %s with the certificate given as well: the refusal may have nothing to do with "
				       "certificates",
				    control->outcome.signal);
	return arena_printf(a, "it refuses the certificate given as well (%s)", look_end(a, control));
}

static struct policy policy_asked(struct arena *a, const struct look *without, const struct look *control)
{
	const struct outcome *o = &without->outcome;
	struct policy required = {true, NEGOTIATION_REQUIRED, doubt_service(a, without, control)};
	struct policy optional = {true, NEGOTIATION_OPTIONAL, NULL};
	if (is_served(without))
		return optional;
	if (o->status && conclude_accepted(control))
		return required;
	if (o->status && !is_refusal(o->status)) {
		optional.doubt = arena_printf(a, "without a certificate it answers %s, which neither serves nor names a certificate "
						 "as the reason",
					      o->signal);
		return optional;
	}
	if (!o->status && without->cut) {
		optional.doubt = arena_printf(a, "without a certificate it answers, but with no whole HTTP response (%s)", without->cut);
		return optional;
	}
	if (!o->status && o->decision == DECISION_UNANSWERED)
		required.doubt = arena_printf(a, "without a certificate there was no answer (%s)", look_end(a, without));
	return required;
}

struct policy conclude_policy(struct arena *a, const struct look *without, const struct look *control)
{
	if (!look_spoke(without))
		return (struct policy){.known = false};
	if (without->late == EVENT_HELLO_REQUEST)
		return (struct policy){true, NEGOTIATION_RENEGOTIATION, NULL};
	if (without->late == EVENT_REAUTH_REQUEST)
		return (struct policy){true, NEGOTIATION_POST_HANDSHAKE, NULL};
	if (without->asked)
		return policy_asked(a, without, control);
	if (!without->done)
		return (struct policy){true, NEGOTIATION_NONE, "the handshake did not come to its end"};
	return (struct policy){true, NEGOTIATION_NONE, NULL};
}

static void note_refusal(struct conclusion *out, const struct look *l)
{
	int status = l->tried ? l->outcome.status : 0;
	if (!is_refusal(status) || out->n_refused == CONCLUSION_MAX_REFUSALS)
		return;
	for (size_t i = 0; i < out->n_refused; i++)
		if (out->refused[i] == status)
			return;
	out->refused[out->n_refused++] = status;
}

/* Only a page that is served to somebody tells that a status or redirect is a refusal, and of what. */
static void note_statuses(const struct facts *f, struct conclusion *out)
{
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		const struct look *without = &f->version[v], *control = &f->control[v];
		bool required = out->policy[v].known && (out->policy[v].negotiation == NEGOTIATION_REQUIRED || without->outcome.asked_late);
		if (!out->accepted && conclude_accepted(control))
			out->accepted = control->outcome.status;
		if (!out->accepted && is_served(without))
			out->accepted = without->outcome.status;
		if (required)
			note_refusal(out, without);
		if (required && without->outcome.status >= 300 && without->outcome.status < 400 && !out->refused_to)
			out->refused_to = look_header(without, "Location");
		if (out->policy[v].known && out->policy[v].negotiation != NEGOTIATION_NONE && control->outcome.sent)
			note_refusal(out, control);
		if (without->outcome.status || control->outcome.status)
			out->http |= BIT(HTTP_1_1);
	}
	if (f->alpn.alpn && strcmp(f->alpn.alpn, "h2") == 0)
		out->http |= BIT(HTTP_2);
	if (f->alpn.alpn && strcmp(f->alpn.alpn, "http/1.1") == 0)
		out->http |= BIT(HTTP_1_1);
}

static void note_versions(struct arena *a, const struct facts *f, struct conclusion *out)
{
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		out->policy[v] = conclude_policy(a, &f->version[v], &f->control[v]);
		if (!out->policy[v].known)
			continue;
		out->tls |= BIT(v);
		if (out->newest < 0)
			out->newest = v;
		if (out->policy[v].negotiation != out->policy[out->newest].negotiation)
			out->mixed = true;
		if (!out->asked && (f->version[v].outcome.asked || f->version[v].outcome.asked_late))
			out->asked = &f->version[v];
		if (!out->control && f->control[v].tried)
			out->control = &f->control[v];
	}
	if (out->newest >= 0)
		out->without = &f->version[out->newest];
}

/* Where even our client was not asked, the end of the request is all that says that it should have been. */
static void note_stuck(struct arena *a, const struct facts *f, struct conclusion *out)
{
	struct policy *p = &out->policy[TLS_1_3];
	out->stuck = stuck_look(f, &out->how_stuck);
	if (!out->stuck || out->stuck == &f->browser)
		return;
	*p = (struct policy){true, NEGOTIATION_POST_HANDSHAKE, NULL};
	p->doubt = arena_printf(a, "no certificate was asked for; that it wants one after the request follows from how it ended (%s)",
				look_end(a, out->stuck));
	for (int v = TLS__COUNT - 1; v >= 0; v--)
		out->mixed = out->mixed || (out->policy[v].known && out->policy[v].negotiation != p->negotiation);
}

static void note_echo(struct arena *a, const struct facts *f, struct conclusion *out)
{
	for (int v = TLS__COUNT - 1; v >= 0; v--) {
		if (!conclude_accepted(&f->control[v]))
			continue;
		echo_find(a, &f->version[v], &f->control[v], &f->own, &out->echo);
		return;
	}
}

void conclude(struct arena *a, const struct facts *f, struct conclusion *out)
{
	*out = (struct conclusion){.wire = wire_of(f), .newest = -1};
	note_versions(a, f, out);
	note_stuck(a, f, out);
	note_statuses(f, out);
	note_echo(a, f, out);
}
