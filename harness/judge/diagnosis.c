#include "harness/judge/parts.h"

#include <string.h>

static const char *yes_no(bool value)
{
	return value ? "yes" : "no";
}

static const char *lookup(const void *context, const char *key)
{
	const struct diagnosis_facts *f = context;
	if (strcmp(key, "signal") == 0)
		return f->outcome->signal;
	if (strcmp(key, "phase") == 0)
		return phase_text(f->outcome->phase);
	if (strcmp(key, "decision") == 0)
		return decision_text(f->outcome->decision);
	if (strcmp(key, "verdict") == 0)
		return verdict_text(f->verdict);
	if (strcmp(key, "product") == 0)
		return f->product;
	if (strcmp(key, "asked") == 0)
		return yes_no(f->outcome->asked);
	if (strcmp(key, "sent") == 0)
		return yes_no(f->outcome->sent);
	return plan_value(f->kase, key);
}

const struct diagnosis *diagnosis_find(const struct suite *s, const struct diagnosis_facts *f)
{
	const struct diagnosis *best = NULL;
	for (size_t i = 0; i < s->n_diagnoses; i++) {
		const struct diagnosis *d = &s->diagnoses[i];
		/* an entry without terms is for `explain` only */
		if (d->when.n && (!best || d->when.n > best->when.n) && when_holds(&d->when, lookup, f))
			best = d;
	}
	return best;
}
