#include "harness/suite/model.h"

#include "harness/base/arena.h"

#include <ctype.h>
#include <string.h>

ENUM_DEFINE(negotiation, NEGOTIATION, NEGOTIATION_LIST);
ENUM_DEFINE(decision, DECISION, DECISION_LIST);
ENUM_DEFINE(severity, SEVERITY, SEVERITY_LIST);
ENUM_DEFINE(impact, IMPACT, IMPACT_LIST);
ENUM_DEFINE(level, LEVEL, LEVEL_LIST);
ENUM_DEFINE(phase, PHASE, PHASE_LIST);
ENUM_DEFINE(verdict, VERDICT, VERDICT_LIST);
ENUM_DEFINE(echo_form, ECHO, ECHO_FORM_LIST);

const struct condition *suite_condition(const struct suite *s, const char *id)
{
	for (size_t i = 0; id && i < s->n_conditions; i++)
		if (strcmp(s->conditions[i].id, id) == 0)
			return &s->conditions[i];
	return NULL;
}

unsigned condition_decision(const struct condition *c, const char *trust)
{
	if (strcmp(trust, "main") == 0 || c->none)
		return c->decision;
	return text_equal(c->trust, trust) ? BIT(DECISION_ACCEPT) : BIT(DECISION_REJECT);
}

const struct requirement *suite_requirement(const struct suite *s, const char *id)
{
	for (size_t i = 0; id && i < s->n_requirements; i++)
		if (strcmp(s->requirements[i].id, id) == 0)
			return &s->requirements[i];
	return NULL;
}

const struct profile *suite_profile(const struct suite *s, const char *id)
{
	for (size_t i = 0; id && i < s->n_profiles; i++)
		if (strcmp(s->profiles[i].id, id) == 0)
			return &s->profiles[i];
	return NULL;
}

/* One of the alternatives behind "|" matches. */
static bool matches(const char *pattern, const char *value)
{
	char each[256];
	for (const char *p = pattern;;) {
		size_t len = strcspn(p, "|");
		if (len < sizeof each) {
			memcpy(each, p, len);
			each[len] = '\0';
			if (text_glob(each, value))
				return true;
		}
		if (!p[len])
			return false;
		p += len + 1;
	}
}

bool when_holds(const struct when *w, when_lookup *lookup, const void *context)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *value = lookup(context, w->terms[i].key);
		if (!value || !matches(w->terms[i].pattern, value))
			return false;
	}
	return true;
}

bool scenario_runs_every_condition(const struct scenario *s)
{
	return s->conditions && strcmp(s->conditions, "*") == 0;
}

const char *scenario_clause(const struct scenario *s, when_lookup *lookup, const void *context)
{
	for (size_t i = 0; i < s->n_clauses; i++)
		if (when_holds(&s->clauses[i].when, lookup, context))
			return s->clauses[i].ids;
	return s->clause;
}

const char *value_placeholder(const char *text, size_t *len)
{
	for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
		*len = 0;
		while (isalnum((unsigned char)at[1 + *len]) || (*len && at[1 + *len] && strchr("._-", at[1 + *len])))
			(*len)++;
		if (*len && at[1 + *len] == '}')
			return at;
	}
	return NULL;
}

const char *value_expand(struct arena *a, const char *text, when_lookup *lookup, const void *context)
{
	size_t len;
	const char *out = text, *rest = text;
	for (const char *at; (at = value_placeholder(rest, &len)); rest = at + len + 2) {
		const char *value = lookup(context, arena_strndup(a, at + 1, len));
		out = arena_printf(a, "%.*s%.*s%s", rest == text ? 0 : (int)strlen(out), out, (int)(at - rest), rest,
				   value ? value : "");
	}
	return rest == text ? text : arena_printf(a, "%s%s", out, rest);
}

bool fragment_parse(const char *text, struct job_fragment *out)
{
	uint64_t bytes;
	bool records = text_starts(text, "record-");
	if ((!records && !text_starts(text, "segment-")) || !text_u64(strchr(text, '-') + 1, 1, 16384, &bytes))
		return false;
	*out = (struct job_fragment){.bytes = (size_t)bytes, .records = records};
	return true;
}

bool wait_parse(const char *text, uint32_t *ms)
{
	uint64_t v;
	if (text_millis(text, ms))
		return true;
	if (!text_u64(text, 0, 600000, &v))
		return false;
	*ms = (uint32_t)v;
	return true;
}

/* "12", "48k", "1m" */
static bool parse_bytes(const char *text, uint64_t *bytes)
{
	char digits[24];
	size_t n = strspn(text, "0123456789");
	uint64_t unit = 1;
	if (strcmp(text + n, "k") == 0)
		unit = 1024;
	else if (strcmp(text + n, "m") == 0)
		unit = 1024 * 1024;
	else if (text[n])
		return false;
	if (n == 0 || n >= sizeof digits)
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (!text_u64(digits, 0, UINT64_MAX / (1024 * 1024), bytes))
		return false;
	*bytes *= unit;
	return true;
}

bool body_size_parse(const char *text, uint64_t limit, uint64_t *bytes)
{
	uint64_t more = 0;
	if (!text_starts(text, "limit"))
		return parse_bytes(text, bytes);
	text += strlen("limit");
	*bytes = limit;
	if (!*text)
		return true;
	if ((*text != '+' && *text != '-') || !parse_bytes(text + 1, &more))
		return false;
	if (*text == '-')
		*bytes = more < limit ? limit - more : 0;
	else
		*bytes += more;
	return true;
}

bool times_parse(const char *text, unsigned *out)
{
	size_t len = strlen(text);
	if (!len || len > 2 || strspn(text, "0123456789") != len)
		return false;
	*out = (unsigned)(len == 1 ? text[0] - '0' : (text[0] - '0') * 10 + text[1] - '0');
	return *out >= 1 && *out <= 64;
}

bool scenario_has_verb(const struct scenario *s, enum verb verb)
{
	for (size_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].verb == verb)
			return true;
	return false;
}

bool scenario_changes_world(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_steps; i++)
		if (VERB_IS_WORLD(s->steps[i].verb))
			return true;
	return false;
}

bool scenario_runs_alone(const struct scenario *s)
{
	return s->impact == IMPACT_HOSTILE || scenario_changes_world(s);
}

const char *script_attribute(const struct script_step *step, const char *name)
{
	for (size_t i = 0; i < step->n_attributes; i++)
		if (strcmp(step->attributes[i].name, name) == 0)
			return step->attributes[i].value;
	return NULL;
}
