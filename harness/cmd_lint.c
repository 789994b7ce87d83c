/* mtlspec lint: checks suites, targets and known-failures files, and writes commented skeletons of them. */
#include "harness/cmd.h"

#include "harness/base/fs.h"
#include "harness/base/opt.h"
#include "harness/suite/lint.h"
#include "harness/suite/suite.h"

#include <stdio.h>

enum { OPT_TEMPLATE };
static const struct opt options[] = {
    [OPT_TEMPLATE] = {"template", 't', "NAME",
		      "print a commented skeleton (scenario, condition, target), or write it to FILE"},
};
static const char usage[] =
    "usage: mtlspec lint [FILE|DIR]...\n"
    "       mtlspec lint [FILE] --template NAME\n\n"
    "Checks the shipped suites, targets and profiles, or the files given on top of them: well-formed,\n"
    "legal words, references, grammar.  Prints file:line: for each fault; exit status 2 if there is one.\n";

struct lint_options {
	const char *template;
};

static enum rc take(void *context, int row, const char *argument, struct err *err)
{
	struct lint_options *o = context;
	(void)err;
	if (row == OPT_TEMPLATE)
		o->template = argument;
	return RC_OK;
}

static enum rc write_template(struct arena *a, const char *dir, const char *name, int n_files, char **files,
			      struct err *err)
{
	char *text;
	size_t len;
	enum rc rc;
	if (n_files > 1)
		return err_set(err, RC_INPUT, "lint --template writes one file, not %d", n_files);
	TRY(lint_template(a, dir, name, &text, &len, err));
	if (!n_files) {
		fwrite(text, 1, len, stdout);
		return RC_OK;
	}
	if (fs_exists(files[0]))
		return err_set(err, RC_INPUT, "%s is there already; a template overwrites nothing", files[0]);
	TRY(fs_write(files[0], text, len, 0666, err));
	printf("%s: written\n", files[0]);
out:
	return rc;
}

static int print_result(const struct lint_result *r)
{
	const struct findings *f = &r->findings;
	for (size_t i = 0; i < f->n; i++)
		printf("%s:%d: %s\n", f->rows[i].where.file, f->rows[i].where.line, f->rows[i].text);
	if (f->total > f->n)
		printf("... and %zu more\n", f->total - f->n);
	if (f->total) {
		fprintf(stderr, "mtlspec: lint found %zu fault%s\n", f->total, f->total == 1 ? "" : "s");
		return EXIT_USAGE;
	}
	printf("%zu files are good: %zu conditions, %zu scenarios, %zu requirements, %zu profiles, %zu diagnoses, %zu "
	       "targets, "
	       "%zu lists of known or predicted verdicts\n",
	       r->files, r->conditions, r->scenarios, r->requirements, r->profiles, r->diagnoses, r->targets, r->pins);
	return EXIT_OK;
}

int cmd_lint(const struct cmd_context *c, int argc, char **argv)
{
	struct arena a = {0};
	struct err err = {0};
	struct lint_options o = {0};
	struct lint_result result = {0};
	const char *dir;
	int rest, status = EXIT_OK;
	enum rc rc;
	TRY(opt_parse(argc, argv, usage, options, sizeof options / sizeof *options, take, &o, &rest, &err));
	TRY(suite_find_dir(&a, c->program, &dir, &err));
	if (o.template)
		TRY(write_template(&a, dir, o.template, argc - rest, argv + rest, &err));
	else {
		TRY(lint(&a, dir, (const char *const *)argv + rest, (size_t)(argc - rest), &result, &err));
		status = print_result(&result);
	}
out:
	findings_fini(&result.findings);
	arena_fini(&a);
	return rc == RC_OK ? status : cmd_fail(rc, &err);
}
