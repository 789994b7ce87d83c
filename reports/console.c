#include "reports/report.h"

#include "reports/body.h"
#include "reports/clean.h"
#include "reports/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN	   20	/* failures told in full */
#define PER_GROUP  2	/* of one scenario and condition, while others wait for a place */
#define MAX_GROUPS 1024 /* rows kept of each table: reasons, groups; what comes later is counted only */
#define TOP_GROUPS 8	/* rows printed of a verdict that is not told in full */

/* Cases of one verdict that share target, scenario and condition. */
struct tally {
	enum verdict verdict;
	unsigned target;
	const struct scenario *scenario;
	const struct condition *condition;
	uint64_t n;
	const char *text; /* "nginx chain/chain condition=leaf-expired: reason" */
};

/* A failure told in full. */
struct story {
	enum verdict verdict;
	unsigned rank;
	uint64_t seq;
	char *text; /* owned */
};

struct not_run {
	enum disposition disposition;
	const char *reason, *clause;
	uint64_t n;
};

struct console {
	struct console_spec spec;
	struct arena arena; /* texts, for the whole report */
	struct names names;
	const char *out;
	bool strict, interrupted;
	struct tally *tallies; /* owned */
	size_t n_tallies, cap_tallies;
	struct not_run *not_run; /* owned */
	size_t n_not_run, cap_not_run;
	struct story stories[SHOWN];
	size_t n_stories;
	uint64_t seq;
	uint64_t told[VERDICT__COUNT]; /* of them in full */
	const char *no_browser[TOP_GROUPS];
	size_t n_no_browser;
	struct buf text;
};

static const char *paint(const struct console *s, const char *sgr)
{
	return s->spec.colour ? sgr : "";
}
#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

/* What is read last matters most: errors of the environment, then failures, security and crashes at the end. */
static const enum verdict order[] = {
    VERDICT_OBSERVED,  VERDICT_KNOWN_FAILURE, VERDICT_DEVIATION,       VERDICT_FLAKY,
    VERDICT_BROKEN,    VERDICT_INCONCLUSIVE,  VERDICT_UNEXPECTED_PASS, VERDICT_FALSE_REJECT,
    VERDICT_VIOLATION, VERDICT_FALSE_ACCEPT,  VERDICT_CRASH,
};
#define N_ORDER (sizeof order / sizeof *order)

static const char *meaning(enum verdict v)
{
	switch (v) {
	case VERDICT_PASS:
		return "as expected";
	case VERDICT_OBSERVED:
		return "left to policy, no profile line: a fact, no opinion";
	case VERDICT_DEVIATION:
		return "right decision by another signal, or a SHOULD not followed";
	case VERDICT_FALSE_REJECT:
		return "a client that must be served was not: interoperability";
	case VERDICT_VIOLATION:
		return "something was seen that a MUST NOT forbids";
	case VERDICT_FALSE_ACCEPT:
		return "a client that must be refused was believed: security";
	case VERDICT_CRASH:
		return "the server or a worker of it died";
	case VERDICT_INCONCLUSIVE:
		return "what the case tests did not happen: nothing is proven";
	case VERDICT_BROKEN:
		return "the harness or its environment failed";
	case VERDICT_KNOWN_FAILURE:
		return "pinned in the known failures";
	case VERDICT_UNEXPECTED_PASS:
		return "pinned in the known failures, but passes or is out of date";
	case VERDICT_FLAKY:
		return "an unexpected verdict that two more runs did not repeat";
	case VERDICT_UNSUPPORTED:
	case VERDICT_IMPOSSIBLE:
	case VERDICT_EXCLUDED:
	case VERDICT__COUNT:
		break;
	}
	return "did not run";
}

static bool is_failure(const struct console *s, enum verdict v)
{
	const char *element = report_junit_element(v, s->strict);
	return element && strcmp(element, "skipped") != 0;
}

static enum rc check(const struct console *s, struct err *err)
{
	return ferror(s->spec.file) ? err_errno(err, RC_FAULT, "cannot write the report") : RC_OK;
}

static void print_clean(struct console *s, const char *label, const char *text)
{
	if (!text || !text[0])
		return;
	buf_clear(&s->text);
	clean_adds(&s->text, text, 1000);
	fprintf(s->spec.file, "%s%s", label, s->text.data);
}

static enum rc begin(struct reporter *r, const struct report_meta *m, struct err *err)
{
	struct console *s = r->state;
	s->strict = m->strict;
	s->interrupted = m->interrupted;
	s->out = arena_strdup(&s->arena, m->out ? m->out : ".");
	print_clean(s, "mtlspec ", m->tool_version);
	fprintf(s->spec.file, ", suite %.12s", m->suite_digest ? m->suite_digest : "?");
	print_clean(s, ", ", m->tls_library);
	fprintf(s->spec.file, ", seed %" PRIu64 ", %u.%03u s", m->seed, m->duration_ms / 1000, m->duration_ms % 1000);
	print_clean(s, "\nselection: ", m->selection);
	fputs("\n", s->spec.file);
	return check(s, err);
}

static enum rc target(struct reporter *r, const struct report_target *t, struct err *err)
{
	struct console *s = r->state;
	print_clean(s, "\ntarget ", names_target(&s->names, t));
	print_clean(s, ": ", t->product);
	print_clean(s, " ", t->version);
	print_clean(s, ", ", t->library);
	print_clean(s, ", profile ", t->profile);
	print_clean(s, ", ", t->configuration);
	fputs("\n", s->spec.file);
	if (t->skipped) {
		print_clean(s, t->broken ? "  broken: " : "  skipped: ", t->skipped);
		fputs("\n", s->spec.file);
	}
	for (size_t i = 0; i < t->n_notes; i++) {
		print_clean(s, "  note: ", t->notes[i]);
		fputs("\n", s->spec.file);
	}
	return check(s, err);
}

/* The target names nobody: that is one fact about it, said once, and not one about each case that meets it. */
static bool is_about_target(const struct report_case *c)
{
	return c->verdict == VERDICT_INCONCLUSIVE && c->judgement->outcome.undecidable;
}

static const char *tally_text(struct console *s, const struct report_case *c)
{
	const struct judgement *j = c->judgement;
	buf_clear(&s->text);
	buf_addf(&s->text, "%s ", names_target(&s->names, c->target));
	if (is_about_target(c)) {
		buf_adds(&s->text, "no identity echo: that they were served does not say whether anybody was believed");
	} else {
		body_group(&s->text, c);
		buf_adds(&s->text, ": ");
		clean_adds(&s->text, c->verdict == VERDICT_KNOWN_FAILURE && c->pin ? c->pin->reason : j->reason, 120);
	}
	return arena_strdup(&s->arena, s->text.data);
}

/* The row that counts this case; NULL when the table is full. */
static struct tally *find_tally(struct console *s, const struct report_case *c)
{
	const struct scenario *scenario = is_about_target(c) ? NULL : c->kase->scenario;
	const struct condition *condition = is_about_target(c) ? NULL : c->kase->condition;
	for (size_t i = s->n_tallies; i > 0; i--) {
		struct tally *t = &s->tallies[i - 1];
		if (t->verdict == c->verdict && t->target == c->target->index && t->scenario == scenario &&
		    t->condition == condition)
			return t;
	}
	if (s->n_tallies >= MAX_GROUPS)
		return NULL;
	struct tally *t = VEC_PUSH(s->tallies, s->n_tallies, s->cap_tallies);
	*t = (struct tally){c->verdict, c->target->index, scenario, condition, 0, tally_text(s, c)};
	return t;
}

/* A place among those told in full: free, or of the least of them if that matters less. */
static struct story *place(struct console *s, unsigned rank)
{
	if (s->n_stories < SHOWN)
		return &s->stories[s->n_stories++];
	struct story *least = &s->stories[0];
	for (size_t i = 1; i < SHOWN; i++)
		if (s->stories[i].rank < least->rank ||
		    (s->stories[i].rank == least->rank && s->stories[i].seq > least->seq))
			least = &s->stories[i];
	if (least->rank >= rank)
		return NULL;
	s->told[least->verdict]--;
	free(least->text);
	return least;
}

static unsigned importance(enum verdict v)
{
	for (unsigned i = 0; i < N_ORDER; i++)
		if (order[i] == v)
			return i;
	return 0;
}

static void note_not_run(struct console *s, enum disposition what, const char *reason, const char *clause, uint64_t cells)
{
	for (size_t i = 0; i < s->n_not_run; i++) {
		struct not_run *n = &s->not_run[i];
		if (n->disposition == what && text_equal(n->reason, reason) && text_equal(n->clause, clause)) {
			n->n += cells;
			return;
		}
	}
	if (s->n_not_run < MAX_GROUPS)
		*VEC_PUSH(s->not_run, s->n_not_run, s->cap_not_run) =
		    (struct not_run){what, arena_strdup(&s->arena, reason), arena_strdup(&s->arena, clause), cells};
}

static enum rc cells(struct reporter *r, const struct report_cells *c, struct err *err)
{
	note_not_run(r->state, c->disposition, c->reason, c->clause, c->n);
	return check(r->state, err);
}

static enum rc one_case(struct reporter *r, const struct report_case *c, struct err *err)
{
	struct console *s = r->state;
	if (c->no_browser && s->n_no_browser < TOP_GROUPS) {
		buf_clear(&s->text);
		clean_adds(&s->text, c->judgement->observed, 200);
		s->no_browser[s->n_no_browser++] =
		    arena_printf(&s->arena, "%s %s: %s", names_target(&s->names, c->target), c->id, s->text.data);
	}
	if (c->verdict == VERDICT_PASS)
		return RC_OK;
	if (c->verdict == VERDICT_UNSUPPORTED)
		note_not_run(s, DISPOSITION_UNSUPPORTED, c->judgement->reason, NULL, 1);
	struct tally *tally = find_tally(s, c);
	if (tally)
		tally->n++;
	if (!is_failure(s, c->verdict) || is_about_target(c))
		return check(s, err);
	bool fresh = tally && tally->n <= PER_GROUP;
	unsigned rank = (fresh ? 1000 : 0) + 100 * (unsigned)c->judgement->severity + importance(c->verdict);
	struct story *story = place(s, rank);
	if (!story)
		return check(s, err);
	buf_clear(&s->text);
	report_body(&s->text, c);
	char *text = mem_alloc(s->text.len + 1);
	memcpy(text, s->text.data, s->text.len);
	*story = (struct story){c->verdict, rank, s->seq++, text};
	s->told[c->verdict]++;
	return check(s, err);
}

static enum rc scenario_end(struct reporter *r, const struct report_target *t, const struct scenario *sc,
			    struct err *err)
{
	(void)t;
	(void)sc;
	return check(r->state, err);
}

static int by_disposition(const void *a, const void *b)
{
	const struct not_run *x = a, *y = b;
	if (x->disposition != y->disposition)
		return x->disposition < y->disposition ? -1 : 1;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->reason ? x->reason : "", y->reason ? y->reason : "");
}

static void print_not_run(struct console *s)
{
	if (!s->n_not_run)
		return;
	fputs("\nnot run\n", s->spec.file);
	qsort(s->not_run, s->n_not_run, sizeof *s->not_run, by_disposition);
	for (size_t i = 0; i < s->n_not_run; i++) {
		const struct not_run *n = &s->not_run[i];
		fprintf(s->spec.file, "  %" PRIu64 " %s: ", n->n, names_disposition(n->disposition));
		print_clean(s, "", n->reason);
		print_clean(s, " (", n->clause);
		fputs(n->clause && n->clause[0] ? ")\n" : "\n", s->spec.file);
	}
}

static int by_count(const void *a, const void *b)
{
	const struct tally *const *x = a, *const *y = b;
	if ((*x)->n != (*y)->n)
		return (*x)->n < (*y)->n ? 1 : -1;
	return strcmp((*x)->text, (*y)->text);
}

/* The largest groups of one verdict; `total` cases in all. */
static void print_groups(struct console *s, enum verdict v, uint64_t total)
{
	const struct tally **rows = mem_alloc((s->n_tallies + 1) * sizeof *rows);
	size_t n = 0;
	uint64_t printed = 0;
	for (size_t i = 0; i < s->n_tallies; i++)
		if (s->tallies[i].verdict == v)
			rows[n++] = &s->tallies[i];
	qsort(rows, n, sizeof *rows, by_count);
	for (size_t i = 0; i < n && i < TOP_GROUPS; i++) {
		fprintf(s->spec.file, "  %" PRIu64 " x %s\n", rows[i]->n, rows[i]->text);
		printed += rows[i]->n;
	}
	if (printed < total)
		fprintf(s->spec.file, "  %" PRIu64 " more, see %s/results.xml\n", total - printed, s->out);
	free(rows);
}

static void heading(struct console *s, enum verdict v, uint64_t n)
{
	const char *sgr = is_failure(s, v) ? RED : v == VERDICT_KNOWN_FAILURE || v == VERDICT_OBSERVED ? BOLD : YELLOW;
	fprintf(s->spec.file, "\n%s%s: %" PRIu64 "%s (%s)\n", paint(s, sgr), verdict_text(v), n, paint(s, PLAIN),
		meaning(v));
}

/* Indented, so that the number in front of a failure stands out. */
static void print_story(struct console *s, unsigned number, const struct story *story)
{
	fprintf(s->spec.file, "\n%s%u) %s", paint(s, BOLD), number, paint(s, PLAIN));
	for (const char *p = story->text; *p;) {
		size_t len = strcspn(p, "\n");
		fprintf(s->spec.file, "%s%.*s\n", p == story->text ? "" : "   ", (int)len, p);
		p += p[len] ? len + 1 : len;
	}
}

static int by_arrival(const void *a, const void *b)
{
	const struct story *x = a, *y = b;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void print_failures(struct console *s, const struct report_totals *t)
{
	unsigned number = 0;
	qsort(s->stories, s->n_stories, sizeof *s->stories, by_arrival);
	for (size_t i = 0; i < N_ORDER; i++) {
		enum verdict v = order[i];
		if (!t->verdicts[v] || !is_failure(s, v))
			continue;
		heading(s, v, t->verdicts[v]);
		if (t->verdicts[v] > s->told[v])
			print_groups(s, v, t->verdicts[v]);
		for (size_t k = 0; k < s->n_stories; k++)
			if (s->stories[k].verdict == v)
				print_story(s, ++number, &s->stories[k]);
	}
}

/* What a test client reaches and nobody who sits before a browser does. */
static void print_no_browser(struct console *s, const struct report_totals *t)
{
	if (!t->no_browser)
		return;
	fprintf(s->spec.file,
		"\n%sno browser can use this: %" PRIu64 "%s (a willing client is accepted, a browser is not)\n",
		paint(s, YELLOW), t->no_browser, paint(s, PLAIN));
	for (size_t i = 0; i < s->n_no_browser; i++)
		fprintf(s->spec.file, "  %s\n", s->no_browser[i]);
	if (t->no_browser > s->n_no_browser)
		fprintf(s->spec.file, "  %" PRIu64 " more, see %s/results.xml\n", t->no_browser - s->n_no_browser,
			s->out);
}

static const char *exit_words(int code)
{
	static const char *const words[] = {
	    "all as expected", "unexpected results",
	    "usage",	       "harness or environment fault, or nothing could be proven",
	    "nothing ran",     "only flaky cases"};
	if (code > 128)
		return "ended by a signal";
	return code >= 0 && code < (int)(sizeof words / sizeof *words) ? words[code] : "?";
}

static void print_totals(struct console *s, const struct report_totals *t)
{
	FILE *f = s->spec.file;
	uint64_t failed = 0, skipped = t->unfinished, passed;
	for (int v = 0; v < VERDICT__COUNT; v++) {
		if (is_failure(s, (enum verdict)v))
			failed += t->verdicts[v];
		else if (report_junit_element((enum verdict)v, s->strict))
			skipped += t->verdicts[v];
	}
	for (int d = DISPOSITION_RUN + 1; d < DISPOSITION__COUNT; d++)
		skipped += t->not_run[d];
	passed = t->run >= failed + t->verdicts[VERDICT_KNOWN_FAILURE]
		     ? t->run - failed - t->verdicts[VERDICT_KNOWN_FAILURE]
		     : 0;
	fprintf(f,
		"\n%" PRIu64 " cells = %" PRIu64 " run + %" PRIu64 " impossible + %" PRIu64 " unsupported + %" PRIu64
		" excluded",
		t->cells, t->run, t->not_run[DISPOSITION_IMPOSSIBLE], t->not_run[DISPOSITION_UNSUPPORTED],
		t->not_run[DISPOSITION_EXCLUDED]);
	if (t->unfinished)
		fprintf(f, " + %" PRIu64 " not reached", t->unfinished);
	fprintf(f, "\n%" PRIu64 " run =", t->run);
	const char *plus = "";
	for (int v = 0; v < VERDICT_UNSUPPORTED; v++) {
		if (t->verdicts[v] || v == VERDICT_PASS) {
			fprintf(f, "%s %" PRIu64 " %s", plus, t->verdicts[v], verdict_text((enum verdict)v));
			plus = " +";
		}
	}
	if (s->interrupted)
		fprintf(f, "\n%sinterrupted%s: this is what was finished until then", paint(s, YELLOW),
			paint(s, PLAIN));
	if (t->unwritten)
		fprintf(f, "\n%sreports are missing%s: %s; the journal in %s/ stands: mtlspec report %s", paint(s, RED),
			paint(s, PLAIN), t->unwritten, s->out, s->out);
	else
		fprintf(f, "\neverything: %s/ (results.xml, junit/)", s->out);
	fprintf(f, "\nexit status %d: %s\n", t->exit_code, exit_words(t->exit_code));
	fprintf(f, "%s%" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64 " skipped%s\n", paint(s, failed ? RED : GREEN),
		passed, failed, skipped, paint(s, PLAIN));
}

static enum rc end(struct reporter *r, const struct report_totals *t, struct err *err)
{
	struct console *s = r->state;
	print_not_run(s);
	for (size_t i = 0; i < N_ORDER; i++) {
		if (!t->verdicts[order[i]] || is_failure(s, order[i]))
			continue;
		heading(s, order[i], t->verdicts[order[i]]);
		print_groups(s, order[i], t->verdicts[order[i]]);
	}
	print_no_browser(s, t);
	print_failures(s, t);
	print_totals(s, t);
	if (fflush(s->spec.file) != 0)
		return err_errno(err, RC_FAULT, "cannot write the report");
	return check(s, err);
}

static void close_console(struct reporter *r)
{
	struct console *s = r->state;
	if (!s)
		return;
	for (size_t i = 0; i < s->n_stories; i++)
		free(s->stories[i].text);
	free(s->tallies);
	free(s->not_run);
	names_fini(&s->names);
	arena_fini(&s->arena);
	buf_fini(&s->text);
	free(s);
	*r = (struct reporter){0};
}

enum rc console_open(struct reporter *r, const struct console_spec *spec, struct err *err)
{
	static const struct reporter_ops ops = {"console", begin,	 target, one_case,
						cells,	   scenario_end, end,	 close_console};
	struct console *s = mem_alloc(sizeof *s);
	(void)err;
	s->spec = *spec;
	buf_init(&s->text, 2 * BODY_MAX);
	*r = (struct reporter){.ops = &ops, .state = s};
	return RC_OK;
}
