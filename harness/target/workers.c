#include "harness/target/workers.h"

#include "harness/base/clock.h"
#include "harness/base/proc.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEPTH	    4
#define ENDING_MS   1000u
#define PF_EXITING_ 0x4u /* of the kernel's task flags, field 9 of proc_pid_stat(5) */

enum life { LIFE_GONE, LIFE_RUNNING, LIFE_ENDING, LIFE_ENDED };

static bool read_proc(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Fields of proc_pid_stat(5) behind the name, which may hold anything: 3 state, 9 flags, 52 exit code. */
static enum life look_at(pid_t pid, int *status)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	char *at = read_proc(path, text, sizeof text) ? strrchr(text, ')') : NULL;
	if (!at || strlen(at) < 3)
		return LIFE_GONE;
	char state = at[2], *save = NULL;
	unsigned long flags = 0;
	*status = 0;
	int field = 3;
	for (char *word = strtok_r(at + 2, " \n", &save); word; word = strtok_r(NULL, " \n", &save), field++) {
		if (field == 9)
			flags = strtoul(word, NULL, 10);
		if (field == 52)
			*status = (int)strtol(word, NULL, 10);
	}
	if (state == 'Z' || state == 'X')
		return LIFE_ENDED;
	return flags & PF_EXITING_ ? LIFE_ENDING : LIFE_RUNNING;
}

static void add_below(struct workers *w, pid_t pid, int depth)
{
	char path[64], text[2048];
	snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
	if (depth == 0 || !read_proc(path, text, sizeof text))
		return;
	char *save = NULL;
	for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		pid_t child = (pid_t)strtol(word, NULL, 10);
		if (child <= 0 || w->n == WORKERS_MAX)
			continue;
		w->known[w->n++] = child;
		add_below(w, child, depth - 1);
	}
}

void workers_look(struct workers *w, pid_t master)
{
	w->n = 0;
	add_below(w, master, DEPTH);
}

static bool was_told(const struct workers *w, pid_t pid)
{
	for (size_t i = 0; i < WORKERS_TOLD; i++)
		if (w->told[i] == pid)
			return true;
	return false;
}

/* Signals that a program brings on itself, and what the kernel sends when memory is short; being told to end is no fault. */
static bool is_fault(int status)
{
	static const int faults[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP, SIGKILL};
	for (size_t i = 0; WIFSIGNALED(status) && i < sizeof faults / sizeof *faults; i++)
		if (WTERMSIG(status) == faults[i])
			return true;
	return false;
}

static enum life settle(pid_t pid, int *status)
{
	uint64_t until = clock_us() + ENDING_MS * 1000u;
	enum life life = look_at(pid, status);
	while (life == LIFE_ENDING && clock_us() < until) {
		poll(NULL, 0, 1);
		life = look_at(pid, status);
	}
	return life;
}

bool workers_died(struct workers *w, pid_t master, bool *vanished, char *how, size_t size)
{
	struct workers now = {.n = 0};
	bool died = false;
	*vanished = false;
	workers_look(&now, master);
	for (size_t i = 0; i < w->n + now.n; i++) {
		pid_t pid = i < w->n ? w->known[i] : now.known[i - w->n];
		int status = 0;
		char text[128];
		enum life life = settle(pid, &status);
		if (life == LIFE_GONE)
			*vanished = true;
		if (life != LIFE_ENDED || !is_fault(status) || was_told(w, pid))
			continue;
		w->told[w->n_told++ % WORKERS_TOLD] = pid;
		snprintf(how, died ? 0 : size, "worker %ld %s", (long)pid, proc_status_text(status, text, sizeof text));
		died = true;
	}
	workers_look(w, master);
	return died;
}

bool workers_ending(pid_t pid)
{
	int status;
	enum life life = look_at(pid, &status);
	return life == LIFE_ENDING || life == LIFE_ENDED;
}

bool workers_told(const struct workers *w, const char *line)
{
	for (const char *p = line; *p;) {
		char *end;
		if (!isdigit((unsigned char)*p)) {
			p++;
			continue;
		}
		if (was_told(w, (pid_t)strtol(p, &end, 10)))
			return true;
		p = end;
	}
	return false;
}
