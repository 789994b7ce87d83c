#include "reports/signature.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define HEX_RUN 8 /* shorter runs are words: "dead", "cafe", "403" */

/* Which parts of an event say something about the server. */
struct parts {
	bool a, b, text;
};

static struct parts parts_of(enum event_kind kind)
{
	switch (kind) {
	case EVENT_CONNECT:   /* text: address with the port of this run */
	case EVENT_CONNECTED: /* text: our ephemeral port */
	case EVENT_RESET:     /* a: ECONNRESET or EPIPE, whichever call met it */
	case EVENT_WRITE_LOST:
	case EVENT_SESSION_SAVED: /* a: bytes of our own serialisation */
		return (struct parts){0};
	case EVENT_SERVER_CHAIN: /* text: fingerprint of a certificate minted for this run */
	case EVENT_SERVER_CHAIN_CHANGED:
		return (struct parts){.a = true};
	case EVENT_CERTIFICATE_REQUESTED: /* b: bytes of names that hold minted words */
	case EVENT_CERTIFICATE_SENT:	  /* b: a DER signature is two bytes longer now and then */
		return (struct parts){.a = true, .text = true};
	case EVENT_REQUEST_SENT: /* a: the Host header holds the port */
	case EVENT_EARLY_DATA_SENT:
	case EVENT_EXCERPT:
	case EVENT_HEADER:
		return (struct parts){.text = true};
	case EVENT_BODY: /* a: pages may quote port, time or identity */
		return (struct parts){.b = true};
	case EVENT_CONNECT_FAILED:
	case EVENT_HELLO_SENT:
	case EVENT_FIRST_BYTE:
	case EVENT_SESSION_OFFERED:
	case EVENT_CERTIFICATE_DECLINED:
	case EVENT_HANDSHAKE_DONE:
	case EVENT_RESUMED:
	case EVENT_HANDSHAKE_FAILED:
	case EVENT_HELLO_REQUEST:
	case EVENT_REAUTH_REQUEST:
	case EVENT_RENEGOTIATED:
	case EVENT_REAUTHENTICATED:
	case EVENT_ALERT_RECEIVED:
	case EVENT_ALERT_SENT:
	case EVENT_INTERIM:
	case EVENT_RESPONSE:
	case EVENT_FOUND:
	case EVENT_MALFORMED:
	case EVENT_TOO_LARGE:
	case EVENT_CLOSE_NOTIFY:
	case EVENT_EOF:
	case EVENT_TLS_ERROR:
	case EVENT_TIMEOUT:
	case EVENT_CLOSED:
	case EVENT_UNSUPPORTED:
	case EVENT_FAULT:
	case EVENT_BREACH:
	case EVENT_PLAIN:
	case EVENT_WORKER_DIED:
	case EVENT_TARGET_DIED:
	case EVENT_EXTENDED_MASTER_SECRET:
	case EVENT_BODY_SENT:
	case EVENT_CONTINUE_OVERDUE:
	case EVENT_RENEGOTIATION_TRIED:
	case EVENT_KEY_UPDATED:
	case EVENT_SESSION_TICKET:
	case EVENT_EARLY_DATA_ACCEPTED:
	case EVENT_EARLY_DATA_REJECTED:
	case EVENT_FINISHED_SENT:
	case EVENT_KIND__COUNT:
		break;
	}
	return (struct parts){true, true, true};
}

/* Headers whose value is a time, a nonce or a cookie by definition (RFC 9110, RFC 6265). */
static bool volatile_header(const char *text)
{
	static const char *const names[] = {"Date:", "Last-Modified:", "Expires:", "ETag:", "Set-Cookie:"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncasecmp(text, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* Decimal numbers, and hexadecimal ones of some length, count as one sign each: ports, serials, fingerprints, CNs. */
static uint64_t hash_text(const char *text, uint64_t h)
{
	const char *p = text;
	while (*p) {
		size_t hex = 0, digits = 0;
		while (isxdigit((unsigned char)p[hex]))
			hex++;
		while (isdigit((unsigned char)p[digits]))
			digits++;
		size_t run = hex >= HEX_RUN ? hex : digits;
		h = run ? text_hash("#", 1, h) : text_hash(p, 1, h);
		p += run ? run : 1;
	}
	return text_hash("", 1, h);
}

static uint64_t hash_event(const struct event *e, uint64_t h)
{
	struct parts parts = parts_of((enum event_kind)e->kind);
	int32_t fixed[5] = {e->kind, e->conn, e->req, parts.a ? e->a : 0, parts.b ? e->b : 0};
	h = text_hash(fixed, sizeof fixed, h);
	if (!parts.text || !e->text)
		return h;
	if (e->kind == EVENT_HEADER && (volatile_header(e->text) || strlen(e->text) > 200))
		return text_hash(e->text, strcspn(e->text, ":"), h);
	return hash_text(e->text, h);
}

/*
 * A fatal alert ends the connection (RFC 8446 6.2).  Whether FIN, RST or a lost write is seen behind it depends on
 * which packet won and on the call that met it, not on the server's answer.  So does how many tickets were read before.
 */
static bool aftermath(const struct observation *o, size_t at)
{
	const struct event *e = &o->events[at];
	if (e->kind == EVENT_WRITE_LOST || e->kind == EVENT_SESSION_TICKET)
		return true;
	if (e->kind != EVENT_EOF && e->kind != EVENT_RESET && e->kind != EVENT_CLOSE_NOTIFY)
		return false;
	for (size_t i = 0; i < at; i++) {
		const struct event *before = &o->events[i];
		if (before->kind == EVENT_ALERT_RECEIVED && before->conn == e->conn && before->b != 1)
			return true;
	}
	return false;
}

uint64_t signature_of(const struct observation *o)
{
	uint64_t h = text_hash(&o->full, sizeof o->full, 0);
	for (size_t i = 0; i < o->n; i++)
		if (!aftermath(o, i))
			h = hash_event(&o->events[i], h);
	return h;
}
