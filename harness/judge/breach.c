/*
 * What a server may not say in any handshake, whatever the case is about: each breach that the client noted is a
 * violation of the clause beside it.
 */
#include "harness/judge/parts.h"

#include <string.h>

/* In TLS 1.3, and before it. */
static const struct {
	const char *tls13, *older;
} clauses[BREACH__COUNT] = {
    [BREACH_VERSION] = {"R-119", "R-119"},
    [BREACH_PROTOCOL] = {"R-120", "R-120"},
    [BREACH_REQUEST_MALFORMED] = {"R-121", "R-121"},
    [BREACH_REQUEST_CONTEXT] = {"R-002", "R-002"},
    [BREACH_REQUEST_REPEATED] = {"R-002", "R-002"},
    [BREACH_REQUEST_ALGORITHMS] = {"R-004", "R-034"},
    [BREACH_REQUEST_TYPES] = {"R-034", "R-034"},
    [BREACH_REQUEST_AUTHORITIES] = {"R-006", "R-006"},
    [BREACH_REQUEST_FILTERS] = {"R-008", "R-008"},
    [BREACH_REQUEST_EXTENSION] = {"R-122", "R-122"},
    [BREACH_TICKET_LIFE] = {"R-027", "R-027"},
};

const char *breach_clause(enum breach b, bool tls13)
{
	return (unsigned)b < BREACH__COUNT ? tls13 ? clauses[b].tls13 : clauses[b].older : NULL;
}

/* A request that never came breaks no rule of requests; nor does a ticket. */
const char *breach_vacuous(const struct observation *o, enum breach b, int conn)
{
	bool of_request = b != BREACH_VERSION && b != BREACH_PROTOCOL;
	if (b == BREACH_TICKET_LIFE)
		return observation_find(o, 0, EVENT_SESSION_TICKET, conn, -1) ? NULL : "no ticket came";
	if (of_request)
		return observation_find(o, 0, EVENT_CERTIFICATE_REQUESTED, conn, -1) ||
			       observation_find(o, 0, EVENT_REAUTH_REQUEST, conn, -1)
			   ? NULL
			   : "no certificate was asked for";
	return observation_find(o, 0, EVENT_HANDSHAKE_DONE, conn, -1) ||
		       observation_find(o, 0, EVENT_ALERT_RECEIVED, conn, -1)
		   ? NULL
		   : "no handshake was answered";
}

void breach_judge(const struct trial *t, const struct event *e, struct finding *f)
{
	struct arena *a = t->arena;
	const char *name = breach_text((enum breach)e->a);
	*f = (struct finding){.verdict = VERDICT_VIOLATION,
			      .clause = breach_clause((enum breach)e->a, t->kase->tls == TLS_1_3)};
	const char *clause = words_clause(a, t->context->suite, f->clause);
	judge_outcome(t->kase, t->context, t->observation, 0, &f->outcome);
	f->observed = words_outcome(a, &f->outcome);
	f->expected = arena_printf(a, "never %s (%s)", name, clause ? clause : "");
	f->reason = arena_printf(a, "%s: %.120s, which %s forbids", name, e->text ? e->text : "", clause ? clause : "");
}
