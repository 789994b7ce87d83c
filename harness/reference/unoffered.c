#include "harness/reference/unoffered.h"

#include <gnutls/crypto.h>
#include <string.h>

enum { HEADER = 5, TAG = 16, NONCE = 12 };

/*
 * RFC 8446 4.3.2: a context that is not empty, and signature_algorithms (ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256,
 * ed25519); the last octet is the type of the inner record, handshake (5.2).
 */
static const unsigned char request[] = {13, 0, 0, 18, 3, 'a', 's', 'k', 0, 12, 0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 8, 7, 22};

bool unoffered_is_possible(gnutls_session_t session)
{
	return gnutls_protocol_get_version(session) == GNUTLS_TLS1_3 &&
	       !(gnutls_session_get_flags(session) & GNUTLS_SFLAGS_POST_HANDSHAKE_AUTH);
}

size_t unoffered_request(gnutls_session_t session, unsigned char out[static UNOFFERED_MAX])
{
	const size_t body = sizeof request + TAG;
	unsigned char number[8], nonce[NONCE], header[HEADER] = {23, 3, 3, (unsigned char)(body >> 8), (unsigned char)body};
	gnutls_datum_t iv, key;
	gnutls_aead_cipher_hd_t cipher;
	gnutls_cipher_algorithm_t algorithm = gnutls_cipher_get(session);
	size_t room = UNOFFERED_MAX - HEADER;
	if (gnutls_protocol_get_version(session) != GNUTLS_TLS1_3 ||
	    gnutls_record_get_state(session, 0, NULL, &iv, &key, number) < 0 || iv.size != NONCE ||
	    gnutls_cipher_get_tag_size(algorithm) != TAG || gnutls_aead_cipher_init(&cipher, algorithm, &key) < 0)
		return 0;
	memcpy(nonce, iv.data, NONCE); /* RFC 8446 5.3: the record's number on the right, by exclusive or */
	for (size_t i = 0; i < sizeof number; i++)
		nonce[NONCE - sizeof number + i] ^= number[i];
	int ret = gnutls_aead_cipher_encrypt(cipher, nonce, NONCE, header, HEADER, TAG, request, sizeof request,
					     out + HEADER, &room);
	gnutls_aead_cipher_deinit(cipher);
	for (size_t i = sizeof number; i-- > 0 && ++number[i] == 0;)
		;
	if (ret < 0 || room != body || gnutls_record_set_state(session, 0, number) < 0)
		return 0;
	memcpy(out, header, HEADER);
	return HEADER + room;
}
