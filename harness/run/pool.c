#include "harness/run/pool.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "harness/base/log.h"
#include "harness/run/grace.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WAITING 512
#define RECORD_MAX (8u << 20)

/* One byte each from worker to parent. */
enum { SAY_WAITING = 'w', SAY_RUNNING = 'r', SAY_DONE = 'd', SAY_ASKING = 'a' };

/* Behind SAY_ASKING: a world verb.  The worker waits for the answer, the only thing it is sent beside tasks. */
struct question {
	uint32_t verb;
	char handle[64]; /* "": none */
};

struct answer {
	uint32_t rc;
	struct err why;
};

struct worker {
	pid_t pid; /* also its process group */
	int fd;
	bool busy, waiting;
	struct task task;
	uint64_t since_us, waiting_since_us;
	struct buf in;
	struct event *latest; /* a page shared with the worker: what its case saw last */
};

struct pool {
	struct exec_spec exec;
	struct pool_limits limits;
	pool_child *child;
	void *context;
	struct worker **workers;
	size_t n, cap;
	struct pollfd *polls;
	unsigned busy, waiting, peak;
	struct grace grace;
	struct exec *inline_exec; /* with active 0: no workers */
	bool inline_ready;
	struct task inline_task;
	struct arena arena;
	struct journal_record record;
};

/* ---- the worker's side ---- */

static int worker_fd;

static void worker_says(char what)
{
	while (write(worker_fd, &what, 1) < 0 && errno == EINTR)
		;
}

static void worker_waits(void *context UNUSED, bool waiting)
{
	worker_says(waiting ? SAY_WAITING : SAY_RUNNING);
}

static enum rc worker_asks(void *context UNUSED, const struct job_step *step, struct err *err)
{
	enum rc rc;
	struct question q = {.verb = (uint32_t)step->verb};
	struct answer a;
	if (step->handle)
		snprintf(q.handle, sizeof q.handle, "%s", step->handle);
	worker_says(SAY_ASKING);
	TRY(fd_write_full(worker_fd, &q, sizeof q, err));
	TRY(fd_read_full(worker_fd, &a, sizeof a, err));
	rc = (enum rc)a.rc;
	*err = a.why;
out:
	return rc;
}

/* What a worker is told before its thread begins. */
struct start {
	struct pool *p;
	int fd;
	struct event *latest;
};

static void *worker_main(void *context)
{
	const struct start *start = context;
	struct pool *p = start->p;
	int fd = start->fd;
	struct err err = {{0}};
	struct exec *x = NULL;
	struct exec_spec spec = p->exec;
	struct task task;
	struct buf out;
	worker_fd = fd;
	spec.waiting = worker_waits;
	spec.world = worker_asks;
	spec.latest = start->latest;
	buf_init(&out, RECORD_MAX);
	if (exec_open(&x, &spec, &err) != RC_OK) {
		log_error("%s", err.text);
		_exit(3);
	}
	while (fd_read_full(fd, &task, sizeof task, &err) == RC_OK) {
		const struct journal_record *r = exec_task(x, &task);
		buf_clear(&out);
		buf_put_u8(&out, SAY_DONE);
		buf_put_u32(&out, 0);
		journal_put(&out, r);
		uint32_t len = (uint32_t)out.len - 5;
		for (unsigned i = 0; i < 4; i++)
			out.data[1 + i] = (char)(len >> (8 * i));
		if (fd_write_full(fd, out.data, out.len, &err) != RC_OK)
			break;
	}
	exec_close(&x);
	buf_fini(&out);
	_exit(0);
}

static void child_begins(struct pool *p, int fd, pid_t parent, struct event *latest)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0); /* it died before we asked to be told */
	signal(SIGINT, SIG_IGN); /* the parent decides when the run ends */
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < p->n; i++)
		if (p->workers[i]->fd >= 0 && p->workers[i]->fd != fd)
			close(p->workers[i]->fd);
	if (p->child)
		p->child(p->context);
	/*
	 * In a thread: its memory comes from an arena of its own, not from free pieces all over the pages that it shares with
	 * the parent, each of which would be copied at the first touch.
	 */
	struct start start = {p, fd, latest};
	pthread_t thread;
	if (pthread_create(&thread, NULL, worker_main, &start) == 0)
		pthread_join(thread, NULL);
	worker_main(&start);
}

/* ---- the parent's side ---- */

static enum rc worker_start(struct pool *p, struct worker *w, struct err *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, RC_FAULT, "cannot make a socket pair");
	fflush(NULL);
	pid_t parent = getpid(), pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return err_errno(err, RC_FAULT, "cannot fork a worker");
	}
	if (pid == 0) {
		close(pair[0]);
		child_begins(p, pair[1], parent, w->latest);
	}
	setpgid(pid, pid);
	close(pair[1]);
	w->pid = pid;
	w->fd = pair[0];
	buf_clear(&w->in);
	return RC_OK;
}

static enum rc worker_add(struct pool *p, struct worker **out, struct err *err)
{
	struct worker *w = mem_alloc(sizeof *w);
	buf_init(&w->in, RECORD_MAX);
	w->fd = -1;
	w->latest = mmap(NULL, sizeof *w->latest, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->latest == MAP_FAILED) {
		buf_fini(&w->in);
		free(w);
		return err_errno(err, RC_FAULT, "cannot map a page");
	}
	*VEC_PUSH(p->workers, p->n, p->cap) = w;
	p->polls = mem_grow(p->polls, p->cap * sizeof *p->polls);
	if (p->n > p->peak)
		p->peak = (unsigned)p->n;
	*out = w;
	return worker_start(p, w, err);
}

static void worker_kill(const struct worker *w)
{
	if (w->pid > 0) {
		kill(-w->pid, SIGKILL);
		kill(w->pid, SIGKILL);
	}
}

/* Kill, reap, and tell how it ended. */
static int worker_reap(struct worker *w)
{
	int status = 0;
	worker_kill(w);
	if (w->pid > 0) {
		while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (w->fd >= 0)
		close(w->fd);
	w->pid = 0;
	w->fd = -1;
	return status;
}

enum rc pool_open(struct pool **out, const struct exec_spec *exec, const struct pool_limits *limits, pool_child *child,
		  void *context, struct err *err)
{
	enum rc rc = RC_OK;
	struct pool *p = mem_alloc(sizeof *p);
	struct worker *w;
	*out = p;
	p->exec = *exec;
	p->limits = *limits;
	p->child = child;
	p->context = context;
	if (p->limits.active == 0)
		TRY(exec_open(&p->inline_exec, exec, err));
	unsigned first = p->limits.active;
	if (p->limits.in_flight && p->limits.in_flight < first)
		first = p->limits.in_flight;
	for (unsigned i = 0; i < first; i++)
		TRY(worker_add(p, &w, err));
out:
	if (rc != RC_OK)
		pool_close(out);
	return rc;
}

static void worker_free(struct worker *w)
{
	worker_reap(w);
	munmap(w->latest, sizeof *w->latest);
	buf_fini(&w->in);
	free(w);
}

void pool_retire(struct pool *p)
{
	for (size_t i = p->n; p->n > p->limits.active && i-- > 0;) {
		if (p->workers[i]->busy)
			continue;
		worker_free(p->workers[i]);
		p->workers[i] = p->workers[--p->n];
		return;
	}
}

void pool_close(struct pool **out)
{
	struct pool *p = *out;
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		worker_kill(p->workers[i]); /* all of them die while the first is waited for */
	for (size_t i = 0; i < p->n; i++)
		worker_free(p->workers[i]);
	free(p->workers);
	free(p->polls);
	exec_close(&p->inline_exec);
	observation_fini(&p->record.observation);
	arena_fini(&p->arena);
	free(p);
	*out = NULL;
}

/* Workers that have waited long enough for somebody else to take their turn; *next: when the next one will have. */
static unsigned count_freed(const struct pool *p, uint64_t *next)
{
	uint64_t now = clock_us(), grace = grace_us(&p->grace);
	unsigned freed = 0;
	*next = UINT64_MAX;
	for (size_t i = 0; p->waiting && i < p->n; i++) {
		const struct worker *w = p->workers[i];
		if (!w->waiting)
			continue;
		uint64_t at = w->waiting_since_us + grace;
		if (at <= now)
			freed++;
		else if (at < *next)
			*next = at;
	}
	return freed;
}

bool pool_has_room(const struct pool *p)
{
	if (p->limits.active == 0)
		return !p->inline_ready;
	if (p->limits.in_flight && p->busy >= p->limits.in_flight)
		return false;
	uint64_t next;
	return p->busy - count_freed(p, &next) < p->limits.active && p->waiting < MAX_WAITING;
}

unsigned pool_busy(const struct pool *p)
{
	return p->busy;
}

unsigned pool_peak(const struct pool *p)
{
	return p->peak;
}

enum rc pool_submit(struct pool *p, const struct task *task, struct err *err)
{
	enum rc rc = RC_OK;
	struct worker *w = NULL;
	if (p->limits.active == 0) {
		p->inline_task = *task;
		p->inline_ready = true;
		p->busy = 1;
		return RC_OK;
	}
	for (size_t i = 0; i < p->n && !w; i++)
		if (!p->workers[i]->busy)
			w = p->workers[i];
	if (!w)
		TRY(worker_add(p, &w, err));
	w->task = *task;
	w->busy = true;
	w->waiting = false;
	w->since_us = clock_us();
	w->latest->kind = EVENT_KIND__COUNT;
	p->busy++;
	/* A worker that died while idle shows as an end of file and costs this case, like any other death. */
	if (fd_write_full(w->fd, task, sizeof *task, NULL) != RC_OK)
		log_debug("worker pid=%d is gone", (int)w->pid);
out:
	return rc;
}

static void set_waiting(struct pool *p, struct worker *w, bool waiting)
{
	if (w->waiting == waiting)
		return;
	w->waiting = waiting;
	w->waiting_since_us = clock_us();
	if (waiting)
		p->waiting++;
	else
		p->waiting--;
}

static void worker_idle(struct pool *p, struct worker *w)
{
	set_waiting(p, w, false);
	w->busy = false;
	p->busy--;
}

/* The worker died or was killed over this task: the record says so, a new worker takes its place. */
static enum rc worker_lost(struct pool *p, struct worker *w, const char *why, struct task *task,
			   const struct journal_record **record, struct err *err)
{
	int status = worker_reap(w);
	int how = WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
	struct journal_record *r = &p->record;
	*task = w->task;
	bool had_task = w->busy;
	arena_reset(&p->arena);
	observation_clear(&r->observation);
	r->kind = task->kind;
	r->target = p->exec.target_index;
	r->number = task->number;
	r->repetition = task->repetition;
	r->group = task->group;
	r->at = (uint64_t)clock_now();
	r->condition = task->condition >= 0 ? p->exec.suite->conditions[task->condition].id : NULL;
	r->text = NULL;
	r->identities = NULL;
	r->n_identities = 0;
	const struct event *e = w->latest;
	if (had_task && e->kind < EVENT_KIND__COUNT)
		observation_add(&r->observation, e->at_us, (enum event_kind)e->kind, e->conn, e->req, e->a, e->b, NULL);
	observation_add(&r->observation, (uint32_t)(clock_us() - w->since_us), EVENT_WORKER_DIED, -1, -1, how, 0, why);
	*record = r;
	if (had_task)
		worker_idle(p, w);
	enum rc rc = worker_start(p, w, err);
	return rc == RC_OK && !had_task ? RC_END : rc;
}

/* A worker whose question cannot be answered is gone: the end of its stream says so. */
static void answer(struct pool *p, struct worker *w)
{
	struct question q;
	struct answer a = {.rc = RC_ABSENT};
	memcpy(&q, w->in.data + 1, sizeof q);
	q.handle[sizeof q.handle - 1] = '\0';
	const struct job_step step = {.verb = (enum verb)q.verb, .handle = q.handle[0] ? q.handle : NULL};
	if (p->exec.world && q.verb < VERB__COUNT)
		a.rc = (uint32_t)p->exec.world(p->exec.context, &step, &a.why);
	if (fd_write_full(w->fd, &a, sizeof a, NULL) != RC_OK)
		log_debug("worker pid=%d is gone", (int)w->pid);
}

/* One message off the front of the worker's bytes.  RC_END: nothing whole. */
static enum rc worker_message(struct pool *p, struct worker *w, struct task *task, const struct journal_record **record,
			      struct err *err)
{
	while (w->in.len > 0) {
		char what = w->in.data[0];
		if (what == SAY_WAITING || what == SAY_RUNNING) {
			set_waiting(p, w, what == SAY_WAITING);
			buf_drop(&w->in, 1);
			continue;
		}
		if (what == SAY_ASKING) {
			if (w->in.len < 1 + sizeof(struct question))
				return RC_END;
			answer(p, w);
			buf_drop(&w->in, 1 + sizeof(struct question));
			continue;
		}
		if (w->in.len < 5)
			return RC_END;
		struct reader r = {(unsigned char *)w->in.data + 1, (unsigned char *)w->in.data + 5, false};
		uint32_t len = reader_u32(&r);
		if (w->in.len - 5 < len)
			return RC_END;
		arena_reset(&p->arena);
		enum rc rc = journal_get(w->in.data + 5, len, &p->arena, &p->record, err);
		buf_drop(&w->in, 5 + (size_t)len);
		if (rc != RC_OK)
			return worker_lost(p, w, "sent no record", task, record, err);
		*task = w->task;
		*record = &p->record;
		if (!observation_find(&p->record.observation, 0, EVENT_TIMEOUT, -1, -1))
			grace_note(&p->grace, p->record.observation.duration_us);
		worker_idle(p, w);
		return RC_OK;
	}
	return RC_END;
}

static enum rc worker_readable(struct pool *p, struct worker *w, struct task *task,
			       const struct journal_record **record, struct err *err)
{
	char chunk[65536];
	ssize_t n = read(w->fd, chunk, sizeof chunk);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return RC_END;
	if (n <= 0)
		return worker_lost(p, w, "worker died", task, record, err);
	buf_add(&w->in, chunk, (size_t)n);
	return worker_message(p, w, task, record, err);
}

static enum rc find_stuck(struct pool *p, struct task *task, const struct journal_record **record, struct err *err)
{
	uint64_t now = clock_us();
	for (size_t i = 0; i < p->n; i++) {
		struct worker *w = p->workers[i];
		if (w->busy && now - w->since_us > (uint64_t)p->limits.stuck_ms * 1000u)
			return worker_lost(p, w, "worker stuck past the budget of its case", task, record, err);
	}
	return RC_TIMEOUT;
}

static enum rc next_inline(struct pool *p, struct task *task, const struct journal_record **record)
{
	if (!p->inline_ready)
		return RC_TIMEOUT;
	*task = p->inline_task;
	*record = exec_task(p->inline_exec, task);
	p->inline_ready = false;
	p->busy = 0;
	return RC_OK;
}

/* Milliseconds until `at_us`, rounded up, at most `ms`. */
static int wait_ms(uint64_t at_us, uint32_t ms)
{
	uint64_t now = clock_us();
	uint64_t left = at_us == UINT64_MAX ? ms : at_us <= now ? 0 : (at_us - now + 999) / 1000;
	return (int)(left < ms ? left : ms);
}

enum rc pool_next(struct pool *p, uint32_t ms, struct task *task, const struct journal_record **record, struct err *err)
{
	uint64_t next;
	if (p->limits.active == 0)
		return next_inline(p, task, record);
	unsigned freed = count_freed(p, &next);
	for (size_t i = 0; i < p->n; i++) {
		/* Bytes already here first: one read may have brought more than one message. */
		enum rc rc = p->workers[i]->in.len ? worker_message(p, p->workers[i], task, record, err) : RC_END;
		if (rc != RC_END)
			return rc;
		p->polls[i] = (struct pollfd){.fd = p->workers[i]->fd, .events = POLLIN};
	}
	int n = poll(p->polls, (nfds_t)p->n, wait_ms(next, ms));
	if (n < 0 && errno != EINTR)
		return err_errno(err, RC_FAULT, "poll failed");
	size_t count = p->n;
	for (size_t i = 0; n > 0 && i < count; i++) {
		if (!(p->polls[i].revents & (POLLIN | POLLHUP | POLLERR)))
			continue;
		enum rc rc = worker_readable(p, p->workers[i], task, record, err);
		if (rc != RC_END)
			return rc;
	}
	return count_freed(p, &next) > freed ? RC_END : find_stuck(p, task, record, err);
}
