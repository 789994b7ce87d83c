/* Knobs of keys and of the signature on a certificate (RFC 5280 4.1.1.2, 4.1.2.7). */
#include "harness/pki/knob.h"

bool knob_key(struct knob_at *at, const char *value)
{
	return key_kind_parse(value, &at->cert->key);
}

bool knob_signature(struct knob_at *at, const char *value)
{
	return hash_parse(value, &at->cert->signature);
}

bool knob_signing_key(struct knob_at *at, const char *value)
{
	at->cert->stranger_signs = text_equal(value, "stranger");
	return at->cert->stranger_signs || text_equal(value, "issuer");
}
