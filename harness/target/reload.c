/* A running target reads its configuration again: told by signal or command, and waited for until it has. */
#include "harness/target/running.h"

#include "harness/base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define RELOAD_MS 8000u
#define WINDOW	  16384
#define PHRASE	  256 /* what is looked at again, should a phrase lie across two windows */

/* What a process was like before it was told. */
struct before {
	struct workers workers;
	off_t *ends; /* of its logs */
};

static void look(struct running *r, const struct member *m, struct before *out)
{
	workers_look(&out->workers, m->proc.pid);
	out->ends = ARENA_NEW(r->arena, off_t, m->n_watches);
	for (size_t i = 0; i < m->n_watches; i++)
		out->ends[i] = health_end(m->watches[i].path);
}

/* Has `phrase` been written to the file behind `from`? */
static bool says(const char *path, off_t from, const char *phrase)
{
	char window[WINDOW + 1];
	bool found = false;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (n = pread(fd, window, WINDOW, from)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			window[i] = window[i] ? window[i] : ' ';
		window[n] = '\0';
		found = strstr(window, phrase) != NULL;
		from += n == WINDOW ? WINDOW - PHRASE : n;
	}
	close(fd);
	return found;
}

/* Workers that the master had before and has still. */
static bool any_left(const struct workers *before, pid_t master)
{
	struct workers now = {.n = 0};
	workers_look(&now, master);
	for (size_t i = 0; i < before->n; i++)
		for (size_t k = 0; k < now.n; k++)
			if (before->known[i] == now.known[k])
				return true;
	return false;
}

/*
 * `before` is NULL where it is but to say that it has read its configuration once: what comes earlier finds nobody who
 * hears it.  A master answers in its own time; until its old workers are gone they
 * may take connections as before.
 */
static bool has_done(const struct member *m, const struct before *before)
{
	const char *done = m->process->reload.done;
	bool said = !done;
	for (size_t i = 0; !said && i < m->n_watches; i++)
		said = says(m->watches[i].path, before ? before->ends[i] : m->watches[i].born, done);
	return said && (!before || !any_left(&before->workers, m->proc.pid));
}

static enum rc wait_done(struct member *m, const struct before *before, struct err *err)
{
	uint64_t until = clock_us() + RELOAD_MS * 1000ull;
	const char *done = m->process->reload.done, *when = before ? "was told to reload" : "was started";
	while (!has_done(m, before)) {
		if (!proc_alive(&m->proc))
			return err_set(err, RC_FAULT, "process %s ended when it %s", m->process->id, when);
		if (clock_us() >= until)
			return err_set(err, RC_FAULT, "process %s %s and %s%s after %u ms", m->process->id, when,
				       done ? "has not said, or has the same workers: " : "has the same workers",
				       done ? done : "", RELOAD_MS);
		poll(NULL, 0, 5); /* the next look */
	}
	return RC_OK;
}

static bool can(const struct member *m)
{
	return m->proc.pid && (m->process->reload.signal || m->process->reload.command.n_arguments);
}

static enum rc tell(struct running *r, struct member *m, struct before *before, struct err *err)
{
	if (m->process->reload.command.n_arguments) {
		look(r, m, before);
		return prepare_command(r, m, &m->process->reload.command, "<reload>", err);
	}
	enum rc rc = wait_done(m, NULL, err);
	if (rc == RC_OK)
		look(r, m, before);
	if (rc == RC_OK && kill(m->proc.pid, m->process->reload.signal) < 0)
		rc = err_errno(err, RC_FAULT, "cannot signal process %s", m->process->id);
	return rc;
}

enum rc running_reload(struct running *r, struct err *err)
{
	enum rc rc;
	bool any = false;
	struct before *before = ARENA_NEW(r->arena, struct before, r->target->n_processes);
	for (size_t i = 0; i < r->target->n_processes; i++) {
		if (!can(&r->members[i]))
			continue;
		any = true;
		TRY(tell(r, &r->members[i], &before[i], err));
	}
	if (!any)
		return err_set(err, RC_ABSENT, "target %s has no <reload>", r->target->id);
	for (size_t i = 0; i < r->target->n_processes; i++)
		if (can(&r->members[i]))
			TRY(wait_done(&r->members[i], &before[i], err));
	rc = running_wait_ready(r, err);
out:
	return rc;
}
