/* mtlspec gate: compares two results for CI, and writes a first known-failures file. */
#include "harness/base/opt.h"
#include "harness/cmd.h"
#include "harness/suite/suite.h"
#include "reports/gate.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN 50

enum { OPT_KNOWN, OPT_WRITE_KNOWN, OPT_EXPECTED, OPT_ALLOWED, OPT_FAIL_ON, OPT_STRICT, OPT_ALLOW, OPT_ALL };
static const struct opt table[] = {
	{"known-failures", 0, "FILE",
     "known verdicts do not fail the gate until they pass or expire"},
	{"write-known", 0, "FILE", "write a first known-failures file from RESULTS (BASELINE may be left out)"},
	{"expected", 0, "FILE", "compare RESULTS with the verdicts that this <expected> file predicts, both ways"},
	{"allowed", 0, "FILE", "with --expected: what this <expected> file predicts may come, and need not"},
	{"fail-on", 0, "SEVERITY", "only failures of this severity and above fail the gate (default low)"},
	{"strict", 0, NULL, "deviations and flaky cases fail"},
	{"allow", 0, "WHAT", "new: failing cases new in the suite; disappeared: cases gone; repeatable"},
	{"all", 0, NULL, "list every case, not the first 50 of each kind"},
};

static const char usage[] =
	"usage: mtlspec gate [OPTION]... BASELINE RESULTS\n"
	"       mtlspec gate --write-known FILE RESULTS\n"
	"       mtlspec gate --expected FILE RESULTS\n\n"
	"Compares two runs (results.xml or the directory of a run): new failures, fixed, still failing, new in the suite,\n"
	"disappeared.  With --expected: every verdict other than pass must be predicted by a row of the file, and every row\n"
	"must come true; rows that need not (of a variant of a server: those of the server) are --allowed.  Exit status:\n"
	"0 nothing got worse or all as predicted, 1 new failures, cases that disappeared or differences,\n"
	"2 usage or unreadable results.";

struct choices {
	struct gate_spec spec;
	const char *known, *write_known, *expected, *allowed;
};

static enum rc take(void *context, int row, const char *argument, struct err *err)
{
	struct choices *c = context;
	switch (row) {
	case OPT_KNOWN:
		c->known = argument;
		return RC_OK;
	case OPT_WRITE_KNOWN:
		c->write_known = argument;
		return RC_OK;
	case OPT_EXPECTED:
		c->expected = argument;
		return RC_OK;
	case OPT_ALLOWED:
		c->allowed = argument;
		return RC_OK;
	case OPT_FAIL_ON:
		if (severity_parse(argument, &c->spec.fail_on))
			return RC_OK;
		return err_set(err, RC_INPUT, "--fail-on %s is not one of: %s", argument, severity_words());
	case OPT_STRICT:
		c->spec.strict = true;
		return RC_OK;
	case OPT_ALL:
		c->spec.shown = UINT32_MAX;
		return RC_OK;
	}
	if (strcmp(argument, "new") == 0)
		c->spec.allow_added = true;
	else if (strcmp(argument, "disappeared") == 0)
		c->spec.allow_disappeared = true;
	else
		return err_set(err, RC_INPUT, "--allow %s is neither new nor disappeared", argument);
	return RC_OK;
}

static enum rc write_known(const struct choices *c, const struct gate_results *r, time_t now, struct err *err)
{
	uint64_t n;
	enum rc rc = gate_write_known(r, c->write_known, now, c->spec.strict, &n, err);
	if (rc == RC_OK)
		printf("%s: %" PRIu64 " known failures; add reasons and links, correct the dates\n", c->write_known, n);
	return rc;
}

/* A file that was named and is not there is a wrong word. */
static enum rc load(struct arena *a, const char *path, const struct pins **out, struct err *err)
{
	enum rc rc = path ? pins_load(a, path, out, err) : RC_OK;
	return rc == RC_ABSENT ? RC_INPUT : rc;
}

static enum rc check_expected(const struct choices *c, const struct gate_results *r, bool *passed, struct err *err)
{
	enum rc rc;
	struct arena a = {0};
	struct gate_expected counts;
	const struct pins *rows = NULL, *allowed = NULL;
	TRY(load(&a, c->expected, &rows, err));
	TRY(load(&a, c->allowed, &allowed, err));
	TRY(gate_check_expected(r, rows, allowed, c->spec.shown, stdout, &counts, err));
	*passed = !counts.unpredicted && !counts.missing;
out:
	arena_fini(&a);
	return rc;
}

static enum rc gate(const struct choices *c, char **paths, int n, time_t now, bool *passed, struct err *err)
{
	enum rc rc;
	char today[32];
	struct tm tm;
	struct arena a = {0};
	const struct pins *pins = NULL;
	struct gate_results before = {0}, after = {0};
	struct gate_counts counts;
	gmtime_r(&now, &tm);
	strftime(today, sizeof today, "%Y-%m-%d", &tm);
	TRY(load(&a, c->known, &pins, err));
	TRY(gate_read(&after, paths[n - 1], pins, today, err));
	if (n == 2) {
		/* known failures decide about the results: in the baseline they would only hide what was fixed */
		TRY(gate_read(&before, paths[0], NULL, today, err));
		TRY(gate_compare(&before, &after, &c->spec, stdout, &counts, err));
		*passed = counts.passed;
	}
	if (c->expected)
		TRY(check_expected(c, &after, passed, err));
	if (c->write_known)
		TRY(write_known(c, &after, now, err));
out:
	gate_results_fini(&before);
	gate_results_fini(&after);
	arena_fini(&a);
	return rc;
}

int cmd_gate(const struct cmd_context *context, int argc, char **argv)
{
	enum rc rc;
	int rest;
	bool passed = true;
	struct err err = {{0}};
	struct choices c = {.spec = {.fail_on = SEVERITY_LOW, .shown = SHOWN}};
	TRY(opt_parse(argc, argv, usage, table, sizeof table / sizeof *table, take, &c, &rest, &err));
	int n = argc - rest;
	if (c.allowed && !c.expected) {
		rc = err_set(&err, RC_INPUT, "--allowed goes with --expected; mtlspec gate --help tells more");
		goto out;
	}
	if (c.expected ? n != 1 : n != 2 && !(n == 1 && c.write_known)) {
		rc = err_set(&err, RC_INPUT, "gate takes %sRESULTS; mtlspec gate --help tells more",
			     c.expected ? "no BASELINE beside --expected, only " : "BASELINE and ");
		goto out;
	}
	TRY(gate(&c, argv + rest, n, context->now, &passed, &err));
out:
	if (rc != RC_OK)
		return cmd_fail(rc, &err);
	return passed ? EXIT_OK : EXIT_FAILED;
}
