/* Handshake messages as they come and go: the server's are audited, our certificate message is taken note of. */
#include "clients/credential.h"
#include "clients/credential_proof.h"
#include "clients/tls_early.h"

#include <gnutls/gnutls.h>

static void note_breach(void *context, enum breach what, const char *why)
{
	struct tls_link *l = context;
	recorder_note_repeatable(l->net.rec, EVENT_BREACH, l->net.conn, l->net.req, (int32_t)what, 0, why);
}

static int32_t clamped(uint32_t n)
{
	return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

static void audit_ticket(struct tls_link *l, const gnutls_datum_t *m)
{
	struct audit_ticket t;
	if (tls_version(l) != TLS_1_3 || !audit_new_session_ticket(&l->audit, m->data, m->size, &t))
		return;
	l->ticket_early = t.early_bytes;
	recorder_note_repeatable(l->net.rec, EVENT_SESSION_TICKET, l->net.conn, -1, clamped(t.seconds),
				 clamped(t.early_bytes), NULL);
}

static void audit_message(struct tls_link *l, unsigned type, const gnutls_datum_t *m)
{
	if (type == GNUTLS_HANDSHAKE_SERVER_HELLO || type == GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST)
		audit_server_hello(&l->audit, m->data, m->size);
	else if (type == GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS)
		audit_encrypted_extensions(&l->audit, m->data, m->size);
	else if (type == GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST)
		audit_certificate_request(&l->audit, tls_version(l), l->up, m->data, m->size);
	else if (type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET)
		audit_ticket(l, m);
}

/* The library calls this with every message before it reads it itself, or when it has made it. */
static int message(gnutls_session_t session, unsigned type, unsigned when UNUSED, unsigned incoming,
		   const gnutls_datum_t *m)
{
	struct tls_link *l = gnutls_session_get_ptr(session);
	proof_message(l, type, incoming, m->data, m->size);
	if (incoming)
		audit_message(l, type, m);
	else if (type == GNUTLS_HANDSHAKE_CERTIFICATE_PKT)
		credential_message(l, m->data, m->size);
	else if (type == GNUTLS_HANDSHAKE_END_OF_EARLY_DATA)
		early_ends(l);
	return 0;
}

void tls_watch_messages(struct tls_link *l, const char *alpn)
{
	l->audit = (struct audit){.tls = l->want->tls, .alpn = alpn, .found = note_breach, .context = l};
	proof_begin(l);
	gnutls_handshake_set_hook_function(l->session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE, message);
}
