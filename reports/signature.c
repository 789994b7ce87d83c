#include "reports/signature.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define HEX_RUN 8 /* shorter runs are words: "dead", "cafe", "403" */

/* Which parts of an event say nothing about the server; of kinds that are not here, all do. */
struct chance {
	bool a, b, text;
};

static const struct chance chances[EVENT_KIND__COUNT] = {
	[EVENT_CONNECT] = {true, true, true},	/* text: address with the port of this run */
	[EVENT_CONNECTED] = {true, true, true}, /* text: our ephemeral port */
	[EVENT_RESET] = {true, true, true},	/* a: ECONNRESET or EPIPE, whichever call met it */
	[EVENT_WRITE_LOST] = {true, true, true},
	[EVENT_SESSION_SAVED] = {true, true, true},	/* a: bytes of our own serialisation */
	[EVENT_SERVER_CHAIN] = {.b = true, .text = true}, /* text: fingerprint of a certificate minted for this run */
	[EVENT_SERVER_CHAIN_CHANGED] = {.b = true, .text = true},
	[EVENT_CERTIFICATE_REQUESTED] = {.b = true}, /* b: bytes of names that hold minted words */
	[EVENT_CERTIFICATE_SENT] = {.b = true},	     /* b: a DER signature is two bytes longer now and then */
	[EVENT_REQUEST_SENT] = {.a = true, .b = true}, /* a: the Host header holds the port */
	[EVENT_EARLY_DATA_SENT] = {.a = true, .b = true},
	[EVENT_EXCERPT] = {.a = true, .b = true},
	[EVENT_HEADER] = {.a = true, .b = true},
	[EVENT_BODY] = {.a = true, .text = true}, /* a: pages may quote port, time or identity */
};

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
	static const struct chance none = {0};
	const struct chance *chance = e->kind < EVENT_KIND__COUNT ? &chances[e->kind] : &none;
	int32_t fixed[5] = {e->kind, e->conn, e->req, chance->a ? 0 : e->a, chance->b ? 0 : e->b};
	h = text_hash(fixed, sizeof fixed, h);
	if (chance->text || !e->text)
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
