#include "harness/cmd.h"

#include "harness/reference/reference.h"

int cmd_serve(const struct cmd_context *c UNUSED, int argc, char **argv)
{
	struct err err = {{0}};
	return cmd_fail(reference_serve(argc, argv, &err), &err);
}
