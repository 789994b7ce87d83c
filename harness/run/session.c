#include "harness/run/session.h"

#include "harness/base/fs.h"
#include "harness/pki/digest.h"
#include "harness/reference/reference.h"
#include "harness/run/discovered.h"

#include <string.h>

#define HTTP_BUILT (BIT(HTTP_1_0) | BIT(HTTP_1_1))
#define INPUT_MAX (8u << 20)

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* One digest over names and bytes of everything that was read, in a fixed order. */
static enum rc digest_files(struct session *s, struct err *err)
{
	enum rc rc = RC_OK;
	struct arena scratch = {0};
	struct buf all;
	buf_init(&all, (size_t)64 << 20);
	for (size_t i = 0; i < s->suite->n_files + s->n_targets; i++) {
		const char *path = i < s->suite->n_files ? s->suite->files[i] :
							   s->targets[i - s->suite->n_files].target->file;
		char *data = NULL;
		size_t len = 0;
		if (!path)
			continue;
		TRY(fs_read(&scratch, path, INPUT_MAX, &data, &len, err));
		char hex[DIGEST_HEX];
		digest_sha256(data, len, hex);
		buf_addf(&all, "%s %s\n", hex, base_name(path));
		arena_reset(&scratch);
	}
	digest_sha256(all.data ? all.data : "", all.len, s->digest);
out:
	buf_fini(&all);
	arena_fini(&scratch);
	return rc;
}

static const char *configuration(struct session *s, const struct session_target *t)
{
	struct buf b;
	buf_init(&b, 4096);
	if (t->variant)
		buf_addf(&b, "variant %s", t->variant->id);
	for (size_t i = 0; i < t->n_sets; i++)
		buf_addf(&b, "%s%s=%s", b.len ? ", " : "", t->sets[i].name, t->sets[i].value);
	const char *text = arena_strndup(&s->arena, b.data ? b.data : "", b.len);
	buf_fini(&b);
	return text;
}

static bool has_parameter(const struct target *t, const char *name)
{
	for (size_t i = 0; i < t->n_parameters; i++)
		if (strcmp(t->parameters[i].name, name) == 0)
			return true;
	return false;
}

static bool is_fault(const char *name)
{
	size_t n;
	const struct fault_row *rows = fault_rows(&n);
	while (n > 0 && strcmp(rows[n - 1].name, name) != 0)
		n--;
	return n > 0 || !*name;
}

/* --set and --fault, for the targets that know the parameter. */
static enum rc parameters(struct session *s, struct session_target *t, struct err *err)
{
	const struct options *o = s->options;
	struct parameter *sets = ARENA_NEW(&s->arena, struct parameter, o->n_sets + 1);
	for (size_t i = 0; i < o->n_sets; i++)
		if (has_parameter(t->target, o->sets[i].name))
			sets[t->n_sets++] = o->sets[i];
	if (o->fault && has_parameter(t->target, "fault") && !is_fault(o->fault))
		return err_set(err, RC_INPUT, "--fault %s: no such fault; `mtlspec serve --help` lists them", o->fault);
	if (o->fault && has_parameter(t->target, "fault"))
		sets[t->n_sets++] = (struct parameter){.name = "fault", .value = o->fault};
	else if (o->fault && s->n_targets == 1)
		return err_set(err, RC_INPUT, "--fault is for the reference server; target %s has no faults", t->name);
	t->sets = sets;
	return RC_OK;
}

static enum rc sets_are_known(const struct session *s, struct err *err)
{
	for (size_t i = 0; i < s->options->n_sets; i++) {
		bool known = false;
		for (size_t t = 0; t < s->n_targets; t++)
			known = known || has_parameter(s->targets[t].target, s->options->sets[i].name);
		if (!known)
			return err_set(err, RC_INPUT, "--set %s=...: no target has a parameter of that name",
				       s->options->sets[i].name);
	}
	return RC_OK;
}

/* --certificate FILE[,KEY] is an identity of every target. */
static const struct target *with_certificate(struct session *s, const struct target *t)
{
	const char *text = s->options->certificate;
	if (!text)
		return t;
	const char *comma = strchr(text, ',');
	struct identity *v = ARENA_NEW(&s->arena, struct identity, t->n_identities + 1);
	if (t->n_identities)
		memcpy(v, t->identities, t->n_identities * sizeof *v);
	v[t->n_identities] = (struct identity){
		.id = "cli",
		.certificate = comma ? arena_strndup(&s->arena, text, (size_t)(comma - text)) : text,
		.key = comma ? comma + 1 : text,
		.decision = BIT(DECISION_ACCEPT),
		.where = {"--certificate", 0},
	};
	struct target *copy = arena_memdup(&s->arena, t, sizeof *t);
	copy->identities = v;
	copy->n_identities++;
	return copy;
}

static enum rc make_plan(struct session *s, struct session_target *t, struct err *err)
{
	const struct options *o = s->options;
	struct plan_spec spec = {
		.suite = t->suite,
		.target = t->target,
		.select = o->select.v,
		.n_select = o->select.n,
		.skip = o->skip.v,
		.n_skip = o->skip.n,
		.client = o->client,
		.impact = o->has_impact	    ? o->impact :
			  t->target->remote ? IMPACT_HARMLESS :
					      IMPACT_HOSTILE,
		.http_built = HTTP_BUILT,
		.seed = s->seed,
		.shard = o->shard,
		.shards = o->shards,
		.quick = o->quick,
		.sample = o->sample,
		.own_only = t->target->remote && t->target->n_identities && !o->pki,
	};
	return plan_make(&s->arena, &spec, &t->plan, err);
}

/* --personality: the variant of that name, which says what the server is then and by which documents it is judged. */
static enum rc take_personality(struct session *s, struct session_target *t, struct err *err)
{
	const char *personality = s->options->personality;
	if (!personality || (!has_parameter(t->target, "personality") && s->n_targets > 1))
		return RC_OK;
	if (!has_parameter(t->target, "personality"))
		return err_set(err, RC_INPUT, "--personality is for the reference server; target %s has none", t->name);
	if (t->variant)
		return err_set(err, RC_INPUT, "--personality %s: target %s is a variant already", personality, t->name);
	t->name = arena_printf(&s->arena, "%s:%s", t->name, personality);
	return target_load(&s->arena, s->suite, t->name, &t->target, &t->variant, err);
}

static enum rc open_target(struct session *s, size_t i, struct err *err)
{
	enum rc rc;
	struct session_target *t = &s->targets[i];
	t->name = s->options->targets.v[i];
	t->index = (unsigned)i;
	const char *name = t->name;
	if (discovered_is_url(name))
		TRY(discovered_find(s, i, &name, err));
	TRY(target_load(&s->arena, s->suite, name, &t->target, &t->variant, err));
	TRY(take_personality(s, t, err));
	t->target = with_certificate(s, t->target);
	t->suite = suite_with_identities(&s->arena, s->suite, t->target);
	TRY(parameters(s, t, err));
	t->configuration = configuration(s, t);
	const char *profile = s->options->profile ? s->options->profile : t->target->profile;
	t->profile = suite_profile(s->suite, profile);
	if (profile && !t->profile)
		return err_set(err, RC_INPUT, "no profile is called %s", profile);
	rc = make_plan(s, t, err);
out:
	return rc;
}

/* What the command line names has to be there before anything is made; for a report it may have gone since. */
static enum rc named_files(struct session *s, struct err *err)
{
	const struct options *o = s->options;
	if (o->results)
		return RC_OK;
	if (o->pki && !fs_exists(arena_printf(&s->arena, "%s/ca.pem", o->pki)))
		return err_set(err, RC_INPUT, "--pki %s: it holds no PKI (no ca.pem); `mtlspec pki init %s` makes one", o->pki,
			       o->pki);
	for (const char *at = o->certificate; at;) {
		const char *comma = strchr(at, ',');
		const char *file = comma ? arena_strndup(&s->arena, at, (size_t)(comma - at)) : at;
		if (!fs_exists(file))
			return err_set(err, RC_INPUT, "--certificate %s: there is no file %s", o->certificate, file);
		at = comma ? comma + 1 : NULL;
	}
	return RC_OK;
}

static bool names_a_case(const struct pin *p, const struct session_target *t)
{
	for (uint64_t i = 0; p->cases && i < plan_cells(t->plan); i++) {
		struct kase k;
		char id[PLAN_ID_SIZE];
		plan_case(t->plan, i, &k);
		plan_id(&k, id);
		if (text_glob(p->cases, id))
			return true;
	}
	return !p->cases;
}

/* A pin for one of these targets that names no case, selected or not, is a slip or a leftover: said, not passed over. */
static enum rc pins_name_cases(const struct session *s, struct err *err)
{
	for (size_t i = 0; s->pins && i < s->pins->n; i++) {
		const struct pin *p = &s->pins->rows[i];
		bool ours = false, found = false;
		for (size_t t = 0; t < s->n_targets && !found; t++) {
			const struct session_target *target = &s->targets[t];
			if (p->target && !text_glob(p->target, target->target->id) && !text_glob(p->target, target->name))
				continue;
			ours = true;
			found = names_a_case(p, target);
		}
		if (ours && !found)
			return err_at(err, RC_INPUT, p->where.file, p->where.line, "no case has the id %s", p->cases);
	}
	return RC_OK;
}

enum rc session_open(struct session *s, const struct options *o, const char *program, time_t now, uint64_t seed,
		     struct err *err)
{
	enum rc rc;
	*s = (struct session){.options = o, .program = program, .now = now, .seed = seed, .n_targets = o->targets.n};
	struct suite_spec spec = {.extra = o->suites.v, .n_extra = o->suites.n};
	TRY(named_files(s, err));
	TRY(suite_find_dir(&s->arena, program, &spec.dir, err));
	TRY(suite_load(&s->arena, &spec, &s->suite, err));
	s->targets = ARENA_NEW(&s->arena, struct session_target, s->n_targets);
	for (size_t i = 0; i < s->n_targets; i++)
		TRY(open_target(s, i, err));
	TRY(sets_are_known(s, err));
	TRY(digest_files(s, err));
	if (o->known_failures)
		TRY(pins_load(&s->arena, o->known_failures, &s->pins, err));
	if (!o->results && !o->client) /* of other clients the plan has no cells */
		rc = pins_name_cases(s, err);
out:
	if (rc == RC_ABSENT)
		rc = RC_INPUT; /* a file that was named and is not there is a wrong word */
	if (rc != RC_OK)
		session_close(s);
	return rc;
}

void session_close(struct session *s)
{
	rundir_close(&s->fresh);
	arena_fini(&s->arena);
	*s = (struct session){0};
}

static enum rc prepare_one(struct forge *f, const struct condition *c, bool *done, const struct suite *suite,
			   struct err *err)
{
	if (!c || c->none || done[c - suite->conditions])
		return RC_OK;
	done[c - suite->conditions] = true;
	return forge_prepare(f, c, err);
}

/* Conditions that a script names itself: certificate="valid", or {axis} whose value in this cell is one. */
static enum rc prepare_script(struct forge *f, const struct kase *k, bool *done, const struct suite *suite,
			      struct err *err)
{
	enum rc rc = RC_OK;
	struct arena scratch = {0};
	const struct scenario *s = k->scenario;
	for (size_t i = 0; i < s->n_steps; i++)
		for (size_t j = 0; j < s->steps[i].n_attributes; j++) {
			if (strcmp(s->steps[i].attributes[j].name, "certificate") != 0)
				continue;
			const char *id = value_expand(&scratch, s->steps[i].attributes[j].value, plan_value, k);
			TRY(prepare_one(f, suite_condition(suite, id), done, suite, err));
		}
out:
	arena_fini(&scratch);
	return rc;
}

enum rc session_prepare(const struct session_target *t, struct forge *f, struct err *err)
{
	enum rc rc = RC_OK;
	struct arena scratch = {0};
	bool *done = ARENA_NEW(&scratch, bool, t->suite->n_conditions + 1);
	const struct segment *segments;
	size_t n = plan_segments(t->plan, &segments);
	for (size_t i = 0; i < n; i++) {
		for (uint64_t at = 0; at < segments[i].n; at++) {
			struct kase k;
			const char *reason, *clause;
			plan_case(t->plan, segments[i].first + at, &k);
			if (plan_disposition(t->plan, &k, &reason, &clause) != DISPOSITION_RUN)
				continue;
			TRY(prepare_one(f, k.condition, done, t->suite, err));
			TRY(prepare_one(f, plan_control(t->plan, &k), done, t->suite, err));
			if (!k.scenario->default_script)
				TRY(prepare_script(f, &k, done, t->suite, err));
		}
	}
out:
	arena_fini(&scratch);
	return rc;
}

static uint32_t first_of(uint32_t a, uint32_t b, uint32_t c)
{
	return a ? a : b ? b : c;
}

struct job_deadlines session_deadlines(const struct session *s, const struct session_target *t)
{
	uint32_t timeout = s->options->timeout_ms;
	const struct limits *l = &t->target->limits;
	struct job_deadlines d = {
		.connect_ms = first_of(timeout, l->connect_ms, 5000),
		.handshake_ms = first_of(timeout, l->handshake_ms, 10000),
		.response_ms = first_of(timeout, l->response_ms, 10000),
	};
	d.budget_ms = first_of(l->budget_ms, 0, 2 * (d.connect_ms + d.handshake_ms + d.response_ms));
	return d;
}

uint32_t session_longest_wait(const struct session_target *t)
{
	enum { BY_AXIS_MS = 60000 }; /* a value that the cell decides */
	uint32_t longest = 0;
	for (size_t i = 0; i < t->suite->n_scenarios; i++) {
		const struct scenario *s = &t->suite->scenarios[i];
		uint32_t sum = 0, ms;
		for (size_t k = 0; k < s->n_steps; k++)
			for (size_t n = 0; n < s->steps[k].n_attributes; n++)
				if (s->steps[k].verb == VERB_WAIT && strcmp(s->steps[k].attributes[n].name, "ms") == 0)
					sum += wait_parse(s->steps[k].attributes[n].value, &ms) ? ms : BY_AXIS_MS;
		longest = sum > longest ? sum : longest;
	}
	return longest;
}
