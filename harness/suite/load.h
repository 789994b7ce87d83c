/*
 * load.h - what the loader's files share: one file a vocabulary turns elements into rows, cross.c checks them against
 * each other.  Rows grow in malloc memory and move to the arena at the end; everything else lives in the arena at once.
 */
#ifndef HARNESS_SUITE_LOAD_H
#define HARNESS_SUITE_LOAD_H

#include "harness/base/arena.h"
#include "harness/suite/findings.h"
#include "harness/suite/model.h"
#include "harness/suite/read.h"

#define LOAD_MAX_AXES 8 /* plan.h: PLAN_MAX_AXES; load_test.c compares them */

#define LOAD_ROWS(type, name)                                                                                          \
	struct type *name;                                                                                             \
	size_t n_##name, cap_##name

struct loader {
	struct arena *arena;	   /* borrowed */
	struct findings *findings; /* borrowed */
	const struct node *base;
	LOAD_ROWS(condition, conditions);
	LOAD_ROWS(scenario, scenarios);
	LOAD_ROWS(requirement, requirements);
	LOAD_ROWS(impossible, impossibles);
	LOAD_ROWS(profile, profiles);
	LOAD_ROWS(diagnosis, diagnoses);
	const char **files, **roots; /* and the root of each; NULL when it could not be read */
	size_t n_files, cap_files, n_roots, cap_roots;
};

/* One element each; `suite` is the stem of its file. */
void condition_read(struct loader *l, const struct node *n);
void base_read(struct loader *l, const struct node *n);
void scenario_read(struct loader *l, const struct node *n, const char *suite);
void requirement_read(struct loader *l, const struct node *n);
void impossible_read(struct loader *l, const struct node *n);
void profile_read(struct loader *l, const struct node *n);
void diagnosis_read(struct loader *l, const struct node *n);

/* The <title> of an element (arena), or NULL. */
const char *load_title(struct loader *l, const struct node *n);

/* A document whose root is no target, known-failures or expected; these are findings when `alone`, else passed over. */
void load_document(struct loader *l, const struct node *root, bool alone);
/* Moves the rows to the arena; the loader is empty afterwards. */
struct suite *load_finish(struct loader *l, const char *dir);

/* The files of a suites/ folder, then files or folders from outside; findings are no fault of rc. */
enum rc load_files(struct loader *l, const char *dir, const char *const *extra, size_t n_extra,
		   struct err *err) MUST_USE;

/* Every reference between rows; needs them all. */
void cross_check(struct findings *f, struct arena *a, const struct suite *s);

/* Its parts that other files need or have: condition= in a when=, and the lines of profiles. */
void cross_when_conditions(struct findings *f, const struct suite *s, const struct when *w, struct where where);
void cross_profiles(struct findings *f, struct arena *a, const struct suite *s);

/* Bytes as one suite file of any kind, loaded and cross-checked against itself: for tests and the fuzzer. */
enum rc load_bytes(struct arena *a, const char *file, const void *data, size_t len, const struct suite **out,
		   struct err *err) MUST_USE;

/* A target element, without what needs a suite; NULL after a finding that leaves nothing to check. */
const struct target *target_read(struct findings *f, struct arena *a, const struct node *root, const char *dir);
/* The target as it is under a variant of it (arena). */
const struct target *target_vary(struct arena *a, const struct target *t, const struct variant *v);
/* The same with what the file's folder and the suite know: files beside it, its profile. */
const struct target *target_check(struct findings *f, struct arena *a, const struct suite *suite,
				  const struct node *root);
/* <known-failures> or <expected>. */
const struct pins *pins_read(struct findings *f, struct arena *a, const struct node *root);

#endif
