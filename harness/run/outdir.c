#include "harness/run/outdir.h"

#include "harness/base/fs.h"
#include "harness/run/journal.h"

#include <stdio.h>
#include <string.h>

static enum rc move_aside(struct arena *a, const char *path, struct err *err)
{
	for (unsigned i = 1; i < 100000; i++) {
		const char *aside = arena_printf(a, "%s.%u", path, i);
		if (fs_exists(aside))
			continue;
		if (rename(path, aside) < 0)
			return err_errno(err, RC_FAULT, "cannot move the older run %s to %s", path, aside);
		return RC_OK;
	}
	return err_set(err, RC_FAULT, "too many older runs beside %s", path);
}

/* "out/" and "out" are the same place, and "out/.1" is no place for an older run. */
static const char *trimmed(struct arena *a, const char *path)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	return arena_strndup(a, path, len);
}

static enum rc not_in_use(struct arena *a, const char *path, struct err *err)
{
	if (journal_in_use(arena_printf(a, "%s/journal", path)))
		return err_set(err, RC_INPUT, "--out %s is in use by a run that has not ended: give another", path);
	return RC_OK;
}

enum rc outdir_make(struct arena *a, const char *path, struct err *err)
{
	enum rc rc = RC_OK;
	const char **names;
	size_t n = 0;
	path = trimmed(a, path);
	if (fs_exists(path)) {
		if (!fs_is_dir(path))
			return err_set(err, RC_INPUT, "--out %s is not a directory", path);
		TRY(fs_list(a, path, &names, &n, err));
		if (n && !fs_exists(arena_printf(a, "%s/journal", path)))
			return err_set(err, RC_INPUT, "--out %s is not empty and holds no earlier run: give another", path);
		TRY(not_in_use(a, path, err));
		if (n)
			TRY(move_aside(a, path, err));
	}
	rc = fs_mkdirs(path, err);
out:
	return rc;
}

enum rc outdir_resume(struct arena *a, const char *path, struct err *err)
{
	if (!fs_exists(arena_printf(a, "%s/journal", path)))
		return err_set(err, RC_INPUT, "--resume: %s holds no journal", path);
	return not_in_use(a, path, err);
}
