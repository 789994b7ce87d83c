/* <scenario>: matrix, axes, what is expected, given and forbidden.  Its script is read by script.c. */
#include "harness/suite/script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VALUES     200
#define MAX_AXES_IN_ID 170

static void read_matrix(struct loader *l, struct scenario *s, const struct node *n)
{
	static const struct shape shape = {
	    .attributes = "tls negotiation http client condition", .required = "tls negotiation http", .children = ""};
	if (!n) {
		findings_add(l->findings, s->where, "<scenario> lacks its <matrix>");
		return;
	}
	read_shape(l->findings, n, &shape);
	s->tls = read_mask(l->findings, n, "tls", tls_words());
	s->negotiation = read_mask(l->findings, n, "negotiation", negotiation_words());
	s->http = read_mask(l->findings, n, "http", http_words());
	s->client = read_mask(l->findings, n, "client", client_kind_words());
	if (!read_value(n, "client"))
		s->client = BIT(CLIENT_WILLING);
	s->conditions = read_value(n, "condition");
	s->matrix = read_where(n, "condition");
	for (size_t i = 0; i < n->n_attributes; i++) {
		size_t words;
		read_list(l->arena, n->attributes[i].value, &words);
		if (!words)
			findings_add(l->findings, read_where(n, n->attributes[i].name),
				     "empty matrix: %s=\"\" leaves no cell", n->attributes[i].name);
	}
}

static void read_axis(struct loader *l, const struct scenario *s, const struct node *n, struct axis *out)
{
	static const struct shape shape = {.attributes = "name values", .required = "name values", .children = ""};
	struct findings *f = l->findings;
	read_shape(f, n, &shape);
	out->name = read_id(f, n, "name");
	out->where = n->where;
	out->values = read_list(l->arena, read_value(n, "values"), &out->n);
	if (!out->n)
		findings_add(f, read_where(n, "values"), "empty matrix: axis %s has no values", out->name);
	if (out->n > MAX_VALUES) {
		findings_add(f, read_where(n, "values"), "axis %s has %zu values; at most %d", out->name, out->n,
			     MAX_VALUES);
		out->n = MAX_VALUES;
	}
	if (read_index("tls negotiation http client condition scenario suite target endpoint", out->name,
		       strlen(out->name)) >= 0)
		findings_add(f, read_where(n, "name"), "axis %s has the name of an axis that is there anyway",
			     out->name);
	for (size_t i = 0; i < s->n_axes; i++)
		if (strcmp(s->axes[i].name, out->name) == 0)
			findings_add(f, n->where, "second axis %s; the first is at line %d", out->name,
				     s->axes[i].where.line);
	for (size_t i = 0; i < out->n; i++) {
		/* Each becomes part of a case id, where these characters separate. */
		if (strpbrk(out->values[i], "[],=*?") || strlen(out->values[i]) > 64)
			findings_add(f, read_where(n, "values"),
				     "axis %s: \"%s\" holds one of []=,*? or is longer than 64 bytes", out->name,
				     out->values[i]);
		for (size_t j = 0; j < i; j++)
			if (strcmp(out->values[i], out->values[j]) == 0)
				findings_add(f, read_where(n, "values"), "axis %s: value %s twice", out->name,
					     out->values[i]);
	}
}

/*
 * suite/scenario[tls=...,condition=...,axis=value,...] must fit in PLAN_ID_SIZE (512 bytes): the part before the axes
 * takes up to 340 with ids of 64 bytes.
 */
static void check_id_length(struct loader *l, const struct scenario *s)
{
	size_t total = 0;
	for (size_t i = 0; i < s->n_axes; i++) {
		size_t longest = 0;
		for (size_t j = 0; j < s->axes[i].n; j++) {
			size_t len = strlen(s->axes[i].values[j]);
			longest = len > longest ? len : longest;
		}
		total += strlen(",=") + strlen(s->axes[i].name) + longest;
	}
	if (total > MAX_AXES_IN_ID)
		findings_add(l->findings, s->where,
			     "names and values of the axes take %zu bytes in case ids; at most %d", total,
			     MAX_AXES_IN_ID);
}

static void read_axes(struct loader *l, struct scenario *s, const struct node *n)
{
	struct axis *axes = ARENA_NEW(l->arena, struct axis, LOAD_MAX_AXES);
	s->axes = axes;
	for (size_t i = 0; i < n->n_children; i++) {
		const struct node *c = &n->children[i];
		if (strcmp(c->name, "axis") != 0)
			continue;
		if (s->n_axes == LOAD_MAX_AXES) {
			findings_add(l->findings, c->where, "more than %d axes", LOAD_MAX_AXES);
			return;
		}
		read_axis(l, s, c, &axes[s->n_axes]);
		s->n_axes++;
	}
}

/* when= over the matrix and the scenario's own axes. */
static struct when read_cell_when(struct loader *l, const struct scenario *s, const struct node *n)
{
	if (!read_value(n, "when"))
		return (struct when){0};
	struct when w = read_when(l->findings, l->arena, n, script_keys(l->arena, s));
	for (size_t i = 0; i < w.n; i++) {
		for (size_t j = 0; j < s->n_axes; j++) {
			if (strcmp(w.terms[i].key, s->axes[j].name) != 0)
				continue;
			const char *words = "";
			for (size_t k = 0; k < s->axes[j].n; k++)
				words = arena_printf(l->arena, "%s%s%s", words, k ? " " : "", s->axes[j].values[k]);
			read_pattern(l->findings, read_where(n, "when"), &w.terms[i], words);
		}
	}
	return w;
}

static void check_request_handle(struct loader *l, const struct scenario *s, const struct node *n, const char *of)
{
	if (of && !script_has_request(s, of))
		findings_add(l->findings, read_where(n, "of"), "of=\"%s\" names no request of this scenario", of);
	if (!of && script_requests(s) > 1)
		findings_add(l->findings, n->where, "<%s> lacks of=: the script has %zu requests", n->name,
			     script_requests(s));
	if (!of && script_requests(s) == 0)
		findings_add(l->findings, n->where, "<%s>: the script has no request", n->name);
}

/* "10x control", "500ms" */
static void check_within(struct loader *l, const struct node *n)
{
	const char *v = read_value(n, "within");
	uint32_t ms;
	if (!v || text_millis(v, &ms))
		return;
	size_t digits = strspn(v, "0123456789");
	if (!digits || digits > 4 || strcmp(v + digits, "x control") != 0)
		findings_add(l->findings, read_where(n, "within"),
			     "within=\"%s\" is neither \"10x control\" nor a time such as 2s", v);
}

static void read_decision(struct loader *l, const struct scenario *s, const struct node *n, struct expect *e)
{
	const char *words = arena_printf(l->arena, "%s as-condition policy", decision_words());
	unsigned mask = read_mask(l->findings, n, "decision", words);
	e->decision = mask & (BIT(DECISION__COUNT) - 1);
	e->as_condition = mask & BIT(DECISION__COUNT);
	e->policy = mask & BIT(DECISION__COUNT + 1);
	if (read_value(n, "decision") && !*read_value(n, "decision"))
		findings_add(l->findings, read_where(n, "decision"), "decision=\"\" names none of: %s", words);
	if (e->as_condition && !s->conditions)
		findings_add(l->findings, read_where(n, "decision"),
			     "decision=\"as-condition\" needs condition= in the matrix");
	if (e->as_condition + e->policy + (e->decision != 0) > 1)
		findings_add(l->findings, read_where(n, "decision"),
			     "as-condition and policy stand alone in decision=");
}

static void read_expect(struct loader *l, const struct scenario *s, const struct node *n, struct expect *e)
{
	static const struct shape shape = {.attributes = "of when decision signal phase identity identity-not same-as body "
							 "resumed fetch within or-closed or-start clause level",
					   .children = ""};
	struct findings *f = l->findings;
	read_shape(f, n, &shape);
	*e = (struct expect){
	    .of = read_value(n, "of"),
	    .when = read_cell_when(l, s, n),
	    .signals = read_signals(f, n, "signal"),
	    .phases = read_mask(f, n, "phase", phase_words()),
	    .identity = read_value(n, "identity"),
	    .identity_not = read_value(n, "identity-not"),
	    .same_as = read_value(n, "same-as"),
	    .body = read_value(n, "body"),
	    .resumed = read_value(n, "resumed"),
	    .fetch = read_value(n, "fetch"),
	    .within = read_value(n, "within"),
	    .or_start = read_value(n, "or-start"),
	    .or_closed = text_equal(read_value(n, "or-closed"), "yes"),
	    .clause = read_value(n, "clause"),
	    .level = (enum level)read_word(f, n, "level", level_words(), LEVEL_MUST),
	    .where = n->where,
	};
	read_decision(l, s, n, e);
	read_word(f, n, "body", "intact", 0);
	if (e->body && !text_has_word(s->needs, "body-echo"))
		findings_add(f, read_where(n, "body"), "body= needs=\"body-echo\" on the scenario");
	read_word(f, n, "resumed", "yes no", 0);
	read_word(f, n, "or-closed", "yes no", 0);
	read_word(f, n, "or-start", "refused", 0);
	read_words(f, n, "fetch", "ocsp crl");
	check_within(l, n);
	check_request_handle(l, s, n, e->of);
	if (e->same_as && !script_has_request(s, e->same_as))
		findings_add(f, read_where(n, "same-as"), "same-as=\"%s\" names no request of this scenario", e->same_as);
	for (size_t i = 0; i < n->n_attributes; i++)
		if (read_index("of when clause level", n->attributes[i].name, strlen(n->attributes[i].name)) < 0)
			return;
	findings_add(f, n->where, "<expect> expects nothing");
}

static void check_event(struct loader *l, const struct scenario *s, const struct node *n, const char *event,
			const char *on)
{
	enum event_kind kind;
	enum breach breach;
	static const char more[] = "late-request served-early";
	if (event && !text_has_word(more, event) && !event_kind_parse(event, &kind) && !breach_parse(event, &breach))
		findings_add(l->findings, read_where(n, "event"), "unknown event %s; legal: %s %s %s", event, more,
			     event_kind_words(), breach_words());
	if (on && !script_has_connection(s, on))
		findings_add(l->findings, read_where(n, "on"), "on=\"%s\" names no connection of this scenario", on);
}

static void read_given(struct loader *l, const struct scenario *s, const struct node *n, struct given *g)
{
	static const struct shape shape = {.attributes = "of decision session fetch event on when", .children = ""};
	read_shape(l->findings, n, &shape);
	*g = (struct given){
	    .of = read_value(n, "of"),
	    .decision = read_mask(l->findings, n, "decision", decision_words()),
	    .session = read_value(n, "session"),
	    .fetch = read_value(n, "fetch"),
	    .event = read_value(n, "event"),
	    .on = read_value(n, "on"),
	    .when = read_cell_when(l, s, n),
	    .where = n->where,
	};
	read_words(l->findings, n, "fetch", "ocsp crl");
	check_event(l, s, n, g->event, g->on);
	if (g->session && !script_has_session(s, g->session))
		findings_add(l->findings, read_where(n, "session"), "session=\"%s\" is saved nowhere in this scenario",
			     g->session);
	if (g->decision || g->of)
		check_request_handle(l, s, n, g->of);
	if (!g->decision && !g->session && !g->fetch && !g->event)
		findings_add(l->findings, n->where, "<given> gives nothing: decision=, session=, fetch= or event=");
}

static void read_never(struct loader *l, const struct scenario *s, const struct node *n, struct never *v)
{
	static const struct shape shape = {
	    .attributes = "event on times level when clause", .required = "event", .children = ""};
	read_shape(l->findings, n, &shape);
	*v = (struct never){
	    .event = read_value(n, "event"),
	    .on = read_value(n, "on"),
	    .level = (enum level)read_word(l->findings, n, "level", level_words(), LEVEL_MUST),
	    .when = read_cell_when(l, s, n),
	    .clause = read_value(n, "clause"),
	    .where = n->where,
	};
	const char *times = read_value(n, "times");
	if (times && !times_parse(times, &v->times))
		findings_add(l->findings, read_where(n, "times"), "times=\"%s\" is no number from 1 to 64", times);
	check_event(l, s, n, v->event, v->on);
}

static void read_clause(struct loader *l, const struct scenario *s, const struct node *n, struct clause_ref *c)
{
	static const struct shape shape = {.attributes = "id when", .required = "id", .children = ""};
	read_shape(l->findings, n, &shape);
	*c = (struct clause_ref){.ids = read_value(n, "id"), .when = read_cell_when(l, s, n), .where = n->where};
}

static size_t count(const struct node *n, const char *name)
{
	size_t found = 0;
	for (size_t i = 0; i < n->n_children; i++)
		found += strcmp(n->children[i].name, name) == 0;
	return found;
}

static void read_claims(struct loader *l, struct scenario *s, const struct node *n)
{
	struct expect *expects = ARENA_NEW(l->arena, struct expect, count(n, "expect"));
	struct given *givens = ARENA_NEW(l->arena, struct given, count(n, "given"));
	struct never *nevers = ARENA_NEW(l->arena, struct never, count(n, "never"));
	struct clause_ref *clauses = ARENA_NEW(l->arena, struct clause_ref, count(n, "clause"));
	for (size_t i = 0; i < n->n_children; i++) {
		const struct node *c = &n->children[i];
		if (strcmp(c->name, "expect") == 0)
			read_expect(l, s, c, &expects[s->n_expects++]);
		else if (strcmp(c->name, "given") == 0)
			read_given(l, s, c, &givens[s->n_givens++]);
		else if (strcmp(c->name, "never") == 0)
			read_never(l, s, c, &nevers[s->n_nevers++]);
		else if (strcmp(c->name, "clause") == 0)
			read_clause(l, s, c, &clauses[s->n_clauses++]);
	}
	s->expects = expects;
	s->givens = givens;
	s->nevers = nevers;
	s->clauses = clauses;
	if (!s->n_expects && !s->n_nevers)
		findings_add(l->findings, n->where, "<scenario> has neither <expect> nor <never>: it could not fail");
}

void scenario_read(struct loader *l, const struct node *n, const char *suite)
{
	static const struct shape shape = {.attributes = "id severity impact clause needs endpoint formerly",
					   .required = "id severity",
					   .children = "title why matrix axis script given expect never clause"};
	static const struct shape why_shape = {.attributes = "", .children = "", .text = true};
	struct findings *f = l->findings;
	const struct node *why = read_child(f, n, "why");
	read_shape(f, n, &shape);
	if (why)
		read_shape(f, why, &why_shape);
	struct scenario s = {
	    .suite = suite,
	    .id = read_id(f, n, "id"),
	    .title = load_title(l, n),
	    .formerly = read_value(n, "formerly"),
	    .why = read_text(l->arena, why),
	    .clause = read_value(n, "clause"),
	    .severity = (enum severity)read_word(f, n, "severity", severity_words(), SEVERITY_HIGH),
	    .impact = (enum impact)read_word(f, n, "impact", impact_words(), IMPACT_HARMLESS),
	    .needs = read_value(n, "needs"),
	    .endpoint = read_value(n, "endpoint"),
	    .where = n->where,
	};
	read_words(f, n, "needs", CAPABILITY_WORDS);
	read_matrix(l, &s, read_child(f, n, "matrix"));
	read_axes(l, &s, n);
	check_id_length(l, &s);
	script_read(l, &s, read_child(f, n, "script"));
	read_claims(l, &s, n);
	*VEC_PUSH(l->scenarios, l->n_scenarios, l->cap_scenarios) = s;
}
