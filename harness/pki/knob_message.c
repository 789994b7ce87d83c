/* Knobs of the Certificate and CertificateVerify messages (RFC 8446 4.4.2, 4.4.3) and of the server's store. */
#include "harness/pki/knob.h"

bool knob_chain(struct knob_at *at, const char *value)
{
	at->blueprint->chain = value; /* resolved once every certificate is known */
	return *value != '\0';
}

bool knob_store_add(struct knob_at *at, const char *value)
{
	at->blueprint->store = value;
	return *value != '\0';
}

bool knob_proof_key(struct knob_at *at, const char *value)
{
	at->blueprint->proof_other_key = text_equal(value, "other");
	return at->blueprint->proof_other_key || text_equal(value, "own");
}

bool knob_proof_signature(struct knob_at *at, const char *value)
{
	if (text_equal(value, "own")) {
		at->blueprint->proof = PROOF_OWN_KEY;
		return true;
	}
	return proof_parse(value, &at->blueprint->proof) && at->blueprint->proof != PROOF_OWN_KEY;
}
