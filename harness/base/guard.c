#include "harness/base/guard.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS_MAX 256
#define GRACE_US   3000000u

/* What goes over the pipe: a group to end, the same negative when it has ended, 0 for "all is well". */
static void tell(const struct guard *g, int32_t word)
{
	if (g && g->pid)
		(void)!write(g->fd, &word, sizeof word); /* without a guard nobody is worse off */
}

static bool any_left(const pid_t *groups, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (kill(-groups[i], 0) == 0)
			return true;
	return false;
}

static void end_groups(const pid_t *groups, size_t n)
{
	uint64_t until = clock_us() + GRACE_US;
	for (size_t i = 0; i < n; i++)
		kill(-groups[i], SIGTERM);
	while (any_left(groups, n) && clock_us() < until)
		poll(NULL, 0, 10);
	for (size_t i = 0; i < n; i++)
		kill(-groups[i], SIGKILL);
}

static void take(pid_t *groups, size_t *n, int32_t word)
{
	if (word > 0) {
		if (*n < GROUPS_MAX)
			groups[(*n)++] = word;
		return;
	}
	for (size_t i = 0; i < *n; i++)
		if (groups[i] == -word) {
			groups[i] = groups[--*n];
			return;
		}
}

static void keep_watch(int fd, const char *dir)
{
	static pid_t groups[GROUPS_MAX];
	size_t n = 0;
	int32_t word;
	enum rc rc;
	while ((rc = fd_read_full(fd, &word, sizeof word, NULL)) == RC_OK) {
		if (word == 0)
			return;
		take(groups, &n, word);
	}
	end_groups(groups, n);
	/* What a server was still writing may make a folder not empty: once more then. */
	for (int i = 0; dir && i < 3 && fs_remove_tree(dir, NULL) != RC_OK; i++)
		poll(NULL, 0, 100);
}

static void guard_main(int fd, const char *dir)
{
	/* Out of reach of Ctrl-C, and holding nothing of ours: no terminal, no pipe that somebody reads to its end. */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "mtlspec-guard");
	int null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	for (int i = 3; i < 1024; i++)
		if (i != fd)
			close(i);
	(void)!chdir("/");
	keep_watch(fd, dir);
	_exit(0);
}

enum rc guard_open(struct guard *g, const char *dir, struct err *err)
{
	int pair[2];
	*g = (struct guard){.fd = -1};
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_errno(err, RC_FAULT, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[1]);
		guard_main(pair[0], dir);
	}
	close(pair[0]);
	if (pid < 0) {
		close(pair[1]);
		return err_errno(err, RC_FAULT, "cannot fork");
	}
	g->fd = pair[1];
	g->pid = pid;
	return RC_OK;
}

void guard_add(const struct guard *g, pid_t group)
{
	tell(g, (int32_t)group);
}

void guard_drop(const struct guard *g, pid_t group)
{
	tell(g, -(int32_t)group);
}

void guard_forget(struct guard *g)
{
	if (g->pid)
		close(g->fd);
	*g = (struct guard){.fd = -1};
}

void guard_close(struct guard *g)
{
	if (!g->pid)
		return;
	tell(g, 0);
	close(g->fd);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*g = (struct guard){.fd = -1};
}
