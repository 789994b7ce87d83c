#include "harness/reference/unoffered.h"

#include "harness/reference/record.h"

enum { HANDSHAKE = 22 };

/*
 * RFC 8446 4.3.2: a context that is not empty, and signature_algorithms (ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256,
 * ed25519).
 */
static const unsigned char request[] = {13, 0, 0, 18, 3, 'a', 's', 'k', 0, 12, 0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 8, 7};
_Static_assert(sizeof request + RECORD_OVERHEAD <= UNOFFERED_MAX, "room for the record");

bool unoffered_is_possible(gnutls_session_t session)
{
	return gnutls_protocol_get_version(session) == GNUTLS_TLS1_3 &&
	       !(gnutls_session_get_flags(session) & GNUTLS_SFLAGS_POST_HANDSHAKE_AUTH);
}

size_t unoffered_request(gnutls_session_t session, unsigned char out[static UNOFFERED_MAX])
{
	return record_seal(session, HANDSHAKE, request, sizeof request, out);
}
