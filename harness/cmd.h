/* cmd.h - the sub-commands: one function and one row of the table in mtlspec_main.c each. */
#ifndef HARNESS_CMD_H
#define HARNESS_CMD_H

#include <time.h>

/* What main found out once: nothing below asks the machine again. */
struct cmd_context {
	const char *program; /* absolute path of this binary */
	time_t now;
	const char *version;
};

/* Exit codes of design.md section 1 that no verdict owns. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_BROKEN = 3, EXIT_NOTHING = 4, EXIT_FLAKY = 5 };

/* Prints "mtlspec: sentence" on stderr and gives the exit code of `rc`. */
struct err;
int cmd_fail(int rc, const struct err *err);

int cmd_run(const struct cmd_context *c, int argc, char **argv);
int cmd_list(const struct cmd_context *c, int argc, char **argv);
int cmd_show(const struct cmd_context *c, int argc, char **argv);
int cmd_discover(const struct cmd_context *c, int argc, char **argv);
int cmd_gate(const struct cmd_context *c, int argc, char **argv);
int cmd_report(const struct cmd_context *c, int argc, char **argv);
int cmd_judge(const struct cmd_context *c, int argc, char **argv);
int cmd_explain(const struct cmd_context *c, int argc, char **argv);
int cmd_pki(const struct cmd_context *c, int argc, char **argv);
int cmd_lint(const struct cmd_context *c, int argc, char **argv);
int cmd_self_test(const struct cmd_context *c, int argc, char **argv);
int cmd_serve(const struct cmd_context *c, int argc, char **argv);

#endif
