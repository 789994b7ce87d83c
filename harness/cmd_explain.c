/* mtlspec explain: likely causes, checks and fixes for an alert, a status, an error code or pasted text. */
#include "harness/base/buf.h"
#include "harness/base/opt.h"
#include "harness/cmd.h"
#include "harness/judge/explain.h"
#include "harness/suite/suite.h"

#include <stdio.h>
#include <string.h>

#define MAX_TEXT  (1u << 20)
#define MAX_EXTRA 16
#define SHOWN	  3 /* in full; the rest by title */

static const char usage[] =
    "usage: mtlspec explain [OPTION]... SIGNAL|-\n\n"
    "SIGNAL is what was seen: 403.16, 0x80070032, unknown_ca, 48, http:400, ERR_CONNECTION_RESET, the words of a log\n"
    "line, or the id of an entry (KB-20).  With - the text comes from standard input: a log, or the output of netsh,\n"
    "certutil, curl or openssl.  Exit status 0 when something is known about it, 4 when nothing is.";

static const struct opt table[] = {
    {"suite", 's', "FILE|DIR", "read more diagnoses from here; may be repeated"},
    {"all", 'a', NULL, "show every entry that fits in full, not only the best"},
};

struct options {
	const char *extra[MAX_EXTRA];
	size_t n_extra;
	bool all;
};

static enum rc take(void *context, int row, const char *argument, struct err *err)
{
	struct options *o = context;
	if (row == 1) {
		o->all = true;
		return RC_OK;
	}
	if (o->n_extra == MAX_EXTRA)
		return err_set(err, RC_INPUT, "--suite more than %d times", MAX_EXTRA);
	o->extra[o->n_extra++] = argument;
	return RC_OK;
}

static enum rc read_text(struct arena *a, int argc, char **argv, int rest, const char **out, struct err *err)
{
	struct buf b;
	buf_init(&b, MAX_TEXT);
	if (argc - rest == 1 && strcmp(argv[rest], "-") == 0) {
		char chunk[4096];
		size_t n;
		while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0 && !b.overflow)
			for (size_t i = 0; i < n; i++) /* UTF-16 pasted from Windows tools: its zero bytes go */
				if (chunk[i])
					buf_add(&b, &chunk[i], 1);
	} else {
		for (int i = rest; i < argc; i++)
			buf_addf(&b, "%s%s", i > rest ? " " : "", argv[i]);
	}
	bool failed = ferror(stdin) != 0;
	*out = arena_strndup(a, b.data ? b.data : "", b.len);
	buf_fini(&b);
	if (failed)
		return err_errno(err, RC_FAULT, "standard input");
	return **out ? RC_OK : err_set(err, RC_INPUT, "explain what? Give a signal, or - and text on standard input");
}

static void print_list(const char *head, const char *const *lines, size_t n, bool numbered)
{
	if (n)
		printf("\n  %s\n", head);
	for (size_t i = 0; i < n; i++) {
		if (numbered)
			printf("  %zu. %s\n", i + 1, lines[i]);
		else
			printf("  - %s\n", lines[i]);
	}
}

static void print_hit(const struct explain_hit *h)
{
	const struct diagnosis *d = h->diagnosis;
	printf("%s: %s\n  (found: %s)\n", d->id, d->title, h->found);
	print_list("Likely causes, most likely first:", d->causes, d->n_causes, true);
	print_list("How to tell:", d->checks, d->n_checks, false);
	print_list("What to change:", d->fixes, d->n_fixes, false);
	putchar('\n');
}

static int nothing_known(const char *text)
{
	size_t len = strcspn(text, "\r\n");
	printf(
	    "Nothing is known about \"%.*s%s\".\n\n"
	    "What helps more:\n"
	    "  - the alert as name or number (unknown_ca, 48), the status with its sub-status (403.16), the code of\n"
	    "    the browser (ERR_...) or of Windows (0x800B0109; in IIS logs the last number, in decimal)\n"
	    "  - the server's log of that moment: mtlspec explain - < error.log\n"
	    "  - what the server does, seen from here: mtlspec discover https://HOST:PORT/\n",
	    len > 60 ? 60 : (int)len, text, len > 60 || text[len] ? "..." : "");
	return EXIT_NOTHING;
}

static int print_hits(const struct options *o, const struct explain_hit *hits, size_t n)
{
	size_t full = 0;
	while (full < n && (o->all || (full < SHOWN && hits[full].score * 2 >= hits[0].score)))
		print_hit(&hits[full++]);
	if (full < n)
		puts("Less likely:");
	for (size_t i = full; i < n; i++)
		printf("  %s: %s\n", hits[i].diagnosis->id, hits[i].diagnosis->title);
	return EXIT_OK;
}

int cmd_explain(const struct cmd_context *c, int argc, char **argv)
{
	enum rc rc;
	struct err err = {{0}};
	struct arena a = {0};
	struct options o = {0};
	struct suite_spec spec = {0};
	const struct suite *suite;
	const struct explain_hit *hits;
	const char *text;
	size_t n;
	int rest, code = EXIT_OK;
	TRY(opt_parse(argc, argv, usage, table, sizeof table / sizeof *table, take, &o, &rest, &err));
	TRY(read_text(&a, argc, argv, rest, &text, &err));
	TRY(suite_find_dir(&a, c->program, &spec.dir, &err));
	spec.extra = o.extra;
	spec.n_extra = o.n_extra;
	TRY(suite_load(&a, &spec, &suite, &err));
	explain_rank(&a, suite, text, &hits, &n);
	code = n ? print_hits(&o, hits, n) : nothing_known(text);
out:
	arena_fini(&a);
	return rc == RC_OK ? code : cmd_fail(rc, &err);
}
