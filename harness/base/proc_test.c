#include "harness/base/proc.h"
#include "harness/base/test.h"

#include <signal.h>
#include <sys/wait.h>

/* Whatever is ignored or blocked here: a shell that is told to hang up does. */
START_TEST(signals_are_as_ever)
{
	static const int numbers[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGPIPE};
	static const char script[] = "exec 2> /dev/null; for s in 1 10 12 15 13; do (kill -$s $(exec sh -c 'echo $PPID')); echo $?; done";
	static const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	const struct proc_spec spec = {.argv = argv, .out = -1, .log = -1};
	char said[64];
	struct err err = {{0}};
	sigset_t all;
	int status;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		signal(numbers[i], SIG_IGN);
	ck_assert_msg(proc_run(&spec, 10000, said, sizeof said, &status, &err) == RC_OK, "%s", err.text);
	ck_assert_str_eq(said, "129\n138\n140\n143\n141\n");
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("proc");
	TCase *t = tcase_create("proc");
	tcase_add_test(t, signals_are_as_ever);
	suite_add_tcase(s, t);
	return s;
}
