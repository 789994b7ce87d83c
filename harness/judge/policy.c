#include "harness/judge/parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Compares the first runs of digits between dots, then a letter behind them (OpenSSL 1.1.1w). */
static int compare_versions(const char *a, const char *b)
{
	for (;;) {
		char *a_end, *b_end;
		unsigned long x = isdigit((unsigned char)*a) ? strtoul(a, &a_end, 10) : (a_end = (char *)a, 0);
		unsigned long y = isdigit((unsigned char)*b) ? strtoul(b, &b_end, 10) : (b_end = (char *)b, 0);
		if (x != y)
			return x < y ? -1 : 1;
		bool more_a = a_end[0] == '.' && isdigit((unsigned char)a_end[1]);
		bool more_b = b_end[0] == '.' && isdigit((unsigned char)b_end[1]);
		if (!more_a && !more_b) {
			int la = isalpha((unsigned char)*a_end) ? *a_end : 0;
			int lb = isalpha((unsigned char)*b_end) ? *b_end : 0;
			return la < lb ? -1 : la > lb;
		}
		/* a missing component counts as zero: 1.2 equals 1.2.0 */
		a = more_a ? a_end + 1 : "";
		b = more_b ? b_end + 1 : "";
	}
}

static bool term_holds(const char *term, const char *version)
{
	size_t n = strspn(term, "<>=!");
	int order = compare_versions(version, term + n);
	if (n == 2 && strncmp(term, ">=", 2) == 0)
		return order >= 0;
	if (n == 2 && strncmp(term, "<=", 2) == 0)
		return order <= 0;
	if (n == 2 && strncmp(term, "!=", 2) == 0)
		return order != 0;
	if (n == 1 && *term == '>')
		return order > 0;
	if (n == 1 && *term == '<')
		return order < 0;
	return order == 0;
}

bool policy_version_holds(const char *condition, const char *version)
{
	char term[64];
	if (!condition || !condition[0])
		return true;
	if (version)
		version += strcspn(version, "0123456789"); /* "OpenSSL 3.0.19" */
	if (!version || !version[0])
		return false; /* an unknown version satisfies no condition */
	while (text_word(&condition, term, sizeof term))
		if (!term_holds(term, version))
			return false;
	return true;
}

struct line_lookup {
	const struct kase *kase;
	const char *expected;
};

static const char *lookup(const void *context, const char *key)
{
	const struct line_lookup *l = context;
	return strcmp(key, "expected") == 0 ? l->expected : plan_value(l->kase, key);
}

/* What `expected=` in a profile line means for a set: where refusing is among it, the line is about refusing. */
static const char *expected_word(unsigned mask)
{
	if (mask & BIT(DECISION_REJECT))
		return decision_text(DECISION_REJECT);
	if (mask & BIT(DECISION_ACCEPT))
		return decision_text(DECISION_ACCEPT);
	return mask & BIT(DECISION_ANONYMOUS) ? decision_text(DECISION_ANONYMOUS) : NULL;
}

void policy_find(const struct kase *k, const struct judge_context *c, unsigned expected, struct dialect *out)
{
	struct line_lookup l = {k, expected_word(expected)};
	*out = (struct dialect){0};
	for (size_t i = 0; c->profile && i < c->profile->n_lines; i++) {
		const struct profile_line *line = &c->profile->lines[i];
		if (!policy_version_holds(line->version, c->product_version) || !when_holds(&line->when, lookup, &l))
			continue;
		if (!out->decision && line->decision)
			out->decision = line;
		if (!out->signal && ((line->signals && line->signals[0]) || line->phases))
			out->signal = line;
	}
}

/* An IIS substatus shows only on detailed pages: with and without it are one status. */
static bool same_status(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");
	if (!text_starts(a, "http:") || strncmp(a, b, n) != 0)
		return false;
	return (!a[n] && b[n] == '.') || (a[n] == '.' && !b[n]);
}

bool policy_signal_in(const char *sanctioned, const char *signal)
{
	char word[64];
	while (sanctioned && text_word(&sanctioned, word, sizeof word))
		if (text_glob(word, signal) || same_status(word, signal))
			return true;
	return false;
}
