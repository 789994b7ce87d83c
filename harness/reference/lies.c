/* Faults in the handshake's own messages, as GnuTLS hands them over before it reads or sends them, or behind. */
#include "harness/reference/conn.h"
#include "harness/reference/possession.h"

#include <string.h>

enum { EXT_ALPN = 16 };

/* The fault: whoever offers nothing that we have is taken at its first word ... */
static int take_first_protocol(void *context, unsigned type, const unsigned char *data, unsigned size)
{
	struct conn *c = context;
	gnutls_datum_t offered[] = {{(unsigned char *)(uintptr_t) "http/1.1", 8}, {NULL, 0}};
	if (type != EXT_ALPN || size < 3 || data[2] > size - 3 || data[2] == 0)
		return 0;
	offered[1] = (gnutls_datum_t){(unsigned char *)(uintptr_t)data + 3, data[2]};
	return gnutls_alpn_set_protocols(c->session, offered, 2, 0);
}

/* ... which is changed into one that nobody offered, where the library keeps it. */
static void change_protocol(gnutls_session_t session)
{
	gnutls_datum_t selected;
	if (gnutls_alpn_get_selected_protocol(session, &selected) == 0 &&
	    (selected.size != 8 || memcmp(selected.data, "http/1.1", 8) != 0))
		selected.data[selected.size - 1] ^= 1;
}

/* The first CA name, a SEQUENCE in DER behind its length, becomes a SET: on the wire, not in our own transcript. */
static void spoil_name(const gnutls_datum_t *m)
{
	for (unsigned i = 2; i + 1 < m->size; i++) {
		if (m->data[i] != 0x30 || m->data[i - 2] || m->data[i - 1] != m->data[i + 1] + 2)
			continue;
		m->data[i] = 0x31;
		return;
	}
}

/*
 * CertificateVerify: scheme, length, signature (RFC 8446 4.4.3).  One that GnuTLS refuses for its scheme is given the name
 * of one that the key goes with, behind the transcript's back; possession.c then tries the others.
 */
static void rename_scheme(const gnutls_datum_t *m)
{
	enum { LONGEST_P256 = 72, RSA_2048 = 256, PSS_OR_EDDSA = 8 };
	unsigned size = m->size > 4 ? m->size - 4 : 0;
	possession_take_any();
	if (m->data[0] == PSS_OR_EDDSA)
		return;
	if (size && size <= LONGEST_P256)
		memcpy(m->data, "\x04\x03", 2); /* ecdsa_secp256r1_sha256 */
	else if (size == RSA_2048)
		memcpy(m->data, "\x08\x04", 2); /* rsa_pss_rsae_sha256 */
}

/* NewSessionTicket begins with its life (RFC 8446 4.6.1); GnuTLS keeps to seven days. */
static void lengthen_life(const gnutls_datum_t *m)
{
	static const unsigned char a_second_over[] = {0x00, 0x09, 0x3a, 0x81};
	if (m->size > sizeof a_second_over)
		memcpy(m->data, a_second_over, sizeof a_second_over);
}

int conn_lie(struct conn *c, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t *m)
{
	if (type == GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST && when == GNUTLS_HOOK_PRE &&
	    c->faults->on[FAULT_MALFORMED_CERTIFICATE_REQUEST])
		spoil_name(m);
	if (type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET && when == GNUTLS_HOOK_PRE && !incoming &&
	    gnutls_protocol_get_version(c->session) == GNUTLS_TLS1_3 && c->faults->on[FAULT_TICKETS_LIVE_TOO_LONG])
		lengthen_life(m);
	if (type == GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY && incoming && when == GNUTLS_HOOK_POST &&
	    gnutls_protocol_get_version(c->session) == GNUTLS_TLS1_3 && c->faults->on[FAULT_ACCEPTS_ANY_SCHEME])
		rename_scheme(m);
	if (type != GNUTLS_HANDSHAKE_CLIENT_HELLO || !incoming || !c->faults->on[FAULT_SELECTS_ALPN_NOT_OFFERED])
		return 0;
	if (when == GNUTLS_HOOK_POST)
		change_protocol(c->session);
	else if (gnutls_ext_raw_parse(c, take_first_protocol, m, GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO) < 0)
		return GNUTLS_E_UNEXPECTED_PACKET_LENGTH;
	return 0;
}
