/* What becomes of the session that a client offers, as far as GnuTLS does not see to it: the messages of a handshake. */
#include "harness/reference/conn.h"
#include "harness/reference/hello.h"
#include "harness/reference/sessions.h"

#include <gnutls/crypto.h>

enum { HANDSHAKE_FAILURE = 40, ID_SIZE = 32 };

static bool uses_ems(gnutls_session_t session)
{
	return (gnutls_session_get_flags(session) & GNUTLS_SFLAGS_EXT_MASTER_SECRET) != 0;
}

/* Sessions of all names in one place: what is noted of them here opens nothing. */
static struct sessions *notes(const struct conn *c)
{
	return c->endpoint->site[0].sessions;
}

/* Ids and tickets of sessions with an extended master secret. */
static void note(const struct conn *c, const void *data, size_t len)
{
	unsigned char id[ID_SIZE];
	if (notes(c) && gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, id) == 0)
		sessions_note(notes(c), id, sizeof id);
}

static bool is_noted(const struct conn *c, struct span what)
{
	unsigned char id[ID_SIZE];
	return what.len && notes(c) && gnutls_hash_fast(GNUTLS_DIG_SHA256, what.at, what.len, id) == 0 &&
	       sessions_has(notes(c), id, sizeof id);
}

/* Under TLS 1.3 the id is but a habit (RFC 8446 4.1.2, D.4). */
static bool comes_with_session(const struct hello *h, struct span ticket)
{
	struct span body;
	return ticket.len || hello_extension(h, HELLO_PRE_SHARED_KEY, &body) ||
	       (h->session_id.len && !hello_extension(h, HELLO_SUPPORTED_VERSIONS, &body));
}

/* At any of the server's addresses. */
static bool has_begun(const struct conn *c)
{
	const struct sessions *s = c->endpoint->before ? c->endpoint->before->sessions : NULL;
	return s && sessions_have_begun(s);
}

/*
 * RFC 7627 5.3: a session that used the extended master secret, offered without it, ends the handshake.  GnuTLS would
 * go on with a full one.
 */
static int look_at_hello(struct conn *c, const gnutls_datum_t *message)
{
	struct hello h;
	struct span ems, ticket = {0};
	if (!hello_read((struct span){message->data, message->size}, &h))
		return 0;
	hello_extension(&h, HELLO_SESSION_TICKET, &ticket);
	c->predecessors = comes_with_session(&h, ticket) && !has_begun(c);
	if (!hello_extension(&h, HELLO_EXTENDED_MASTER_SECRET, &ems) && (is_noted(c, h.session_id) || is_noted(c, ticket)) && !c->faults->on[FAULT_FORGIVES_LOST_MASTER_SECRET]) {
		c->alert = HANDSHAKE_FAILURE;
		return GNUTLS_E_UNWANTED_ALGORITHM;
	}
	if (ticket.len && c->faults->on[FAULT_RESUMES_WITHOUT_MASTER_SECRET])
		gnutls_priority_set_direct(c->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%NO_SESSION_HASH", NULL);
	return 0;
}

void conn_note_session(struct conn *c)
{
	gnutls_datum_t id = {0};
	if (c->endpoint->before && c->endpoint->before->sessions)
		sessions_begin(c->endpoint->before->sessions);
	if (gnutls_protocol_get_version(c->session) != GNUTLS_TLS1_3 && uses_ems(c->session) &&
	    gnutls_session_get_id2(c->session, &id) == 0)
		note(c, id.data, id.size);
}

/* NewSessionTicket of TLS 1.2 (RFC 5077 3.3): a lifetime of four bytes and the length of the ticket before it. */
static void note_ticket(struct conn *c, const gnutls_datum_t *message)
{
	enum { BEFORE = 6 };
	if (message->size > BEFORE && gnutls_protocol_get_version(c->session) != GNUTLS_TLS1_3 && uses_ems(c->session))
		note(c, message->data + BEFORE, message->size - BEFORE);
}

/*
 * A leaf whose key usage forbids signing is app.c's to refuse, with the alert that fits; GnuTLS would say
 * internal_error.  Its "compatibility mode" lifts that check.  TLS 1.3 verifies CertificateVerify before it calls
 * admit(), so there the mode is set when the request for a certificate has gone out, after the hellos, where it changes
 * nothing that they negotiate.
 */
static void leave_key_usage_to_us(gnutls_session_t session)
{
	if (gnutls_protocol_get_version(session) == GNUTLS_TLS1_3)
		gnutls_session_enable_compatibility_mode(session);
}

int conn_on_message(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		    const gnutls_datum_t *message)
{
	struct conn *c = gnutls_session_get_ptr(session);
	int ret = conn_lie(c, type, when, incoming, message);
	if (ret == 0 && type == GNUTLS_HANDSHAKE_CLIENT_HELLO && when == GNUTLS_HOOK_PRE && incoming) {
		ret = conn_take_hello(c, message);
		return ret < 0 ? ret : look_at_hello(c, message);
	}
	if (ret < 0)
		return ret;
	if (type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET && when == GNUTLS_HOOK_PRE)
		note_ticket(c, message);
	if (type == GNUTLS_HANDSHAKE_END_OF_EARLY_DATA && when == GNUTLS_HOOK_POST && incoming)
		c->early_is_over = true;
	if (type == GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST && when == GNUTLS_HOOK_POST)
		leave_key_usage_to_us(session);
	return 0;
}
