#include "reports/gate.h"

#include "harness/base/fs.h"
#include "reports/clean.h"
#include "reports/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_DAYS 90

ENUM_DEFINE(gate_kind, GATE, GATE_KIND_LIST);

struct listed {
	const struct gate_case *now, *then; /* one may be NULL */
};

struct comparison {
	struct gate_results *before;
	const struct gate_results *after;
	const struct gate_spec *spec;
	struct gate_counts *counts;
	FILE *out;
	size_t *map;			  /* target of `after` -> target of `before`; owned */
	bool several;			  /* targets: name them */
	uint64_t fatal;			  /* failures that fail the gate */
	struct listed *rows[GATE__COUNT]; /* owned, at most spec->shown each */
	size_t n[GATE__COUNT], cap[GATE__COUNT];
};

#define NO_TARGET SIZE_MAX

unsigned gate_rank(enum verdict v, bool strict)
{
	switch (v) {
	case VERDICT_PASS:
	case VERDICT_OBSERVED:
	case VERDICT_KNOWN_FAILURE:
	case VERDICT_UNSUPPORTED:
	case VERDICT_IMPOSSIBLE:
	case VERDICT_EXCLUDED:
		return 0;
	case VERDICT_DEVIATION:
	case VERDICT_FLAKY:
		return strict ? 1 : 0;
	case VERDICT_UNEXPECTED_PASS:
		return 2;
	case VERDICT_BROKEN:
	case VERDICT_INCONCLUSIVE:
		return 3;
	case VERDICT_FALSE_REJECT:
		return 4;
	case VERDICT_VIOLATION:
		return 5;
	case VERDICT_FALSE_ACCEPT:
		return 6;
	case VERDICT_CRASH:
		return 7;
	case VERDICT__COUNT:
		break;
	}
	return 7;
}

/* What a baseline case was, known failure or not: what was pinned and passes now is fixed. */
static unsigned rank_before(const struct gate_case *c, bool strict)
{
	return gate_rank(c->verdict == VERDICT_KNOWN_FAILURE ? c->judged : c->verdict, strict);
}

/* ---- finding ---- */

static size_t find_target(const struct gate_results *r, const char *key)
{
	for (size_t i = 0; i < r->n_targets; i++)
		if (strcmp(r->targets[i].key, key) == 0)
			return i;
	return NO_TARGET;
}

/* Two files of one target each are compared whatever the targets are called: an upgrade, a rebuilt server. */
static void map_targets(struct comparison *c)
{
	const struct gate_results *a = c->after, *b = c->before;
	c->map = mem_alloc((a->n_targets + 1) * sizeof *c->map);
	c->several = a->n_targets > 1 || b->n_targets > 1;
	for (size_t i = 0; i < a->n_targets; i++)
		c->map[i] = c->several ? find_target(b, a->targets[i].key) : b->n_targets ? 0 : NO_TARGET;
}

static struct gate_case *find_id(struct gate_results *r, size_t target, const char *id, size_t len)
{
	size_t low = 0, high = r->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct gate_case *c = &r->cases[mid];
		int order = c->target != target ? (c->target < target ? -1 : 1) : strncmp(c->id, id, len);
		if (order == 0 && c->id[len])
			order = 1;
		if (order == 0)
			return c;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The case in the baseline, by its id or one that it had. */
static struct gate_case *find_before(struct comparison *c, const struct gate_case *now)
{
	size_t target = c->map[now->target];
	if (target == NO_TARGET)
		return NULL;
	struct gate_case *then = find_id(c->before, target, now->id, strlen(now->id));
	for (const char *p = now->formerly; p && !then;) {
		p += strspn(p, " ");
		size_t len = strcspn(p, " ");
		if (!len)
			break;
		then = find_id(c->before, target, p, len);
		p += len;
	}
	return then;
}

/* ---- judging ---- */

static void add(struct comparison *c, enum gate_kind kind, const struct gate_case *now, const struct gate_case *then)
{
	c->counts->n[kind]++;
	if (c->n[kind] < c->spec->shown)
		*VEC_PUSH(c->rows[kind], c->n[kind], c->cap[kind]) = (struct listed){now, then};
}

static void compare_one(struct comparison *c, const struct gate_case *now)
{
	bool strict = c->spec->strict;
	unsigned rank = gate_rank(now->verdict, strict);
	struct gate_case *then = find_before(c, now);
	enum gate_kind kind;
	if (then)
		then->matched = true;
	unsigned was = then ? rank_before(then, strict) : 0;
	if (now->verdict == VERDICT_KNOWN_FAILURE)
		kind = GATE_KNOWN;
	else if (!then)
		kind = rank ? GATE_ADDED_FAILING : GATE_ADDED;
	else if (rank > was)
		kind = GATE_NEW;
	else if (rank)
		kind = GATE_STILL;
	else if (was)
		kind = GATE_FIXED;
	else {
		c->counts->same++;
		return;
	}
	add(c, kind, now, then);
	if (kind != GATE_NEW && (kind != GATE_ADDED_FAILING || c->spec->allow_added))
		return;
	/* --fail-on is about the server: what could not be proven and what crashed fails whatever its severity */
	if (now->severity < c->spec->fail_on && rank != gate_rank(VERDICT_BROKEN, strict) &&
	    now->verdict != VERDICT_CRASH)
		c->counts->tolerated++;
	else
		c->fatal++;
}

/* ---- telling ---- */

static void print_file(struct comparison *c, const char *label, const struct gate_results *r)
{
	struct buf b;
	buf_init(&b, 4096);
	fprintf(c->out, "%s %s:", label, r->path);
	for (size_t i = 0; i < r->n_targets; i++) {
		const struct gate_target *t = &r->targets[i];
		fprintf(c->out, "%s %s", i ? "," : "", clean_text(&b, t->key, 100));
		if (t->version[0])
			fprintf(c->out, " (%s)", clean_text(&b, t->version, 60));
		fprintf(c->out, " %" PRIu64 " cases", t->cases);
	}
	fputs(r->n_targets ? "\n" : " no target\n", c->out);
	if (r->interrupted)
		fprintf(c->out, "  note: this run was interrupted, its results are not complete\n");
	buf_fini(&b);
}

static void print_heads(struct comparison *c)
{
	const struct gate_results *a = c->after, *b = c->before;
	print_file(c, "baseline", b);
	print_file(c, "results ", a);
	if (strcmp(a->digest, b->digest) != 0)
		fputs("note: the suites differ\n", c->out);
	if (strcmp(a->selection, b->selection) != 0)
		fputs("note: the selections differ\n", c->out);
	if (!c->several && a->n_targets && b->n_targets && strcmp(a->targets[0].key, b->targets[0].key) != 0)
		fputs("note: the targets have different names, each file has one: compared with each other\n", c->out);
}

static void print_row(struct comparison *c, enum gate_kind kind, const struct listed *row)
{
	struct buf b;
	const struct gate_case *shown = row->now ? row->now : row->then;
	const struct gate_results *r = row->now ? c->after : c->before;
	buf_init(&b, 4096);
	fprintf(c->out, "  %s ", verdict_text(shown->verdict));
	if (c->several)
		fprintf(c->out, "%s ", clean_text(&b, r->targets[shown->target].key, 100));
	fputs(clean_text(&b, shown->id, 600), c->out);
	if (row->now && row->then && strcmp(row->now->id, row->then->id) != 0)
		fprintf(c->out, ", formerly %s", clean_text(&b, row->then->id, 600));
	if (row->now && row->then && row->now->verdict != row->then->verdict)
		fprintf(c->out, ", was %s", verdict_text(row->then->verdict));
	if (kind != GATE_FIXED && shown->reason)
		fprintf(c->out, ": %s", clean_text(&b, shown->reason, 200));
	fputs("\n", c->out);
	buf_fini(&b);
}

static void print_kinds(struct comparison *c)
{
	for (int kind = 0; kind < GATE__COUNT; kind++) {
		uint64_t n = c->counts->n[kind];
		if (!n)
			continue;
		fprintf(c->out, "\n%s: %" PRIu64 "\n", gate_kind_text((enum gate_kind)kind), n);
		for (size_t i = 0; i < c->n[kind]; i++)
			print_row(c, (enum gate_kind)kind, &c->rows[kind][i]);
		if (n > c->n[kind])
			fprintf(c->out, "  and %" PRIu64 " more\n", n - c->n[kind]);
	}
}

static void print_end(struct comparison *c)
{
	const uint64_t *n = c->counts->n;
	if (c->counts->tolerated)
		fprintf(c->out, "\n%" PRIu64 " of the failures are below --fail-on %s\n", c->counts->tolerated,
			severity_text(c->spec->fail_on));
	fprintf(c->out,
		"\ngate: %" PRIu64 " new failures, %" PRIu64 " fixed, %" PRIu64 " still failing, %" PRIu64
		" known, %" PRIu64 " new in the suite (%" PRIu64 " failing), %" PRIu64 " disappeared, %" PRIu64
		" unchanged: %s\n",
		n[GATE_NEW], n[GATE_FIXED], n[GATE_STILL], n[GATE_KNOWN], n[GATE_ADDED] + n[GATE_ADDED_FAILING],
		n[GATE_ADDED_FAILING], n[GATE_DISAPPEARED], c->counts->same, c->counts->passed ? "passed" : "failed");
}

enum rc gate_compare(struct gate_results *before, const struct gate_results *after, const struct gate_spec *spec,
		     FILE *out, struct gate_counts *counts, struct err *err)
{
	struct comparison c = {.before = before, .after = after, .spec = spec, .counts = counts, .out = out};
	*counts = (struct gate_counts){0};
	map_targets(&c);
	for (size_t i = 0; i < before->n; i++)
		before->cases[i].matched = false;
	for (size_t i = 0; i < after->n; i++)
		compare_one(&c, &after->cases[i]);
	for (size_t i = 0; i < before->n; i++)
		if (!before->cases[i].matched)
			add(&c, GATE_DISAPPEARED, NULL, &before->cases[i]);
	counts->passed = c.fatal == 0 && (spec->allow_disappeared || counts->n[GATE_DISAPPEARED] == 0);
	print_heads(&c);
	print_kinds(&c);
	print_end(&c);
	free(c.map);
	for (int kind = 0; kind < GATE__COUNT; kind++)
		free(c.rows[kind]);
	if (fflush(out) != 0 || ferror(out))
		return err_errno(err, RC_FAULT, "cannot write the comparison");
	return RC_OK;
}

/* ---- a first known-failures file ---- */

/* What passes although it was pinned needs no pin; what the run knew stays known. */
static bool needs_pin(const struct gate_case *c, bool strict)
{
	if (c->verdict == VERDICT_KNOWN_FAILURE)
		return c->judged != VERDICT_KNOWN_FAILURE;
	return gate_rank(c->verdict, strict) && c->verdict != VERDICT_UNEXPECTED_PASS;
}

/* A variant is pinned by the name that it was given by: its id is that of the whole target. */
static const char *pinned_target(const struct gate_target *t)
{
	size_t len = strlen(t->id);
	return strncmp(t->name, t->id, len) == 0 && t->name[len] == ':' ? t->name : t->id;
}

static void write_failure(struct writer *w, const struct gate_results *r, const struct gate_case *c, const char *until)
{
	writer_start(w, "failure");
	writer_attr(w, "case", c->id);
	writer_attr(w, "target", pinned_target(&r->targets[c->target]));
	writer_attr(w, "verdict", verdict_text(c->verdict == VERDICT_KNOWN_FAILURE ? c->judged : c->verdict));
	writer_attr(w, "reason", c->reason && c->reason[0] ? c->reason : "not looked into yet");
	writer_attr(w, "link", c->link ? c->link : "");
	writer_attr(w, "until", until);
	writer_end(w);
}

enum rc gate_write_known(const struct gate_results *r, const char *path, time_t now, bool strict, uint64_t *written,
			 struct err *err)
{
	enum rc rc;
	char until[32];
	struct tm tm;
	struct fs_out out = {0};
	struct writer w = {0};
	time_t end = now + (time_t)KNOWN_DAYS * 86400;
	*written = 0;
	gmtime_r(&end, &tm);
	strftime(until, sizeof until, "%Y-%m-%d", &tm);
	TRY(fs_out_open(&out, path, err));
	TRY(writer_open(&w, out.file, err));
	writer_prolog(&w);
	writer_start(&w, "known-failures");
	writer_attr(&w, "xmlns", "urn:mtlspec:1");
	for (size_t i = 0; i < r->n; i++) {
		if (!needs_pin(&r->cases[i], strict))
			continue;
		write_failure(&w, r, &r->cases[i], until);
		++*written;
	}
	TRY(writer_finish(&w, path, err));
	writer_close(&w);
	rc = fs_out_commit(&out, err);
out:
	writer_close(&w);
	fs_out_close(&out);
	return rc;
}
