#include "clients/net.h"

#include "clients/arrival.h"
#include "harness/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HELD_MAX    (4u << 20) /* a handshake flight with the oddest chain; far above what net_backlog callers leave */
#define DRAIN_READS 8
#define READ_MS	    200 /* how long a peer that cannot be asked has to read what was sent */
#define LOOK_MS	    1

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

void net_init(struct net *n, const struct recorder *rec, int conn, unsigned char *in)
{
	struct buf held = n->held; /* its memory serves the next connection */
	*n = (struct net){.fd = -1, .conn = conn, .req = -1, .rec = rec, .held = held, .in = in};
	n->held.max = HELD_MAX;
	buf_clear(&n->held);
}

void net_fini(struct net *n)
{
	if (n->rec)
		net_close(n, CLOSE_FIN);
	buf_fini(&n->held);
}

void net_note(const struct net *n, enum event_kind kind, int32_t a, int32_t b, const char *text)
{
	recorder_note(n->rec, kind, n->conn, n->req, a, b, text);
}

void net_set_deadline(struct net *n, struct deadline d)
{
	n->deadline = d;
	n->timed_out = false;
	n->quiet = false;
}

static void expire(struct net *n)
{
	if (!n->timed_out && !n->quiet)
		net_note(n, EVENT_TIMEOUT, 0, 0, n->deadline.name);
	n->timed_out = true;
}

static bool address_of(const struct job_address *to, union address *a, socklen_t *len)
{
	*a = (union address){0};
	if (inet_pton(AF_INET, to->ip, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(to->port);
		*len = sizeof a->v4;
		return true;
	}
	if (inet_pton(AF_INET6, to->ip, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(to->port);
		*len = sizeof a->v6;
		return true;
	}
	return false;
}

static void address_text(const union address *a, char *out, size_t size)
{
	char ip[INET6_ADDRSTRLEN] = "?";
	if (a->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->v6.sin6_addr, ip, sizeof ip);
		snprintf(out, size, "[%s]:%u", ip, ntohs(a->v6.sin6_port));
	} else {
		inet_ntop(AF_INET, &a->v4.sin_addr, ip, sizeof ip);
		snprintf(out, size, "%s:%u", ip, ntohs(a->v4.sin_port));
	}
}

/* The errno of a connect that has ended, 0 when it stands; ETIMEDOUT with timed_out set when our deadline came first.
 */
static int finish_connect(struct net *n)
{
	struct pollfd p = {.fd = n->fd, .events = POLLOUT};
	int e = 0;
	socklen_t len = sizeof e;
	if (recorder_poll(n->rec, &p, 1, n->deadline.at_us) == 0) {
		expire(n);
		return ETIMEDOUT;
	}
	if (getsockopt(n->fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
		return errno;
	return e;
}

enum rc net_connect(struct net *n, const struct job_address *to, bool *connected, struct err *err)
{
	union address a;
	socklen_t len = 0;
	char text[INET6_ADDRSTRLEN + 16];
	int one = 1;
	*connected = false;
	if (!address_of(to, &a, &len))
		return err_set(err, RC_FAULT, "\"%s\" is not an IP address", to->ip);
	n->fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (n->fd < 0)
		return err_errno(err, RC_FAULT, "socket");
	address_text(&a, text, sizeof text);
	net_note(n, EVENT_CONNECT, 0, 0, text);
	setsockopt(n->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	int e = connect(n->fd, &a.any, len) == 0 ? 0 : errno;
	if (e == EINPROGRESS || e == EINTR)
		e = finish_connect(n);
	/* No local port is our machine's trouble, not the server's. */
	if (e == EADDRNOTAVAIL || e == EADDRINUSE)
		return err_set(err, RC_FAULT, "connect to %s: %s", text, strerror(e));
	/*
	 * A refused SYN is ECONNREFUSED.  ECONNRESET means that the connection stood and was reset before we looked:
	 * the same thing as a reset a moment later, and it has to look the same.
	 */
	if (e == ECONNRESET) {
		n->read_errno = e;
		e = 0;
	}
	if (e) {
		if (!n->timed_out)
			net_note(n, EVENT_CONNECT_FAILED, e, 0, NULL);
		net_close(n, CLOSE_FIN);
		return RC_OK;
	}
	len = sizeof a;
	if (getsockname(n->fd, &a.any, &len) == 0)
		address_text(&a, text, sizeof text);
	net_note(n, EVENT_CONNECTED, 0, 0, text);
	*connected = true;
	return RC_OK;
}

void net_push(struct net *n, const struct iovec *parts, size_t n_parts)
{
	if (n->lost_errno)
		return;
	for (size_t i = 0; i < n_parts; i++)
		buf_add(&n->held, parts[i].iov_base, parts[i].iov_len);
}

/* A pause, at most until the deadline. */
static void nap(const struct net *n, uint32_t ms)
{
	uint64_t until = clock_us() + (uint64_t)ms * 1000u;
	recorder_poll(n->rec, NULL, 0, until < n->deadline.at_us ? until : n->deadline.at_us);
}

static void await_reader(const struct net *n)
{
	enum arrival what;
	while ((what = arrival_look(n->fd)) == ARRIVAL_UNREAD && clock_us() < n->deadline.at_us)
		nap(n, LOOK_MS);
	if (what == ARRIVAL_UNKNOWN)
		nap(n, READ_MS);
}

static void note_hello(struct net *n)
{
	if (!n->hello_sent)
		net_note(n, EVENT_HELLO_SENT, 0, 0, n->name);
	n->hello_sent = true;
}

/*
 * Up to `len` held bytes; false when no more can go now, or ever.  The peer may be gone for writing: what it said before
 * is still to be read.
 */
static bool send_held(struct net *n, size_t len)
{
	ssize_t put;
	do
		put = send(n->fd, n->held.data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (put < 0 && errno == EINTR);
	if (put >= 0) {
		note_hello(n);
		buf_drop(&n->held, (size_t)put);
		return true;
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK) {
		n->lost_errno = errno;
		net_note(n, EVENT_WRITE_LOST, n->lost_errno, 0, NULL);
		buf_clear(&n->held);
	}
	return false;
}

/*
 * The first flight in segments: TCP_NODELAY sends each as it is written.  The first stands alone until it is read, so
 * that it is not read together with the rest; what cannot be sent is left to net_backlog.
 */
static void send_in_segments(struct net *n)
{
	while (n->held.len) {
		bool first = !n->hello_sent;
		if (!send_held(n, n->held.len < n->segment ? n->held.len : n->segment))
			break;
		if (first)
			await_reader(n);
	}
	n->segment = 0;
}

size_t net_backlog(struct net *n)
{
	if (n->segment && n->held.len)
		send_in_segments(n);
	while (n->held.len && send_held(n, n->held.len))
		;
	return n->held.len;
}

void net_flush(struct net *n)
{
	while (net_backlog(n)) {
		struct pollfd p = {.fd = n->fd, .events = POLLOUT};
		if (recorder_poll(n->rec, &p, 1, n->deadline.at_us) == 0) {
			expire(n);
			return;
		}
	}
}

void net_until_read(struct net *n)
{
	net_flush(n);
	if (n->fd >= 0 && !n->timed_out && !n->lost_errno)
		await_reader(n);
}

void net_until_closed(struct net *n)
{
	ssize_t got = 1;
	net_flush(n);
	if (n->fd < 0 || n->timed_out || n->ended || n->read_errno || shutdown(n->fd, SHUT_WR) < 0)
		return;
	while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) {
		struct pollfd p = {.fd = n->fd, .events = POLLIN};
		if (recorder_poll(n->rec, &p, 1, n->deadline.at_us) == 0)
			break;
		got = recv(n->fd, n->in, NET_AHEAD, MSG_DONTWAIT);
	}
}

ssize_t net_pull(struct net *n, void *data, size_t len)
{
	if (n->in_at == n->in_len) {
		ssize_t got;
		net_backlog(n);
		/* A flood never lets us wait, so the deadline is looked at here as well. */
		if (clock_us() >= n->deadline.at_us) {
			expire(n);
			errno = EAGAIN;
			return -1;
		}
		do
			got = recv(n->fd, n->in, NET_AHEAD, MSG_DONTWAIT);
		while (got < 0 && errno == EINTR);
		if (got < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK && !n->read_errno)
				n->read_errno = errno;
			return -1;
		}
		if (got == 0) {
			n->ended = true;
			return 0;
		}
		if (!n->first_byte)
			net_note(n, EVENT_FIRST_BYTE, 0, 0, NULL);
		n->first_byte = true;
		n->in_at = 0;
		n->in_len = (size_t)got;
	}
	if (len > n->in_len - n->in_at)
		len = n->in_len - n->in_at;
	memcpy(data, n->in + n->in_at, len);
	n->in_at += len;
	return (ssize_t)len;
}

bool net_wait(struct net *n)
{
	if (n->in_at < n->in_len)
		return true;
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	if (n->held.len)
		p.events |= POLLOUT;
	if (!n->timed_out && recorder_poll(n->rec, &p, 1, n->deadline.at_us) != 0)
		return true;
	expire(n);
	return false;
}

bool net_readable(struct net *n, unsigned ms)
{
	uint64_t until = clock_us() + (uint64_t)ms * 1000u;
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	if (n->in_at < n->in_len)
		return true;
	net_backlog(n);
	return recorder_poll(n->rec, &p, 1, until < n->deadline.at_us ? until : n->deadline.at_us) > 0;
}

/*
 * send() consumes the pending error of a socket: after it recv() says 0 although the peer sent RST.  The first error of
 * either side tells: ECONNRESET is an RST with no FIN before it, EPIPE a FIN whose sender then refused our bytes.
 */
bool net_note_end(struct net *n)
{
	int reset = n->lost_errno == ECONNRESET ? n->lost_errno : n->read_errno;
	if (n->read_errno || (n->ended && reset))
		net_note(n, EVENT_RESET, reset, 0, NULL);
	else if (n->ended)
		net_note(n, EVENT_EOF, 0, 0, NULL);
	else
		return false;
	return true;
}

void net_close(struct net *n, enum how_close how)
{
	if (n->fd < 0)
		return;
	if (how == CLOSE_RESET) {
		struct linger now = {.l_onoff = 1, .l_linger = 0};
		setsockopt(n->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	} else {
		/* Unread bytes (tickets, the peer's close_notify) would turn our FIN into an RST. */
		for (int i = 0; i < DRAIN_READS && recv(n->fd, n->in, NET_AHEAD, MSG_DONTWAIT) > 0; i++)
			;
	}
	close(n->fd);
	n->fd = -1;
}
