/*
 * relay.c - counts what a client does: a fixture for ci/e2e/discover.sh.  Passes every connection on and says how many there
 * were and how many stood at once, as the client sees them.
 * usage: relay PORT      prints "port P" when it listens on 127.0.0.1, then "connection N of M open" for each accept
 *        relay free N    prints N ports of 127.0.0.1 that are free now
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

#define PAIRS_MAX 32

struct pair {
	int fd[2];    /* client, server; -1: none */
	bool done[2]; /* that side has said its last word */
	bool cut[2];  /* and it was a reset, which a send has used up: recv will say 0 */
};

static struct pair pairs[PAIRS_MAX];

static void die(const char *what)
{
	perror(what);
	exit(3);
}

static int bound(unsigned *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		die("relay: cannot bind");
	*port = ntohs(a.sin_port);
	return fd;
}

static int print_free(long n)
{
	for (long i = 0; i < n; i++) {
		unsigned port;
		(void)bound(&port); /* kept until we end: no port twice */
		printf("%s%u", i ? " " : "", port);
	}
	puts("");
	return 0;
}

static unsigned count_open(void)
{
	unsigned n = 0;
	for (int i = 0; i < PAIRS_MAX; i++)
		n += pairs[i].fd[0] >= 0 && !pairs[i].done[0];
	return n;
}

/* A reset goes on as a reset. */
static void reset_at_close(int fd)
{
	struct linger now = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void forget(struct pair *p)
{
	close(p->fd[0]);
	close(p->fd[1]);
	*p = (struct pair){.fd = {-1, -1}};
}

/* `side` is readable: pass on all that it has said, also that it says no more. */
static void pass(struct pair *p, int side)
{
	char data[16384];
	ssize_t n;
	while ((n = recv(p->fd[side], data, sizeof data, MSG_DONTWAIT)) > 0)
		for (ssize_t at = 0, put; at < n; at += put)
			if ((put = send(p->fd[!side], data + at, (size_t)(n - at), MSG_NOSIGNAL)) < 0) {
				p->cut[!side] = p->cut[!side] || errno == ECONNRESET;
				break; /* the other side's last word is read in its own turn */
			}
	if (n < 0 && errno == EAGAIN)
		return;
	p->done[side] = true;
	bool reset = n < 0 || p->cut[side];
	if (reset)
		reset_at_close(p->fd[!side]);
	else
		shutdown(p->fd[!side], SHUT_WR);
	if (p->done[!side] || reset)
		forget(p);
}

static void take(int listener, unsigned short port, unsigned *total)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int client = accept(listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0), i = 0;
	while (i < PAIRS_MAX && pairs[i].fd[0] >= 0)
		i++;
	if (client < 0 || server < 0 || i == PAIRS_MAX)
		die("relay: cannot take a connection");
	++*total;
	if (connect(server, (struct sockaddr *)&to, sizeof to) < 0) {
		reset_at_close(client); /* one that resets whatever comes may be quicker than connect() */
		close(client);
		close(server);
		return;
	}
	pairs[i] = (struct pair){.fd = {client, server}};
	printf("connection %u, %u open\n", *total, count_open());
	fflush(stdout);
}

/* What has ended is noticed before what begins: a client that closes one and opens the next has one open. */
static void serve(int listener, unsigned short port)
{
	unsigned total = 0;
	for (;;) {
		struct pollfd p[2 * PAIRS_MAX + 1];
		for (int i = 0; i < 2 * PAIRS_MAX; i++)
			p[i] = (struct pollfd){.fd = pairs[i / 2].done[i % 2] ? -1 : pairs[i / 2].fd[i % 2], .events = POLLIN};
		p[2 * PAIRS_MAX] = (struct pollfd){.fd = listener, .events = POLLIN};
		if (poll(p, 2 * PAIRS_MAX + 1, -1) < 0)
			die("relay: poll");
		for (int i = 0; i < 2 * PAIRS_MAX; i++)
			if (p[i].revents && pairs[i / 2].fd[i % 2] == p[i].fd)
				pass(&pairs[i / 2], i % 2);
		if (p[2 * PAIRS_MAX].revents)
			take(listener, port, &total);
	}
}

int main(int argc, char **argv)
{
	unsigned port;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc == 3 && strcmp(argv[1], "free") == 0)
		return print_free(strtol(argv[2], NULL, 10));
	if (argc != 2) {
		fputs("usage: relay PORT | relay free N\n", stderr);
		return 2;
	}
	for (int i = 0; i < PAIRS_MAX; i++)
		pairs[i] = (struct pair){.fd = {-1, -1}};
	int listener = bound(&port);
	if (listen(listener, 64) < 0)
		die("relay: listen");
	printf("port %u\n", port);
	fflush(stdout);
	serve(listener, (unsigned short)strtol(argv[1], NULL, 10));
}
