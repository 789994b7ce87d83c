#include "harness/run/resume.h"

#include "harness/run/journal.h"
#include "harness/run/meta.h"

#include <stdlib.h>
#include <string.h>

struct resume {
	size_t n_targets;
	uint8_t **finished;
	uint32_t first_group;
};

static void mark(struct resume *r, const struct session *s, const struct journal_record *record)
{
	if (record->target >= r->n_targets)
		return;
	uint64_t cells = plan_cells(s->targets[record->target].plan), repeat = s->options->repeat;
	uint64_t bit = record->number * repeat + record->repetition;
	if (record->number < cells && record->repetition < repeat)
		r->finished[record->target][bit / 8] |= (uint8_t)(1u << (bit % 8));
}

/* The first record must be of the same suite, words and seed. */
static enum rc same_run(struct session *s, const struct journal_record *first, struct err *err)
{
	const char *digest = meta_value(&s->arena, first->text, "digest", 0);
	const char *seed = meta_value(&s->arena, first->text, "seed", 0);
	if (first->kind != JOURNAL_META || !digest || !seed)
		return err_set(err, RC_INPUT, "the journal does not begin as one of a run");
	if (strcmp(digest, s->digest) != 0)
		return err_set(err, RC_INPUT, "the suite or a target file has changed since this run began: start a new one");
	if (!s->options->has_seed)
		s->seed = strtoull(seed, NULL, 10);
	else if (strtoull(seed, NULL, 10) != s->seed)
		return err_set(err, RC_INPUT, "the run to be resumed had --seed %s", seed);
	return RC_OK;
}

enum { GROUP_CLOSED = 1 };

/* Two passes: which groups had their controls behind them, then which executions lie in those groups. */
static enum rc pass(struct session *s, const char *path, struct resume *r, uint8_t **groups, size_t *cap, bool second,
		    struct err *err)
{
	enum rc rc;
	struct journal_reader reader = {0};
	struct journal_record record = {0};
	uint64_t at;
	TRY(journal_reader_open(&reader, path, err));
	TRY(journal_next(&reader, &record, &at, err));
	TRY(same_run(s, &record, err));
	while ((rc = journal_next(&reader, &record, &at, err)) == RC_OK) {
		if (record.kind != JOURNAL_CASE && record.kind != JOURNAL_CONTROL)
			continue;
		while (record.group >= *cap) {
			size_t old = *cap;
			*cap = old ? old * 2 : 1024;
			*groups = mem_grow(*groups, *cap);
			memset(*groups + old, 0, *cap - old);
		}
		if (record.group >= r->first_group)
			r->first_group = record.group + 1;
		if (record.kind == JOURNAL_CONTROL && record.repetition == 1)
			(*groups)[record.group] = GROUP_CLOSED;
		if (second && record.kind == JOURNAL_CASE && (*groups)[record.group] == GROUP_CLOSED)
			mark(r, s, &record);
	}
	if (rc == RC_END)
		rc = RC_OK;
out:
	if (rc == RC_END)
		rc = err_set(err, RC_INPUT, "%s is empty: nothing to resume", path);
	observation_fini(&record.observation);
	journal_reader_close(&reader);
	return rc;
}

enum rc resume_read(struct session *s, const char *journal, struct resume **out, struct err *err)
{
	enum rc rc;
	struct resume *r = mem_alloc(sizeof *r);
	uint8_t *groups = NULL;
	size_t cap = 0;
	*out = r;
	r->n_targets = s->n_targets;
	r->finished = mem_alloc(s->n_targets * sizeof *r->finished);
	for (size_t i = 0; i < s->n_targets; i++)
		r->finished[i] = mem_alloc(plan_cells(s->targets[i].plan) * s->options->repeat / 8 + 1);
	TRY(pass(s, journal, r, &groups, &cap, false, err));
	TRY(pass(s, journal, r, &groups, &cap, true, err));
out:
	free(groups);
	return rc;
}

uint32_t resume_first_group(const struct resume *r)
{
	return r ? r->first_group : 0;
}

const uint8_t *resume_finished(const struct resume *r, unsigned target)
{
	return r && target < r->n_targets ? r->finished[target] : NULL;
}

void resume_close(struct resume **out)
{
	struct resume *r = *out;
	if (!r)
		return;
	for (size_t i = 0; i < r->n_targets; i++)
		free(r->finished[i]);
	free(r->finished);
	free(r);
	*out = NULL;
}
