#include "harness/base/rundir.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"

#include <stdlib.h>

enum rc rundir_open(struct rundir *dir, struct err *err)
{
	const char *base = clock_env("TMPDIR");
	snprintf(dir->path, sizeof dir->path, "%s/mtlspec-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(dir->path)) {
		enum rc rc = err_errno(err, RC_FAULT, "cannot make a directory under %s", base ? base : "/tmp");
		dir->path[0] = '\0';
		return rc;
	}
	return RC_OK;
}

void rundir_close(struct rundir *dir)
{
	if (dir->path[0] && fs_remove_tree(dir->path, NULL) != RC_OK)
		fprintf(stderr, "mtlspec: warning: %s could not be removed\n", dir->path);
	dir->path[0] = '\0';
}
