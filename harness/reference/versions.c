/* Which version a ClientHello asks for, where GnuTLS would not say what the server has to. */
#include "harness/reference/conn.h"

#include "harness/reference/personality.h"

enum { SUPPORTED_VERSIONS = 43, TLS_1_2 = 0x0303, PROTOCOL_VERSION = 70 };

/* RFC 8446 4.2.1: a list of versions, newest first or not, behind one octet of length. */
static int find_tls12(void *found, unsigned extension, const unsigned char *data, unsigned size)
{
	bool *lacks = found;
	if (extension != SUPPORTED_VERSIONS)
		return 0;
	*lacks = true;
	for (unsigned i = 1; i + 1 < size; i += 2)
		if ((data[i] << 8 | data[i + 1]) == TLS_1_2)
			*lacks = false;
	return 0;
}

int conn_take_hello(struct conn *c, const gnutls_datum_t *hello)
{
	const struct policy *policy = &c->endpoint->site[0].policy;
	const struct persona_row *row = personality_react(policy->personality, policy->mode, true, CLIENT_COMES);
	bool lacks = false;
	if (!row || row->reaction != PERSONA_REFUSES_VERSION)
		return 0;
	gnutls_ext_raw_parse(&lacks, find_tls12, hello, GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO);
	if (!lacks)
		return 0;
	/* GnuTLS looks at no version that it does not speak, finds no cipher suite, and says handshake_failure */
	c->alert = PROTOCOL_VERSION;
	return GNUTLS_E_UNSUPPORTED_VERSION_PACKET;
}
