#include "harness/run/index.h"

#include "harness/base/clock.h"
#include "harness/run/meta.h"

#include <stdlib.h>
#include <string.h>

enum { UNKNOWN, GOOD, REFUSED };

/* One control of one group; groups chain theirs. */
struct seen {
	int32_t condition;
	uint8_t before, after;
	uint32_t next; /* index + 1 of the group's next entry, or 0 */
};

struct group_row {
	bool known;
	uint32_t first;
	uint64_t suspicious; /* when the first refusal behind the good control came, wall clock; 0: none */
};

struct index_groups {
	struct group_row *rows;
	size_t n_rows;
	struct seen *seen;
	size_t n_seen, cap_seen;
	uint8_t **last; /* per target [combination * conditions + condition]: the latest control behind a stretch */
	bool *ban_said; /* per target */
	bool **good_once; /* per target [endpoint * conditions + condition]: this control was accepted there */
	uint64_t *refused_since; /* per target: a control that was good once is refused, and nothing was served since; 0: no */
};

static struct group_row *row_of(struct index_groups *g, uint32_t group)
{
	if (group >= g->n_rows) {
		size_t old = g->n_rows, want = old ? old : 256;
		while (want <= group)
			want *= 2;
		g->rows = mem_grow(g->rows, want * sizeof *g->rows);
		memset(g->rows + old, 0, (want - old) * sizeof *g->rows);
		g->n_rows = want;
	}
	return &g->rows[group];
}

static struct seen *entry(struct index_groups *g, uint32_t group, int32_t condition)
{
	struct group_row *row = row_of(g, group);
	for (uint32_t i = row->first; i; i = g->seen[i - 1].next)
		if (g->seen[i - 1].condition == condition)
			return &g->seen[i - 1];
	*VEC_PUSH(g->seen, g->n_seen, g->cap_seen) = (struct seen){.condition = condition, .next = row->first};
	row->first = (uint32_t)g->n_seen;
	return &g->seen[g->n_seen - 1];
}

static size_t combination_of(const struct session_target *t, uint64_t number)
{
	const struct segment *v;
	size_t n = plan_segments(t->plan, &v), low = 0, high = n;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (v[mid].first <= number)
			low = mid;
		else
			high = mid;
	}
	return v[low].combination;
}

static uint8_t *last_of(struct index_groups *g, const struct session_target *t, uint64_t number)
{
	return g->last[t->index] + combination_of(t, number) * t->suite->n_conditions;
}

/* A group begins: what the stretch before it in the same combination ended with is what it begins with. */
static void begin(struct index_groups *g, const struct session_target *t, const struct journal_record *r)
{
	struct group_row *row = row_of(g, r->group);
	if (row->known)
		return;
	row->known = true;
	const uint8_t *last = last_of(g, t, r->number);
	for (size_t i = 0; i < t->suite->n_conditions; i++)
		if (last[i])
			entry(g, r->group, (int32_t)i)->before = last[i];
}

static void add_note(struct index *x, struct index_target *t, const char *text)
{
	bool broken = text[0] == META_BROKEN[0], lost = text[0] == META_LOST[0];
	t->broken = t->broken || broken;
	t->lost = t->lost || lost;
	text += broken || lost;
	/* A run that was resumed has looked at the target again. */
	for (size_t i = 0; i < t->n_notes; i++)
		if (strcmp(t->notes[i], text) == 0)
			return;
	*VEC_PUSH(t->notes, t->n_notes, t->cap_notes) = arena_strdup(&x->arena, text);
}

static void lost(struct index *x, const struct session_target *t, const struct journal_record *r, const char *condition)
{
	struct index_groups *g = x->groups;
	char when[32];
	if (g->ban_said[t->index])
		return;
	g->ban_said[t->index] = true;
	struct group_row *row = row_of(g, r->group);
	clock_format((time_t)(row->suspicious ? row->suspicious : r->at), when);
	add_note(x, &x->targets[t->index],
		 arena_printf(&x->arena,
			      "the control %s was accepted before a group of cases and refused after it: something began to "
			      "refuse everybody at about %s UTC (a ban, a limit, a fault); refusals since the last good "
			      "control prove nothing and are inconclusive",
			      condition, when));
}

/* Every control that was good is refused, and nobody is served any more: also when that began between two groups. */
static void watch_for_ban(struct index *x, const struct session_target *t, const struct kase *k, int32_t condition,
			  bool good, uint64_t at)
{
	struct index_groups *g = x->groups;
	size_t endpoint = k->endpoint ? (size_t)(k->endpoint - t->target->endpoints) : 0;
	bool *once = &g->good_once[t->index][endpoint * t->suite->n_conditions + (size_t)condition];
	if (good) {
		*once = true;
		g->refused_since[t->index] = 0;
	} else if (*once && !g->refused_since[t->index]) {
		g->refused_since[t->index] = at ? at : 1;
	}
}

static void say_bans(struct index *x)
{
	char when[32];
	for (size_t i = 0; i < x->n_targets; i++) {
		if (!x->groups->refused_since[i] || x->groups->ban_said[i])
			continue;
		clock_format((time_t)x->groups->refused_since[i], when);
		add_note(x, &x->targets[i],
			 arena_printf(&x->arena,
				      "from about %s UTC on something began to refuse everybody (a ban, a limit, a fault): "
				      "controls that were accepted before are refused; refusals since then prove nothing "
				      "and are inconclusive",
				      when));
	}
}

static void take_control(struct index *x, const struct session_target *t, const struct journal_record *r)
{
	struct index_groups *g = x->groups;
	const struct condition *c = suite_condition(t->suite, r->condition);
	if (!c)
		return;
	int32_t condition = (int32_t)(c - t->suite->conditions);
	struct kase any, k;
	plan_case(t->plan, r->number, &any);
	plan_control_case(&any, c, &k);
	struct judge_context judge = {
		.suite = t->suite,
		.target = t->target,
		.profile = t->profile,
		.identities = r->identities,
		.n_identities = r->n_identities,
	};
	uint8_t state = judge_control_accepted(&k, &judge, &r->observation) ? GOOD : REFUSED;
	struct seen *e = entry(g, r->group, condition);
	watch_for_ban(x, t, &any, condition, state == GOOD, r->at);
	if (r->repetition == 0) {
		e->before = state;
		return;
	}
	e->after = state;
	bool was_good = e->before == GOOD;
	last_of(g, t, r->number)[condition] = state;
	if (was_good && state == REFUSED)
		lost(x, t, r, r->condition);
}

static void take_case(struct index *x, const struct session *s, const struct session_target *t,
		      const struct journal_record *r, uint64_t offset)
{
	struct index_target *it = &x->targets[t->index];
	if (r->number >= plan_cells(t->plan))
		return;
	if (r->kind == JOURNAL_REPLAY) {
		*VEC_PUSH(it->replays, it->n_replays, it->cap_replays) =
			(struct index_replay){r->number, offset, r->repetition};
		return;
	}
	if (r->repetition < s->options->repeat)
		it->offsets[r->number * s->options->repeat + r->repetition] = offset + 1;
	struct group_row *row = row_of(x->groups, r->group);
	const struct event *answer = observation_find(&r->observation, 0, EVENT_RESPONSE, -1, -1);
	if (answer && answer->a >= 200 && answer->a < 300)
		x->groups->refused_since[t->index] = 0; /* somebody is served */
	bool refused = observation_refused(&r->observation) ||
		       !observation_find(&r->observation, 0, EVENT_RESPONSE, -1, -1);
	if (!refused)
		row->suspicious = 0;
	else if (!row->suspicious)
		row->suspicious = r->at;
}

static enum rc take_meta(struct index *x, const struct journal_record *r, struct err *err)
{
	const char *kind = meta_value(&x->arena, r->text, "kind", 0);
	if (text_equal(kind, "run")) {
		x->meta = arena_strdup(&x->arena, r->text);
		x->started = r->at;
		return RC_OK;
	}
	if (r->target >= x->n_targets)
		return err_set(err, RC_INPUT, "the journal has more targets than the command line in it");
	x->targets[r->target].meta = arena_strdup(&x->arena, r->text);
	x->targets[r->target].lost = false; /* it was started again: the run went on */
	return RC_OK;
}

static enum rc take(struct index *x, const struct session *s, const struct journal_record *r, uint64_t offset,
		    struct err *err)
{
	if (r->at > x->ended)
		x->ended = r->at;
	if (r->kind == JOURNAL_META)
		return take_meta(x, r, err);
	if (r->kind == JOURNAL_END) {
		x->complete = text_equal(r->text, "complete");
		return RC_OK;
	}
	x->complete = false;
	if (r->target >= x->n_targets)
		return err_set(err, RC_INPUT, "the journal has more targets than the command line in it");
	const struct session_target *t = &s->targets[r->target];
	if (r->kind != JOURNAL_NOTE && r->group >= x->next_group)
		x->next_group = r->group + 1;
	if (r->kind == JOURNAL_NOTE) {
		add_note(x, &x->targets[r->target], r->text ? r->text : "");
		return RC_OK;
	}
	if (r->kind == JOURNAL_REPLAY || r->number >= plan_cells(t->plan)) {
		take_case(x, s, t, r, offset);
		return RC_OK;
	}
	begin(x->groups, t, r);
	if (r->kind == JOURNAL_CONTROL)
		take_control(x, t, r);
	else
		take_case(x, s, t, r, offset);
	return RC_OK;
}

static int by_number(const void *a, const void *b)
{
	const struct index_replay *l = a, *r = b;
	return l->number < r->number ? -1 : l->number > r->number;
}

static void prepare(struct index *x, const struct session *s)
{
	x->n_targets = s->n_targets;
	x->targets = mem_alloc(s->n_targets * sizeof *x->targets);
	x->groups = mem_alloc(sizeof *x->groups);
	x->groups->last = mem_alloc(s->n_targets * sizeof *x->groups->last);
	x->groups->ban_said = mem_alloc(s->n_targets);
	x->groups->good_once = mem_alloc(s->n_targets * sizeof *x->groups->good_once);
	x->groups->refused_since = mem_alloc(s->n_targets * sizeof *x->groups->refused_since);
	for (size_t i = 0; i < s->n_targets; i++) {
		const struct session_target *t = &s->targets[i];
		x->targets[i].offsets = mem_alloc(plan_cells(t->plan) * s->options->repeat * sizeof(uint64_t));
		x->groups->good_once[i] = mem_alloc((t->target->n_endpoints + 1) * t->suite->n_conditions);
		x->groups->last[i] = mem_alloc(plan_combinations(t->plan) * t->suite->n_conditions + 1);
	}
}

enum rc index_open(struct index *x, const struct session *s, const char *journal, struct err *err)
{
	enum rc rc;
	struct journal_reader reader = {0};
	struct journal_record record = {0};
	uint64_t offset;
	*x = (struct index){0};
	prepare(x, s);
	TRY(journal_reader_open(&reader, journal, err));
	while ((rc = journal_next(&reader, &record, &offset, err)) == RC_OK)
		TRY(take(x, s, &record, offset, err));
	x->torn = reader.torn;
	say_bans(x);
	if (rc == RC_END)
		rc = x->meta ? RC_OK : err_set(err, RC_INPUT, "%s holds no run", journal);
	for (size_t i = 0; i < x->n_targets; i++)
		if (x->targets[i].n_replays)
			qsort(x->targets[i].replays, x->targets[i].n_replays, sizeof(struct index_replay), by_number);
out:
	observation_fini(&record.observation);
	journal_reader_close(&reader);
	if (rc != RC_OK)
		index_close(x);
	return rc;
}

void index_close(struct index *x)
{
	for (size_t i = 0; i < x->n_targets; i++) {
		free(x->targets[i].offsets);
		free(x->targets[i].replays);
		free(x->targets[i].notes);
		free(x->groups->last[i]);
		free(x->groups->good_once[i]);
	}
	if (x->groups) {
		free(x->groups->last);
		free(x->groups->ban_said);
		free(x->groups->good_once);
		free(x->groups->refused_since);
		free(x->groups->rows);
		free(x->groups->seen);
	}
	free(x->groups);
	free(x->targets);
	arena_fini(&x->arena);
	*x = (struct index){0};
}

enum control_state index_control(const struct index *x, unsigned target UNUSED, uint32_t group, int32_t condition,
				 bool replay)
{
	const struct index_groups *g = x->groups;
	if (condition < 0)
		return CONTROL_NOT_NEEDED;
	uint32_t i = group < g->n_rows ? g->rows[group].first : 0;
	while (i && g->seen[i - 1].condition != condition)
		i = g->seen[i - 1].next;
	if (!i || g->seen[i - 1].before == UNKNOWN)
		return CONTROL_MISSING;
	if (g->seen[i - 1].before == REFUSED)
		return CONTROL_REFUSED;
	if (replay || g->seen[i - 1].after == GOOD)
		return CONTROL_GOOD;
	return g->seen[i - 1].after == REFUSED ? CONTROL_LOST : CONTROL_MISSING;
}
