#include "clients/tls_early.h"

#include "clients/tls_drive.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <sys/uio.h>

enum { RECORD_HEADER = 5, KEPT_MAX = 1 << 20 };

struct early {
	uint32_t allowed;
	bool waits;	 /* the handshake has not begun */
	bool ends;	 /* EndOfEarlyData is made: it and what comes behind it is held back */
	struct buf out;	 /* what was sent so far */
	struct buf held; /* EndOfEarlyData, until it may go, and our Finished */
};

void early_begin(struct tls_link *l, uint32_t bytes)
{
	l->early = mem_alloc(sizeof *l->early);
	*l->early = (struct early){.allowed = bytes, .waits = true};
	buf_init(&l->early->out, KEPT_MAX);
	buf_init(&l->early->held, KEPT_MAX);
}

bool early_waits(const struct tls_link *l)
{
	return l->early && l->early->waits;
}

void early_add(struct tls_link *l, const void *data, size_t len)
{
	buf_add(&l->early->out, data, len);
}

static void push(struct tls_link *l, const void *data, size_t len)
{
	struct iovec piece = {(void *)(uintptr_t)data, len};
	if (len)
		net_push(&l->net, &piece, 1);
}

void early_ends(struct tls_link *l)
{
	if (l->early)
		l->early->ends = true;
}

bool early_push(struct tls_link *l, const struct iovec *parts, size_t n)
{
	struct early *e = l->early;
	if (!e || !e->ends)
		return false;
	if (l->up) {
		early_release(l);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		buf_add(&e->held, parts[i].iov_base, parts[i].iov_len);
	return true;
}

/* The first record that is held: EndOfEarlyData. */
static void let_end_go(struct tls_link *l)
{
	struct early *e = l->early;
	const unsigned char *at = (const unsigned char *)e->held.data;
	if (e->held.len < RECORD_HEADER)
		return;
	size_t first = RECORD_HEADER + ((size_t)at[3] << 8 | at[4]);
	if (first > e->held.len)
		return;
	push(l, at, first);
	buf_drop(&e->held, first);
}

void early_release(struct tls_link *l)
{
	struct early *e = l->early;
	if (!e || e->held.len == 0)
		return;
	push(l, e->held.data, e->held.len);
	buf_clear(&e->held);
	e->ends = false;
	net_note(&l->net, EVENT_FINISHED_SENT, 0, 0, NULL);
}

/*
 * Whoever replays has our ClientHello and the early data, and EndOfEarlyData, which is protected by keys that the hello
 * settles: first without that, then with it.  An answer that takes longer is taken for one that waited for us.
 */
static void await_answer(struct tls_link *l)
{
	unsigned ms = l->job->deadlines.response_ms / 8 + 1;
	if (net_readable(&l->net, ms))
		return;
	let_end_go(l);
	if (!net_readable(&l->net, ms))
		early_release(l);
}

/* What the server has not taken.  A part that was too long to be early leaves no room for waiting. */
static void send_rest(struct tls_link *l, size_t from)
{
	struct early *e = l->early;
	if (from == e->out.len) {
		await_answer(l);
		return;
	}
	early_release(l);
	(void)tls_send(l, e->out.data + from, e->out.len - from); /* the read side tells why */
}

bool early_finish(struct tls_link *l)
{
	struct early *e = l->early;
	size_t n = e->out.len < e->allowed ? e->out.len : e->allowed;
	e->waits = false;
	ssize_t given = n ? gnutls_record_send_early_data(l->session, e->out.data, n) : 0;
	if (e->out.overflow || given < 0) {
		net_note(&l->net, EVENT_FAULT, (int32_t)given, 0, "more early data than can be kept");
		return false;
	}
	if (n)
		net_note(&l->net, EVENT_EARLY_DATA_SENT, (int32_t)n, 0, NULL);
	if (!tls_shake(l))
		return false;
	bool taken = n && (gnutls_session_get_flags(l->session) & GNUTLS_SFLAGS_EARLY_DATA);
	if (n)
		net_note(&l->net, taken ? EVENT_EARLY_DATA_ACCEPTED : EVENT_EARLY_DATA_REJECTED, 0, 0, NULL);
	send_rest(l, taken ? n : 0);
	return true;
}

void early_end(struct tls_link *l)
{
	if (!l->early)
		return;
	buf_fini(&l->early->out);
	buf_fini(&l->early->held);
	free(l->early);
	l->early = NULL;
}
