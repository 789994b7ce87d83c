#include "clients/observation.h"

#include <stdlib.h>
#include <string.h>

void observation_init(struct observation *o)
{
	*o = (struct observation){0};
}

void observation_fini(struct observation *o)
{
	arena_fini(&o->arena);
	free(o->events);
	*o = (struct observation){0};
}

void observation_clear(struct observation *o)
{
	arena_reset(&o->arena);
	o->n = 0;
	o->full = false;
	o->duration_us = 0;
	if (o->latest)
		o->latest->kind = EVENT_KIND__COUNT;
}

void observation_add(struct observation *o, uint32_t at_us, enum event_kind kind, int conn, int req, int32_t a,
		     int32_t b, const char *text)
{
	if (o->n >= OBSERVATION_MAX_EVENTS) {
		o->full = true;
		return;
	}
	const char *kept = NULL;
	if (text)
		kept = arena_strndup(&o->arena, text, strnlen(text, OBSERVATION_MAX_TEXT));
	*VEC_PUSH(o->events, o->n, o->cap) = (struct event){
		.at_us = at_us,
		.kind = (uint8_t)kind,
		.conn = (int8_t)conn,
		.req = (int8_t)req,
		.a = a,
		.b = b,
		.text = kept,
	};
	if (o->latest) {
		*o->latest = o->events[o->n - 1];
		o->latest->text = NULL;
	}
}

const struct event *observation_find(const struct observation *o, size_t from, enum event_kind kind, int conn, int req)
{
	for (size_t i = from; i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->kind == kind && (conn < 0 || e->conn == conn) && (req < 0 || e->req == req))
			return e;
	}
	return NULL;
}

bool observation_refused(const struct observation *o)
{
	bool stopped = false;
	for (size_t i = 0; i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->kind == EVENT_TARGET_TOLD && e->text)
			stopped = strcmp(e->text, "stop") == 0 || (stopped && strcmp(e->text, "start") != 0);
		if (e->kind == EVENT_CONNECT_FAILED && !stopped)
			return true;
	}
	return false;
}

bool observation_was_cut(const struct observation *o)
{
	static const enum event_kind signs[] = {EVENT_EOF, EVENT_RESET, EVENT_CONNECT_FAILED};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (observation_find(o, 0, signs[i], -1, -1))
			return true;
	return false;
}

void observation_put(struct buf *b, const struct observation *o)
{
	buf_put_u32(b, o->duration_us);
	buf_put_u8(b, o->full);
	buf_put_u32(b, (uint32_t)o->n);
	for (size_t i = 0; i < o->n; i++) {
		const struct event *e = &o->events[i];
		buf_put_u32(b, e->at_us);
		buf_put_u8(b, e->kind);
		buf_put_u8(b, (uint8_t)e->conn);
		buf_put_u8(b, (uint8_t)e->req);
		buf_put_u32(b, (uint32_t)e->a);
		buf_put_u32(b, (uint32_t)e->b);
		buf_put_text(b, e->text);
	}
}

enum rc observation_get(struct reader *r, struct observation *o, struct err *err)
{
	observation_clear(o);
	uint32_t duration = reader_u32(r);
	bool full = reader_u8(r) != 0;
	uint32_t n = reader_u32(r);
	if (r->bad || n > OBSERVATION_MAX_EVENTS)
		return err_set(err, RC_INPUT, "not an observation");
	for (uint32_t i = 0; i < n && !r->bad; i++) {
		uint32_t at = reader_u32(r);
		unsigned kind = reader_u8(r);
		int conn = (int8_t)reader_u8(r), req = (int8_t)reader_u8(r);
		int32_t a = (int32_t)reader_u32(r), b = (int32_t)reader_u32(r);
		const char *text = reader_text(r, &o->arena);
		if (kind >= EVENT_KIND__COUNT)
			r->bad = true;
		if (!r->bad)
			*VEC_PUSH(o->events, o->n, o->cap) = (struct event){
				.at_us = at,
				.kind = (uint8_t)kind,
				.conn = (int8_t)conn,
				.req = (int8_t)req,
				.a = a,
				.b = b,
				.text = text,
			};
	}
	if (r->bad)
		return err_set(err, RC_INPUT, "not an observation");
	o->full = full;
	o->duration_us = duration;
	return RC_OK;
}

static void put_names(struct buf *b, const struct event *e)
{
	buf_addf(b, " %d CA name%s, %d bytes", e->a, e->a == 1 ? "" : "s", e->b);
}

static void put_certificates(struct buf *b, const struct event *e)
{
	buf_addf(b, " %d certificate%s, %d bytes", e->a, e->a == 1 ? "" : "s", e->b);
}

static void put_version(struct buf *b, const struct event *e)
{
	buf_addf(b, " TLS %s", tls_text((enum tls)e->a));
}

static void put_alert(struct buf *b, const struct event *e)
{
	buf_addf(b, " %s %s(%d)", e->b == 1 ? "warning" : "fatal", alert_text((unsigned)e->a), e->a);
}

static void put_body(struct buf *b, const struct event *e)
{
	buf_addf(b, " %d bytes%s", e->a, e->b ? "" : ", cut short");
}

static void put_errno(struct buf *b, const struct event *e)
{
	buf_addf(b, " %s", strerror(e->a));
}

static void put_breach(struct buf *b, const struct event *e)
{
	buf_addf(b, " %s:", breach_text((enum breach)e->a));
}

static void put_ticket(struct buf *b, const struct event *e)
{
	buf_addf(b, " lives %d s", e->a);
	if (e->b)
		buf_addf(b, ", early data up to %d bytes", e->b);
}

static void put_number(struct buf *b, const struct event *e)
{
	buf_addf(b, " %d", e->a);
}

/* What a and b mean, for the kinds where they say something a reader wants. */
static void (*const put_numbers[EVENT_KIND__COUNT])(struct buf *b, const struct event *e) = {
	[EVENT_CERTIFICATE_REQUESTED] = put_names,
	[EVENT_CERTIFICATE_SENT] = put_certificates,
	[EVENT_HANDSHAKE_DONE] = put_version,
	[EVENT_ALERT_RECEIVED] = put_alert,
	[EVENT_ALERT_SENT] = put_alert,
	[EVENT_BODY] = put_body,
	[EVENT_BREACH] = put_breach,
	[EVENT_CONNECT_FAILED] = put_errno,
	[EVENT_RESET] = put_errno,
	[EVENT_WRITE_LOST] = put_errno,
	[EVENT_SERVER_CHAIN] = put_number,
	[EVENT_SERVER_CHAIN_CHANGED] = put_number,
	[EVENT_HANDSHAKE_FAILED] = put_number,
	[EVENT_REQUEST_SENT] = put_number,
	[EVENT_INTERIM] = put_number,
	[EVENT_RESPONSE] = put_number,
	[EVENT_FOUND] = put_number,
	[EVENT_TLS_ERROR] = put_number,
	[EVENT_SESSION_SAVED] = put_number,
	[EVENT_SESSION_TICKET] = put_ticket,
	[EVENT_EARLY_DATA_SENT] = put_number,
	[EVENT_BODY_SENT] = put_number,
	[EVENT_CONTINUE_OVERDUE] = put_number,
	[EVENT_WORKER_DIED] = put_number,
};

void observation_event_line(struct buf *b, const struct event *e)
{
	buf_addf(b, "%8.3f ms ", e->at_us / 1000.0);
	if (e->conn >= 0)
		buf_addf(b, " c%d", e->conn);
	if (e->req >= 0)
		buf_addf(b, " r%d", e->req);
	buf_addf(b, " %s", event_kind_text((enum event_kind)e->kind));
	if (e->kind < EVENT_KIND__COUNT && put_numbers[e->kind])
		put_numbers[e->kind](b, e);
	if (e->text && e->text[0])
		buf_addf(b, " %.200s", e->text);
}
