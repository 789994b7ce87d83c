/* Which version a ClientHello asks for, where GnuTLS would not say what the server has to. */
#include "harness/reference/conn.h"

#include "harness/reference/hello.h"
#include "harness/reference/personality.h"

enum { SUPPORTED_VERSIONS = 43, TLS_1_2 = 0x0303, PROTOCOL_VERSION = 70 };

/* RFC 8446 4.2.1: the list behind its length replaces the version of the hello, which stays at 1.2 for ever. */
static bool offers_tls12(const gnutls_datum_t *message)
{
	struct hello h;
	struct span list;
	if (!hello_read((struct span){message->data, message->size}, &h) ||
	    !hello_extension(&h, SUPPORTED_VERSIONS, &list))
		return true;
	for (size_t i = 1; i + 1 < list.len; i += 2)
		if ((list.at[i] << 8 | list.at[i + 1]) == TLS_1_2)
			return true;
	return false;
}

int conn_take_hello(struct conn *c, const gnutls_datum_t *hello)
{
	const struct policy *policy = &c->endpoint->site[0].policy;
	const struct persona_row *row = personality_react(policy->personality, policy->mode, true, CLIENT_COMES);
	if (!row || row->reaction != PERSONA_REFUSES_VERSION || offers_tls12(hello))
		return 0;
	/* GnuTLS looks at no version that it does not speak, finds no cipher suite, and says handshake_failure */
	c->alert = PROTOCOL_VERSION;
	return GNUTLS_E_UNSUPPORTED_VERSION_PACKET;
}
