#include "harness/run/render.h"

#include "harness/base/clock.h"
#include "harness/run/exec.h"
#include "harness/run/index.h"
#include "harness/run/meta.h"
#include "harness/run/reach.h"
#include "harness/run/recipe.h"
#include "harness/run/run.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_RUNS 512 /* repetitions shown one by one; the rest are counted */
#define KEEP_REASONS 64

/* One run of the case at hand, with the memory that holds it. */
struct slot {
	struct arena arena;
	struct journal_record record;
	struct judgement judgement;
	bool replay;
};

struct cells_row {
	enum disposition disposition;
	const char *reason, *clause;
	uint64_t n;
};

struct rendering {
	const struct render_spec *spec;
	struct session *session;
	struct index index;
	struct journal_reader reader;
	struct report_meta meta;
	struct report_target target;
	const struct session_target *at; /* the target at hand */
	struct judge_context judge;
	struct slot *slots;
	struct report_run *runs;
	size_t n_runs;
	uint64_t verdict_runs[VERDICT__COUNT]; /* of the case at hand, repetitions only */
	uint64_t total_runs;
	struct cells_row cells[KEEP_REASONS];
	size_t n_cells;
	struct arena scenario_arena;
	struct reach reach;
	struct report_totals *totals;
	char today[32];
	struct err *err, unwritten; /* the second: of reports */
};

static int exit_worse(struct rendering *r, int code)
{
	if (code != 1)
		r->totals->exit_besides = judge_exit_worse(r->totals->exit_besides, code);
	return r->totals->exit_code = judge_exit_worse(r->totals->exit_code, code);
}

/* A full disk takes results.xml; the console can still say what it would have said. */
static void told(struct rendering *r, struct reporter *reporter, enum rc rc)
{
	if (rc == RC_OK)
		return;
	reporter->failed = true;
	r->totals->unwritten = r->unwritten.text;
	exit_worse(r, 3);
}

#define TELL(r, member, ...)                                                                                    \
	do {                                                                                                    \
		for (size_t i_ = 0; i_ < (r)->spec->n_reporters; i_++) {                                        \
			struct reporter *rep_ = &(r)->spec->reporters[i_];                                      \
			if (rep_->ops->member && !rep_->failed)                                                 \
				told((r), rep_, rep_->ops->member(rep_, __VA_ARGS__, &(r)->unwritten));         \
		}                                                                                               \
	} while (0)

/* ---- cells that did not run ---- */

static void count_cell(struct rendering *r, enum disposition d, const char *reason, const char *clause)
{
	r->totals->not_run[d]++;
	for (size_t i = 0; i < r->n_cells; i++) {
		struct cells_row *row = &r->cells[i];
		if (row->disposition == d && strcmp(row->reason, reason) == 0 && text_equal(row->clause, clause)) {
			row->n++;
			return;
		}
	}
	if (r->n_cells == KEEP_REASONS) {
		r->cells[KEEP_REASONS - 1].n++;
		return;
	}
	r->cells[r->n_cells++] = (struct cells_row){d, arena_strdup(&r->scenario_arena, reason),
						    arena_strdup(&r->scenario_arena, clause), 1};
}

static void tell_cells(struct rendering *r, const struct scenario *s)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		struct report_cells c = {
			.target = &r->target,
			.scenario = s,
			.disposition = r->cells[i].disposition,
			.reason = r->cells[i].reason,
			.clause = r->cells[i].clause,
			.n = r->cells[i].n,
		};
		for (size_t k = 0; k < r->spec->n_reporters; k++) {
			struct reporter *rep = &r->spec->reporters[k];
			if (rep->ops->cells && !rep->every_cell && !rep->failed)
				told(r, rep, rep->ops->cells(rep, &c, &r->unwritten));
		}
	}
	r->n_cells = 0;
	arena_reset(&r->scenario_arena);
}

static void tell_one_cell(struct rendering *r, const struct kase *k, enum disposition d, const char *reason,
			  const char *clause)
{
	char id[PLAN_ID_SIZE];
	plan_id(k, id);
	struct report_cells c = {&r->target, k->scenario, d, reason, clause, 1, k, id};
	for (size_t i = 0; i < r->spec->n_reporters; i++) {
		struct reporter *rep = &r->spec->reporters[i];
		if (rep->ops->cells && rep->every_cell && !rep->failed)
			told(r, rep, rep->ops->cells(rep, &c, &r->unwritten));
	}
}

/* ---- one case ---- */

static int32_t control_index(const struct rendering *r, const struct kase *k)
{
	const struct condition *c = plan_control(r->at->plan, k);
	return c ? (int32_t)(c - r->at->suite->conditions) : -1;
}

static enum rc judge_at(struct rendering *r, const struct kase *k, uint64_t offset, bool replay, struct slot *s)
{
	enum rc rc;
	arena_reset(&s->arena);
	TRY(journal_at(&r->reader, offset, &s->arena, &s->record, r->err));
	s->replay = replay;
	r->judge.identities = s->record.identities;
	r->judge.n_identities = s->record.n_identities;
	enum control_state control =
		index_control(&r->index, r->at->index, s->record.group, control_index(r, k), replay);
	judge(&s->arena, k, &r->judge, control, &s->record.observation, &s->judgement);
out:
	return rc;
}

/* Keeps the slot as one of the runs that reports show, or recycles it. */
static void keep(struct rendering *r, struct slot *s)
{
	if (r->n_runs >= KEEP_RUNS)
		return;
	r->runs[r->n_runs++] = (struct report_run){
		.repetition = s->record.repetition,
		.judgement = &s->judgement,
		.observation = &s->record.observation,
		.started = (time_t)s->record.at,
	};
}

/* All repetitions; *worst is the slot that decides among them. */
static enum rc read_repetitions(struct rendering *r, const struct kase *k, struct slot **worst)
{
	enum rc rc = RC_OK;
	const struct index_target *it = &r->index.targets[r->at->index];
	uint64_t repeat = r->session->options->repeat;
	size_t spare = KEEP_RUNS + 1; /* beyond what is kept, one slot holds the worst and one the run at hand */
	for (uint64_t i = 0; i < repeat; i++) {
		uint64_t offset = it->offsets[k->number * repeat + i];
		if (!offset)
			continue;
		struct slot *s = r->n_runs < KEEP_RUNS ? &r->slots[r->n_runs] : &r->slots[spare];
		TRY(judge_at(r, k, offset - 1, false, s));
		r->verdict_runs[s->judgement.verdict]++;
		r->total_runs++;
		bool kept = r->n_runs < KEEP_RUNS;
		keep(r, s);
		if (!*worst || s->judgement.verdict > (*worst)->judgement.verdict) {
			*worst = s;
			if (!kept)
				spare = spare == KEEP_RUNS + 1 ? KEEP_RUNS + 2 : KEEP_RUNS + 1;
		}
	}
out:
	return rc;
}

struct replays {
	unsigned runs, same;
	struct slot *alone;
};

static enum rc read_replays(struct rendering *r, const struct kase *k, enum verdict first, struct replays *out)
{
	enum rc rc = RC_OK;
	const struct index_target *it = &r->index.targets[r->at->index];
	struct index_replay *v = it->replays;
	size_t low = 0, high = it->n_replays;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (v[mid].number < k->number)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i < it->n_replays && v[i].number == k->number; i++) {
		struct slot *s = r->n_runs < KEEP_RUNS ? &r->slots[r->n_runs] : &r->slots[KEEP_RUNS + 3];
		TRY(judge_at(r, k, v[i].offset, true, s));
		keep(r, s);
		/* With nothing beside it; that the target died of it once is said, however often it lived. */
		if (v[i].repetition == RUN_ALONE || s->judgement.verdict == VERDICT_CRASH)
			out->alone = s;
		if (s->judgement.verdict == VERDICT_CRASH)
			break;
		if (v[i].repetition == RUN_ALONE)
			continue;
		/* One whose own control was refused, or that the harness lost, says nothing. */
		if (s->judgement.verdict == VERDICT_INCONCLUSIVE || s->judgement.verdict == VERDICT_BROKEN)
			continue;
		out->runs++;
		out->same += s->judgement.verdict == first;
	}
out:
	return rc;
}

static const char *flaky_sentence(struct rendering *r, struct slot *s, const struct replays *replays)
{
	enum verdict v = s->judgement.verdict;
	if (!run_is_unexpected(v) || v == VERDICT_CRASH || r->verdict_runs[v] > 1 || replays->same)
		return NULL;
	if (replays->runs >= 2)
		return arena_printf(&s->arena, "%s once; %u more runs, each after a fresh control, did not repeat it",
				    verdict_text(v), replays->runs);
	return NULL;
}

static void finish_case(struct rendering *r, struct report_case *c)
{
	const struct session *s = r->session;
	if (s->pins)
		c->verdict = judge_pin(s->pins, c->kase, &r->judge, c->verdict, r->today, &c->pin);
	if (c->verdict == VERDICT_UNSUPPORTED) { /* it did nothing: this build has not what its script asks for */
		r->totals->run--;
		r->totals->not_run[DISPOSITION_UNSUPPORTED]++;
		return;
	}
	r->totals->verdicts[c->verdict]++;
	exit_worse(r, judge_exit(c->verdict, c->judgement->severity, s->options->fail_on, s->options->strict));
}

static enum rc one_case(struct rendering *r, const struct kase *k)
{
	enum rc rc = RC_OK;
	struct slot *worst = NULL;
	struct replays replays = {0};
	char id[PLAN_ID_SIZE];
	memset(r->verdict_runs, 0, sizeof r->verdict_runs);
	r->n_runs = 0;
	r->total_runs = 0;
	TRY(read_repetitions(r, k, &worst));
	if (!worst) {
		r->totals->unfinished++;
		return RC_OK;
	}
	r->totals->run++;
	TRY(read_replays(r, k, worst->judgement.verdict, &replays));
	const char *flaky = NULL;
	if (replays.alone)
		worst = replays.alone;
	else
		flaky = flaky_sentence(r, worst, &replays);
	plan_id(k, id);
	struct report_case c = {
		.target = &r->target,
		.kase = k,
		.id = id,
		.verdict = flaky ? VERDICT_FLAKY : worst->judgement.verdict,
		.judgement = &worst->judgement,
		.observation = &worst->record.observation,
		.runs = r->runs,
		.n_runs = r->n_runs,
		.flaky = flaky,
	};
	finish_case(r, &c);
	c.no_browser = reach_case(&r->reach, &worst->arena, k, &worst->judgement);
	r->totals->no_browser += c.no_browser != NULL;
	if (c.verdict != VERDICT_PASS)
		c.recipe = recipe_line(&worst->arena, k, r->at->name, r->target.words);
	TELL(r, one_case, &c);
out:
	return rc;
}

/* ---- scenarios, targets, the whole ---- */

static enum rc one_segment(struct rendering *r, const struct segment *g)
{
	enum rc rc = RC_OK;
	for (uint64_t n = g->first; n < g->first + g->n; n++) {
		struct kase k;
		const char *reason, *clause;
		plan_case(r->at->plan, n, &k);
		enum disposition d = plan_disposition(r->at->plan, &k, &reason, &clause);
		r->totals->cells++;
		if (d == DISPOSITION_RUN) {
			TRY(one_case(r, &k));
			continue;
		}
		count_cell(r, d, reason, clause);
		tell_one_cell(r, &k, d, reason, clause);
	}
out:
	return rc;
}

static enum rc one_scenario(struct rendering *r, const struct scenario *s)
{
	enum rc rc = RC_OK;
	const struct segment *segments;
	size_t n = plan_segments(r->at->plan, &segments);
	for (size_t i = 0; i < n; i++)
		if (segments[i].scenario == s)
			TRY(one_segment(r, &segments[i]));
	tell_cells(r, s);
	TELL(r, scenario_end, &r->target, s);
out:
	return rc;
}

static const char *meta_or_empty(struct rendering *r, const char *text, const char *key)
{
	const char *v = meta_value(&r->index.arena, text, key, 0);
	return v ? v : "";
}

/* What a case needs again beside its target and its id. */
static const char *words_again(struct rendering *r)
{
	const struct options *o = r->session->options;
	struct buf b;
	buf_init(&b, 16384);
	for (size_t i = 0; i < o->suites.n; i++)
		buf_addf(&b, " --suite '%s'", o->suites.v[i]);
	for (size_t i = 0; i < r->at->n_sets; i++)
		if (strcmp(r->at->sets[i].name, "fault") != 0)
			buf_addf(&b, " --set '%s=%s'", r->at->sets[i].name, r->at->sets[i].value);
	if (o->fault)
		buf_addf(&b, " --fault %s", o->fault);
	if (o->pki)
		buf_addf(&b, " --pki '%s'", o->pki);
	if (o->certificate)
		buf_addf(&b, " --certificate '%s'", o->certificate);
	if (o->profile)
		buf_addf(&b, " --profile %s", o->profile);
	const char *text = arena_strndup(&r->index.arena, b.data ? b.data : "", b.len);
	buf_fini(&b);
	return text;
}

/* "ENDPOINT SHA256 SUBJECT", the subject to the end of the line. */
static size_t read_servers(struct rendering *r, const char *meta, const struct report_server **out)
{
	struct arena *a = &r->index.arena;
	struct report_server *v = NULL;
	const char *text;
	size_t n = 0;
	while (meta_value(a, meta, "server", (unsigned)n))
		n++;
	v = ARENA_NEW(a, struct report_server, n);
	for (size_t i = 0; i < n; i++) {
		char word[256];
		text = meta_value(a, meta, "server", (unsigned)i);
		v[i].endpoint = text_word(&text, word, sizeof word) ? arena_strdup(a, word) : "";
		v[i].sha256 = text_word(&text, word, sizeof word) ? arena_strdup(a, word) : "";
		v[i].subject = text + strspn(text, " ");
	}
	*out = v;
	return n;
}

static void describe_target(struct rendering *r, const struct session_target *t)
{
	struct index_target *it = &r->index.targets[t->index];
	r->at = t;
	r->target = (struct report_target){
		.name = t->name,
		.id = t->target->id,
		.product = it->meta ? meta_or_empty(r, it->meta, "product") : t->target->product,
		.version = meta_or_empty(r, it->meta, "version"),
		.library = meta_or_empty(r, it->meta, "library"),
		.configuration = t->configuration,
		.profile = t->profile ? t->profile->id : "",
		.words = words_again(r),
		.suite = t->suite,
		.skipped = meta_value(&r->index.arena, it->meta, "skipped", 0),
		.remote = t->target->remote,
		.notes = it->notes,
		.n_notes = it->n_notes,
		.index = t->index,
	};
	r->target.n_servers = read_servers(r, it->meta, &r->target.servers);
	const char *failed = meta_value(&r->index.arena, it->meta, "failed", 0);
	r->target.broken = failed || !it->meta;
	if (r->target.broken)
		r->target.skipped = failed ? failed : "the run ended before this target";
	r->judge = (struct judge_context){
		.suite = t->suite,
		.target = t->target,
		.target_name = t->name,
		.profile = t->profile,
		.product_version = r->target.version,
		.product_library = r->target.library,
	};
}

static enum rc one_target(struct rendering *r, const struct session_target *t)
{
	enum rc rc = RC_OK;
	describe_target(r, t);
	const struct index_target *it = &r->index.targets[t->index];
	if (it->broken || it->lost || r->target.broken)
		exit_worse(r, 3);
	TELL(r, target, &r->target);
	if (r->target.skipped)
		return RC_OK;
	uint64_t before = r->totals->unfinished;
	for (size_t i = 0; i < t->suite->n_scenarios; i++)
		TRY(one_scenario(r, &t->suite->scenarios[i]));
	if (r->totals->unfinished > before)
		exit_worse(r, 3);
out:
	return rc;
}

/* What decides which cells run, as it is given to run. */
static void put_selection(struct buf *b, const struct options *o)
{
	for (size_t i = 0; i < o->select.n; i++)
		buf_addf(b, " --select %s", o->select.v[i]);
	for (size_t i = 0; i < o->skip.n; i++)
		buf_addf(b, " --skip %s", o->skip.v[i]);
	if (o->quick)
		buf_adds(b, " --quick");
	for (unsigned i = 0; i < CLIENT_KIND__COUNT; i++)
		if (o->client & BIT(i))
			buf_addf(b, " --client %s", client_kind_text((enum client_kind)i));
	if (o->has_impact)
		buf_addf(b, " --impact %s", impact_text(o->impact));
	if (o->shards)
		buf_addf(b, " --shard %u/%u", o->shard, o->shards);
}

static void describe_run(struct rendering *r)
{
	const struct options *o = r->session->options;
	struct buf command, selection;
	buf_init(&command, 65536);
	buf_init(&selection, 65536);
	buf_adds(&command, "mtlspec");
	for (unsigned i = 0;; i++) {
		const char *word = meta_value(&r->index.arena, r->index.meta, "arg", i);
		if (!word)
			break;
		buf_addf(&command, " %s", word);
	}
	put_selection(&selection, o);
	struct arena *a = &r->index.arena;
	uint64_t seconds = r->index.ended > r->index.started ? r->index.ended - r->index.started : 0;
	r->meta = (struct report_meta){
		.tool_version = meta_or_empty(r, r->index.meta, "tool"),
		.suite_digest = meta_or_empty(r, r->index.meta, "digest"),
		.tls_library = meta_or_empty(r, r->index.meta, "library"),
		.hostname = meta_or_empty(r, r->index.meta, "hostname"),
		.command = arena_strndup(a, command.data, command.len),
		.selection = selection.len ? arena_strndup(a, selection.data + 1, selection.len - 1) : "",
		.seed = strtoull(meta_or_empty(r, r->index.meta, "seed"), NULL, 10),
		.started = (time_t)r->index.started,
		.duration_ms = r->spec->duration_ms ? r->spec->duration_ms : (uint32_t)(seconds * 1000),
		.interrupted = !r->index.complete,
		.shard = o->shard,
		.shards = o->shards,
		.strict = o->strict,
		.fail_on = o->fail_on,
		.out = r->spec->out,
	};
	buf_fini(&command);
	buf_fini(&selection);
}

static enum rc walk(struct rendering *r)
{
	enum rc rc = RC_OK;
	TELL(r, begin, &r->meta);
	for (size_t i = 0; i < r->session->n_targets; i++)
		TRY(one_target(r, &r->session->targets[i]));
	if (!r->index.complete)
		exit_worse(r, 3);
	if (r->totals->run == 0)
		exit_worse(r, 4);
	TELL(r, end, r->totals);
out:
	return rc;
}

enum rc render(const struct render_spec *spec, struct report_totals *totals, struct err *err)
{
	enum rc rc;
	struct rendering *r = mem_alloc(sizeof *r);
	struct arena paths = {0};
	const char *journal = arena_printf(&paths, "%s/journal", spec->out);
	*totals = (struct report_totals){0};
	*r = (struct rendering){.spec = spec, .session = spec->session, .totals = totals, .err = err};
	r->slots = mem_alloc((KEEP_RUNS + 4) * sizeof *r->slots);
	r->runs = mem_alloc(KEEP_RUNS * sizeof *r->runs);
	TRY(index_open(&r->index, spec->session, journal, err));
	TRY(journal_reader_open(&r->reader, journal, err));
	describe_run(r);
	clock_format(spec->session->now, r->today);
	r->today[10] = '\0';
	TRY(walk(r));
	if (totals->unwritten)
		rc = err_set(err, RC_FAULT, "%s", totals->unwritten);
out:
	totals->unwritten = NULL;
	journal_reader_close(&r->reader);
	index_close(&r->index);
	for (size_t i = 0; i < KEEP_RUNS + 4; i++) {
		arena_fini(&r->slots[i].arena);
		observation_fini(&r->slots[i].record.observation);
	}
	arena_fini(&r->scenario_arena);
	free(r->slots);
	free(r->runs);
	free(r);
	arena_fini(&paths);
	return rc;
}
