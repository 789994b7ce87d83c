#include "harness/reference/record.h"

#include <gnutls/crypto.h>
#include <string.h>

enum { HEADER = 5, TAG = 16, NONCE = 12 };

size_t record_seal(gnutls_session_t session, unsigned char type, const void *data, size_t len, unsigned char *out)
{
	unsigned char number[8], nonce[NONCE], inner[RECORD_CONTENT + 1];
	const size_t body = len + 1 + TAG;
	unsigned char header[HEADER] = {23, 3, 3, (unsigned char)(body >> 8), (unsigned char)body};
	gnutls_datum_t iv, key;
	gnutls_aead_cipher_hd_t cipher;
	gnutls_cipher_algorithm_t algorithm = gnutls_cipher_get(session);
	size_t room = body;
	if (len > RECORD_CONTENT || gnutls_protocol_get_version(session) != GNUTLS_TLS1_3 ||
	    gnutls_record_get_state(session, 0, NULL, &iv, &key, number) < 0 || iv.size != NONCE ||
	    gnutls_cipher_get_tag_size(algorithm) != TAG || gnutls_aead_cipher_init(&cipher, algorithm, &key) < 0)
		return 0;
	memcpy(inner, data, len);
	inner[len] = type;
	memcpy(nonce, iv.data, NONCE); /* RFC 8446 5.3: the record's number on the right, by exclusive or */
	for (size_t i = 0; i < sizeof number; i++)
		nonce[NONCE - sizeof number + i] ^= number[i];
	int ret = gnutls_aead_cipher_encrypt(cipher, nonce, NONCE, header, HEADER, TAG, inner, len + 1, out + HEADER, &room);
	gnutls_aead_cipher_deinit(cipher);
	for (size_t i = sizeof number; i-- > 0 && ++number[i] == 0;)
		;
	if (ret < 0 || room != body || gnutls_record_set_state(session, 0, number) < 0)
		return 0;
	memcpy(out, header, HEADER);
	return HEADER + room;
}
