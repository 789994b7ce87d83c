/* Knobs of the Certificate and CertificateVerify messages (RFC 8446 4.4.2, 4.4.3) and of the server's store. */
#include "harness/pki/knob.h"

bool knob_chain(struct knob_at *at, const char *value)
{
	at->recipe->chain = value; /* resolved once every certificate is known */
	return *value != '\0';
}

bool knob_store_add(struct knob_at *at, const char *value)
{
	at->recipe->store = value;
	return *value != '\0';
}

bool knob_proof_key(struct knob_at *at, const char *value)
{
	at->recipe->proof_other_key = text_equal(value, "other");
	return at->recipe->proof_other_key || text_equal(value, "own");
}

bool knob_proof_signature(struct knob_at *at, const char *value)
{
	if (text_equal(value, "own")) {
		at->recipe->proof = PROOF_OWN_KEY;
		return true;
	}
	return proof_parse(value, &at->recipe->proof) && at->recipe->proof != PROOF_OWN_KEY;
}
