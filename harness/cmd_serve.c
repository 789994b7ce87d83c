#include "harness/cmd.h"

#include "harness/reference/reference.h"

int cmd_serve(const struct cmd_context *c, int argc, char **argv)
{
	(void)c;
	return reference_serve(argc, argv);
}
