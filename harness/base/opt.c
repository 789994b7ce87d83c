#include "harness/base/opt.h"

#include "harness/base/arena.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HELP_CODE 0x1000
#define ROW_CODE 0x2000

void opt_help(FILE *out, const char *usage, const struct opt *table, size_t n)
{
	fprintf(out, "%s\n", usage);
	if (n)
		fputs("\nOptions:\n", out);
	for (size_t i = 0; i < n; i++) {
		char left[64];
		char letter[8] = "    ";
		if (table[i].letter)
			snprintf(letter, sizeof letter, "-%c, ", table[i].letter);
		snprintf(left, sizeof left, "%s--%s%s%s", letter, table[i].name, table[i].argument ? " " : "",
			 table[i].argument ? table[i].argument : "");
		fprintf(out, "  %-34s %s\n", left, table[i].sentence);
	}
	fprintf(out, "  %-34s %s\n", "    --help", "print this and end");
}

static enum rc one(int code, const struct opt *table, size_t n, opt_take *take, void *context, const char *word,
		   struct err *err)
{
	bool known = code == '?' && optopt >= ROW_CODE && optopt < ROW_CODE + (int)n;
	if (known || (code == '?' && optopt == HELP_CODE))
		return err_set(err, RC_INPUT, "option --%s takes no argument",
			       known ? table[optopt - ROW_CODE].name : "help");
	if (code == '?' || code == ':')
		return err_set(err, RC_INPUT, code == ':' ? "option %s needs an argument" : "unknown option %s", word);
	for (size_t i = 0; i < n; i++)
		if (code == ROW_CODE + (int)i || (table[i].letter && code == table[i].letter))
			return take(context, (int)i, table[i].argument ? optarg : NULL, err);
	return err_set(err, RC_INPUT, "unknown option %s", word);
}

enum rc opt_parse(int argc, char **argv, const char *usage, const struct opt *table, size_t n, opt_take *take,
		  void *context, int *rest, struct err *err)
{
	enum rc rc = RC_OK;
	struct option *longs = mem_alloc((n + 2) * sizeof *longs);
	char *shorts = mem_alloc(2 * n + 2), *p = shorts;
	*p++ = ':';
	for (size_t i = 0; i < n; i++) {
		longs[i] = (struct option){table[i].name, table[i].argument ? required_argument : no_argument, NULL,
					   ROW_CODE + (int)i};
		if (table[i].letter) {
			*p++ = (char)table[i].letter;
			if (table[i].argument)
				*p++ = ':';
		}
	}
	longs[n] = (struct option){"help", no_argument, NULL, HELP_CODE};
	opterr = 0;
	optind = 0;
	for (;;) {
		int code = getopt_long(argc, argv, shorts, longs, NULL);
		if (code == -1)
			break;
		if (code == HELP_CODE) {
			opt_help(stdout, usage, table, n);
			rc = RC_END;
			goto out;
		}
		/* A long word is behind us and words that are no options have moved; a letter may stand among others. */
		char letter[3] = {'-', (char)optopt, '\0'};
		bool is_letter = optopt > 0 && optopt < ROW_CODE;
		TRY(one(code, table, n, take, context, is_letter ? letter : argv[optind - 1], err));
	}
	*rest = optind;
out:
	free(longs);
	free(shorts);
	return rc;
}
