#include "harness/plan/select.h"

#include <stdio.h>
#include <string.h>

struct rule {
	const char *pattern; /* of ids; NULL: the terms decide */
	struct when terms;
};

struct selection {
	const struct plan_spec *spec;
	struct rule *select, *skip;
};

static enum rc parse_rule(struct arena *a, const char *text, struct rule *out, struct err *err)
{
	if (!*text)
		return err_set(err, RC_INPUT, "an empty selection");
	if (strchr(text, '/') || strchr(text, '[') || !strchr(text, '=')) {
		out->pattern = text;
		return RC_OK;
	}
	size_t n = 1;
	for (const char *p = text; *p; p++)
		n += *p == ',';
	struct when_term *terms = ARENA_NEW(a, struct when_term, n);
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(text, ",");
		const char *equal = memchr(text, '=', len);
		if (!equal || equal == text)
			return err_set(err, RC_INPUT, "selection \"%.*s\": want axis=value", (int)len, text);
		terms[i].key = arena_strndup(a, text, (size_t)(equal - text));
		terms[i].pattern = arena_strndup(a, equal + 1, len - (size_t)(equal + 1 - text));
		text += len + 1;
	}
	out->terms = (struct when){terms, n};
	return RC_OK;
}

/* A misspelt axis would match nothing and say nothing: every key must be known to some scenario. */
static enum rc check_keys(const struct suite *suite, const struct when *w, struct err *err)
{
	static const char *const fixed[] = {"tls",	"negotiation", "http",	   "client", "condition",
					    "endpoint", "scenario",    "suite",	   "severity", "impact"};
	for (size_t i = 0; i < w->n; i++) {
		bool known = text_index(fixed, sizeof fixed / sizeof *fixed, w->terms[i].key) >= 0;
		for (size_t s = 0; !known && s < suite->n_scenarios; s++)
			for (size_t x = 0; x < suite->scenarios[s].n_axes; x++)
				known = known || text_equal(suite->scenarios[s].axes[x].name, w->terms[i].key);
		if (!known)
			return err_set(err, RC_INPUT, "selection: no axis is called \"%s\"; there are %s and those of scenarios", w->terms[i].key,
				       "tls, negotiation, http, client, condition, endpoint, scenario, suite, severity, impact");
	}
	return RC_OK;
}

static enum rc parse_rules(struct arena *a, const struct plan_spec *spec, const char *const *texts, size_t n,
			   struct rule **out, struct err *err)
{
	enum rc rc = RC_OK;
	*out = ARENA_NEW(a, struct rule, n + 1);
	for (size_t i = 0; i < n; i++) {
		TRY(parse_rule(a, texts[i], &(*out)[i], err));
		TRY(check_keys(spec->suite, &(*out)[i].terms, err));
	}
out:
	return rc;
}

enum rc selection_parse(struct arena *a, const struct plan_spec *spec, struct selection **out, struct err *err)
{
	enum rc rc;
	struct selection *s = ARENA_NEW(a, struct selection, 1);
	s->spec = arena_memdup(a, spec, sizeof *spec);
	if (spec->shards && (spec->shard < 1 || spec->shard > spec->shards))
		return err_set(err, RC_INPUT, "shard %u of %u does not exist", spec->shard, spec->shards);
	TRY(parse_rules(a, spec, spec->select, spec->n_select, &s->select, err));
	TRY(parse_rules(a, spec, spec->skip, spec->n_skip, &s->skip, err));
	*out = s;
out:
	return rc;
}

static bool rule_holds(const struct rule *r, const struct kase *k)
{
	if (!r->pattern)
		return when_holds(&r->terms, plan_value, k);
	char id[PLAN_ID_SIZE], stem[PLAN_ID_SIZE];
	plan_id(k, id);
	snprintf(stem, sizeof stem, "%s/%s", k->scenario->suite, k->scenario->id);
	return text_glob(r->pattern, id) || text_glob(r->pattern, stem) || text_glob(r->pattern, k->scenario->id) ||
	       text_glob(r->pattern, k->scenario->suite) || text_equal(k->scenario->formerly, r->pattern);
}

bool selection_takes(const struct selection *s, const struct kase *k)
{
	bool in = s->spec->n_select == 0;
	for (size_t i = 0; !in && i < s->spec->n_select; i++)
		in = rule_holds(&s->select[i], k);
	for (size_t i = 0; in && i < s->spec->n_skip; i++)
		in = !rule_holds(&s->skip[i], k);
	return in;
}

static unsigned highest(unsigned mask)
{
	unsigned at = 0;
	while (mask >>= 1)
		at++;
	return at;
}

/* The newest that scenario, target and build share; HTTP/1.1 before 1.0. */
static bool is_newest_tls(const struct plan_spec *spec, const struct kase *k)
{
	return (unsigned)k->tls == highest(k->scenario->tls & spec->target->tls);
}

static bool is_newest_http(const struct plan_spec *spec, const struct kase *k)
{
	return (unsigned)k->http == highest(k->scenario->http & spec->target->http & spec->http_built);
}

static bool is_sampled(const struct plan_spec *spec, const struct kase *k)
{
	const struct plan_sample *s = spec->sample;
	const struct scenario *of = k->scenario;
	/* A mode that exists in one version alone has no other to be spared for. */
	bool late = k->negotiation == NEGOTIATION_RENEGOTIATION || k->negotiation == NEGOTIATION_POST_HANDSHAKE;
	if (s->scenarios && !s->scenarios[of - spec->suite->scenarios])
		return false;
	if ((s->newest_tls && !late && !is_newest_tls(spec, k)) || (s->newest_http && !is_newest_http(spec, k)))
		return false;
	if (!scenario_runs_every_condition(of))
		return true;
	return (!s->negotiation || (s->negotiation & BIT(k->negotiation))) &&
	       (!s->conditions || text_glob_any(s->conditions, k->condition->id));
}

bool selection_in_shard(const struct selection *s, const struct kase *k)
{
	char id[PLAN_ID_SIZE];
	if (!s->spec->shards)
		return true;
	plan_id(k, id);
	return text_hash(id, strlen(id), 0) % s->spec->shards == s->spec->shard - 1;
}

const char *selection_excludes(const struct selection *s, const struct kase *k)
{
	if (!selection_takes(s, k))
		return "not selected";
	if (k->scenario->impact > s->spec->impact)
		return "its impact is above what --impact allows";
	if (s->spec->own_only && k->condition && !k->condition->own && !k->condition->none)
		return "the target is not known to trust a CA of ours (--pki)";
	if (s->spec->own_only && !k->condition && !k->scenario->default_script)
		return "the target is not known to trust a CA of ours (--pki)";
	if (s->spec->quick && !(is_newest_tls(s->spec, k) && is_newest_http(s->spec, k)))
		return "--quick takes the newest versions only";
	if (s->spec->sample && !is_sampled(s->spec, k))
		return "not in the sample";
	return NULL;
}
