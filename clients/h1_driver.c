/* The HTTP/1 driver: requests in order on one connection, their answers in the same order. */
#include "clients/h1.h"
#include "clients/http.h"
#include "clients/tls_digest.h"

#include "harness/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PIECE	      16384   /* one TLS record of a body */
#define SEARCHED      65536   /* bytes of a body that are kept and searched */
#define BODY_MAX      1048576 /* a longer one is still counted, and said to be too large */
#define HEADERS_NOTED 48      /* watched headers noted of one response */

struct h1_link {
	struct h1 reader;
	struct exchange *queue[JOB_MAX_REQUESTS]; /* unanswered, in the order they were sent */
	size_t n;
	struct buf out; /* the next piece of the request */
	size_t waited;	/* bytes of it that are the end of the request before */
	/* the last of the queue, while it is being sent */
	uint64_t body_sent, bytes;
	uint64_t continue_at; /* when the body goes out without a 100; 0: now */
	bool noted;	      /* request-sent */
	struct tls_digest digest; /* of the content so far; ended: body-sent is noted */
	/* the first of the queue, while it is being answered */
	struct buf body;
	uint64_t body_len;
	unsigned headers;
	bool too_large;
	bool broken; /* no further request on this connection */
};

static struct h1_link *state_of(struct http_link *h)
{
	return h->state;
}

static bool h1_link_open(struct http_link *h)
{
	if (strcmp(h->link->alpn, "h2") == 0) {
		net_note(&h->link->net, EVENT_UNSUPPORTED, 0, 0, "h2");
		return false;
	}
	struct h1_link *s = mem_alloc(sizeof *s);
	h1_init(&s->reader);
	buf_init(&s->out, 4u << 20);
	buf_init(&s->body, SEARCHED);
	h->state = s;
	return true;
}

/* --- the exchange being answered --- */

static void begin_answer(struct http_link *h)
{
	struct h1_link *s = state_of(h);
	h->link->net.req = s->n ? s->queue[0]->index : -1;
	if (s->n == 0)
		return;
	h1_begin(&s->reader, s->queue[0]->want->method);
	buf_clear(&s->body);
	s->body_len = 0;
	s->headers = 0;
	s->too_large = false;
}

static const char *found_in(const struct buf *b, const char *text)
{
	return b->len && text && text[0] ? memmem(b->data, b->len, text, strlen(text)) : NULL;
}

/* Text of an event ends at its first NUL: make those visible. */
static void note_excerpt(struct http_link *h)
{
	struct h1_link *s = state_of(h);
	char text[OBSERVATION_EXCERPT + 1];
	size_t n = s->body.len < OBSERVATION_EXCERPT ? s->body.len : OBSERVATION_EXCERPT;
	if (n == 0)
		return;
	memcpy(text, s->body.data, n);
	text[n] = '\0';
	for (char *nul; (nul = memchr(text, '\0', n)) != NULL;)
		*nul = '?';
	net_note(&h->link->net, EVENT_EXCERPT, 0, 0, text);
}

/* What there was of the body, and whether that was all of it. */
static void note_body(struct http_link *h, bool complete)
{
	struct h1_link *s = state_of(h);
	for (size_t i = 0; i < h->job->n_watch_strings; i++)
		if (found_in(&s->body, h->job->watch_strings[i]))
			net_note(&h->link->net, EVENT_FOUND, (int32_t)i, 0, NULL);
	note_excerpt(h);
	net_note(&h->link->net, EVENT_BODY, s->body_len > INT32_MAX ? INT32_MAX : (int32_t)s->body_len, complete, NULL);
}

static void end_answer(struct http_link *h, bool complete)
{
	struct h1_link *s = state_of(h);
	struct exchange *x = s->queue[0];
	if (x->head)
		note_body(h, complete);
	/* A request that was not sent in full, or a message that ends with the connection, leaves nothing to go on
	 * with. */
	if (!complete || !x->sent || !h1_is_persistent(&s->reader))
		s->broken = true;
	x->sent = x->over = true;
	s->n--;
	memmove(s->queue, s->queue + 1, s->n * sizeof *s->queue);
	begin_answer(h);
}

/* Nothing more will come for anybody. */
static void end_all(struct http_link *h, bool complete)
{
	struct h1_link *s = state_of(h);
	s->broken = true;
	while (s->n) {
		end_answer(h, complete);
		complete = false;
	}
}

/* --- what is read --- */

static bool is_watched(const struct job *job, const char *name)
{
	for (size_t i = 0; i < job->n_watch_headers; i++)
		if (strcmp(job->watch_headers[i], "*") == 0 || strcasecmp(job->watch_headers[i], name) == 0)
			return true;
	return false;
}

static void take_field(struct http_link *h)
{
	struct h1_link *s = state_of(h);
	const struct h1 *r = &s->reader;
	char line[OBSERVATION_MAX_TEXT];
	if (r->status < 200 || s->queue[0]->head || !is_watched(h->job, r->name) || ++s->headers > HEADERS_NOTED)
		return;
	snprintf(line, sizeof line, "%s: %s", r->name, r->text);
	recorder_note_repeatable(h->link->net.rec, EVENT_HEADER, h->link->net.conn, h->link->net.req, 0, 0, line);
}

static void take_data(struct http_link *h)
{
	struct h1_link *s = state_of(h);
	size_t keep = s->reader.len;
	if (keep > SEARCHED - s->body.len)
		keep = SEARCHED - s->body.len;
	buf_add(&s->body, s->reader.data, keep);
	s->body_len += s->reader.len;
	if (s->body_len > BODY_MAX && !s->too_large) {
		s->too_large = true;
		net_note(&h->link->net, EVENT_TOO_LARGE, 0, 0, "body");
	}
}

static void take_status(struct http_link *h)
{
	struct h1_link *s = state_of(h);
	const struct h1 *r = &s->reader;
	if (r->status < 200) {
		s->continue_at = 0;
		recorder_note_repeatable(h->link->net.rec, EVENT_INTERIM, h->link->net.conn, h->link->net.req,
					 r->status, 0, NULL);
		return;
	}
	net_note(&h->link->net, EVENT_RESPONSE, r->status, r->minor, r->text[0] ? r->text : NULL);
	/* A final answer makes the rest of the request pointless, unless it is a success that may still be reading. */
	if (!s->queue[0]->sent && (s->continue_at || r->status >= 400)) {
		s->queue[0]->sent = true;
		s->broken = true;
	}
}

/* Bytes that answer no request: a response nobody asked for, or one with more body than it said. */
static void note_excess(struct http_link *h, size_t len)
{
	struct h1_link *s = state_of(h);
	if (len && !s->broken)
		net_note(&h->link->net, EVENT_MALFORMED, 0, 0, "bytes behind the response");
	s->broken = s->broken || len;
}

static void take_bytes(struct http_link *h, const char *at, const char *end)
{
	struct h1_link *s = state_of(h);
	while (s->n) {
		switch (h1_step(&s->reader, &at, end)) {
		case H1_MORE:
			return;
		case H1_STATUS:
			take_status(h);
			break;
		case H1_FIELD:
			take_field(h);
			break;
		case H1_HEAD_END:
			s->queue[0]->head = s->reader.status >= 200;
			break;
		case H1_DATA:
			take_data(h);
			break;
		case H1_END:
			end_answer(h, true);
			break;
		case H1_MALFORMED:
			net_note(&h->link->net, EVENT_MALFORMED, 0, 0, s->reader.text);
			end_all(h, false);
			return;
		case H1_TOO_LARGE:
			net_note(&h->link->net, EVENT_TOO_LARGE, 0, 0, s->reader.text);
			end_all(h, false);
			return;
		}
	}
	note_excess(h, (size_t)(end - at));
}

/* --- what is sent --- */

static void note_sent(struct http_link *h, const struct exchange *x)
{
	struct h1_link *s = state_of(h);
	char line[256];
	uint64_t bytes = s->bytes + s->out.len - s->waited;
	if (s->noted)
		return;
	s->noted = true;
	snprintf(line, sizeof line, "%s %s", x->want->method, x->want->target);
	recorder_note(h->link->net.rec, EVENT_REQUEST_SENT, h->link->net.conn, x->index,
		      bytes > INT32_MAX ? INT32_MAX : (int32_t)bytes, s->body_sent == x->want->body, line);
}

static bool has_content(const struct job_request *r)
{
	return r->body || r->chunked;
}

/* What a server must have received, if it received it whole. */
static void note_content(struct http_link *h, const struct exchange *x)
{
	struct h1_link *s = state_of(h);
	char hex[TLS_DIGEST_HEX];
	if (!s->digest.handle || s->body_sent != x->want->body)
		return;
	tls_digest_end(&s->digest, hex);
	recorder_note(h->link->net.rec, EVENT_BODY_SENT, h->link->net.conn, x->index,
		      s->body_sent > INT32_MAX ? INT32_MAX : (int32_t)s->body_sent, 0, hex);
}

static void add_piece(struct h1_link *s, const struct job_request *r)
{
	uint64_t left = r->body - s->body_sent;
	size_t n = left < PIECE ? (size_t)left : PIECE;
	if (r->chunked && n)
		buf_addf(&s->out, "%zx\r\n", n);
	size_t from = s->out.len;
	h1_write_body(&s->out, s->body_sent, n);
	if (n)
		tls_digest_add(&s->digest, s->out.data + from, n);
	if (r->chunked && n)
		buf_add(&s->out, "\r\n", 2);
	s->body_sent += n;
	if (r->chunked && s->body_sent == r->body)
		buf_adds(&s->out, "0\r\n\r\n");
}

/* The end of a request that is joined to the next one waits for it: what arrives in one piece, no timing takes apart. */
static bool waits_for_next(const struct h1_link *s, const struct exchange *x)
{
	return x->want->joined && s->body_sent == x->want->body;
}

static bool hand_over(struct h1_link *s, struct tls_link *l)
{
	bool ok = tls_send(l, s->out.data, s->out.len);
	s->bytes += s->out.len - s->waited;
	s->waited = 0;
	buf_clear(&s->out);
	return ok;
}

/* How long we wait for 100: part of what an answer may take (RFC 9110 10.1.1: not for ever). */
static uint32_t continue_ms(const struct http_link *h)
{
	return h->job->deadlines.response_ms / 4 + 1;
}

/* Send as much as the kernel takes.  True when there is nothing left that could be sent now. */
static bool pump(struct http_link *h)
{
	struct h1_link *s = state_of(h);
	struct exchange *x = s->n ? s->queue[s->n - 1] : NULL;
	while (x && !x->sent) {
		if (s->continue_at && clock_us() < s->continue_at)
			return true;
		if (s->continue_at)
			recorder_note(h->link->net.rec, EVENT_CONTINUE_OVERDUE, h->link->net.conn, x->index,
				      (int32_t)continue_ms(h), 0, NULL);
		s->continue_at = 0;
		if (net_backlog(&h->link->net))
			return false;
		if (h->link->net.lost_errno)
			break; /* nobody takes it any more; the read side tells why */
		add_piece(s, x->want);
		bool ok = waits_for_next(s, x) || hand_over(s, h->link);
		x->sent = s->body_sent == x->want->body;
		if (!ok)
			break;
	}
	if (x)
		note_sent(h, x);
	if (x && x->sent && !s->broken)
		note_content(h, x);
	if (x && !x->sent) {
		x->sent = true;
		s->broken = true;
	}
	return true;
}

static void h1_request(struct http_link *h, struct exchange *x)
{
	struct h1_link *s = state_of(h);
	if (!s || s->broken || !tls_takes_data(h->link) || s->n == JOB_MAX_REQUESTS) {
		x->over = true;
		return;
	}
	while (s->n && !s->queue[s->n - 1]->sent && !s->queue[s->n - 1]->over)
		h->driver->read(h, s->queue[s->n - 1], UNTIL_SENT);
	s->queue[s->n++] = x;
	if (s->n == 1)
		begin_answer(h);
	s->body_sent = s->bytes = 0;
	s->waited = s->out.len;
	s->noted = false;
	tls_digest_end(&s->digest, NULL);
	if (has_content(x->want))
		tls_digest_begin(&s->digest);
	s->continue_at = x->want->expect_continue && x->want->body ? clock_us() + continue_ms(h) * 1000u : 0;
	h1_write_head(&s->out, x->want, h->version);
	/* A small body leaves with the head. */
	if (!s->continue_at && has_content(x->want))
		add_piece(s, x->want);
	bool ok = waits_for_next(s, x) || hand_over(s, h->link);
	x->sent = !ok || s->body_sent == x->want->body;
	if (x->sent)
		note_sent(h, x);
	if (ok && x->sent)
		note_content(h, x);
}

/* --- the loop --- */

static bool has_come(const struct exchange *x, enum until until)
{
	switch (until) {
	case UNTIL_SENT:
	case UNTIL_READ: /* the rest is the verb's */
		return x->sent;
	case UNTIL_HEADERS:
		return x->head;
	case UNTIL_ASKED:
	case UNTIL_DONE:
	case UNTIL__COUNT:
		break;
	}
	return false;
}

/* Wait for either direction, at most until the body goes out without its 100. */
static bool pause_for(struct http_link *h)
{
	struct h1_link *s = state_of(h);
	struct net *n = &h->link->net;
	struct deadline real = n->deadline;
	if (!s->continue_at || s->continue_at >= real.at_us)
		return net_wait(n);
	n->deadline.at_us = s->continue_at;
	n->quiet = true;
	(void)net_wait(n);
	net_set_deadline(n, real);
	return true;
}

/* The server asks late.  True when the reading goes on. */
static bool be_asked(struct http_link *h, enum until until)
{
	struct h1_link *s = state_of(h);
	if (until == UNTIL_ASKED)
		return false;
	if (tls_answer(h->link)) {
		if (s->continue_at) /* the server spoke: its time to say 100 begins */
			s->continue_at = clock_us() + continue_ms(h) * 1000u;
		return true;
	}
	end_all(h, false);
	return false;
}

static void h1_read(struct http_link *h, struct exchange *x, enum until until)
{
	struct h1_link *s = state_of(h);
	char piece[PIECE];
	while (s && !x->over && !has_come(x, until)) {
		size_t got;
		bool idle = pump(h);
		if (until == UNTIL_SENT && idle && x->sent)
			break;
		note_sent(h, s->queue[s->n - 1]);
		switch (tls_recv(h->link, piece, sizeof piece, &got)) {
		case TLS_GOT_DATA:
			take_bytes(h, piece, piece + got);
			break;
		case TLS_GOT_NOTHING:
			if (!pause_for(h))
				h->driver->cancel(h, x);
			break;
		case TLS_GOT_ASKED:
			if (!be_asked(h, until))
				return;
			break;
		case TLS_GOT_END:
			/* Without close_notify nobody knows whether that was all (RFC 9112 9.8). */
			end_all(h, h->link->closed_well && h1_ends_at_close(&s->reader));
			break;
		case TLS_GOT_TIMEOUT:
			h->driver->cancel(h, x);
			break;
		}
	}
	if (until == UNTIL_SENT)
		net_flush(&h->link->net);
}

/* HTTP/1 has no way to take a request back: the connection is of no further use. */
static void h1_cancel(struct http_link *h, struct exchange *x)
{
	if (h->state)
		end_all(h, false);
	x->over = true;
}

static void h1_close(struct http_link *h)
{
	struct h1_link *s = state_of(h);
	if (!s)
		return;
	h1_fini(&s->reader);
	buf_fini(&s->out);
	buf_fini(&s->body);
	tls_digest_end(&s->digest, NULL);
	free(s);
	h->state = NULL;
}

const struct http_driver h1_driver = {NULL, h1_link_open, h1_request, h1_read, h1_cancel, h1_close};
