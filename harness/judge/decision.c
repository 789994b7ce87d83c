#include "harness/judge/parts.h"

#include <string.h>

#define ACCEPT	  BIT(DECISION_ACCEPT)
#define ANONYMOUS BIT(DECISION_ANONYMOUS)
#define REDIRECT  BIT(DECISION_REDIRECT)
#define REJECT	  BIT(DECISION_REJECT)

bool decision_late_mode(const struct kase *k, const struct wiring *w)
{
	enum negotiation n = wiring_negotiation(k, w);
	return n == NEGOTIATION_RENEGOTIATION || n == NEGOTIATION_POST_HANDSHAKE;
}

/* RFC 9113 9.2.1, 9.2.3, RFC 9001 4.4: never in HTTP/2 and 3.  RFC 8446 4.2.6: only to a client that offered it. */
bool decision_late_possible(const struct kase *k, const struct wiring *w)
{
	if (k->http != HTTP_1_0 && k->http != HTTP_1_1)
		return false;
	if (k->tls == TLS_1_3)
		return k->client == CLIENT_WILLING && !w->pha_off;
	return true;
}

enum negotiation decision_policy(const struct kase *k, const struct wiring *w)
{
	bool lenient = decision_late_mode(k, w) && k->endpoint && k->endpoint->strangers;
	return lenient ? NEGOTIATION_OPTIONAL : wiring_negotiation(k, w);
}

/* First table of design.md section 1: endpoint by what the connection shows. */
unsigned decision_expected(const struct kase *k, const struct suite *s, const struct wiring *w, bool *policy)
{
	const struct condition *shown = wiring_condition(k, s, w);
	bool none = shown ? shown->none : text_equal(w->certificate, "none");
	unsigned column = none ? REJECT : shown ? condition_decision(shown, wiring_trust(k, w)) : ACCEPT;
	column &= ACCEPT | REJECT;
	*policy = false;
	switch (decision_policy(k, w)) {
	case NEGOTIATION_NONE:
		return ANONYMOUS;
	case NEGOTIATION_OPTIONAL:
		if (decision_late_mode(k, w) && !decision_late_possible(k, w))
			return REJECT | ANONYMOUS;
		if (none)
			return ANONYMOUS;
		*policy = column == (ACCEPT | REJECT);
		return column & REJECT ? column | ANONYMOUS : column;
	case NEGOTIATION_RENEGOTIATION:
	case NEGOTIATION_POST_HANDSHAKE:
		if (!decision_late_possible(k, w))
			return REJECT;
		break;
	case NEGOTIATION_REQUIRED:
	case NEGOTIATION_BY_NAME:
	case NEGOTIATION__COUNT:
		break;
	}
	*policy = column == (ACCEPT | REJECT);
	return column;
}

/* Second table.  A redirect serves nothing: it is no acceptance, and not the refusal that was asked for. */
enum verdict decision_compare(unsigned expected, enum decision observed, const char **why)
{
	*why = NULL;
	if (expected & BIT(observed))
		return VERDICT_PASS;
	switch (observed) {
	case DECISION_ACCEPT:
		*why = "was accepted";
		return VERDICT_FALSE_ACCEPT;
	case DECISION_ANONYMOUS:
		if ((expected & ACCEPT) && !(expected & REJECT)) {
			*why = "was served, but its identity was lost";
			return VERDICT_FALSE_REJECT;
		}
		*why = "was served although nobody was believed";
		return VERDICT_FALSE_ACCEPT;
	case DECISION_REDIRECT:
		*why = "was redirected";
		return expected & REJECT ? VERDICT_DEVIATION : VERDICT_FALSE_REJECT;
	case DECISION_REJECT:
		*why = "was refused";
		return VERDICT_FALSE_REJECT;
	case DECISION_UNANSWERED:
		*why = expected & REJECT ? "was refused in silence" : "got no answer";
		return expected & REJECT ? VERDICT_DEVIATION : VERDICT_FALSE_REJECT;
	case DECISION__COUNT:
		break;
	}
	return VERDICT_BROKEN;
}

const char *decision_mask_text(struct arena *a, unsigned mask)
{
	const char *text = NULL;
	for (int d = 0; d < DECISION__COUNT; d++)
		if (mask & BIT(d))
			text = text ? arena_printf(a, "%s or %s", text, decision_text((enum decision)d))
				    : decision_text((enum decision)d);
	return text ? text : "any answer";
}
