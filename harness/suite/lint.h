/* lint.h - everything that can be said of XML files without running them: loader, references, grammars. */
#ifndef HARNESS_SUITE_LINT_H
#define HARNESS_SUITE_LINT_H

#include "harness/suite/findings.h"

struct lint_result {
	struct findings findings;
	size_t files, conditions, scenarios, requirements, profiles, diagnoses, targets, pins;
};

/*
 * The suite of `dir`, with its targets and the predicted verdicts beside it (../ci/expect), or with the files given:
 * suite files, targets or pins.  RC_OK whatever is found.
 */
enum rc lint(struct arena *a, const char *dir, const char *const *files, size_t n, struct lint_result *out,
	     struct err *err) MUST_USE;

/* The commented skeleton of this name in schema/: RC_INPUT with the names there are. */
enum rc lint_template(struct arena *a, const char *dir, const char *name, char **text, size_t *len,
		      struct err *err) MUST_USE;

#endif
