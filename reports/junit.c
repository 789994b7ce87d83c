#include "reports/report.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "reports/body.h"
#include "reports/names.h"
#include "reports/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * GitLab reads at most 250,000 XML objects a file (gitlab-org/gitlab#507482), attributes and text among them: about
 * seven for a testcase.
 */
#define MAX_ELEMENTS 30000
#define MAX_NAME     (PLAN_ID_SIZE + 300)
#define RUN_FILE     "TEST-mtlspec.xml"

struct counts {
	uint64_t tests, failures, errors, skipped, us;
};

/* The files of one suite at one target: TEST-nginx-chain.xml, TEST-nginx-chain.part2.xml ... */
struct group {
	unsigned target;
	const char *suite, *stem;
	unsigned parts;
};

struct junit {
	struct arena arena; /* names of files, for the whole report */
	struct names names;
	char hostname[256];
	time_t started;
	bool strict, interrupted;
	char shard[32]; /* ".shard-1-of-3": what is no case of the plan has a name in each part; "" for the whole */
	struct group *groups; /* owned */
	size_t n_groups, cap_groups, group;
	/* the file being written */
	struct fs_out out;
	struct writer file;
	bool open;
	/* the testsuite being collected: its counts stand before its cases, so the cases wait in an unlinked file */
	FILE *spool;
	struct writer w;
	const struct scenario *scenario; /* NULL: none */
	const char *target_key;
	struct counts counts;
	time_t began;
	uint64_t *cell_names; /* hashes of this suite's rows for cells that did not run; owned */
	size_t n_cell_names, cap_cell_names;
	uint64_t total;
	struct arena scratch; /* of one call */
	struct buf text;
};

static enum rc begin(struct reporter *r, const struct report_meta *m, struct err *err)
{
	struct junit *j = r->state;
	j->started = m->started;
	j->strict = m->strict;
	j->interrupted = m->interrupted;
	if (m->shards)
		snprintf(j->shard, sizeof j->shard, ".shard-%u-of-%u", m->shard, m->shards);
	snprintf(j->hostname, sizeof j->hostname, "%s", m->hostname ? m->hostname : "");
	return fs_mkdirs(r->path, err);
}

/* An unlinked file in the directory of the reports: it goes when the process does. */
static enum rc open_spool(struct junit *j, const char *dir, struct err *err)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/.junit-spool.tmp-%ld", dir, (long)getpid());
	j->spool = fopen(path, "w+e");
	if (!j->spool)
		return err_errno(err, RC_FAULT, "cannot write %s", path);
	unlink(path);
	return writer_open(&j->w, j->spool, err);
}

static void close_spool(struct junit *j)
{
	writer_close(&j->w);
	if (j->spool)
		fclose(j->spool);
	j->spool = NULL;
}

static bool stem_taken(const struct junit *j, const char *stem)
{
	for (size_t i = 0; i < j->n_groups; i++)
		if (strcmp(j->groups[i].stem, stem) == 0)
			return true;
	return false;
}

/* The group of files for this target and suite: its index. */
static size_t find_group(struct junit *j, unsigned target, const char *suite)
{
	for (size_t i = 0; i < j->n_groups; i++)
		if (j->groups[i].target == target && strcmp(j->groups[i].suite, suite) == 0)
			return i;
	const char *base = arena_printf(&j->arena, "TEST-%s-%s", j->target_key, names_slug(&j->arena, suite));
	const char *stem = base;
	for (unsigned i = 2; stem_taken(j, stem); i++)
		stem = arena_printf(&j->arena, "%s.%u", base, i);
	*VEC_PUSH(j->groups, j->n_groups, j->cap_groups) =
	    (struct group){target, arena_strdup(&j->arena, suite), stem, 0};
	return j->n_groups - 1;
}

static void part_path(const char *dir, const struct group *g, unsigned part, char out[static PATH_MAX])
{
	if (part < 2)
		snprintf(out, PATH_MAX, "%s/%s.xml", dir, g->stem);
	else
		snprintf(out, PATH_MAX, "%s/%s.part%u.xml", dir, g->stem, part);
}

static enum rc open_file(struct junit *j, const char *path, struct err *err)
{
	enum rc rc;
	TRY(fs_out_open(&j->out, path, err));
	TRY(writer_open(&j->file, j->out.file, err));
	j->open = true;
	writer_prolog(&j->file);
	writer_start(&j->file, "testsuites");
	writer_attr(&j->file, "name", "mtlspec");
out:
	return rc;
}

static enum rc close_file(struct junit *j, struct err *err)
{
	if (!j->open)
		return RC_OK;
	j->open = false;
	enum rc rc = writer_finish(&j->file, j->out.path, err);
	writer_close(&j->file);
	return rc == RC_OK ? fs_out_commit(&j->out, err) : rc;
}

static void write_suite(struct writer *f, struct junit *j, const char *name, FILE *cases)
{
	char when[32];
	clock_format(j->began ? j->began : j->started, when);
	writer_start(f, "testsuite");
	writer_attr(f, "name", name);
	writer_attr_u64(f, "tests", j->counts.tests);
	writer_attr_u64(f, "failures", j->counts.failures);
	writer_attr_u64(f, "errors", j->counts.errors);
	writer_attr_u64(f, "skipped", j->counts.skipped);
	writer_attr_seconds(f, "time", j->counts.us);
	writer_attr(f, "timestamp", when);
	writer_attr(f, "hostname", j->hostname[0] ? j->hostname : "localhost");
	if (cases && j->counts.tests)
		writer_copy(f, cases);
	writer_end(f);
}

/* The collected testsuite goes into the file of its group; a new part when that one is full. */
static enum rc flush_suite(struct reporter *r, struct err *err)
{
	enum rc rc;
	struct junit *j = r->state;
	char path[PATH_MAX], name[512];
	if (!j->scenario)
		return RC_OK;
	struct group *g = &j->groups[j->group];
	if (j->open && j->file.elements + j->w.elements + 1 > MAX_ELEMENTS)
		TRY(close_file(j, err));
	if (!j->open) {
		part_path(r->path, g, ++g->parts, path);
		TRY(open_file(j, path, err));
	}
	snprintf(name, sizeof name, "%s %s/%s", j->target_key, j->scenario->suite, j->scenario->id);
	TRY(writer_finish(&j->w, j->out.path, err));
	write_suite(&j->file, j, name, j->spool);
	j->file.elements += j->w.elements;
	j->total += j->counts.tests;
	rc = writer_check(&j->file, j->out.path, err);
out:
	close_spool(j);
	j->scenario = NULL;
	j->counts = (struct counts){0};
	j->began = 0;
	return rc;
}

/* Makes sure that cases of `s` at `t` are being collected. */
static enum rc enter(struct reporter *r, const struct report_target *t, const struct scenario *s, struct err *err)
{
	enum rc rc;
	struct junit *j = r->state;
	const char *key = names_target(&j->names, t);
	if (j->scenario == s && j->target_key == key && j->w.elements < MAX_ELEMENTS - 100)
		return RC_OK;
	bool same = j->scenario == s && j->target_key == key;
	TRY(flush_suite(r, err));
	if (!same)
		j->n_cell_names = 0;
	j->target_key = key;
	size_t group = find_group(j, t->index, s->suite);
	if (group != j->group || same)
		TRY(close_file(j, err));
	j->group = group;
	j->scenario = s;
	TRY(open_spool(j, r->path, err));
out:
	return rc;
}

static void count(struct junit *j, const char *element, uint64_t us)
{
	j->counts.tests++;
	j->counts.us += us;
	if (!element)
		return;
	if (strcmp(element, "failure") == 0)
		j->counts.failures++;
	else if (strcmp(element, "error") == 0)
		j->counts.errors++;
	else
		j->counts.skipped++;
}

static enum rc target(struct reporter *r, const struct report_target *t, struct err *err)
{
	enum rc rc;
	struct junit *j = r->state;
	TRY(flush_suite(r, err));
	TRY(close_file(j, err));
	j->target_key = names_target(&j->names, t);
	if (!t->skipped)
		return RC_OK;
	/* A target that could not run is seen, not missing. */
	static const struct scenario whole = {.suite = "target", .id = "whole"};
	TRY(enter(r, t, &whole, err));
	writer_start(&j->w, "testcase");
	writer_attr(&j->w, "classname", arena_printf(&j->scratch, "mtls.%s%s", j->target_key, j->shard));
	writer_attr(&j->w, "name", "target");
	writer_attr(&j->w, "time", "0.000000");
	const char *element = t->broken ? "error" : "skipped";
	const char *why = t->broken ? t->skipped : arena_printf(&j->scratch, "unsupported: %s", t->skipped);
	writer_start(&j->w, element);
	writer_attr_max(&j->w, "message", why, 1000);
	if (t->broken)
		writer_attr(&j->w, "type", verdict_text(VERDICT_BROKEN));
	writer_text(&j->w, why);
	writer_end(&j->w);
	writer_end(&j->w);
	count(j, element, 0);
	rc = flush_suite(r, err);
out:
	arena_reset(&j->scratch);
	return rc;
}

/* mtls.TARGET.MODE.HTTP: readers split at dots. */
static void write_class(struct junit *j, const struct kase *k)
{
	buf_clear(&j->text);
	buf_addf(&j->text, "mtls.%s.%s.h%s", j->target_key, negotiation_text(k->negotiation),
		 names_slug(&j->scratch, http_text(k->http)));
	writer_attr(&j->w, "classname", j->text.data);
}

/* Id and a short label, the same whether the cell ran or not: the history of a case goes by its name. */
static void case_name(struct junit *j, const struct kase *k, const char *id)
{
	const char *title = k->condition ? k->condition->title : k->scenario->title;
	buf_clear(&j->text);
	buf_addf(&j->text, "%s %.100s", id, title ? title : "");
}

static void write_place(struct junit *j, const struct suite *suite, const struct scenario *s)
{
	if (!s->where.file)
		return;
	writer_attr(&j->w, "file", names_file(&j->scratch, suite, s->where.file));
	writer_attr_i64(&j->w, "line", s->where.line);
}

/* Reason in the attribute and in the body: some readers show only the one, some only the other. */
static void write_result(struct junit *j, const struct report_case *c, const char *element)
{
	struct writer *w = &j->w;
	if (!element && c->verdict == VERDICT_PASS && !c->no_browser)
		return;
	buf_clear(&j->text);
	if (!element) {
		body_note(&j->text, c);
		writer_start(w, "system-out");
		writer_text(w, j->text.data);
		writer_end(w);
		return;
	}
	body_message(&j->text, c);
	writer_start(w, element);
	writer_attr(w, "message", j->text.data);
	if (strcmp(element, "skipped") != 0) {
		writer_attr(w, "type", verdict_text(c->verdict));
		buf_clear(&j->text);
		report_body(&j->text, c);
	}
	writer_lines(w, j->text.data);
	writer_end(w);
}

static uint64_t duration(const struct report_case *c)
{
	uint64_t us = 0;
	for (size_t i = 0; i < c->n_runs; i++)
		us += c->runs[i].observation->duration_us;
	return c->n_runs ? us : c->observation->duration_us;
}

static enum rc one_case(struct reporter *r, const struct report_case *c, struct err *err)
{
	enum rc rc;
	struct junit *j = r->state;
	TRY(enter(r, c->target, c->kase->scenario, err));
	const char *element = report_junit_element(c->verdict, j->strict);
	uint64_t us = duration(c);
	if (!j->began && c->n_runs)
		j->began = c->runs[0].started;
	writer_start(&j->w, "testcase");
	write_class(j, c->kase);
	case_name(j, c->kase, c->id);
	writer_attr_max(&j->w, "name", j->text.data, MAX_NAME);
	writer_attr_seconds(&j->w, "time", us);
	write_place(j, c->target->suite, c->kase->scenario);
	write_result(j, c, element);
	writer_end(&j->w);
	count(j, element, us);
	arena_reset(&j->scratch);
	rc = writer_check(&j->w, r->path, err);
out:
	return rc;
}

/* Two rows of one name would be one case for GitLab: the second gets a number. */
static unsigned same_name(struct junit *j, const char *name)
{
	uint64_t hash = text_hash(name, strlen(name), 0);
	unsigned n = 1;
	for (size_t i = 0; i < j->n_cell_names; i++)
		if (j->cell_names[i] == hash)
			n++;
	*VEC_PUSH(j->cell_names, j->n_cell_names, j->cap_cell_names) = hash;
	return n;
}

static void cells_name(struct junit *j, const struct report_cells *c)
{
	if (c->kase) {
		case_name(j, c->kase, c->id);
		return;
	}
	buf_clear(&j->text);
	buf_addf(&j->text, "%s/%s %s: ", c->scenario->suite, c->scenario->id, names_disposition(c->disposition));
	buf_addf(&j->text, "%.200s", c->reason ? c->reason : "no reason given");
	if (c->clause && c->clause[0])
		buf_addf(&j->text, " (%.80s)", c->clause);
	unsigned n = same_name(j, j->text.data);
	if (n > 1)
		buf_addf(&j->text, " #%u", n);
}

static enum rc cells(struct reporter *r, const struct report_cells *c, struct err *err)
{
	enum rc rc;
	struct junit *j = r->state;
	if (c->kase && text_equal(c->reason, plan_other_shard))
		return RC_OK; /* its name belongs to that shard's report */
	TRY(enter(r, c->target, c->scenario, err));
	writer_start(&j->w, "testcase");
	if (c->kase)
		write_class(j, c->kase);
	else
		writer_attr(&j->w, "classname", arena_printf(&j->scratch, "mtls.%s.not-run%s", j->target_key, j->shard));
	cells_name(j, c);
	writer_attr_max(&j->w, "name", j->text.data, MAX_NAME);
	writer_attr(&j->w, "time", "0.000000");
	write_place(j, c->target->suite, c->scenario);
	buf_clear(&j->text);
	buf_addf(&j->text, "%s: %llu cell%s", names_disposition(c->disposition), (unsigned long long)c->n,
		 c->n == 1 ? "" : "s");
	if (c->clause && c->clause[0])
		buf_addf(&j->text, ", %.80s", c->clause);
	buf_addf(&j->text, ": %.600s", c->reason ? c->reason : "no reason given");
	writer_start(&j->w, "skipped");
	writer_attr(&j->w, "message", j->text.data);
	writer_text(&j->w, j->text.data);
	writer_end(&j->w);
	writer_end(&j->w);
	count(j, "skipped", 0);
	arena_reset(&j->scratch);
	rc = writer_check(&j->w, r->path, err);
out:
	return rc;
}

static enum rc scenario_end(struct reporter *r, const struct report_target *t, const struct scenario *s,
			    struct err *err)
{
	(void)t;
	(void)s;
	return flush_suite(r, err);
}

/*
 * A file for the run itself: an error when it did not come to its end, so that a reader of XML alone sees it; an empty
 * suite when nothing ran at all (an empty shard).  Otherwise none, and one that an interrupted run left is removed.
 */
static enum rc write_run(struct reporter *r, const struct report_totals *t, struct err *err)
{
	enum rc rc;
	struct junit *j = r->state;
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/" RUN_FILE, r->path);
	bool cut = j->interrupted || t->unfinished;
	if (!cut && j->total) {
		unlink(path);
		return RC_OK;
	}
	TRY(open_file(j, path, err));
	TRY(open_spool(j, r->path, err));
	if (cut) {
		const char *why = arena_printf(&j->scratch, "%s: %llu of %llu cells were not reached",
					       j->interrupted ? "interrupted" : "unfinished",
					       (unsigned long long)t->unfinished, (unsigned long long)t->cells);
		writer_start(&j->w, "testcase");
		writer_attr(&j->w, "classname", arena_printf(&j->scratch, "mtls.run%s", j->shard));
		writer_attr(&j->w, "name", "the run came to its end");
		writer_attr(&j->w, "time", "0.000000");
		writer_start(&j->w, "error");
		writer_attr(&j->w, "message", why);
		writer_attr(&j->w, "type", "interrupted");
		writer_text(&j->w, why);
		writer_end(&j->w);
		writer_end(&j->w);
		count(j, "error", 0);
	}
	TRY(writer_finish(&j->w, path, err));
	write_suite(&j->file, j, "mtlspec run", j->spool);
	rc = close_file(j, err);
out:
	close_spool(j);
	return rc;
}

/* Parts of an earlier rendering that this one did not need. */
static void remove_stale(const struct reporter *r)
{
	const struct junit *j = r->state;
	char path[PATH_MAX];
	for (size_t i = 0; i < j->n_groups; i++) {
		unsigned part = j->groups[i].parts;
		do
			part_path(r->path, &j->groups[i], ++part, path);
		while (unlink(path) == 0);
	}
}

static enum rc end(struct reporter *r, const struct report_totals *t, struct err *err)
{
	enum rc rc;
	TRY(flush_suite(r, err));
	TRY(close_file(r->state, err));
	TRY(write_run(r, t, err));
	remove_stale(r);
out:
	return rc;
}

static void close_junit(struct reporter *r)
{
	struct junit *j = r->state;
	if (!j)
		return;
	close_spool(j);
	writer_close(&j->file);
	fs_out_close(&j->out);
	names_fini(&j->names);
	arena_fini(&j->arena);
	arena_fini(&j->scratch);
	buf_fini(&j->text);
	free(j->groups);
	free(j->cell_names);
	free(j);
	*r = (struct reporter){0};
}

enum rc junit_open(struct reporter *r, const char *dir, bool every_cell, struct err *err)
{
	static const struct reporter_ops ops = {"junit", begin,	       target, one_case,
						cells,	 scenario_end, end,    close_junit};
	struct junit *j = mem_alloc(sizeof *j);
	(void)err;
	buf_init(&j->text, BODY_MAX + 4096);
	*r = (struct reporter){.ops = &ops, .path = dir, .state = j, .every_cell = every_cell};
	return RC_OK;
}
