/* <profile>: a product's dialect, and the rule that it may not turn a decision round. */
#include "harness/suite/index.h"
#include "harness/suite/load.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PROFILE_KEYS "tls negotiation http client condition scenario expected"

/* ">=1.27.4", ">=1.25 <1.29.2" */
static bool version_is_legal(const char *text)
{
	char word[64];
	size_t words = 0;
	for (; text_word(&text, word, sizeof word); words++) {
		size_t op = strspn(word, "<>=");
		char sign[3] = "";
		if (op > 0 && op < sizeof sign)
			memcpy(sign, word, op);
		if (read_index(">= <= > < =", sign, strlen(sign)) < 0 || !isdigit((unsigned char)word[op]))
			return false;
	}
	return words > 0;
}

static const char *term_of(const struct when *w, const char *key)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->terms[i].key, key) == 0)
			return w->terms[i].pattern;
	return NULL;
}

static void read_line(struct loader *l, const struct node *n, struct profile_line *line)
{
	static const struct shape shape = {
	    .attributes = "when decision signal phase version source", .required = "source", .children = ""};
	struct findings *f = l->findings;
	read_shape(f, n, &shape);
	*line = (struct profile_line){
	    .when = read_when(f, l->arena, n, PROFILE_KEYS),
	    .decision = read_mask(f, n, "decision", decision_words()),
	    .signals = read_signals(f, n, "signal"),
	    .phases = read_mask(f, n, "phase", phase_words()),
	    .version = read_value(n, "version"),
	    .source = read_value(n, "source"),
	    .where = n->where,
	};
	const char *source = line->source ? line->source : "-";
	if (!*source || strncasecmp(source, "observed", 8) == 0)
		findings_add(f, read_where(n, "source"),
			     "source=\"%s\": what a server did is no provenance; name a document or a "
			     "catalogue row",
			     source);
	if (line->version && !version_is_legal(line->version))
		findings_add(f, read_where(n, "version"), "version=\"%s\" is not like \">=1.27.4\" or \">=1.25 <1.29\"",
			     line->version);
	if (!line->decision && !line->signals && !line->phases)
		findings_add(f, n->where, "<line> says nothing: decision=, signal= or phase=");
	if (line->decision && term_of(&line->when, "expected"))
		findings_add(f, n->where,
			     "<line> with expected= has its decision already; decision= is for policy alone");
}

void profile_read(struct loader *l, const struct node *n)
{
	static const struct shape shape = {.attributes = "id product", .required = "id", .children = "title line"};
	read_shape(l->findings, n, &shape);
	struct profile p = {
	    .id = read_id(l->findings, n, "id"),
	    .title = load_title(l, n),
	    .product = read_value(n, "product"),
	    .where = n->where,
	};
	struct profile_line *lines = ARENA_NEW(l->arena, struct profile_line, n->n_children);
	for (size_t i = 0; i < n->n_children; i++)
		if (strcmp(n->children[i].name, "line") == 0)
			read_line(l, &n->children[i], &lines[p.n_lines++]);
	p.lines = lines;
	*VEC_PUSH(l->profiles, l->n_profiles, l->cap_profiles) = p;
}

/* One key at a time against one value: does the line leave this value possible? */
struct one_value {
	const char *key, *value;
};

static const char *one_value(const void *context, const char *key)
{
	const struct one_value *v = context;
	return strcmp(v->key, key) == 0 ? v->value : NULL;
}

static bool leaves(const struct when *w, const char *key, const char *value)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct when one = {&w->terms[i], 1};
		const struct one_value context = {key, value};
		if (strcmp(w->terms[i].key, key) == 0)
			return when_holds(&one, one_value, &context);
	}
	return true;
}

/* A profile decides only where the condition says policy. */
static void cross_line(struct findings *f, const struct suite *s, const struct profile_line *line)
{
	const char *scenarios = term_of(&line->when, "scenario");
	bool with_conditions = !scenarios;
	for (size_t i = 0; scenarios && i < s->n_scenarios; i++)
		with_conditions |= leaves(&line->when, "scenario", s->scenarios[i].id) && s->scenarios[i].conditions;
	for (size_t i = 0; with_conditions && line->decision && i < s->n_conditions; i++) {
		const struct condition *c = &s->conditions[i];
		bool fixed = c->decision == BIT(DECISION_ACCEPT) || c->decision == BIT(DECISION_REJECT);
		if (fixed && line->decision != c->decision && leaves(&line->when, "condition", c->id)) {
			findings_add(f, line->where,
				     "<line> turns the condition %s round, whose decision is %s%s%s; a profile decides "
				     "policy alone",
				     c->id, c->decision == BIT(DECISION_ACCEPT) ? "accept" : "reject",
				     c->clause ? " by " : "", c->clause ? c->clause : "");
			return;
		}
	}
}

static void cross_scenario_names(struct findings *f, const struct suite *s, const struct profile_line *line)
{
	if (!term_of(&line->when, "scenario"))
		return;
	for (size_t i = 0; i < s->n_scenarios; i++)
		if (leaves(&line->when, "scenario", s->scenarios[i].id))
			return;
	findings_add(f, line->where, "when: scenario=%s names no scenario", term_of(&line->when, "scenario"));
}

void cross_profiles(struct findings *f, struct arena *a, const struct suite *s)
{
	struct index ids;
	index_init(&ids, a, s->n_profiles);
	for (size_t i = 0; i < s->n_profiles; i++) {
		const struct profile *p = &s->profiles[i], *first = index_add(&ids, p->id, p);
		if (first)
			findings_add(f, p->where, "duplicate id: the profile %s is at %s:%d already", p->id,
				     first->where.file, first->where.line);
		for (size_t j = 0; j < p->n_lines; j++) {
			cross_when_conditions(f, s, &p->lines[j].when, p->lines[j].where);
			cross_scenario_names(f, s, &p->lines[j]);
			cross_line(f, s, &p->lines[j]);
		}
	}
}
