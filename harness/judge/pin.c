#include "harness/judge/parts.h"

#include <string.h>

static const char *lookup_version(const void *version, const char *key)
{
	(void)key;
	return version;
}

/* version= and library= take a comparison ("<1.27.4") or, like every key, a glob. */
static bool term_holds(const struct when_term *term, const struct kase *k, const struct judge_context *c)
{
	const struct when one = {.terms = term, .n = 1};
	bool version = strcmp(term->key, "version") == 0;
	if (!version && strcmp(term->key, "library") != 0)
		return when_holds(&one, plan_value, k);
	const char *value = version ? c->product_version : c->product_library;
	if (strchr("<>=!", term->pattern[0]) && term->pattern[0])
		return policy_version_holds(term->pattern, value);
	return when_holds(&one, lookup_version, value);
}

static bool matches(const struct pin *p, const struct kase *k, const struct judge_context *c, const char *id)
{
	if (p->cases && !text_glob(p->cases, id))
		return false;
	if (p->target && (!c->target || !text_glob(p->target, c->target->id)))
		return false;
	for (size_t i = 0; i < p->when.n; i++)
		if (!term_holds(&p->when.terms[i], k, c))
			return false;
	return true;
}

/* Verdicts that a pin may cover, and those that count as passing; the rest are no evidence either way. */
static bool is_good(enum verdict v)
{
	return v == VERDICT_PASS || v == VERDICT_OBSERVED || v == VERDICT_DEVIATION;
}

enum verdict judge_pin(const struct pins *pins, const struct kase *k, const struct judge_context *c, enum verdict v,
		       const char *today, const struct pin **which)
{
	char id[PLAN_ID_SIZE];
	const struct pin *passes = NULL;
	*which = NULL;
	if (!pins || !pins->n)
		return v;
	plan_id(k, id);
	for (size_t i = 0; i < pins->n; i++) {
		const struct pin *p = &pins->rows[i];
		if (!matches(p, k, c, id))
			continue;
		if (p->verdicts & BIT(v)) {
			*which = p;
			/* the last day still counts: ISO dates compare as text */
			return p->until && strcmp(today, p->until) > 0 ? VERDICT_UNEXPECTED_PASS
								       : VERDICT_KNOWN_FAILURE;
		}
		if (is_good(v) && !passes)
			passes = p;
	}
	*which = passes;
	return passes ? VERDICT_UNEXPECTED_PASS : v;
}
