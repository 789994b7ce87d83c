#include "harness/run/options.h"

#include "harness/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum row {
	ROW_TARGET,
	ROW_SUITE,
	ROW_PROFILE,
	ROW_SELECT,
	ROW_SKIP,
	ROW_QUICK,
	ROW_CLIENT,
	ROW_CERTIFICATE,
	ROW_PKI,
	ROW_SET,
	ROW_IMPACT,
	ROW_JOBS,
	ROW_IN_FLIGHT,
	ROW_RATE,
	ROW_TIMEOUT,
	ROW_REPEAT,
	ROW_SHARD,
	ROW_SEED,
	ROW_OUT,
	ROW_BASELINE,
	ROW_KNOWN,
	ROW_FAIL_ON,
	ROW_STRICT,
	ROW_RESUME,
	ROW_FAULT,
	ROW_PERSONALITY,
	ROW_NULL,
	ROW_STATS,
	ROW_CELLS,
	ROW__COUNT
};

static const struct opt table[] = {
	[ROW_TARGET] = {"target", 't', "NAME|FILE|URL", "what to test; may be repeated (default: reference)"},
	[ROW_SUITE] = {"suite", 0, "FILE|DIR", "scenarios, conditions or profiles from outside; may be repeated"},
	[ROW_PROFILE] = {"profile", 0, "ID", "judge by this product's dialect instead of the target's own"},
	[ROW_SELECT] = {"select", 's', "S", "case ids (* and ?) or axis=value,axis=value; may be repeated"},
	[ROW_SKIP] = {"skip", 0, "S", "the same, to leave out"},
	[ROW_QUICK] = {"quick", 'q', NULL, "the newest TLS and HTTP version of each scenario only"},
	[ROW_CLIENT] = {"client", 0, "KIND", "willing or browser"},
	[ROW_CERTIFICATE] = {"certificate", 0, "FILE[,KEY]", "your own client certificate, PEM; used read-only"},
	[ROW_PKI] = {"pki", 0, "DIR", "a lasting PKI made by `mtlspec pki init`, which the target trusts"},
	[ROW_SET] = {"set", 0, "NAME=VALUE", "a parameter of the target (program, wrapper, depth ...)"},
	[ROW_IMPACT] = {"impact", 0, "I", "harmless, load, state or hostile: the most that cases may do"},
	[ROW_JOBS] = {"jobs", 'j', "N", "busy workers (default 8); 0 runs every case in this process"},
	[ROW_IN_FLIGHT] = {"in-flight", 0, "N", "connections at once, whatever they do"},
	[ROW_RATE] = {"rate", 0, "R", "connections a second"},
	[ROW_TIMEOUT] = {"timeout", 0, "T", "deadline of handshake and response, such as 2s or 500ms"},
	[ROW_REPEAT] = {"repeat", 0, "N", "run every case N times"},
	[ROW_SHARD] = {"shard", 0, "K/N|auto", "the K-th of N parts; auto reads the CI system's variables"},
	[ROW_SEED] = {"seed", 0, "N", "order of cases and serial numbers (default: from the clock; 0: plan order)"},
	[ROW_OUT] = {"out", 'o', "DIR", "where results go (default mtlspec-out; an older run is moved aside)"},
	[ROW_BASELINE] = {"baseline", 0, "FILE", "compare with an earlier results.xml at the end"},
	[ROW_KNOWN] = {"known-failures", 0, "FILE", "verdicts that are pinned, with reason and date"},
	[ROW_FAIL_ON] = {"fail-on", 0, "SEVERITY", "low, medium, high or critical: the least that fails (default low)"},
	[ROW_STRICT] = {"strict", 0, NULL, "deviations and flaky cases fail too"},
	[ROW_RESUME] = {"resume", 0, NULL, "go on from the journal in --out"},
	[ROW_FAULT] = {"fault", 0, "NAME", "make the reference server wrong in one way"},
	[ROW_PERSONALITY] = {"personality", 0, "NAME", "let the reference server react as a product is documented to"},
	[ROW_NULL] = {"null-transport", 0, NULL, "make no connection: measures the harness, says nothing of a server"},
	[ROW_STATS] = {"stats", 0, NULL, "print what the run cost"},
	[ROW_CELLS] = {"junit-cells", 0, "WHICH", "all: one JUnit entry for each cell that did not run"},
};

struct context {
	struct arena *arena;
	struct options *o;
};

static enum rc add_word(struct words *w, const char *name, const char *text, struct err *err)
{
	if (w->n == OPTIONS_MAX)
		return err_set(err, RC_INPUT, "more than %d times --%s", OPTIONS_MAX, name);
	w->v[w->n++] = text;
	return RC_OK;
}

static enum rc number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out, struct err *err)
{
	if (!text_u64(text, min, max, out))
		return err_set(err, RC_INPUT, "--%s %s: want a number from %llu to %llu", name, text,
			       (unsigned long long)min, (unsigned long long)max);
	return RC_OK;
}

static enum rc small(const char *name, const char *text, uint64_t min, uint64_t max, unsigned *out, bool *has,
		     struct err *err)
{
	uint64_t v = 0;
	enum rc rc = number(name, text, min, max, &v, err);
	*out = (unsigned)v;
	*has = true;
	return rc;
}

static enum rc add_set(struct context *c, const char *text, struct err *err)
{
	struct options *o = c->o;
	const char *equal = strchr(text, '=');
	if (!equal || equal == text)
		return err_set(err, RC_INPUT, "--set %s: want NAME=VALUE", text);
	if (o->n_sets == OPTIONS_MAX)
		return err_set(err, RC_INPUT, "more than %d times --set", OPTIONS_MAX);
	o->sets[o->n_sets++] = (struct parameter){.name = arena_strndup(c->arena, text, (size_t)(equal - text)),
						  .value = equal + 1};
	return RC_OK;
}

/*
 * Index and total from the CI system (junit.md 7.4).  An index without its total, or one out of range, is an error:
 * never run everything by accident.
 */
static const struct {
	const char *index, *total;
	unsigned base;
} shard_variables[] = {
	{"TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", 0},
	{"GTEST_SHARD_INDEX", "GTEST_TOTAL_SHARDS", 0},
	{"CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
	{"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
	{"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},
	{"BITBUCKET_PARALLEL_STEP", "BITBUCKET_PARALLEL_STEP_COUNT", 0},
	{"SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1},
};

static enum rc shard_auto(struct options *o, struct err *err)
{
	for (size_t i = 0; i < sizeof shard_variables / sizeof *shard_variables; i++) {
		const char *index = clock_env(shard_variables[i].index), *total = clock_env(shard_variables[i].total);
		unsigned base = shard_variables[i].base;
		uint64_t k, n;
		/* Outside Bazel and GitLab, Knapsack-style set-ups count CI_NODE_INDEX from 0. */
		if (strcmp(shard_variables[i].index, "CI_NODE_INDEX") == 0 && !clock_env("GITLAB_CI"))
			base = 0;
		if (!index)
			continue;
		if (!total || !text_u64(total, 1, 10000, &n) || !text_u64(index, base, n - 1 + base, &k))
			return err_set(err, RC_INPUT, "--shard auto: %s=%s with %s=%s is no part of a whole",
				       shard_variables[i].index, index, shard_variables[i].total, total ? total : "");
		o->shard = (unsigned)(k - base + 1);
		o->shards = (unsigned)n;
		return RC_OK;
	}
	return err_set(err, RC_INPUT, "--shard auto: none of the CI variables is set; give K/N");
}

static enum rc shard(struct options *o, const char *text, struct err *err)
{
	char part[16];
	const char *slash = strchr(text, '/');
	uint64_t k, n;
	o->shard_text = text;
	if (strcmp(text, "auto") == 0)
		return shard_auto(o, err);
	if (!slash || (size_t)(slash - text) >= sizeof part)
		return err_set(err, RC_INPUT, "--shard %s: want K/N or auto", text);
	memcpy(part, text, (size_t)(slash - text));
	part[slash - text] = '\0';
	if (!text_u64(slash + 1, 1, 10000, &n) || !text_u64(part, 1, n, &k))
		return err_set(err, RC_INPUT, "--shard %s: want K/N with 1 <= K <= N", text);
	o->shard = (unsigned)k;
	o->shards = (unsigned)n;
	return RC_OK;
}

static enum rc timeout(struct options *o, const char *text, struct err *err)
{
	if (!text_millis(text, &o->timeout_ms) || o->timeout_ms == 0)
		return err_set(err, RC_INPUT, "--timeout %s: want a duration such as 500ms, 2s or 1m", text);
	return RC_OK;
}

static enum rc word_of(const char *name, bool known, const char *text, const char *words, struct err *err)
{
	return known ? RC_OK : err_set(err, RC_INPUT, "--%s %s: want one of: %s", name, text, words);
}

/* Switches; false for a row that has an argument. */
static bool take_switch(struct options *o, enum row row)
{
	bool *const switches[ROW__COUNT] = {
		[ROW_QUICK] = &o->quick,   [ROW_STRICT] = &o->strict, [ROW_RESUME] = &o->resume,
		[ROW_NULL] = &o->null_transport, [ROW_STATS] = &o->stats,
	};
	if (switches[row])
		*switches[row] = true;
	return switches[row] != NULL;
}

/* Rows whose argument is kept as it is. */
static bool take_text(struct options *o, enum row row, const char *text)
{
	const char **const texts[ROW__COUNT] = {
		[ROW_PROFILE] = &o->profile, [ROW_CERTIFICATE] = &o->certificate,  [ROW_PKI] = &o->pki,
		[ROW_OUT] = &o->out,	     [ROW_BASELINE] = &o->baseline,	   [ROW_FAULT] = &o->fault,
		[ROW_KNOWN] = &o->known_failures, [ROW_PERSONALITY] = &o->personality,
	};
	if (texts[row])
		*texts[row] = text;
	return texts[row] != NULL;
}

static enum rc client(struct options *o, const char *text, struct err *err)
{
	enum client_kind kind;
	if (!client_kind_parse(text, &kind))
		return word_of("client", false, text, client_kind_words(), err);
	o->client |= BIT(kind);
	return RC_OK;
}

static enum rc take(void *context, int index, const char *text, struct err *err)
{
	struct context *c = context;
	struct options *o = c->o;
	enum row row = (enum row)index;
	const char *name = table[index].name;
	if (text && !*text)
		return err_set(err, RC_INPUT, "--%s: an empty word", name);
	if (take_switch(o, row) || take_text(o, row, text))
		return RC_OK;
	if (row == ROW_TARGET)
		return add_word(&o->targets, name, text, err);
	if (row == ROW_SUITE)
		return add_word(&o->suites, name, text, err);
	if (row == ROW_SELECT)
		return add_word(&o->select, name, text, err);
	if (row == ROW_SKIP)
		return add_word(&o->skip, name, text, err);
	if (row == ROW_CLIENT)
		return client(o, text, err);
	if (row == ROW_SET)
		return add_set(c, text, err);
	if (row == ROW_JOBS)
		return small(name, text, 0, 256, &o->jobs, &o->has_jobs, err);
	if (row == ROW_IN_FLIGHT)
		return small(name, text, 1, 512, &o->in_flight, &o->has_in_flight, err);
	if (row == ROW_RATE)
		return small(name, text, 1, 100000, &o->rate, &o->has_rate, err);
	if (row == ROW_TIMEOUT)
		return timeout(o, text, err);
	if (row == ROW_REPEAT)
		return number(name, text, 1, 100000000, &o->repeat, err);
	if (row == ROW_SHARD)
		return shard(o, text, err);
	if (row == ROW_FAIL_ON)
		return word_of(name, severity_parse(text, &o->fail_on), text, severity_words(), err);
	o->has_impact = o->has_impact || row == ROW_IMPACT;
	if (row == ROW_IMPACT)
		return word_of(name, impact_parse(text, &o->impact), text, impact_words(), err);
	o->every_cell = o->every_cell || row == ROW_CELLS;
	if (row == ROW_CELLS)
		return word_of(name, strcmp(text, "all") == 0, text, "all", err);
	o->has_seed = true;
	return number(name, text, 0, UINT64_MAX, &o->seed, err);
}

static bool same_words(const struct words *a, const struct words *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->v[i], b->v[i]) == 0;
	return same;
}

static bool same_sets(const struct options *a, const struct options *b)
{
	bool same = a->n_sets == b->n_sets;
	for (size_t i = 0; same && i < a->n_sets; i++)
		same = strcmp(a->sets[i].name, b->sets[i].name) == 0 && strcmp(a->sets[i].value, b->sets[i].value) == 0;
	return same;
}

const char *options_differ(const struct options *a, const struct options *b)
{
	const struct {
		enum row row;
		bool same;
	} rows[] = {
		{ROW_TARGET, same_words(&a->targets, &b->targets)},
		{ROW_SUITE, same_words(&a->suites, &b->suites)},
		{ROW_PROFILE, text_equal(a->profile, b->profile)},
		{ROW_SELECT, same_words(&a->select, &b->select)},
		{ROW_SKIP, same_words(&a->skip, &b->skip)},
		{ROW_QUICK, a->quick == b->quick},
		{ROW_CLIENT, a->client == b->client},
		{ROW_CERTIFICATE, text_equal(a->certificate, b->certificate)},
		{ROW_PKI, text_equal(a->pki, b->pki)},
		{ROW_SET, same_sets(a, b)},
		{ROW_IMPACT, a->has_impact == b->has_impact && a->impact == b->impact},
		{ROW_REPEAT, a->repeat == b->repeat},
		{ROW_SHARD, a->shard == b->shard && a->shards == b->shards},
		{ROW_FAULT, text_equal(a->fault, b->fault)},
		{ROW_PERSONALITY, text_equal(a->personality, b->personality)},
		{ROW_NULL, a->null_transport == b->null_transport},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!rows[i].same)
			return table[rows[i].row].name;
	return NULL;
}

enum rc options_parse(struct arena *a, int argc, char **argv, const char *usage, struct options *out, int *rest,
		      struct err *err)
{
	struct context c = {a, out};
	*out = (struct options){.argc = argc, .argv = argv, .repeat = 1, .jobs = 8, .fail_on = SEVERITY_LOW};
	enum rc rc = opt_parse(argc, argv, usage, table, ROW__COUNT, take, &c, rest, err);
	if (rc == RC_OK && out->targets.n == 0)
		out->targets.v[out->targets.n++] = "reference";
	return rc;
}
