/*
 * expand.h - replaces @PLACEHOLDERS@ in arguments, URLs and configuration templates.  "@@" is a literal "@"; any other
 * "@" must open a placeholder that the lookup knows.  What a placeholder stands for is never expanded again.
 */
#ifndef HARNESS_TARGET_EXPAND_H
#define HARNESS_TARGET_EXPAND_H

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/suite/model.h"

/* *value stays NULL when nobody knows `name`; any other failure is the lookup's own. */
typedef enum rc expand_lookup(void *context, const char *name, const char **value, struct err *err);

struct expand {
	expand_lookup *lookup;
	void *context;
};

/* `where` is the line of the text's first character: errors count lines from there. */
enum rc expand_text(struct arena *a, const struct expand *x, const char *text, struct where where, const char **out,
		    struct err *err) MUST_USE;
/* A template of at most 1 MiB.  `verbatim` copies it as it is.  Errors name the template's file and line. */
enum rc expand_file(struct arena *a, const struct expand *x, const char *from, const char *to, bool verbatim,
		    struct err *err) MUST_USE;

#endif
