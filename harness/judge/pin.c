#include "harness/judge/parts.h"

#include <string.h>

static const char *lookup_version(const void *version, const char *key)
{
	(void)key;
	return version;
}

static bool is_of_product(const struct when_term *term)
{
	return strcmp(term->key, "version") == 0 || strcmp(term->key, "library") == 0;
}

/* version= and library= take a comparison ("<1.27.4") or, like every key, a glob. */
static bool product_holds(const struct when_term *term, const struct judge_context *c)
{
	const struct when one = {.terms = term, .n = 1};
	const char *value = strcmp(term->key, "version") == 0 ? c->product_version : c->product_library;
	if (strchr("<>=!", term->pattern[0]) && term->pattern[0])
		return policy_version_holds(term->pattern, value);
	return when_holds(&one, lookup_version, value);
}

bool judge_pin_applies(const struct pin *p, const struct judge_context *c)
{
	/* the words of --target tell variants apart */
	if (p->target && !(c->target && text_glob(p->target, c->target->id)) &&
	    !(c->target_name && text_glob(p->target, c->target_name)))
		return false;
	for (size_t i = 0; i < p->when.n; i++)
		if (is_of_product(&p->when.terms[i]) && !product_holds(&p->when.terms[i], c))
			return false;
	return true;
}

static bool matches(const struct pin *p, const struct kase *k, const struct judge_context *c, const char *id)
{
	if ((p->cases && !text_glob(p->cases, id)) || !judge_pin_applies(p, c))
		return false;
	for (size_t i = 0; i < p->when.n; i++) {
		const struct when one = {.terms = &p->when.terms[i], .n = 1};
		if (!is_of_product(one.terms) && !when_holds(&one, plan_value, k))
			return false;
	}
	return true;
}

bool judge_pin_covers(const struct pin *p, const struct kase *k, const struct judge_context *c)
{
	char id[PLAN_ID_SIZE];
	plan_id(k, id);
	return matches(p, k, c, id);
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
