#include "harness/reference/crew.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANDS_MAX = 256, STACK = 1 << 20 };

/* One connection. */
struct hand {
	struct crew *crew;
	const struct endpoint *endpoint;
	pid_t pid; /* 0: a thread */
	/* Of a process: kept open here until its end was told, so that the peer never knows of a death first. */
	int fd;
	bool busy;
};

struct crew {
	bool processes;
	sigset_t held;
	pthread_t caller;
	pthread_attr_t attributes;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t done;
	struct hand hand[HANDS_MAX];
	size_t busy;
};

struct crew *crew_open(bool processes, const sigset_t *held)
{
	struct crew *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->processes = processes;
	c->held = *held;
	c->caller = pthread_self();
	pthread_attr_init(&c->attributes);
	pthread_attr_setdetachstate(&c->attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&c->attributes, STACK);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->done, NULL);
	return c;
}

static void break_off(struct hand *h)
{
	if (h->pid) {
		kill(h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);
		close(h->fd);
	} else {
		shutdown(h->fd, SHUT_RDWR); /* whatever it waits for will not come */
	}
}

void crew_close(struct crew **crew)
{
	struct crew *c = *crew;
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < HANDS_MAX; i++)
		if (c->hand[i].busy)
			break_off(&c->hand[i]);
	while (!c->processes && c->busy > 0)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
	pthread_attr_destroy(&c->attributes);
	free(c);
	*crew = NULL;
}

bool crew_has_room(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	bool room = c->busy < HANDS_MAX;
	pthread_mutex_unlock(&c->lock);
	return room;
}

static struct hand *take(struct crew *c, int fd, const struct endpoint *e)
{
	pthread_mutex_lock(&c->lock);
	struct hand *h = c->hand;
	while (h->busy)
		h++;
	*h = (struct hand){.crew = c, .endpoint = e, .fd = fd, .busy = true};
	c->busy++;
	pthread_mutex_unlock(&c->lock);
	return h;
}

static void release(struct hand *h)
{
	struct crew *c = h->crew;
	pthread_mutex_lock(&c->lock);
	close(h->fd); /* under the lock: nobody breaks off what has its number next */
	h->busy = false;
	/* the caller waits for nothing else */
	if (c->busy-- == HANDS_MAX && !c->processes)
		pthread_kill(c->caller, SIGCHLD);
	if (c->busy == 0)
		pthread_cond_signal(&c->done);
	pthread_mutex_unlock(&c->lock);
}

void crew_collect(struct crew *c)
{
	int status;
	pid_t pid;
	while (c->processes && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFSIGNALED(status))
			fprintf(stderr, "mtlspec serve: worker %d died: signal %d\n", (int)pid, WTERMSIG(status));
		else if (WEXITSTATUS(status) != 0)
			fprintf(stderr, "mtlspec serve: worker %d died: exit %d\n", (int)pid, WEXITSTATUS(status));
		for (size_t i = 0; i < HANDS_MAX; i++)
			if (c->hand[i].busy && c->hand[i].pid == pid)
				release(&c->hand[i]);
	}
}

static void *thread(void *context)
{
	struct hand *h = context;
	tcp_serve(h->fd, h->endpoint);
	release(h);
	return NULL;
}

static void process(struct crew *c, struct hand *h, pid_t parent, const struct endpoint *all, size_t n)
{
	for (int number = 1; number < NSIG; number++)
		if (sigismember(&c->held, number) == 1)
			signal(number, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &c->held, NULL);
	/* Die with the listener, which may have gone already. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	for (size_t i = 0; i < n; i++)
		close(all[i].fd);
	for (size_t i = 0; i < HANDS_MAX; i++)
		if (c->hand[i].busy && &c->hand[i] != h)
			close(c->hand[i].fd);
	tcp_serve(h->fd, h->endpoint);
	close(h->fd);
	_exit(0);
}

void crew_serve(struct crew *c, int fd, const struct endpoint *all, size_t n, size_t at)
{
	struct hand *h = take(c, fd, &all[at]);
	if (c->processes) {
		pid_t parent = getpid(), pid = fork();
		if (pid == 0)
			process(c, h, parent, all, n);
		h->pid = pid;
		if (pid < 0)
			release(h);
		return;
	}
	pthread_t id;
	if (pthread_create(&id, &c->attributes, thread, h) != 0)
		release(h);
}
