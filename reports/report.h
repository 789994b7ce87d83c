/*
 * report.h - what every report is fed, in one streaming pass in plan order: meta, then per target its cases and the cells
 * that did not run, then totals.  A report is one `struct reporter`; it keeps no case.  All pointers are borrowed for the
 * length of the call.
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include "clients/observation.h"
#include "harness/base/err.h"
#include "harness/judge/judge.h"
#include "harness/plan/plan.h"
#include "harness/suite/model.h"

#include <stdio.h>
#include <time.h>

struct report_meta {
	const char *tool_version, *suite_digest, *tls_library; /* ours */
	const char *hostname, *command, *selection; /* command line as typed; selection "" for everything */
	uint64_t seed;
	unsigned shard, shards; /* shards 0: the whole */
	time_t started;
	uint32_t duration_ms;
	bool interrupted; /* SIGINT, or rendered from a journal without its end */
	bool strict;
	enum severity fail_on;
	const char *out; /* directory of the run */
};

/* A certificate that the server itself showed when the run began. */
struct report_server {
	const char *endpoint; /* id, or id/name */
	const char *sha256, *subject;
};

struct report_target {
	const char *name;		       /* as given to --target */
	const char *id;			       /* of its target.xml: what known failures match; NULL: the name */
	const char *product, *version, *library; /* of the server; "" when unknown */
	const char *configuration;	       /* variant and --set, "" for none */
	const char *profile;		       /* id, "" for none */
	const char *words;		       /* of the command line that the same case needs again: "--pki DIR"; may be NULL */
	const struct suite *suite;	       /* explains clauses; may be NULL */
	const char *skipped;		       /* why nothing ran (package missing ...), or NULL */
	bool broken;			       /* that is the environment's fault: an error, not a skip */
	bool remote;
	const char *const *notes; /* sentences: ban began, server chain changed, capability contradicted ... */
	size_t n_notes;
	const struct report_server *servers;
	size_t n_servers;
	unsigned index;
};

struct report_run {
	unsigned repetition;
	const struct judgement *judgement;
	const struct observation *observation;
	time_t started;
};

struct report_case {
	const struct report_target *target;
	const struct kase *kase;
	const char *id;
	enum verdict verdict;		  /* final: after replays and known failures */
	const struct judgement *judgement; /* of the run that decided; before known failures */
	const struct observation *observation;
	const struct pin *pin; /* when verdict is known-failure or unexpected-pass */
	const char *recipe;    /* the same with curl, or NULL */
	const struct report_run *runs; /* every run of the case: repetitions and replays */
	size_t n_runs;
	const char *flaky; /* a sentence when runs disagree, or NULL */
	const char *no_browser; /* a sentence when a willing client gets in here and a browser does not, or NULL */
};

/* Cells that did not run, by scenario and reason; or one of them for a reporter that wants every cell. */
struct report_cells {
	const struct report_target *target;
	const struct scenario *scenario;
	enum disposition disposition;
	const char *reason, *clause;
	uint64_t n;
	const struct kase *kase; /* NULL unless every_cell; then n is 1 */
	const char *id;
};

struct report_totals {
	uint64_t verdicts[VERDICT__COUNT]; /* of cases that ran */
	uint64_t cells, run, not_run[DISPOSITION__COUNT], unfinished; /* cells = run + not_run + unfinished */
	uint64_t no_browser;					      /* cases that no browser can use */
	int exit_code;
	int exit_besides; /* the same without 1: what it would be if every unexpected verdict were known */
	const char *unwritten; /* why a report that came before this one could not be written, or NULL */
};

struct reporter;
struct reporter_ops {
	const char *name; /* "junit" */
	enum rc (*begin)(struct reporter *r, const struct report_meta *meta, struct err *err);
	enum rc (*target)(struct reporter *r, const struct report_target *t, struct err *err);
	enum rc (*one_case)(struct reporter *r, const struct report_case *c, struct err *err);
	enum rc (*cells)(struct reporter *r, const struct report_cells *c, struct err *err); /* after a scenario's cases */
	enum rc (*scenario_end)(struct reporter *r, const struct report_target *t, const struct scenario *s, struct err *err);
	enum rc (*end)(struct reporter *r, const struct report_totals *totals, struct err *err); /* commits its file */
	void (*close)(struct reporter *r); /* frees; drops an uncommitted file */
};
struct reporter {
	const struct reporter_ops *ops;
	const char *path; /* file or directory to write, arena of the caller */
	void *state;
	bool failed;	 /* it could not be written: it is told nothing more */
	bool every_cell; /* `cells` wants each cell that did not run by itself, not aggregated */
};

/* results.xml; TEST-*.xml (one file a scenario and target) under a directory; the console. */
enum rc results_open(struct reporter *r, const char *path, struct err *err) MUST_USE;
enum rc junit_open(struct reporter *r, const char *dir, bool every_cell, struct err *err) MUST_USE;
struct console_spec {
	bool colour, terminal;
	FILE *file;
};
enum rc console_open(struct reporter *r, const struct console_spec *spec, struct err *err) MUST_USE;

/* One plain paragraph a target for the failure texts that JUnit and the console share. */
void report_body(struct buf *b, const struct report_case *c);
/* "failure", "error", "skipped" or NULL for JUnit; and whether --strict changes it. */
const char *report_junit_element(enum verdict v, bool strict);

#endif
