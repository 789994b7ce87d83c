#include "harness/suite/lint.h"

#include "harness/base/fs.h"
#include "harness/suite/load.h"
#include "harness/suite/relaxng.h"
#include "harness/suite/suite.h"
#include "harness/suite/xml.h"

#include <stdlib.h>
#include <string.h>

struct linting {
	struct arena *arena;
	struct lint_result *result;
	const char *dir;
	const char **suite_files, **targets, **pins; /* owned vectors */
	size_t n_suite_files, n_targets, n_pins, cap_suite_files, cap_targets, cap_pins;
	const char **all, **roots; /* every document that could be read, and its root */
	size_t n_all, cap_all, n_roots, cap_roots;
};

static void note_document(struct linting *l, const char *path, const char *root)
{
	*VEC_PUSH(l->all, l->n_all, l->cap_all) = path;
	*VEC_PUSH(l->roots, l->n_roots, l->cap_roots) = root;
}

/* Which reader a file is for; a document that is not well-formed is the suite's to complain about. */
static enum rc sort_file(struct linting *l, const char *path, struct err *err)
{
	struct findings ignored = {.arena = l->arena};
	const struct node *root;
	enum rc rc = xml_read(&ignored, l->arena, path, &root, err);
	findings_fini(&ignored);
	if (rc != RC_OK)
		return rc == RC_ABSENT ? RC_INPUT : rc;
	if (root && strcmp(root->name, "target") == 0) {
		*VEC_PUSH(l->targets, l->n_targets, l->cap_targets) = path;
		note_document(l, path, root->name);
	} else if (root && (strcmp(root->name, "known-failures") == 0 || strcmp(root->name, "expected") == 0)) {
		*VEC_PUSH(l->pins, l->n_pins, l->cap_pins) = path;
		note_document(l, path, root->name);
	} else {
		*VEC_PUSH(l->suite_files, l->n_suite_files, l->cap_suite_files) = path;
	}
	return RC_OK;
}

/* path/NAME, or path/NAME/`inside`, for every NAME there is. */
static enum rc sort_folder(struct linting *l, const char *path, const char *inside, struct err *err)
{
	const char **names;
	size_t n;
	enum rc rc = RC_OK;
	if (!fs_is_dir(path))
		return RC_OK;
	TRY(fs_list(l->arena, path, &names, &n, err));
	for (size_t i = 0; i < n; i++) {
		const char *file =
		    arena_printf(l->arena, "%s/%s%s%s", path, names[i], inside ? "/" : "", inside ? inside : "");
		if (text_ends(file, ".xml") && fs_exists(file))
			TRY(sort_file(l, file, err));
	}
out:
	return rc;
}

static enum rc sort_all(struct linting *l, const char *const *files, size_t n, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < n; i++) {
		if (fs_is_dir(files[i]))
			TRY(sort_folder(l, files[i], NULL, err));
		else
			TRY(sort_file(l, arena_strdup(l->arena, files[i]), err));
	}
	if (n)
		return RC_OK;
	TRY(sort_folder(l, arena_printf(l->arena, "%s/targets", l->dir), "target.xml", err));
	TRY(sort_folder(l, arena_printf(l->arena, "%s/../ci/expect", l->dir), NULL, err));
out:
	return rc;
}

static void count(struct linting *l, const struct suite *s)
{
	struct lint_result *r = l->result;
	r->files = s->n_files + l->n_targets + l->n_pins;
	r->conditions = s->n_conditions;
	r->scenarios = s->n_scenarios;
	r->requirements = s->n_requirements;
	r->profiles = s->n_profiles;
	r->diagnoses = s->n_diagnoses;
	r->targets = l->n_targets;
	r->pins = l->n_pins;
}

static enum rc load_all(struct linting *l, struct err *err)
{
	struct findings *f = &l->result->findings;
	struct loader loader = {.arena = l->arena, .findings = f};
	const struct node *root;
	enum rc rc = load_files(&loader, l->dir, l->suite_files, l->n_suite_files, err);
	for (size_t i = 0; i < loader.n_files; i++)
		if (loader.roots[i])
			note_document(l, loader.files[i], loader.roots[i]);
	struct suite *s = load_finish(&loader, l->dir);
	TRY(rc);
	cross_check(f, l->arena, s);
	count(l, s);
	for (size_t i = 0; i < l->n_targets; i++) {
		TRY(xml_read(f, l->arena, l->targets[i], &root, err));
		if (root)
			target_check(f, l->arena, s, root);
	}
	for (size_t i = 0; i < l->n_pins; i++) {
		TRY(xml_read(f, l->arena, l->pins[i], &root, err));
		if (root)
			pins_read(f, l->arena, root);
	}
out:
	return rc;
}

/* The loader's complaints are the clearer ones: a grammar speaks only of files that the loader likes. */
static enum rc validate_all(struct linting *l, struct err *err)
{
	struct findings *f = &l->result->findings;
	struct relaxng *grammars;
	enum rc rc = RC_OK;
	size_t known = f->n;
	relaxng_open(&grammars, arena_printf(l->arena, "%s/schema", l->dir));
	for (size_t i = 0; i < l->n_all; i++) {
		bool complained = false;
		for (size_t j = 0; !complained && j < known; j++)
			complained = strcmp(f->rows[j].where.file, l->all[i]) == 0;
		if (!complained)
			TRY(relaxng_check(grammars, f, l->roots[i], l->all[i], err));
	}
out:
	relaxng_close(&grammars);
	return rc;
}

enum rc lint(struct arena *a, const char *dir, const char *const *files, size_t n, struct lint_result *out,
	     struct err *err)
{
	enum rc rc;
	struct linting l = {.arena = a, .result = out, .dir = dir};
	*out = (struct lint_result){.findings = {.arena = a}};
	TRY(sort_all(&l, files, n, err));
	TRY(load_all(&l, err));
	TRY(validate_all(&l, err));
	findings_sort(&out->findings);
out:
	free(l.suite_files);
	free(l.targets);
	free(l.pins);
	free(l.all);
	free(l.roots);
	return rc;
}

enum rc lint_template(struct arena *a, const char *dir, const char *name, char **text, size_t *len, struct err *err)
{
	static const char stem[] = "template-";
	const char **names, *all = "";
	size_t n;
	enum rc rc;
	TRY(fs_list(a, arena_printf(a, "%s/schema", dir), &names, &n, err));
	for (size_t i = 0; i < n; i++) {
		if (!text_starts(names[i], stem) || !text_ends(names[i], ".xml"))
			continue;
		const char *each =
		    arena_strndup(a, names[i] + strlen(stem), strlen(names[i]) - strlen(stem) - strlen(".xml"));
		if (strcmp(each, name) == 0)
			return fs_read(a, arena_printf(a, "%s/schema/%s", dir, names[i]), XML_MAX_BYTES, text, len,
				       err);
		all = arena_printf(a, "%s %s", all, each);
	}
	rc = err_set(err, RC_INPUT, "no template %s; there are:%s", name, all);
out:
	return rc;
}
