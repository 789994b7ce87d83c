/* A target by name, by name and variant, or by the path of its file. */
#include "harness/base/fs.h"
#include "harness/suite/load.h"
#include "harness/suite/suite.h"
#include "harness/suite/xml.h"

#include <string.h>

/* Folders of suites/targets that hold a target.xml, separated by blanks. */
static const char *known_names(struct arena *a, const struct suite *suite)
{
	const char **names, *all = "";
	size_t n = 0;
	struct err ignored = {0};
	const char *dir = arena_printf(a, "%s/targets", suite && suite->dir ? suite->dir : ".");
	if (fs_list(a, dir, &names, &n, &ignored) != RC_OK)
		return "none";
	for (size_t i = 0; i < n; i++)
		if (fs_exists(arena_printf(a, "%s/%s/target.xml", dir, names[i])))
			all = arena_printf(a, "%s%s%s", all, *all ? " " : "", names[i]);
	return *all ? all : "none";
}

/* The file that `name` means, and the variant behind a colon; a path may itself hold colons. */
static const char *find_file(struct arena *a, const struct suite *suite, const char *name, const char **variant)
{
	const char *colon = strrchr(name, ':');
	*variant = NULL;
	for (int i = 0; i < 2; i++) {
		if (!strchr(name, '/') && suite && suite->dir) {
			const char *path = arena_printf(a, "%s/targets/%s/target.xml", suite->dir, name);
			if (*name && fs_exists(path))
				return path;
		}
		if (fs_is_dir(name) && fs_exists(arena_printf(a, "%s/target.xml", name)))
			return arena_printf(a, "%s/target.xml", name);
		if (fs_exists(name) && !fs_is_dir(name))
			return arena_strdup(a, name);
		if (i || !colon)
			break;
		*variant = arena_strdup(a, colon + 1);
		name = arena_strndup(a, name, (size_t)(colon - name));
	}
	return NULL;
}

static enum rc find_variant(struct arena *a, const struct target *t, const char *id, const struct variant **out,
			    struct err *err)
{
	const char *all = "";
	for (size_t i = 0; i < t->n_variants; i++) {
		if (strcmp(t->variants[i].id, id) == 0) {
			*out = &t->variants[i];
			return RC_OK;
		}
		all = arena_printf(a, "%s %s", all, t->variants[i].id);
	}
	return err_set(err, RC_INPUT, "%s: no variant %s; it has:%s", t->file, id, *all ? all : " none");
}

const struct target *target_check(struct findings *f, struct arena *a, const struct suite *suite,
				  const struct node *root)
{
	const char *file = root->where.file, *slash = strrchr(file, '/');
	const struct target *t = target_read(f, a, root, slash ? arena_strndup(a, file, (size_t)(slash - file)) : ".");
	if (t && t->profile && suite && !suite_profile(suite, t->profile))
		findings_add(f, read_where(root, "profile"), "profile=\"%s\" names no profile", t->profile);
	for (size_t i = 0; t && suite && i < t->n_variants; i++)
		if (t->variants[i].profile && !suite_profile(suite, t->variants[i].profile))
			findings_add(f, t->variants[i].where, "profile=\"%s\" names no profile", t->variants[i].profile);
	return t;
}

enum rc target_load(struct arena *a, const struct suite *suite, const char *name, const struct target **out,
		    const struct variant **variant, struct err *err)
{
	enum rc rc;
	struct findings f = {.arena = a};
	const struct node *root;
	const char *variant_id, *file = find_file(a, suite, name, &variant_id);
	*variant = NULL;
	if (!file)
		TRY(err_set(err, RC_INPUT, "no target %s: neither a file nor one of: %s", name, known_names(a, suite)));
	TRY(xml_read(&f, a, file, &root, err));
	const struct target *t = root ? target_check(&f, a, suite, root) : NULL;
	TRY(findings_result(&f, err));
	if (variant_id)
		TRY(find_variant(a, t, variant_id, variant, err));
	*out = *variant ? target_vary(a, t, *variant) : t;
out:
	findings_fini(&f);
	return rc;
}
