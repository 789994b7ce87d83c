/* References between rows of one suite: duplicates, dangling names, controls, clauses, empty matrices. */
#include "harness/pki/check.h"
#include "harness/suite/index.h"
#include "harness/suite/script.h"

#include <stdlib.h>
#include <string.h>

struct crossing {
	struct findings *findings;
	struct arena *arena;
	const struct suite *suite;
	struct index conditions, requirements;
};

static void cross_clauses(struct crossing *c, struct where where, const char *clauses)
{
	size_t n;
	const char *const *ids = read_list(c->arena, clauses, &n);
	for (size_t i = 0; i < n; i++)
		if (!index_find(&c->requirements, ids[i], strlen(ids[i])))
			findings_add(c->findings, where, "unknown clause %s: no <requirement> has this id", ids[i]);
}

static void cross_duplicate(struct crossing *c, const char *what, const char *id, struct where where,
			    struct where first)
{
	findings_add(c->findings, where, "duplicate id: the %s %s is at %s:%d already", what, id, first.file,
		     first.line);
}

static void cross_requirements(struct crossing *c)
{
	const struct suite *s = c->suite;
	index_init(&c->requirements, c->arena, s->n_requirements);
	for (size_t i = 0; i < s->n_requirements; i++) {
		const struct requirement *first =
		    index_add(&c->requirements, s->requirements[i].id, &s->requirements[i]);
		if (first)
			cross_duplicate(c, "requirement", first->id, s->requirements[i].where, first->where);
	}
	for (size_t i = 0; i < s->n_impossibles; i++)
		cross_clauses(c, s->impossibles[i].where, s->impossibles[i].clause);
}

static const struct condition *condition_of(const struct crossing *c, const char *id)
{
	return id ? index_find(&c->conditions, id, strlen(id)) : NULL;
}

/* Walks to the first control, which must be accepted, without coming back to where it began. */
static void cross_control(struct crossing *c, const struct condition *start)
{
	struct findings *f = c->findings;
	const struct condition *at = start;
	size_t steps = 0;
	if (!start->differs_from) {
		if (start->decision == BIT(DECISION_REJECT))
			findings_add(f, start->where,
				     "condition %s is rejected but has no differs-from=: nothing would show that "
				     "the server accepts anything",
				     start->id);
		return;
	}
	if (!condition_of(c, start->differs_from)) {
		findings_add(f, read_where(start->body, "differs-from"), "differs-from=\"%s\" names no condition",
			     start->differs_from);
		return;
	}
	for (; at && at->differs_from && steps <= c->suite->n_conditions; steps++) {
		at = condition_of(c, at->differs_from);
		if (at == start) {
			findings_add(f, read_where(start->body, "differs-from"),
				     "differs-from goes in a circle from %s to %s", start->id, start->id);
			return;
		}
	}
	const struct condition *control = condition_of(c, start->differs_from);
	if (control->decision != BIT(DECISION_ACCEPT))
		findings_add(f, read_where(start->body, "differs-from"),
			     "differs-from=\"%s\": a control must have decision=\"accept\"", control->id);
}

/* Old ids, separated by spaces, must not be new ids of something else. */
static void cross_formerly(struct crossing *c, const struct index *ids, const char *suite, const char *formerly,
			   struct where where)
{
	size_t n;
	const char *const *old = read_list(c->arena, formerly, &n);
	for (size_t i = 0; i < n; i++) {
		const char *id =
		    suite && !strchr(old[i], '/') ? arena_printf(c->arena, "%s/%s", suite, old[i]) : old[i];
		if (index_find(ids, id, strlen(id)))
			findings_add(c->findings, where, "formerly=\"%s\" is an id that is in use", old[i]);
	}
}

/* The forge's sentence begins with the place it means: in the condition, or in the base. */
static void add_forge_finding(struct crossing *c, struct where where, const char *text)
{
	const char *files[] = {where.file, c->suite->base->where.file};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		size_t len = strlen(files[i]);
		char *end;
		if (strncmp(text, files[i], len) != 0 || text[len] != ':')
			continue;
		long line = strtol(text + len + 1, &end, 10);
		if (text_starts(end, ": ")) {
			findings_add(c->findings, (struct where){files[i], (int)line}, "%s", end + 2);
			return;
		}
	}
	findings_add(c->findings, where, "%s", text);
}

/* What only the forge can know: its elements, attributes and values. */
static void cross_forge(struct crossing *c)
{
	const struct suite *s = c->suite;
	struct err err = {0};
	if (!s->base)
		return;
	if (forge_check(s, NULL, &err) != RC_OK) {
		add_forge_finding(c, s->base->where, err.text);
		return;
	}
	for (size_t i = 0; i < s->n_conditions; i++) {
		err = (struct err){0};
		if (forge_check(s, &s->conditions[i], &err) != RC_OK)
			add_forge_finding(c, s->conditions[i].where, err.text);
	}
}

static void cross_conditions(struct crossing *c)
{
	const struct suite *s = c->suite;
	index_init(&c->conditions, c->arena, s->n_conditions);
	for (size_t i = 0; i < s->n_conditions; i++) {
		const struct condition *first = index_add(&c->conditions, s->conditions[i].id, &s->conditions[i]);
		if (first)
			cross_duplicate(c, "condition", first->id, s->conditions[i].where, first->where);
	}
	for (size_t i = 0; i < s->n_conditions; i++) {
		const struct condition *k = &s->conditions[i];
		cross_control(c, k);
		cross_clauses(c, read_where(k->body, "clause"), k->clause);
		cross_formerly(c, &c->conditions, NULL, k->formerly, read_where(k->body, "formerly"));
	}
}

static bool glob_hits(const struct crossing *c, const char *glob)
{
	if (!strpbrk(glob, "*?"))
		return condition_of(c, glob);
	if (strcmp(glob, "*") == 0)
		return c->suite->n_conditions > 0;
	for (size_t i = 0; i < c->suite->n_conditions; i++)
		if (text_glob(glob, c->suite->conditions[i].id))
			return true;
	return false;
}

/* Every glob of a list must match a condition; own:ID exists once a target is known. */
static void cross_globs(struct crossing *c, struct where where, const char *globs)
{
	size_t n;
	const char *const *v = read_list(c->arena, globs, &n);
	for (size_t i = 0; i < n; i++)
		if (!text_starts(v[i], "own:") && !glob_hits(c, v[i]))
			findings_add(c->findings, where, "empty matrix: condition=\"%s\" matches no condition", v[i]);
}

void cross_when_conditions(struct findings *f, const struct suite *s, const struct when *w, struct where where)
{
	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(w->terms[i].key, "condition") != 0)
			continue;
		for (const char *p = w->terms[i].pattern;; p++) {
			char each[256] = "";
			size_t len = strcspn(p, "|");
			bool hit = len >= sizeof each || strncmp(p, "own:", 4) == 0;
			if (len < sizeof each)
				memcpy(each, p, len);
			for (size_t j = 0; !hit && j < s->n_conditions; j++)
				hit = text_glob(each, s->conditions[j].id);
			if (!hit)
				findings_add(f, where, "when: condition=%s names no condition", each);
			p += len;
			if (!*p)
				break;
		}
	}
}

struct credential_check {
	struct crossing *crossing;
	struct where where;
	const char *attribute;
};

static void check_credential(void *context, const char *id)
{
	struct credential_check *k = context;
	if (strcmp(id, "none") != 0 && !text_starts(id, "own:") && !condition_of(k->crossing, id))
		findings_add(k->crossing->findings, k->where, "%s=\"%s\" names no condition", k->attribute, id);
}

/* An unknown {axis} has been reported where it was read. */
static void cross_credential(struct crossing *c, const struct scenario *s, struct where where, const char *attribute,
			     const char *text)
{
	struct credential_check k = {c, where, attribute};
	if (text)
		script_values(c->arena, s, text, check_credential, &k);
}

static void cross_attributes(struct crossing *c, const struct scenario *s, const char *file, const struct attribute *v,
			     size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, "certificate") == 0)
			cross_credential(c, s, (struct where){file, v[i].line}, "certificate", v[i].value);
}

static void cross_steps(struct crossing *c, const struct scenario *s)
{
	for (size_t i = 0; !s->default_script && i < s->n_steps; i++) {
		const struct script_step *step = &s->steps[i];
		cross_attributes(c, s, step->where.file, step->attributes, step->n_attributes);
		for (size_t j = 0; j < step->n_headers; j++)
			cross_attributes(c, s, step->where.file, step->headers[j].attributes,
					 step->headers[j].n_attributes);
	}
}

/* A cell as far as every case in it shares it. */
struct cell {
	const char *tls, *negotiation, *http, *client, *scenario;
};

static const char *cell_value(const void *context, const char *key)
{
	const struct cell *k = context;
	const char *keys[] = {"tls", "negotiation", "http", "client", "scenario"};
	const char *values[] = {k->tls, k->negotiation, k->http, k->client, k->scenario};
	int at = text_index(keys, sizeof keys / sizeof *keys, key);
	return at < 0 ? NULL : values[at];
}

static const struct impossible *forbidden(const struct suite *s, const struct cell *k)
{
	for (size_t i = 0; i < s->n_impossibles; i++)
		if (when_holds(&s->impossibles[i].when, cell_value, k))
			return &s->impossibles[i];
	return NULL;
}

/* A scenario of which clauses forbid every cell would be green by absence. */
static void cross_cells(struct crossing *c, const struct scenario *s)
{
	const struct impossible *row = NULL;
	for (unsigned at = 0; at < TLS__COUNT * NEGOTIATION__COUNT * HTTP__COUNT * CLIENT_KIND__COUNT; at++) {
		unsigned tls = at % TLS__COUNT, rest = at / TLS__COUNT, negotiation = rest % NEGOTIATION__COUNT;
		unsigned http = rest / NEGOTIATION__COUNT % HTTP__COUNT,
			 client = rest / NEGOTIATION__COUNT / HTTP__COUNT;
		if (!(s->tls & BIT(tls)) || !(s->negotiation & BIT(negotiation)) || !(s->http & BIT(http)) ||
		    !(s->client & BIT(client)))
			continue;
		const struct cell k = {tls_text(tls), negotiation_text(negotiation), http_text(http),
				       client_kind_text(client), s->id};
		row = forbidden(c->suite, &k);
		if (!row)
			return;
	}
	if (row)
		findings_add(c->findings, s->matrix, "empty matrix: every cell is impossible (%s: %s)", row->clause,
			     row->reason);
}

static void cross_scenario(struct crossing *c, const struct scenario *s)
{
	cross_cells(c, s);
	cross_clauses(c, s->where, s->clause);
	if (s->conditions)
		cross_globs(c, s->matrix, s->conditions);
	cross_steps(c, s);
	for (size_t i = 0; i < s->n_expects; i++) {
		const struct expect *e = &s->expects[i];
		cross_clauses(c, e->where, e->clause);
		cross_when_conditions(c->findings, c->suite, &e->when, e->where);
		cross_credential(c, s, e->where, "identity", e->identity);
		cross_credential(c, s, e->where, "identity-not", e->identity_not);
	}
	for (size_t i = 0; i < s->n_nevers; i++) {
		cross_clauses(c, s->nevers[i].where, s->nevers[i].clause);
		cross_when_conditions(c->findings, c->suite, &s->nevers[i].when, s->nevers[i].where);
	}
	for (size_t i = 0; i < s->n_clauses; i++) {
		cross_clauses(c, s->clauses[i].where, s->clauses[i].ids);
		cross_when_conditions(c->findings, c->suite, &s->clauses[i].when, s->clauses[i].where);
	}
}

static void cross_scenarios(struct crossing *c)
{
	const struct suite *s = c->suite;
	struct index ids;
	index_init(&ids, c->arena, s->n_scenarios);
	for (size_t i = 0; i < s->n_scenarios; i++) {
		const struct scenario *k = &s->scenarios[i];
		const char *id = arena_printf(c->arena, "%s/%s", k->suite, k->id);
		const struct scenario *first = index_add(&ids, id, k);
		if (first)
			cross_duplicate(c, "scenario", id, k->where, first->where);
	}
	for (size_t i = 0; i < s->n_scenarios; i++) {
		const struct scenario *k = &s->scenarios[i];
		cross_formerly(c, &ids, k->suite, k->formerly, k->where);
		cross_scenario(c, k);
	}
}

void cross_check(struct findings *f, struct arena *a, const struct suite *s)
{
	struct crossing c = {.findings = f, .arena = a, .suite = s};
	cross_requirements(&c);
	cross_conditions(&c);
	cross_forge(&c);
	cross_scenarios(&c);
	cross_profiles(f, a, s);
}
