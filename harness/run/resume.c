#include "harness/run/resume.h"

#include "harness/run/index.h"
#include "harness/run/meta.h"
#include "harness/run/run.h"

#include <stdlib.h>
#include <string.h>

struct reading {
	struct session *session;
	struct index index;
	struct journal_reader journal;
	struct journal_record record;
	struct arena arena; /* of one record */
	struct resume *out;
};

static bool has_replays(const struct index_target *t, uint64_t number)
{
	unsigned n = 0;
	for (size_t i = 0; i < t->n_replays; i++)
		if (t->replays[i].number == number)
			n += t->replays[i].repetition == RUN_ALONE ? 2 : 1;
	return n >= 2;
}

/* Is what was seen then the last word about this execution? */
static enum rc one_execution(struct reading *r, const struct session_target *t, struct judge_context *context,
			     uint64_t number, uint64_t repetition, struct err *err)
{
	enum rc rc;
	struct resume_target *out = &r->out->targets[t->index];
	struct judgement j;
	struct kase k;
	uint64_t bit = number * r->session->options->repeat + repetition;
	arena_reset(&r->arena);
	TRY(journal_at(&r->journal, r->index.targets[t->index].offsets[bit] - 1, &r->arena, &r->record, err));
	plan_case(t->plan, number, &k);
	const struct condition *c = plan_control(t->plan, &k);
	enum control_state control = index_control(&r->index, t->index, r->record.group,
						   c ? (int32_t)(c - t->suite->conditions) : -1, false);
	context->identities = r->record.identities;
	context->n_identities = r->record.n_identities;
	judge(&r->arena, &k, context, control, &r->record.observation, &j);
	if (control == CONTROL_MISSING || j.verdict == VERDICT_BROKEN || j.verdict == VERDICT_INCONCLUSIVE)
		goto out;
	out->finished[bit / 8] |= (uint8_t)(1u << (bit % 8));
	out->verdicts[j.verdict]++;
	out->done++;
	if (run_is_unexpected(j.verdict) && repetition == 0 && !has_replays(&r->index.targets[t->index], number))
		*VEC_PUSH(out->replays, out->n_replays, out->cap_replays) = number;
out:
	return rc;
}

static enum rc one_target(struct reading *r, const struct session_target *t, struct err *err)
{
	enum rc rc = RC_OK;
	uint64_t cells = plan_cells(t->plan), repeat = r->session->options->repeat;
	const struct index_target *it = &r->index.targets[t->index];
	struct arena *a = &r->session->arena;
	struct judge_context context = {
		.suite = t->suite,
		.target = t->target,
		.profile = t->profile,
		.product_version = meta_value(a, it->meta, "version", 0),
		.product_library = meta_value(a, it->meta, "library", 0),
	};
	r->out->targets[t->index].finished = mem_alloc(cells * repeat / 8 + 1);
	for (uint64_t i = 0; i < cells; i++)
		for (uint64_t k = 0; k < repeat; k++)
			if (it->offsets[i * repeat + k])
				TRY(one_execution(r, t, &context, i, k, err));
out:
	return rc;
}

enum rc resume_read(struct session *s, const char *journal, struct resume *out, struct err *err)
{
	enum rc rc;
	struct reading r = {.session = s, .out = out};
	*out = (struct resume){.n_targets = s->n_targets};
	out->targets = mem_alloc(s->n_targets * sizeof *out->targets);
	TRY(index_open(&r.index, s, journal, err));
	const char *digest = meta_value(&s->arena, r.index.meta, "digest", 0);
	if (!digest || strcmp(digest, s->digest) != 0) {
		rc = err_set(err, RC_INPUT,
			     "--resume: the suite or a target file has changed since this run began: start a new one");
		goto out;
	}
	TRY(journal_reader_open(&r.journal, journal, err));
	out->first_group = r.index.next_group;
	for (size_t i = 0; i < s->n_targets; i++)
		TRY(one_target(&r, &s->targets[i], err));
out:
	journal_reader_close(&r.journal);
	index_close(&r.index);
	observation_fini(&r.record.observation);
	arena_fini(&r.arena);
	return rc;
}

void resume_close(struct resume *r)
{
	for (size_t i = 0; r->targets && i < r->n_targets; i++) {
		free(r->targets[i].finished);
		free(r->targets[i].replays);
	}
	free(r->targets);
	*r = (struct resume){0};
}
