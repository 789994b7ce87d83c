/* What may happen to a session after its first handshake: late requests, renegotiations of ours, new keys. */
#include "clients/tls_drive.h"

#include <gnutls/gnutls.h>

static bool is_tls13(const struct tls_link *l)
{
	return gnutls_protocol_get_version(l->session) == GNUTLS_TLS1_3;
}

static int reauth(gnutls_session_t session)
{
	return gnutls_reauth(session, 0);
}

/* TLS 1.3 has no no_renegotiation; who did not offer to answer says unexpected_message, fatal (RFC 8446 4.6.2 and 6).
 */
static void turn_down(struct tls_link *l)
{
	bool fatal = l->refuse == REFUSE_FATAL || is_tls13(l);
	gnutls_alert_description_t number = is_tls13(l) ? GNUTLS_A_UNEXPECTED_MESSAGE : GNUTLS_A_NO_RENEGOTIATION;
	gnutls_alert_level_t level = fatal ? GNUTLS_AL_FATAL : GNUTLS_AL_WARNING;
	if (gnutls_alert_send(l->session, level, number) == 0)
		recorder_note_repeatable(l->net.rec, EVENT_ALERT_SENT, l->net.conn, l->net.req, number, level, NULL);
}

/* RFC 5246 7.2.2: refused, and the session goes on with the keys that it has. */
static bool was_told_no(const struct tls_link *l, int code)
{
	return code == GNUTLS_E_WARNING_ALERT_RECEIVED && gnutls_alert_get(l->session) == GNUTLS_A_NO_RENEGOTIATION;
}

bool tls_answer(struct tls_link *l)
{
	if (!l->up)
		return false;
	l->late = false;
	if (l->refuse == REFUSE_WARNING || l->refuse == REFUSE_FATAL)
		turn_down(l);
	if (l->refuse != REFUSE_NO)
		return true; /* and read on: what the server makes of it decides */
	int code = tls_drive(l, l->renegotiation ? gnutls_handshake : reauth);
	/* The server takes its question back, or answers the request without waiting: what it says then is read as
	 * ever. */
	if (was_told_no(l, code) || code == GNUTLS_E_GOT_APPLICATION_DATA)
		return true;
	if (code < 0)
		return tls_failed(l, code);
	net_note(&l->net, l->renegotiation ? EVENT_RENEGOTIATED : EVENT_REAUTHENTICATED, 0, 0, NULL);
	return true;
}

bool tls_renegotiate(struct tls_link *l, unsigned times)
{
	for (unsigned i = 0; l->up && i < times; i++) {
		recorder_note_repeatable(l->net.rec, EVENT_RENEGOTIATION_TRIED, l->net.conn, l->net.req, 0, 0, NULL);
		int code = tls_drive(l, gnutls_handshake);
		if (was_told_no(l, code))
			return true;
		if (code < 0)
			return tls_failed(l, code);
		recorder_note_repeatable(l->net.rec, EVENT_RENEGOTIATED, l->net.conn, l->net.req, 0, 0, NULL);
	}
	return l->up;
}

bool tls_key_update(struct tls_link *l, bool ask_peer)
{
	if (!l->up)
		return false;
	int code = gnutls_session_key_update(l->session, ask_peer ? GNUTLS_KU_PEER : 0);
	if (code < 0)
		net_note(&l->net, EVENT_FAULT, code, 0, gnutls_strerror(code));
	else
		net_note(&l->net, EVENT_KEY_UPDATED, ask_peer, 0, NULL);
	return code == 0;
}
