#include "reports/gate.h"

#include "harness/judge/judge.h"
#include "reports/clean.h"
#include "reports/gate_read.h"

#include <inttypes.h>
#include <stdlib.h>

struct checking {
	const struct gate_results *r;
	const struct pins *rows, *allowed; /* the second may be NULL */
	bool *used;			   /* owned: by row */
	unsigned shown;
	FILE *out;
	struct gate_expected *counts;
	struct arena scratch; /* of one case */
};

static bool needs_row(enum verdict v)
{
	switch (v) {
	case VERDICT_PASS:
	case VERDICT_UNSUPPORTED:
	case VERDICT_IMPOSSIBLE:
	case VERDICT_EXCLUDED:
		return false;
	case VERDICT_OBSERVED:
	case VERDICT_DEVIATION:
	case VERDICT_FALSE_REJECT:
	case VERDICT_VIOLATION:
	case VERDICT_FALSE_ACCEPT:
	case VERDICT_CRASH:
	case VERDICT_INCONCLUSIVE:
	case VERDICT_BROKEN:
	case VERDICT_KNOWN_FAILURE:
	case VERDICT_UNEXPECTED_PASS:
	case VERDICT_FLAKY:
	case VERDICT__COUNT:
		break;
	}
	return true;
}

static void complain(struct checking *c, const struct gate_case *one)
{
	struct buf b;
	if (c->counts->unpredicted++ >= c->shown)
		return;
	buf_init(&b, 4096);
	fprintf(c->out, "not predicted: %s ", verdict_text(one->verdict));
	if (c->r->n_targets > 1)
		fprintf(c->out, "%s ", clean_text(&b, c->r->targets[one->target].key, 100));
	fputs(clean_text(&b, one->id, 600), c->out);
	if (one->reason)
		fprintf(c->out, ": %s", clean_text(&b, one->reason, 200));
	fputs("\n", c->out);
	buf_fini(&b);
}

static void context_of(const struct gate_target *t, struct target *named, struct judge_context *out)
{
	*named = (struct target){.id = t->id};
	*out = (struct judge_context){.target = named,
				      .target_name = t->name,
				      .product_version = t->version,
				      .product_library = t->library};
}

/* A row that allows pass besides speaks of what a server does now and then: it comes with any of its verdicts. */
static void check_case(struct checking *c, const struct gate_case *one)
{
	struct kase k;
	struct target named;
	struct judge_context context;
	bool known = false, needed = needs_row(one->verdict);
	context_of(&c->r->targets[one->target], &named, &context);
	if (gate_cell(&c->scratch, one->id, one->client, &k)) {
		for (size_t i = 0; i < c->rows->n; i++) {
			const struct pin *p = &c->rows->rows[i];
			if ((p->verdicts & BIT(one->verdict)) && judge_pin_covers(p, &k, &context))
				known = c->used[i] = true;
		}
		for (size_t i = 0; c->allowed && i < c->allowed->n; i++) {
			const struct pin *p = &c->allowed->rows[i];
			known = known || ((p->verdicts & BIT(one->verdict)) && judge_pin_covers(p, &k, &context));
		}
	}
	if (known && needed)
		c->counts->predicted++;
	else if (needed)
		complain(c, one);
	arena_reset(&c->scratch);
}

/* A row about a version that no target of the results has foretells nothing here. */
static bool is_owed(const struct checking *c, const struct pin *p)
{
	for (size_t i = 0; i < c->r->n_targets; i++) {
		struct target named;
		struct judge_context context;
		context_of(&c->r->targets[i], &named, &context);
		if (judge_pin_applies(p, &context))
			return true;
	}
	return c->r->n_targets == 0;
}

static void print_row(struct checking *c, const struct pin *p)
{
	struct buf b;
	if (c->counts->missing++ >= c->shown)
		return;
	buf_init(&b, 4096);
	fprintf(c->out, "predicted, but did not come: %s:%d:", p->where.file ? p->where.file : "?", p->where.line);
	for (int v = 0; v < VERDICT__COUNT; v++)
		if (p->verdicts & BIT(v))
			fprintf(c->out, " %s", verdict_text((enum verdict)v));
	fprintf(c->out, " %s", clean_text(&b, p->cases, 200));
	for (size_t i = 0; i < p->when.n; i++)
		fprintf(c->out, " %s=%s", p->when.terms[i].key, clean_text(&b, p->when.terms[i].pattern, 200));
	fputs("\n", c->out);
	buf_fini(&b);
}

static void print_end(const struct checking *c)
{
	const struct gate_expected *n = c->counts;
	if (n->unpredicted > c->shown)
		fprintf(c->out, "and %" PRIu64 " more that nothing predicted\n", n->unpredicted - c->shown);
	if (n->missing > c->shown)
		fprintf(c->out, "and %" PRIu64 " more rows that did not come\n", n->missing - c->shown);
	if (c->r->selection[0])
		fputs("note: the run had a selection, its rows for other cases cannot come\n", c->out);
	if (c->r->interrupted)
		fputs("note: the run was interrupted, its results are not complete\n", c->out);
	fprintf(c->out, "expected: %zu cases, %" PRIu64 " predicted, %" PRIu64 " not predicted, %" PRIu64
			" of %zu rows did not come: %s\n",
		c->r->n, n->predicted, n->unpredicted, n->missing, c->rows->n,
		n->unpredicted || n->missing ? "failed" : "passed");
}

enum rc gate_check_expected(const struct gate_results *r, const struct pins *expected, const struct pins *allowed,
			    unsigned shown, FILE *out, struct gate_expected *counts, struct err *err)
{
	struct checking c = {
		.r = r, .rows = expected, .allowed = allowed, .shown = shown, .out = out, .counts = counts};
	*counts = (struct gate_expected){0};
	c.used = mem_alloc((expected->n + 1) * sizeof *c.used);
	for (size_t i = 0; i < r->n; i++)
		if (needs_row(r->cases[i].verdict) || r->cases[i].verdict == VERDICT_PASS)
			check_case(&c, &r->cases[i]);
	for (size_t i = 0; i < expected->n; i++)
		if (!c.used[i] && is_owed(&c, &expected->rows[i]))
			print_row(&c, &expected->rows[i]);
	print_end(&c);
	free(c.used);
	arena_fini(&c.scratch);
	if (fflush(out) != 0 || ferror(out))
		return err_errno(err, RC_FAULT, "cannot write the comparison");
	return RC_OK;
}
