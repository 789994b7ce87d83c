#include "harness/cmd.h"

#include "harness/base/err.h"

#include <stdio.h>

int cmd_fail(int rc, const struct err *err)
{
	if (rc == RC_OK || rc == RC_END)
		return EXIT_OK;
	fprintf(stderr, "mtlspec: %s\n", err->text[0] ? err->text : "failed without saying why");
	switch ((enum rc)rc) {
	case RC_INPUT:
		return EXIT_USAGE;
	case RC_ABSENT:
	case RC_FAULT:
	case RC_TIMEOUT:
	case RC_OK:
	case RC_END:
		break;
	}
	return EXIT_BROKEN;
}
