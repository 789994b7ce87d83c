/*
 * suite.h - reads XML into the model.  The only reader of DOM trees.  Errors say "file:line: what".  External entities,
 * network, files past 8 MiB and entity expansion are refused; unknown elements, attributes and references are errors.
 */
#ifndef HARNESS_SUITE_SUITE_H
#define HARNESS_SUITE_SUITE_H

#include "harness/base/arena.h"
#include "harness/suite/model.h"

struct suite_spec {
	const char *dir;	     /* the shipped suites/ */
	const char *const *extra;    /* --suite: files or directories from outside */
	size_t n_extra;
};

/* Everything but targets and known failures; cross-checked (references, duplicates, clauses, empty matrices). */
enum rc suite_load(struct arena *a, const struct suite_spec *spec, const struct suite **out, struct err *err) MUST_USE;

/* NAME (a folder of suites/targets), NAME:VARIANT, or the path of a target file. */
enum rc target_load(struct arena *a, const struct suite *suite, const char *name, const struct target **out,
		    const struct variant **variant, struct err *err) MUST_USE;

/* <known-failures> and <expected> files. */
enum rc pins_load(struct arena *a, const char *path, const struct pins **out, struct err *err) MUST_USE;

/* The conditions own:ID of a target's identities, appended to a copy of the suite (arena). */
const struct suite *suite_with_identities(struct arena *a, const struct suite *s, const struct target *t);

/* The folder suites/: beside the build, else in the prefix; MTLSPEC_SUITES overrides. */
enum rc suite_find_dir(struct arena *a, const char *program, const char **out, struct err *err) MUST_USE;

/* "tls=1.2 condition=leaf-*" -> when. */
enum rc when_parse(struct arena *a, const char *text, struct when *out, const char *file, int line, struct err *err) MUST_USE;

#endif
