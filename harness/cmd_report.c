/* mtlspec report DIR: renders the journal of a run again, whole or cut short; judge does the same for the verdicts alone. */
#include "harness/base/fs.h"
#include "harness/base/opt.h"
#include "harness/cmd.h"
#include "harness/run/output.h"
#include "harness/run/recorded.h"

#include <string.h>
#include <unistd.h>

static const char usage[] = "usage: mtlspec report DIR [--format F]...\n\n"
			    "Renders the reports of the run in DIR again from its journal, also after it was killed.\n"
			    "The suite and target files must be those that the run had.";

enum row { ROW_FORMAT };
static const struct opt table[] = {
	[ROW_FORMAT] = {"format", 'f', "F", "results, junit or console; may be repeated (default: all three)"},
};

static enum rc take(void *context, int row UNUSED, const char *text, struct err *err)
{
	unsigned *formats = context;
	static const char *const names[] = {"results", "junit", "console"};
	int at = text_index(names, 3, text);
	if (at < 0)
		return err_set(err, RC_INPUT, "--format %s: want results, junit or console", text);
	*formats |= 1u << at;
	return RC_OK;
}

static enum rc render_dir(const struct cmd_context *c, struct arena *a, const char *dir, unsigned formats, int *code,
			  struct err *err)
{
	enum rc rc;
	struct recorded was = {0};
	struct options options;
	struct session session = {0};
	int rest;
	const char *absolute;
	TRY(fs_absolute(a, dir, &absolute, err));
	TRY(recorded_read(a, absolute, &was, err));
	/* Relative names in the run's words mean what they meant then. */
	if (was.cwd && chdir(was.cwd) < 0) {
		rc = err_errno(err, RC_FAULT, "cannot go to %s, where the run was started", was.cwd);
		goto out;
	}
	TRY(options_parse(a, was.argc, was.argv, "", &options, &rest, err));
	options.results = absolute;
	/* Dates of known failures are those of the run: rendered again, a report says the same. */
	TRY(session_open(&session, &options, c->program, (time_t)was.started, was.seed, err));
	if (strcmp(session.digest, was.digest) != 0) {
		rc = err_set(err, RC_INPUT, "the suite or a target file has changed since the run in %s: digest %.12s, was %.12s",
			     dir, session.digest, was.digest);
		goto out;
	}
	struct output_spec output = {
		.session = &session,
		.out = absolute,
		.version = c->version,
		.formats = formats,
		.colour = output_colour(stdout),
	};
	struct report_totals totals = {.exit_code = EXIT_OK};
	rc = output_render(&output, &totals, err);
	*code = totals.exit_code;
out:
	session_close(&session);
	return rc;
}

int cmd_report(const struct cmd_context *c, int argc, char **argv)
{
	struct arena a = {0};
	struct err err = {{0}};
	unsigned formats = 0;
	int rest, code = EXIT_OK;
	enum rc rc;
	TRY(opt_parse(argc, argv, usage, table, 1, take, &formats, &rest, &err));
	if (rest + 1 != argc) {
		rc = err_set(&err, RC_INPUT, "report takes one directory");
		goto out;
	}
	rc = render_dir(c, &a, argv[rest], formats ? formats : OUTPUT_RESULTS | OUTPUT_JUNIT | OUTPUT_CONSOLE, &code, &err);
	if (rc == RC_ABSENT)
		rc = RC_INPUT;
out:
	arena_fini(&a);
	return rc == RC_OK ? code : judge_exit_worse(code, cmd_fail(rc, &err));
}
