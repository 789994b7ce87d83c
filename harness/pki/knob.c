#include "harness/pki/knob.h"

#include "harness/pki/eku.h"
#include "harness/pki/general_name.h"

#include <stdio.h>

ENUM_DEFINE(element, ELEMENT, ELEMENT_LIST);

#define ROOTS		 BIT(ELEMENT_ROOT)
#define CERTS		 (BIT(ELEMENT_ROOT) | BIT(ELEMENT_INTERMEDIATE) | BIT(ELEMENT_LEAF))
#define ISSUED		 (BIT(ELEMENT_INTERMEDIATE) | BIT(ELEMENT_LEAF))
#define YES_NO		 "yes no"
#define OFFSET		 "an offset from now such as -30d, +2h or +1y"
#define CERTIFICATE_NAME "the name of a certificate of this condition"

static const struct knob table[] = {
    {CERTS, "name", "a word of at most 32 letters", knob_name},
    {ISSUED, "issuer", CERTIFICATE_NAME, knob_issuer},
    {ISSUED, "issuer-name", "issuer own other other-case", knob_issuer_name},
    {BIT(ELEMENT_ROOT) | BIT(ELEMENT_INTERMEDIATE), "impersonates", "name name+key-id", knob_impersonates},
    {ROOTS, "trust", "the name of an anchor set, or nobody", knob_trust},
    {CERTS, "not-before", OFFSET, knob_not_before},
    {CERTS, "not-after", OFFSET, knob_not_after},
    {CERTS, "version", "1 3", knob_version},
    {CERTS, "key", "p-256 p-384 p-521 ed25519 ed448 rsa-1024 rsa-2048 rsa-3072 rsa-4096 rsa-pss-2048", knob_key},
    {CERTS, "signature", "sha1 sha256 sha384 sha512", knob_signature},
    {ISSUED, "signing-key", "issuer stranger", knob_signing_key},
    {CERTS, "basic-constraints", "absent not-critical critical", knob_basic_constraints},
    {CERTS, "ca", YES_NO, knob_ca},
    {CERTS, "path-length", "absent, or 0 to 100", knob_path_length},
    {CERTS, "key-usage",
     "absent, or words among digitalSignature nonRepudiation keyEncipherment dataEncipherment keyAgreement "
     "keyCertSign cRLSign encipherOnly decipherOnly",
     knob_key_usage},
    {CERTS, "extended-key-usage", "absent, or words among " EKU_WORDS, knob_extended_key_usage},
    {CERTS, "extended-key-usage-critical", YES_NO, knob_extended_key_usage_critical},
    {CERTS, "subject-alternative-name", "absent, or words " GENERAL_NAME_FORMS, knob_subject_alternative_name},
    {CERTS, "subject-alternative-name-critical", YES_NO, knob_subject_alternative_name_critical},
    {CERTS, "subject-key-identifier", "present absent", knob_subject_key_identifier},
    {CERTS, "authority-key-identifier", "present absent", knob_authority_key_identifier},
    {CERTS, "crl", YES_NO, knob_crl},
    {BIT(ELEMENT_NAME_CONSTRAINTS), "permitted", "words " GENERAL_NAME_FORMS, knob_permitted},
    {BIT(ELEMENT_NAME_CONSTRAINTS), "excluded", "words " GENERAL_NAME_FORMS, knob_excluded},
    {BIT(ELEMENT_NAME_CONSTRAINTS), "critical", YES_NO, knob_name_constraints_critical},
    {BIT(ELEMENT_EXTENSION), "oid", "a dotted OID", knob_extension_oid},
    {BIT(ELEMENT_EXTENSION), "critical", YES_NO, knob_extension_critical},
    {BIT(ELEMENT_EXTENSION), "value", "hex of the DER inside extnValue", knob_extension_value},
    {BIT(ELEMENT_MESSAGE), "chain", "names of certificates in message order", knob_chain},
    {BIT(ELEMENT_STORE), "add", "names of certificates that become anchors of the server", knob_store_add},
    {BIT(ELEMENT_PROOF), "key", "own other", knob_proof_key},
    {BIT(ELEMENT_PROOF), "signature", "own bit-flipped zero scheme-unknown scheme-sha1 scheme-pkcs1 scheme-other-curve", knob_proof_signature},
};

const struct knob *knob_find(enum element element, const char *attribute)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if ((table[i].elements & BIT(element)) && text_equal(table[i].attribute, attribute))
			return &table[i];
	return NULL;
}

const char *knob_attributes(enum element element, char *out, size_t size)
{
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < sizeof table / sizeof *table && at < size; i++)
		if (table[i].elements & BIT(element))
			at += (size_t)snprintf(out + at, size - at, "%s%s", at ? " " : "", table[i].attribute);
	return out;
}

bool knob_yes_no(const char *value, bool *out)
{
	*out = text_equal(value, "yes");
	return *out || text_equal(value, "no");
}
