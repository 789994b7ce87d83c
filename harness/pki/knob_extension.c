/* Knobs of version and extensions (RFC 5280 4.1.2.1, 4.2). */
#include "harness/pki/eku.h"
#include "harness/pki/der.h"
#include "harness/pki/knob.h"

static const struct {
	const char *word, *oid;
} purposes[] = {
    {"serverAuth", "1.3.6.1.5.5.7.3.1"},	  {"clientAuth", "1.3.6.1.5.5.7.3.2"},
    {"codeSigning", "1.3.6.1.5.5.7.3.3"},	  {"emailProtection", "1.3.6.1.5.5.7.3.4"},
    {"timeStamping", "1.3.6.1.5.5.7.3.8"},	  {"OCSPSigning", "1.3.6.1.5.5.7.3.9"},
    {"smartcardLogon", "1.3.6.1.4.1.311.20.2.2"}, {"anyExtendedKeyUsage", "2.5.29.37.0"},
};

bool eku_put(struct buf *b, const char *word)
{
	for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
		if (text_equal(purposes[i].word, word))
			return der_put_oid(b, purposes[i].oid);
	return der_put_oid(b, word);
}

bool knob_version(struct knob_at *at, const char *value)
{
	at->cert->version = text_equal(value, "1") ? 1 : 3;
	return at->cert->version == 1 || text_equal(value, "3");
}

bool knob_basic_constraints(struct knob_at *at, const char *value)
{
	return presence_parse(value, &at->cert->basic_constraints);
}

bool knob_ca(struct knob_at *at, const char *value)
{
	return knob_yes_no(value, &at->cert->ca);
}

bool knob_path_length(struct knob_at *at, const char *value)
{
	uint64_t v = 0;
	bool absent = text_equal(value, "absent");
	if (!absent && !text_u64(value, 0, 100, &v))
		return false;
	at->cert->path_length = absent ? -1 : (int)v;
	return true;
}

bool knob_key_usage(struct knob_at *at, const char *value)
{
	char word[64];
	enum key_usage usage;
	at->cert->key_usage = 0;
	at->cert->has_key_usage = !text_equal(value, "absent");
	if (!at->cert->has_key_usage)
		return true;
	while (text_word(&value, word, sizeof word)) {
		if (!key_usage_parse(word, &usage))
			return false;
		at->cert->key_usage |= BIT(usage);
	}
	return at->cert->key_usage != 0; /* RFC 5280 4.2.1.3: at least one bit */
}

bool knob_extended_key_usage(struct knob_at *at, const char *value)
{
	char word[64];
	const char *rest = value;
	struct buf scratch;
	bool ok = *value != '\0';
	at->cert->eku = text_equal(value, "absent") ? NULL : value;
	if (!at->cert->eku)
		return true;
	buf_init(&scratch, 4096);
	while (ok && text_word(&rest, word, sizeof word))
		ok = eku_put(&scratch, word);
	ok = ok && scratch.len > 0;
	buf_fini(&scratch);
	return ok;
}

bool knob_extended_key_usage_critical(struct knob_at *at, const char *value)
{
	return knob_yes_no(value, &at->cert->eku_critical);
}

static bool present_absent(const char *value, bool *out)
{
	*out = text_equal(value, "present");
	return *out || text_equal(value, "absent");
}

bool knob_subject_key_identifier(struct knob_at *at, const char *value)
{
	return present_absent(value, &at->cert->key_id);
}

bool knob_authority_key_identifier(struct knob_at *at, const char *value)
{
	return present_absent(value, &at->cert->issuer_key_id);
}

static struct extension_spec *last(struct knob_at *at)
{
	return &at->cert->extensions[at->cert->n_extensions - 1];
}

bool knob_extension_oid(struct knob_at *at, const char *value)
{
	struct buf scratch;
	buf_init(&scratch, 256);
	bool ok = der_put_oid(&scratch, value) && !scratch.overflow;
	buf_fini(&scratch);
	last(at)->oid = value;
	return ok;
}

bool knob_extension_critical(struct knob_at *at, const char *value)
{
	return knob_yes_no(value, &last(at)->critical);
}

bool knob_extension_value(struct knob_at *at, const char *value)
{
	struct buf scratch;
	buf_init(&scratch, 65536);
	bool ok = text_unhex(&scratch, value) && !scratch.overflow;
	buf_fini(&scratch);
	last(at)->value = value;
	return ok;
}

bool knob_crl(struct knob_at *at, const char *value)
{
	return knob_yes_no(value, &at->cert->crl);
}
