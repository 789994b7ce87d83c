#include "harness/base/proc.h"

#include "harness/base/clock.h"
#include "harness/base/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

bool proc_find(const char *program, char *out, size_t size)
{
	if (strchr(program, '/')) {
		snprintf(out, size, "%s", program);
		return access(program, X_OK) == 0;
	}
	const char *path = clock_env("PATH");
	/* Servers live in sbin, which an ordinary user's PATH often lacks. */
	char all[4096];
	snprintf(all, sizeof all, "%s:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	for (char *save = NULL, *dir = strtok_r(all, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		if ((size_t)snprintf(out, size, "%s/%s", dir, program) < size && access(out, X_OK) == 0)
			return true;
	}
	return false;
}

static void child_io(const struct proc_spec *spec)
{
	int null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(spec->out >= 0 ? spec->out : null, 1);
	dup2(spec->log >= 0 ? spec->log : null, 2);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

static void child(const struct proc_spec *spec, const char *program, pid_t parent, int report)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* what we ignore, or nohup(1) had ignored for us, a server would too: SIGHUP is how it is told to reload */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, spec->death_signal ? spec->death_signal : SIGKILL);
	if (getppid() != parent)
		_exit(127);
	int keep = fcntl(report, F_DUPFD_CLOEXEC, 1024);
	if (spec->dir && chdir(spec->dir) < 0) {
		int e = errno;
		(void)!write(keep, &e, sizeof e);
		_exit(127);
	}
	child_io(spec);
	for (size_t i = 0; spec->env && spec->env[i]; i++)
		putenv((char *)(uintptr_t)spec->env[i]);
	execv(program, (char *const *)(uintptr_t)spec->argv);
	int e = errno;
	(void)!write(keep, &e, sizeof e);
	_exit(127);
}

enum rc proc_start(struct proc *p, const struct proc_spec *spec, struct err *err)
{
	char program[PATH_MAX];
	int report[2];
	*p = (struct proc){0};
	if (!proc_find(spec->argv[0], program, sizeof program))
		return err_set(err, RC_ABSENT, "program not found: %s", spec->argv[0]);
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_errno(err, RC_FAULT, "cannot make a pipe");
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0)
		child(spec, program, parent, report[1]);
	int e = 0;
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return err_errno(err, RC_FAULT, "cannot fork");
	}
	setpgid(pid, pid);
	ssize_t n;
	do
		n = read(report[0], &e, sizeof e);
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n == sizeof e) {
		waitpid(pid, NULL, 0);
		errno = e;
		return err_errno(err, RC_FAULT, "cannot start %s", program);
	}
	p->pid = pid;
	p->guard = spec->guard;
	guard_add(p->guard, pid);
	return RC_OK;
}

bool proc_alive(struct proc *p)
{
	if (!p->pid || p->ended)
		return false;
	pid_t got = waitpid(p->pid, &p->status, WNOHANG);
	if (got == p->pid || (got < 0 && errno == ECHILD))
		p->ended = true;
	return !p->ended;
}

static void nap(uint32_t ms)
{
	poll(NULL, 0, (int)ms);
}

void proc_stop(struct proc *p, int signal_number, uint32_t grace_ms)
{
	if (!p->pid)
		return;
	uint64_t until = clock_us() + (uint64_t)grace_ms * 1000u;
	if (proc_alive(p))
		kill(p->pid, signal_number);
	while (proc_alive(p) && clock_us() < until)
		nap(2);
	kill(-p->pid, SIGKILL);
	if (!p->ended)
		while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
			;
	guard_drop(p->guard, p->pid);
	*p = (struct proc){0};
}

enum rc proc_run(const struct proc_spec *spec, uint32_t ms, char *out, size_t size, int *status, struct err *err)
{
	enum rc rc = RC_OK;
	struct proc p = {0};
	int fd[2];
	size_t len = 0;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, RC_FAULT, "cannot make a pipe");
	struct proc_spec mine = *spec;
	mine.out = mine.log = fd[1];
	rc = proc_start(&p, &mine, err);
	close(fd[1]);
	uint64_t until = clock_us() + (uint64_t)ms * 1000u;
	while (rc == RC_OK) {
		uint64_t now = clock_us();
		struct pollfd pf = {.fd = fd[0], .events = POLLIN};
		if (now >= until || poll(&pf, 1, (int)((until - now) / 1000u + 1)) == 0) {
			rc = err_set(err, RC_TIMEOUT, "%s did not end within %u ms", spec->argv[0], (unsigned)ms);
			break;
		}
		char chunk[4096];
		ssize_t n = read(fd[0], chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		size_t room = size - 1 - len;
		size_t take = (size_t)n < room ? (size_t)n : room;
		memcpy(out + len, chunk, take);
		len += take;
	}
	out[len] = '\0';
	close(fd[0]);
	if (p.pid && rc == RC_OK) {
		while (proc_alive(&p) && clock_us() < until)
			nap(1);
		*status = p.status;
	}
	proc_stop(&p, SIGKILL, 0);
	return rc;
}

const char *proc_status_text(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out, size, "exited %d", WEXITSTATUS(status));
	return out;
}
