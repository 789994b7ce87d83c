/*
 * Writes N cases, one in ten a failure with events, through one reporter, and says what it cost: CPU seconds, peak
 * resident memory, bytes.  Run by hand; no part of mtlspec.
 *
 *   make build/dev/reports/bench_main.o all
 *   cc build/dev/reports/bench_main.o build/dev/core.a $(pkg-config --libs libxml-2.0 gnutls) -o build/dev/report-bench
 *   build/dev/report-bench junit|results|console N DIRECTORY
 */
#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "reports/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static enum rc feed(struct reporter *r, uint64_t n, struct err *err)
{
	enum rc rc;
	struct report_meta meta = {.tool_version = "0.1",
				   .suite_digest = "",
				   .tls_library = "",
				   .hostname = "lab",
				   .command = "",
				   .started = 1795519190,
				   .out = "."};
	struct report_totals totals = {.cells = n, .run = n, .exit_code = 1};
	char id[PLAN_ID_SIZE];
	TRY(r->ops->begin(r, &meta, err));
	const struct report_target *t = fixture_case(VERDICT_PASS)->target;
	TRY(r->ops->target(r, t, err));
	for (uint64_t i = 0; i < n; i++) {
		enum verdict v = i % 10 ? VERDICT_PASS : VERDICT_FALSE_ACCEPT;
		struct report_case c = *fixture_case(v);
		snprintf(id, sizeof id, "%s,n=%llu]", c.id, (unsigned long long)i);
		c.id = id;
		totals.verdicts[v]++;
		TRY(r->ops->one_case(r, &c, err));
	}
	TRY(r->ops->end(r, &totals, err));
out:
	return rc;
}

static enum rc open_one(struct reporter *r, const char *what, const char *dir, struct err *err)
{
	static char path[4096];
	struct console_spec console = {.file = stdout};
	snprintf(path, sizeof path, "%s/results.xml", dir);
	if (strcmp(what, "junit") == 0)
		return junit_open(r, dir, false, err);
	if (strcmp(what, "results") == 0)
		return results_open(r, path, err);
	if (strcmp(what, "console") == 0)
		return console_open(r, &console, err);
	return err_set(err, RC_INPUT, "%s is neither junit nor results nor console", what);
}

int main(int argc, char **argv)
{
	struct err err = {{0}};
	struct reporter r = {0};
	struct rusage usage;
	uint64_t n;
	if (argc != 4 || !text_u64(argv[2], 1, 100000000, &n)) {
		fputs("usage: report-bench junit|results|console N DIRECTORY\n", stderr);
		return 2;
	}
	uint64_t began = clock_cpu_us();
	enum rc rc = open_one(&r, argv[1], argv[3], &err);
	if (rc == RC_OK)
		rc = feed(&r, n, &err);
	if (r.ops)
		r.ops->close(&r);
	if (rc != RC_OK) {
		fprintf(stderr, "report-bench: %s\n", err.text);
		return 3;
	}
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "%s: %llu cases, %.2f s CPU, %ld KiB peak\n", argv[1], (unsigned long long)n,
		(double)(clock_cpu_us() - began) / 1e6, usage.ru_maxrss);
	return 0;
}
