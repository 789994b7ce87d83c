/* opt.h - one table a sub-command: drives getopt_long and the help text alike. */
#ifndef HARNESS_BASE_OPT_H
#define HARNESS_BASE_OPT_H

#include "harness/base/err.h"

#include <stdio.h>

struct opt {
	const char *name;     /* long name without dashes */
	int letter;	      /* short letter, or 0 */
	const char *argument; /* what the help calls the argument; NULL for a switch */
	const char *sentence;
};

/*
 * Calls take(context, index of the row, argument or NULL) for each option in order.  Words that are no options are moved
 * behind and *rest tells where they start.  --help prints `usage` and the table on stdout and returns RC_END.
 * An unknown option, a missing argument or a `take` that refuses: RC_INPUT with the sentence in `err`.
 */
typedef enum rc opt_take(void *context, int row, const char *argument, struct err *err);
enum rc opt_parse(int argc, char **argv, const char *usage, const struct opt *table, size_t n, opt_take *take,
		  void *context, int *rest, struct err *err) MUST_USE;
void opt_help(FILE *out, const char *usage, const struct opt *table, size_t n);

#endif
