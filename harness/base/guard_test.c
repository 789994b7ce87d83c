#include "harness/base/guard.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "harness/base/proc.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct seen {
	pid_t group;
	char dir[512];
};

/* A wrapper that runs its server as a child of its own, which no death signal reaches. */
static void wrapped(int fd, bool orderly)
{
	static const char *const argv[] = {"/bin/sh", "-c", "tail -f /dev/null & wait", NULL};
	struct err err = {{0}};
	struct rundir dir = {{0}};
	struct guard guard = {0};
	struct proc p = {0};
	struct seen seen = {0};
	if (rundir_open(&dir, &err) != RC_OK || guard_open(&guard, dir.path, &err) != RC_OK)
		_exit(1);
	struct proc_spec spec = {.argv = argv, .dir = dir.path, .out = -1, .log = -1, .guard = &guard};
	if (proc_start(&p, &spec, &err) != RC_OK)
		_exit(2);
	seen.group = p.pid;
	memcpy(seen.dir, dir.path, sizeof seen.dir);
	if (write(fd, &seen, sizeof seen) != sizeof seen)
		_exit(3);
	if (orderly) {
		proc_stop(&p, SIGTERM, 1000);
		guard_close(&guard);
		guard_close(&guard);
		_exit(0);
	}
	kill(getpid(), SIGKILL);
}

/* Within ten seconds nothing of the group is left.  We adopt what lost its parent, so that it can go for good. */
static bool group_is_gone(pid_t group)
{
	uint64_t until = clock_us() + 10000000u;
	while (kill(-group, 0) == 0 && clock_us() < until) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		poll(NULL, 0, 5);
	}
	return kill(-group, 0) < 0;
}

static bool is_gone(const char *path)
{
	uint64_t until = clock_us() + 10000000u;
	while (fs_exists(path) && clock_us() < until)
		poll(NULL, 0, 5);
	return !fs_exists(path);
}

START_TEST(killed_and_orderly)
{
	bool orderly = _i == 1;
	int fd[2], status;
	struct seen seen;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ck_assert_int_eq(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0)
		wrapped(fd[1], orderly);
	close(fd[1]);
	ck_assert_int_eq(fd_read_full(fd[0], &seen, sizeof seen, NULL), RC_OK);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WIFSIGNALED(status), !orderly);
	ck_assert_msg(group_is_gone(seen.group), "processes of group %d are left", (int)seen.group);
	if (orderly) { /* whoever ends in order removes the directory himself */
		ck_assert(fs_exists(seen.dir));
		ck_assert_int_eq(fs_remove_tree(seen.dir, NULL), RC_OK);
	}
	ck_assert_msg(is_gone(seen.dir), "%s is left", seen.dir);
	close(fd[0]);
}
END_TEST

START_TEST(forgotten)
{
	struct err err = {{0}};
	struct guard g = {0};
	ck_assert_int_eq(guard_open(&g, NULL, &err), RC_OK);
	pid_t pid = g.pid;
	guard_add(&g, 4000000); /* no such group: nothing to end */
	guard_forget(&g);
	guard_close(&g);
	guard_add(&g, 1);
	guard_add(NULL, 1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("guard");
	TCase *t = tcase_create("guard");
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, killed_and_orderly, 0, 2);
	tcase_add_test(t, forgotten);
	suite_add_tcase(s, t);
	return s;
}
