/*
 * net.h - one TCP connection as a client has it: connect with a deadline, flights written with one call, losses of the
 * write side swallowed and recorded, the read side always drained.  Knows no TLS.
 *
 * What is pushed is held back until somebody listens (net_pull) or says net_flush: a flight leaves in one send(), and a
 * request written right behind our last handshake flight leaves with it.  So a server that refuses and closes while we
 * are still writing cannot make us lose its last words (engineering: GnuTLS gives up reading after a failed write), and
 * the same refusal always looks the same.
 */
#ifndef CLIENTS_NET_H
#define CLIENTS_NET_H

#include "clients/recorder.h"

#include <sys/types.h>

#define NET_AHEAD 16384 /* bytes read ahead: one recv() for many short records */

struct iovec;

struct net {
	int fd;			    /* owned; -1: none */
	int conn, req;		    /* what events say; req: the request being answered, or -1 */
	const struct recorder *rec; /* borrowed */
	struct deadline deadline;   /* of the step in progress */
	const char *name;	    /* SNI, for the hello-sent event; borrowed, may be NULL */
	size_t segment;		    /* bytes of a TCP segment of the first flight; 0: whatever fits */
	bool quiet;		    /* an expired deadline gives no event: the caller only wanted a pause */
	bool timed_out;		    /* the deadline passed */
	bool hello_sent, first_byte;
	bool ended;	/* recv() returned 0 */
	int read_errno; /* of the first failed recv(), or 0 */
	int lost_errno; /* of the first failed send(), or 0: nothing is written any more */
	struct buf held;
	size_t in_at, in_len;
	unsigned char *in; /* borrowed: NET_AHEAD bytes */
};

void net_init(struct net *n, const struct recorder *rec, int conn, unsigned char *in); /* keeps `held`'s memory */
void net_fini(struct net *n);							       /* idempotent */
/* Events connect, then connected or connect-failed or timeout.  RC_FAULT: no socket, no address literal, no port left.
 */
enum rc net_connect(struct net *n, const struct job_address *to, bool *connected, struct err *err) MUST_USE;
void net_set_deadline(struct net *n, struct deadline d);

/* Takes everything; a caller with much to send makes more only when net_backlog is 0. */
void net_push(struct net *n, const struct iovec *parts, size_t n_parts);
/* Bytes not yet taken by the kernel after trying once more. */
size_t net_backlog(struct net *n);
/* Write what is held, waiting for room if need be. */
void net_flush(struct net *n);
/* As recv(2), never blocks: -1 with errno EAGAIN, also when the deadline has passed (then timed_out is set). */
ssize_t net_pull(struct net *n, void *data, size_t len);
/* Wait until net_pull or net_backlog can get on.  False: the deadline passed (event timeout). */
bool net_wait(struct net *n);
/*
 * Write what is held and wait until the other end has read it, so that what follows is not read together with it.  Where its
 * kernel is not ours to ask, that is a fifth of a second.  No event; a step that is over by then meets its deadline next.
 */
void net_until_read(struct net *n);
/* Our FIN, then whatever is left to read until the other end has closed, too: then it is done with us.  No event. */
void net_until_closed(struct net *n);
/* Wait at most `ms` for something to read; no event. */
bool net_readable(struct net *n, unsigned ms);
void net_close(struct net *n, enum how_close how); /* idempotent */

/* How the peer ended the read side: EVENT_RESET or EVENT_EOF recorded; false when it did not. */
bool net_note_end(struct net *n);
void net_note(const struct net *n, enum event_kind kind, int32_t a, int32_t b, const char *text);

#endif
