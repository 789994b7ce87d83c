/* Finds the files of a suite, hands each element to its vocabulary, checks the whole. */
#include "harness/suite/suite.h"

#include "harness/base/fs.h"
#include "harness/suite/load.h"
#include "harness/suite/xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Vocabularies that are read by their own calls, never as part of a suite. */
#define OTHER_ROOTS "target known-failures expected"

static void read_scenario(struct loader *l, const struct node *n)
{
	const char *file = n->where.file, *slash = strrchr(file, '/');
	const char *stem = slash ? slash + 1 : file;
	size_t len = strlen(stem);
	if (text_ends(stem, ".xml"))
		len -= strlen(".xml");
	stem = arena_strndup(l->arena, stem, len);
	if (!read_id_is_legal(stem))
		findings_add(l->findings, (struct where){file, 1},
			     "the file's stem \"%s\" names the suite in case ids: letters, "
			     "digits and . _ - only, at most 64",
			     stem);
	scenario_read(l, n, stem);
}

static const struct {
	const char *element;
	void (*read)(struct loader *l, const struct node *n);
} vocabulary[] = {
    {"condition", condition_read},   {"base", base_read},
    {"scenario", read_scenario},     {"requirement", requirement_read},
    {"impossible", impossible_read}, {"profile", profile_read},
    {"diagnosis", diagnosis_read},
};

/* Roots and what they hold. */
static const struct {
	const char *root, *children;
} containers[] = {
    {"conditions", "base condition"}, {"scenarios", "scenario"},
    {"requirements", "requirement"},  {"impossible-cells", "impossible"},
    {"diagnoses", "diagnosis"},	      {"suite", "condition scenario requirement impossible profile diagnosis"},
};

static void read_element(struct loader *l, const struct node *n)
{
	for (size_t i = 0; i < sizeof vocabulary / sizeof *vocabulary; i++)
		if (strcmp(vocabulary[i].element, n->name) == 0)
			vocabulary[i].read(l, n);
}

void load_document(struct loader *l, const struct node *root, bool alone)
{
	if (strcmp(root->name, "profile") == 0) {
		read_element(l, root);
		return;
	}
	for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
		if (strcmp(containers[i].root, root->name) != 0)
			continue;
		const struct shape shape = {.attributes = "", .children = containers[i].children};
		read_shape(l->findings, root, &shape);
		for (size_t j = 0; j < root->n_children; j++)
			if (read_index(shape.children, root->children[j].name, strlen(root->children[j].name)) >= 0)
				read_element(l, &root->children[j]);
		return;
	}
	if (read_index(OTHER_ROOTS, root->name, strlen(root->name)) < 0)
		findings_add(l->findings, root->where,
			     "unknown root <%s>; legal: suite scenarios conditions requirements "
			     "impossible-cells diagnoses profile " OTHER_ROOTS,
			     root->name);
	else if (alone)
		findings_add(l->findings, root->where, "<%s> is no part of a suite: name it with --%s", root->name,
			     strcmp(root->name, "target") == 0 ? "target" : "known-failures");
}

static enum rc load_file(struct loader *l, const char *path, bool alone, struct err *err)
{
	const struct node *root;
	enum rc rc = xml_read(l->findings, l->arena, path, &root, err);
	if (rc == RC_OK) {
		*VEC_PUSH(l->files, l->n_files, l->cap_files) = path;
		*VEC_PUSH(l->roots, l->n_roots, l->cap_roots) = root ? root->name : NULL;
		if (root)
			load_document(l, root, alone);
	}
	return rc;
}

/* Every *.xml of a folder in order of names; a folder that is not there has none. */
static enum rc load_folder(struct loader *l, const char *path, struct err *err)
{
	const char **names;
	size_t n;
	enum rc rc = RC_OK;
	if (!fs_is_dir(path))
		return RC_OK;
	TRY(fs_list(l->arena, path, &names, &n, err));
	for (size_t i = 0; i < n; i++)
		if (text_ends(names[i], ".xml") && names[i][0] != '.')
			TRY(load_file(l, arena_printf(l->arena, "%s/%s", path, names[i]), false, err));
out:
	return rc;
}

/* A folder of the shape of suites/, or one that just holds files. */
static enum rc load_tree(struct loader *l, const char *path, struct err *err)
{
	static const char *const folders[] = {"conditions", "scenarios", "profiles"};
	enum rc rc;
	TRY(load_folder(l, path, err));
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		TRY(load_folder(l, arena_printf(l->arena, "%s/%s", path, folders[i]), err));
out:
	return rc;
}

static bool is_loaded(const struct loader *l, const char *path)
{
	const char *mine = NULL, *theirs = NULL;
	struct arena a = {0};
	struct err ignored = {0};
	bool same = false;
	if (fs_absolute(&a, path, &mine, &ignored) == RC_OK)
		for (size_t i = 0; !same && i < l->n_files; i++)
			same = fs_absolute(&a, l->files[i], &theirs, &ignored) == RC_OK && strcmp(mine, theirs) == 0;
	arena_fini(&a);
	return same;
}

enum rc load_files(struct loader *l, const char *dir, const char *const *extra, size_t n_extra, struct err *err)
{
	enum rc rc = RC_OK;
	if (dir)
		TRY(load_tree(l, dir, err));
	for (size_t i = 0; i < n_extra; i++) {
		const char *path = arena_strdup(l->arena, extra[i]);
		if (fs_is_dir(path)) {
			size_t before = l->n_files;
			TRY(load_tree(l, path, err));
			if (l->n_files == before)
				TRY(err_set(err, RC_INPUT, "%s: no *.xml file in this folder", path));
		} else if (!is_loaded(l, path)) {
			TRY(load_file(l, path, true, err));
		}
	}
out:
	/* A file that the user named and that is not there is the user's mistake. */
	return rc == RC_ABSENT ? RC_INPUT : rc;
}

#define KEEP(s, l, rows)                                                                                               \
	do {                                                                                                           \
		(s)->rows = arena_memdup((l)->arena, (l)->rows, (l)->n_##rows * sizeof *(l)->rows);                    \
		(s)->n_##rows = (l)->n_##rows;                                                                         \
		free((l)->rows);                                                                                       \
		(l)->rows = NULL;                                                                                      \
	} while (0)

struct suite *load_finish(struct loader *l, const char *dir)
{
	struct suite *s = ARENA_NEW(l->arena, struct suite, 1);
	s->dir = arena_strdup(l->arena, dir);
	s->base = l->base;
	KEEP(s, l, conditions);
	KEEP(s, l, scenarios);
	KEEP(s, l, requirements);
	KEEP(s, l, impossibles);
	KEEP(s, l, profiles);
	KEEP(s, l, diagnoses);
	KEEP(s, l, files);
	free(l->roots);
	l->roots = NULL;
	return s;
}

enum rc suite_load(struct arena *a, const struct suite_spec *spec, const struct suite **out, struct err *err)
{
	struct findings f = {.arena = a};
	struct loader l = {.arena = a, .findings = &f};
	enum rc rc = load_files(&l, spec->dir, spec->extra, spec->n_extra, err);
	struct suite *s = load_finish(&l, spec->dir);
	if (rc == RC_OK) {
		cross_check(&f, a, s);
		rc = findings_result(&f, err);
	}
	if (rc == RC_OK)
		*out = s;
	findings_fini(&f);
	return rc;
}

enum rc load_bytes(struct arena *a, const char *file, const void *data, size_t len, const struct suite **out,
		   struct err *err)
{
	struct findings f = {.arena = a};
	struct loader l = {.arena = a, .findings = &f};
	const struct node *root = xml_parse(&f, a, file, data, len);
	if (root && read_index(OTHER_ROOTS, root->name, strlen(root->name)) < 0)
		load_document(&l, root, true);
	else if (root && strcmp(root->name, "target") == 0)
		target_read(&f, a, root, NULL);
	else if (root)
		pins_read(&f, a, root);
	struct suite *s = load_finish(&l, NULL);
	cross_check(&f, a, s);
	enum rc rc = findings_result(&f, err);
	if (rc == RC_OK)
		*out = s;
	findings_fini(&f);
	return rc;
}

const struct suite *suite_with_identities(struct arena *a, const struct suite *s, const struct target *t)
{
	struct suite *out = arena_memdup(a, s, sizeof *s);
	struct condition *v = ARENA_NEW(a, struct condition, s->n_conditions + t->n_identities);
	const char *control = NULL;
	if (s->n_conditions)
		memcpy(v, s->conditions, s->n_conditions * sizeof *v);
	for (size_t i = 0; !control && i < t->n_identities; i++)
		if (t->identities[i].decision == BIT(DECISION_ACCEPT))
			control = arena_printf(a, "own:%s", t->identities[i].id);
	for (size_t i = 0; i < t->n_identities; i++) {
		const struct identity *d = &t->identities[i];
		v[s->n_conditions + i] = (struct condition){
		    .id = arena_printf(a, "own:%s", d->id),
		    .title = arena_printf(a, "The certificate %s of the target file", d->id),
		    .level = d->decision == BIT(DECISION_ACCEPT) || d->decision == BIT(DECISION_REJECT) ? LEVEL_MUST
													: LEVEL_POLICY,
		    .decision = d->decision,
		    .differs_from = d->decision == BIT(DECISION_ACCEPT) ? NULL : control,
		    .own = d->id,
		    .openssl = "",
		    .body = ARENA_NEW(a, struct node, 1),
		    .where = d->where,
		};
	}
	out->conditions = v;
	out->n_conditions += t->n_identities;
	return out;
}
