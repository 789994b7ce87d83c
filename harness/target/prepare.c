#include "harness/target/running.h"

#include "harness/base/clock.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PREPARE_MS	180000u
#define PREPARE_STOP_MS 1000u

enum rc prepare_vector(struct running *r, const char *const *list, const bool *split, size_t n, struct where where,
		       const char *const **out, struct err *err)
{
	enum rc rc = RC_OK;
	const char **v = NULL, *text;
	size_t count = 0, cap = 0;
	for (size_t i = 0; i < n; i++) {
		char word[PATH_MAX];
		TRY(expand_text(r->arena, &r->expand, list[i], where, &text, err));
		if (!split || !split[i]) {
			if (*text)
				*VEC_PUSH(v, count, cap) = text;
			continue;
		}
		while (text_word(&text, word, sizeof word))
			*VEC_PUSH(v, count, cap) = arena_strdup(r->arena, word);
	}
	*VEC_PUSH(v, count, cap) = NULL;
	*out = arena_memdup(r->arena, v, count * sizeof *v);
	if (count == 1)
		rc = err_at(err, RC_INPUT, where.file, where.line, "a command without a word");
out:
	free(v);
	return rc;
}

enum rc prepare_absent(const struct process *p, const char *program, struct err *err)
{
	if (p->package && *p->package)
		return err_set(err, RC_ABSENT, "%s is not installed (Debian package %s)", program, p->package);
	if (p->install && *p->install)
		return err_set(err, RC_ABSENT, "%s is not installed (%s)", program, p->install);
	return err_set(err, RC_ABSENT, "%s is not installed", program);
}

/* Until it has ended, at most `ms`; then it is stopped, whatever it began. */
static enum rc wait_end(const struct running *r, struct proc *proc, uint32_t ms, int *status)
{
	enum rc rc = RC_OK;
	uint64_t until = clock_us() + (uint64_t)ms * 1000u;
	while (rc == RC_OK && proc_alive(proc)) {
		if (r->spec.give_up && r->spec.give_up())
			rc = RC_END;
		else if (clock_us() >= until)
			rc = RC_TIMEOUT;
		else
			poll(NULL, 0, 5);
	}
	*status = proc->status;
	proc_stop(proc, SIGTERM, PREPARE_STOP_MS);
	return rc;
}

/* Its output goes where that of the process will: there it is looked for. */
enum rc prepare_command(struct running *r, struct member *m, const struct prepare *p, const char *what,
			struct err *err)
{
	enum rc rc;
	struct proc proc = {0};
	const char *const *argv;
	char program[PATH_MAX], how[128], tail[600] = "";
	int status = 0, fd = -1;
	uint32_t ms = p->within_ms ? p->within_ms : PREPARE_MS;
	TRY(prepare_vector(r, p->arguments, p->split, p->n_arguments, p->where, &argv, err));
	if (!proc_find(argv[0], program, sizeof program)) {
		rc = prepare_absent(m->process, argv[0], err);
		goto out;
	}
	fd = open(m->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0) {
		rc = err_errno(err, RC_FAULT, "cannot write %s", m->log);
		goto out;
	}
	struct proc_spec spec = {
	    .argv = argv, .env = m->env, .dir = r->dir, .out = fd, .log = fd, .guard = r->spec.guard};
	TRY(proc_start(&proc, &spec, err));
	rc = wait_end(r, &proc, ms, &status);
	if (rc == RC_END || (rc == RC_OK && status == 0))
		goto out;
	if (rc == RC_TIMEOUT)
		snprintf(how, sizeof how, "did not end within %u ms", (unsigned)ms);
	else
		proc_status_text(status, how, sizeof how);
	health_tail(m->log, tail, sizeof tail);
	rc = err_set(err, RC_FAULT, "process %s: its %s %s; it said: %s", m->process->id, what, how,
		     tail[0] ? tail : "nothing");
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

enum rc prepare_run(struct running *r, struct member *m, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < m->process->n_prepares; i++)
		TRY(prepare_command(r, m, &m->process->prepares[i], "<prepare>", err));
out:
	return rc;
}
