#include "harness/plan/plan.h"

#include "harness/base/permute.h"
#include "harness/plan/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What every combination of a scenario has in common. */
struct scope {
	const struct scenario *scenario;
	const struct condition **conditions; /* matched by its globs; n 0: no condition axis */
	size_t n_conditions;
	uint64_t inner; /* cells in one combination */
};

struct plan {
	struct plan_spec spec;
	struct selection *selection;
	struct scope *scopes; /* one a scenario */
	struct combination *combinations;
	size_t n_combinations;
	struct segment *segments; /* ordered by first */
	size_t n_segments;
	uint64_t cells;
};

static void make_scope(struct arena *a, const struct suite *suite, const struct scenario *s, struct scope *out)
{
	out->scenario = s;
	out->inner = 1;
	if (s->conditions) {
		out->conditions = ARENA_NEW(a, const struct condition *, suite->n_conditions);
		char pattern[256];
		for (size_t i = 0; i < suite->n_conditions; i++) {
			const char *at = s->conditions;
			bool hit = false;
			while (!hit && text_word(&at, pattern, sizeof pattern))
				hit = text_glob(pattern, suite->conditions[i].id);
			if (hit)
				out->conditions[out->n_conditions++] = &suite->conditions[i];
		}
		out->inner = out->n_conditions;
	}
	for (size_t i = 0; i < s->n_axes; i++)
		out->inner *= s->axes[i].n;
}

struct building {
	struct arena *arena;
	struct plan *plan;
	size_t cap_combinations, cap_segments;
};

static void add_combination(struct building *b, struct combination c)
{
	struct plan *p = b->plan;
	c.first = p->cells;
	for (size_t i = 0; i < p->spec.suite->n_scenarios; i++) {
		const struct scenario *s = &p->spec.suite->scenarios[i];
		unsigned client = p->spec.client ? s->client & p->spec.client : s->client;
		if (!(s->tls & BIT(c.tls)) || !(s->negotiation & BIT(c.negotiation)) || !(s->http & BIT(c.http)) ||
		    !(client & BIT(c.client)) || !p->scopes[i].inner)
			continue;
		if (s->endpoint && c.endpoint && !text_equal(s->endpoint, c.endpoint->id))
			continue;
		*VEC_PUSH(p->segments, p->n_segments, b->cap_segments) =
			(struct segment){s, p->n_combinations, p->cells, p->scopes[i].inner};
		p->cells += p->scopes[i].inner;
	}
	c.n = p->cells - c.first;
	if (c.n)
		*VEC_PUSH(p->combinations, p->n_combinations, b->cap_combinations) = c;
}

/* Every endpoint of the target with this mode; one cell without an endpoint when there is none. */
static void add_endpoints(struct building *b, struct combination c)
{
	const struct target *t = b->plan->spec.target;
	size_t same = 0;
	for (size_t i = 0; i < t->n_endpoints; i++)
		same += t->endpoints[i].negotiation == c.negotiation;
	c.name_endpoint = same > 1;
	if (same == 0)
		add_combination(b, c);
	for (size_t i = 0; i < t->n_endpoints; i++) {
		if (t->endpoints[i].negotiation == c.negotiation) {
			c.endpoint = &t->endpoints[i];
			add_combination(b, c);
		}
	}
}

static void add_all(struct building *b)
{
	for (unsigned n = 0; n < NEGOTIATION__COUNT; n++)
		for (unsigned tls = 0; tls < TLS__COUNT; tls++)
			for (unsigned http = 0; http < HTTP__COUNT; http++)
				for (unsigned client = 0; client < CLIENT_KIND__COUNT; client++)
					add_endpoints(b, (struct combination){.tls = (enum tls)tls,
									      .negotiation = (enum negotiation)n,
									      .http = (enum http)http,
									      .client = (enum client_kind)client});
}

static enum rc something_selected(const struct plan *p, struct err *err)
{
	if (p->spec.n_select == 0 && p->spec.n_skip == 0)
		return RC_OK;
	for (uint64_t i = 0; i < p->cells; i++) {
		struct kase k;
		plan_case(p, i, &k);
		if (selection_takes(p->selection, &k))
			return RC_OK;
	}
	return err_set(err, RC_INPUT, "the selection matches no case: %s",
		       p->spec.n_select ? p->spec.select[0] : p->spec.skip[0]);
}

enum rc plan_make(struct arena *a, const struct plan_spec *spec, const struct plan **out, struct err *err)
{
	struct plan *p = ARENA_NEW(a, struct plan, 1);
	struct building b = {.arena = a, .plan = p};
	enum rc rc;
	p->spec = *spec;
	p->scopes = ARENA_NEW(a, struct scope, spec->suite->n_scenarios);
	for (size_t i = 0; i < spec->suite->n_scenarios; i++)
		make_scope(a, spec->suite, &spec->suite->scenarios[i], &p->scopes[i]);
	TRY(selection_parse(a, spec, &p->selection, err));
	add_all(&b);
	/* Grown in malloc memory, kept in the arena. */
	struct combination *combinations = p->combinations;
	struct segment *segments = p->segments;
	p->combinations = arena_memdup(a, combinations, p->n_combinations * sizeof *combinations);
	p->segments = arena_memdup(a, segments, p->n_segments * sizeof *segments);
	free(combinations);
	free(segments);
	*out = p;
	rc = something_selected(p, err);
out:
	return rc;
}

uint64_t plan_cells(const struct plan *p)
{
	return p->cells;
}

size_t plan_combinations(const struct plan *p)
{
	return p->n_combinations;
}

void plan_combination(const struct plan *p, size_t i, struct combination *out)
{
	*out = p->combinations[i];
}

size_t plan_segments(const struct plan *p, const struct segment **out)
{
	*out = p->segments;
	return p->n_segments;
}

uint64_t plan_order(const struct plan *p, const struct combination *c, uint64_t i, uint64_t n)
{
	return permute(i, n, p->spec.seed ? permute_mix(p->spec.seed ^ c->first) : 0);
}

static const struct segment *segment_of(const struct plan *p, uint64_t number)
{
	size_t low = 0, high = p->n_segments;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (p->segments[mid].first <= number)
			low = mid;
		else
			high = mid;
	}
	return &p->segments[low];
}

void plan_case(const struct plan *p, uint64_t number, struct kase *out)
{
	const struct segment *g = segment_of(p, number);
	const struct combination *c = &p->combinations[g->combination];
	const struct scenario *s = g->scenario;
	const struct scope *scope = &p->scopes[s - p->spec.suite->scenarios];
	uint64_t rest = number - g->first;
	*out = (struct kase){
		.number = number,
		.scenario = s,
		.tls = c->tls,
		.negotiation = c->negotiation,
		.http = c->http,
		.client = c->client,
		.endpoint = c->endpoint,
		.name_endpoint = c->name_endpoint,
	};
	for (size_t i = s->n_axes; i-- > 0;) {
		out->axis[i] = s->axes[i].values[rest % s->axes[i].n];
		rest /= s->axes[i].n;
	}
	if (scope->n_conditions)
		out->condition = scope->conditions[rest];
}

/* Where no minted certificate is trusted, only one that the user says is accepted can be the positive twin. */
static const struct condition *own_control(const struct suite *s)
{
	for (size_t i = 0; i < s->n_conditions; i++)
		if (s->conditions[i].own && s->conditions[i].decision == BIT(DECISION_ACCEPT))
			return &s->conditions[i];
	return suite_condition(s, "valid"); /* there is none: let the refusal of this one say so */
}

const struct condition *plan_control(const struct plan *p, const struct kase *k)
{
	if (p->spec.own_only && !(k->condition && k->condition->own && !k->condition->differs_from))
		return own_control(p->spec.suite);
	if (k->condition)
		return suite_condition(p->spec.suite, k->condition->differs_from);
	return suite_condition(p->spec.suite, "valid");
}

/* The default script and nothing else: what a control is. */
static const struct expect control_expect = {.as_condition = true};
static const struct scenario control_scenario = {
	.suite = "control",
	.id = "control",
	.title = "The positive twin",
	.severity = SEVERITY_HIGH,
	.conditions = "*",
	.default_script = true,
	.expects = &control_expect,
	.n_expects = 1,
	.client = BIT(CLIENT_WILLING),
};

void plan_control_case(const struct kase *k, const struct condition *condition, struct kase *out)
{
	*out = *k;
	memset(out->axis, 0, sizeof out->axis);
	out->scenario = &control_scenario;
	out->condition = condition;
}

/* The attribute of a step in this cell, or NULL; {axis} counts where it is the whole value, and is put into `key`. */
static const char *cell_word(const struct kase *k, const struct script_step *step, const char *attribute, char key[static 64])
{
	const char *value = NULL;
	for (size_t i = 0; i < step->n_attributes; i++)
		if (strcmp(step->attributes[i].name, attribute) == 0)
			value = step->attributes[i].value;
	size_t len = value ? strlen(value) : 0;
	if (len <= 2 || len >= 64 || value[0] != '{' || value[len - 1] != '}')
		return value;
	memcpy(key, value + 1, len - 2);
	key[len - 2] = '\0';
	return plan_value(k, key);
}

static bool is_known_name(const struct kase *k, const char *name)
{
	if (!name || strpbrk(name, ".:{")) /* a host or an address as it stands */
		return true;
	for (size_t i = 0; i < k->endpoint->n_names; i++)
		if (strcmp(k->endpoint->names[i].id, name) == 0)
			return true;
	return false;
}

/* The first connect name= or sni= that is none of the endpoint's names. */
static const char *missing_name(const struct kase *k)
{
	char key[64];
	for (size_t i = 0; i < k->scenario->n_steps; i++) {
		const struct script_step *step = &k->scenario->steps[i];
		if (step->verb != VERB_CONNECT)
			continue;
		const char *name = cell_word(k, step, "name", key);
		if (!is_known_name(k, name))
			return name;
		name = cell_word(k, step, "sni", key);
		if (!is_known_name(k, name) && strcmp(name, "none") != 0)
			return name;
	}
	return NULL;
}

/* What nobody's server elsewhere can have, whatever its target file declares; NULL: anything else. */
static const char *only_here(const char *word)
{
	if (strcmp(word, "tenants") == 0)
		return "the other tenant's anchor is made anew in each run, nobody else's server has it";
	if (strcmp(word, "reload") == 0)
		return "a server that somebody else runs is not ours to change";
	return NULL;
}

/* Finds the first word of `needs` that the target lacks. */
static bool is_lacking(const struct target *t, const char *needs, char word[static 64])
{
	while (text_word(&needs, word, 64))
		if (!text_has_word(t->has, word) || (t->remote && only_here(word)))
			return true;
	return false;
}

/* Does the cell need more than the target has: for its scenario, its condition, or one that its script shows? */
static bool lacks(const struct plan *p, const struct kase *k, char word[static 64])
{
	const struct target *t = p->spec.target;
	if (is_lacking(t, k->scenario->needs, word) || (k->condition && is_lacking(t, k->condition->needs, word)))
		return true;
	for (size_t i = 0; i < k->scenario->n_steps; i++) {
		char key[64];
		const struct condition *shown =
		    suite_condition(p->spec.suite, cell_word(k, &k->scenario->steps[i], "certificate", key));
		if (shown && is_lacking(t, shown->needs, word))
			return true;
	}
	return false;
}

static const char *unsupported(const struct plan *p, const struct kase *k)
{
	const struct target *t = p->spec.target;
	static char text[160];
	if (!(p->spec.http_built & BIT(k->http))) {
		snprintf(text, sizeof text, "built without HTTP/%s", http_text(k->http));
		return text;
	}
	if (!k->endpoint) {
		snprintf(text, sizeof text, "no endpoint with negotiation %s", negotiation_text(k->negotiation));
		return text;
	}
	unsigned tls = k->endpoint->tls ? k->endpoint->tls : t->tls;
	unsigned http = k->endpoint->http ? k->endpoint->http : t->http;
	if (!(tls & BIT(k->tls))) {
		snprintf(text, sizeof text, "target does not declare TLS %s", tls_text(k->tls));
		return text;
	}
	if (!(http & BIT(k->http))) {
		snprintf(text, sizeof text, "target does not declare HTTP/%s", http_text(k->http));
		return text;
	}
	if (t->remote && scenario_has_verb(k->scenario, VERB_STOP))
		return "a server that somebody else runs is not ours to stop";
	char word[64];
	if (lacks(p, k, word)) {
		if (text_has_word(t->has, word))
			snprintf(text, sizeof text, "%s: %s", word, only_here(word));
		else
			snprintf(text, sizeof text, "target does not declare the capability %s", word);
		return text;
	}
	const char *name = missing_name(k);
	if (name) {
		snprintf(text, sizeof text, "no name %s at the endpoint", name);
		return text;
	}
	return NULL;
}

const char plan_other_shard[] = "another shard accounts for it";

enum disposition plan_disposition(const struct plan *p, const struct kase *k, const char **reason, const char **clause)
{
	const struct suite *suite = p->spec.suite;
	*clause = NULL;
	*reason = plan_other_shard;
	if (!selection_in_shard(p->selection, k))
		return DISPOSITION_EXCLUDED;
	for (size_t i = 0; i < suite->n_impossibles; i++) {
		if (when_holds(&suite->impossibles[i].when, plan_value, k)) {
			*reason = suite->impossibles[i].reason;
			*clause = suite->impossibles[i].clause;
			return DISPOSITION_IMPOSSIBLE;
		}
	}
	*reason = unsupported(p, k);
	if (*reason)
		return DISPOSITION_UNSUPPORTED;
	*reason = selection_excludes(p->selection, k);
	return *reason ? DISPOSITION_EXCLUDED : DISPOSITION_RUN;
}

bool plan_uses(const struct plan *p, const struct endpoint *e)
{
	const char *reason, *clause;
	struct kase k;
	for (size_t i = 0; i < p->n_combinations; i++) {
		const struct combination *c = &p->combinations[i];
		if (c->endpoint != e)
			continue;
		for (uint64_t at = c->first; at < c->first + c->n; at++) {
			plan_case(p, at, &k);
			if (plan_disposition(p, &k, &reason, &clause) == DISPOSITION_RUN)
				return true;
		}
	}
	return false;
}

enum rc plan_find(const struct plan *p, const char *id, uint64_t *number, struct err *err)
{
	char mine[PLAN_ID_SIZE];
	size_t stem = strcspn(id, "[");
	for (size_t i = 0; i < p->n_segments; i++) {
		const struct segment *g = &p->segments[i];
		snprintf(mine, sizeof mine, "%s/%s", g->scenario->suite, g->scenario->id);
		if (strlen(mine) != stem || strncmp(mine, id, stem) != 0)
			continue;
		for (uint64_t n = g->first; n < g->first + g->n; n++) {
			struct kase k;
			plan_case(p, n, &k);
			plan_id(&k, mine);
			if (strcmp(mine, id) == 0) {
				*number = n;
				return RC_OK;
			}
		}
	}
	return err_set(err, RC_INPUT, "no case has the id %s; `mtlspec list` prints the ids", id);
}
