#include "harness/run/baseline.h"

#include "harness/base/clock.h"

#define SHOWN 50

static const char *today(time_t now, char out[static 32])
{
	clock_format(now, out);
	out[10] = '\0';
	return out;
}

enum rc baseline_open(struct baseline *b, const struct options *o, time_t now, struct err *err)
{
	char date[32];
	*b = (struct baseline){.given = o->baseline != NULL};
	if (!b->given)
		return RC_OK;
	/* Its known failures would only hide what was fixed: those of this run decide about this run. */
	enum rc rc = gate_read(&b->before, o->baseline, NULL, today(now, date), err);
	return rc == RC_ABSENT ? RC_INPUT : rc;
}

static bool is_part(const struct options *o)
{
	return o->select.n || o->skip.n || o->quick || o->shards || o->client || o->has_impact;
}

enum rc baseline_compare(struct baseline *b, const struct options *o, const char *out, time_t now,
			 struct report_totals *totals, struct err *err)
{
	enum rc rc = RC_OK;
	char date[32];
	struct gate_results after = {0};
	struct gate_counts counts;
	const struct gate_spec spec = {
		.strict = o->strict, .fail_on = o->fail_on, .allow_disappeared = is_part(o), .shown = SHOWN};
	if (!b->given)
		return RC_OK;
	TRY(gate_read(&after, out, NULL, today(now, date), err));
	fputs("\n", stdout);
	TRY(gate_compare(&b->before, &after, &spec, stdout, &counts, err));
	totals->exit_code = judge_exit_worse(totals->exit_besides, counts.passed ? 0 : 1);
	printf("exit status %d, by the baseline\n", totals->exit_code);
out:
	gate_results_fini(&after);
	return rc;
}

void baseline_close(struct baseline *b)
{
	gate_results_fini(&b->before);
	b->given = false;
}
