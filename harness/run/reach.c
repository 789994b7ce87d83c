#include "harness/run/reach.h"

/* The cell whoever the client is.  FNV-1a: a collision among 1024 would need luck, and makes a note, no verdict. */
static uint64_t key_of(const struct kase *k)
{
	struct kase anybody = *k;
	char id[PLAN_ID_SIZE];
	uint64_t h = 14695981039346656037u;
	anybody.client = CLIENT_WILLING;
	plan_id(&anybody, id);
	for (const char *p = id; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	return h;
}

static bool has_accepted(const struct reach *r, uint64_t key)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->accepted[i] == key)
			return true;
	return false;
}

const char *reach_case(struct reach *r, struct arena *a, const struct kase *k, const struct judgement *j)
{
	unsigned both = BIT(CLIENT_WILLING) | BIT(CLIENT_BROWSER);
	if ((k->scenario->client & both) != both)
		return NULL;
	if (r->scenario != k->scenario)
		r->n = 0;
	r->scenario = k->scenario;
	bool proven = j->verdict < VERDICT_CRASH, accepted = j->outcome.decision == DECISION_ACCEPT;
	if (proven && accepted && k->client == CLIENT_WILLING && r->n < REACH_MAX)
		r->accepted[r->n++] = key_of(k);
	if (!proven || accepted || k->client != CLIENT_BROWSER || !has_accepted(r, key_of(k)))
		return NULL;
	return arena_printf(a, "no browser can use this: a willing client is accepted, a browser is not (%s)",
			    j->observed);
}
