/* Where suites/ is: named by the environment, beside the build, or installed. */
#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "harness/suite/suite.h"

#include <string.h>

#ifndef MTLSPEC_PREFIX
#define MTLSPEC_PREFIX "/usr/local"
#endif

static bool is_suite(const char *path)
{
	char schema[4200];
	return (size_t)snprintf(schema, sizeof schema, "%s/schema", path) < sizeof schema && fs_is_dir(schema);
}

enum rc suite_find_dir(struct arena *a, const char *program, const char **out, struct err *err)
{
	static const char installed[] = "share/mtlspec/suites";
	const char *named = clock_env("MTLSPEC_SUITES"), *path;
	if (named) {
		*out = arena_strdup(a, named);
		return is_suite(named) ? RC_OK
				       : err_set(err, RC_INPUT, "MTLSPEC_SUITES=%s: no folder schema inside", named);
	}
	/* PREFIX/bin/mtlspec -> PREFIX/share; build/V/mtlspec -> the checkout, some folders up. */
	char dir[4096];
	snprintf(dir, sizeof dir, "%s", program);
	for (char *slash = strrchr(dir, '/'); slash; slash = strrchr(dir, '/')) {
		*slash = '\0';
		*out = arena_printf(a, "%s/suites", dir);
		if (is_suite(*out))
			return RC_OK;
		path = arena_printf(a, "%s/%s", dir, installed);
		if (is_suite(path)) {
			*out = path;
			return RC_OK;
		}
	}
	*out = MTLSPEC_PREFIX "/share/mtlspec/suites";
	if (is_suite(*out))
		return RC_OK;
	return err_set(err, RC_FAULT,
		       "the suites were found neither beside %s nor in %s; MTLSPEC_SUITES=DIR names them", program,
		       *out);
}
