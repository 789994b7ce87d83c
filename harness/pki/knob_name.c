/* Knobs of names: who issued it, under which name, what it may be called (RFC 5280 4.1.2.4, 4.2.1.6, 4.2.1.10). */
#include "harness/pki/general_name.h"
#include "harness/pki/knob.h"

#include <string.h>

bool knob_name(struct knob_at *at, const char *value)
{
	at->cert->name = value; /* the reader of the tree has chosen the certificate by it */
	return *value != '\0' && strpbrk(value, " \t\r\n/") == NULL && strlen(value) <= 32;
}

bool knob_issuer(struct knob_at *at, const char *value)
{
	at->cert->issuer = value; /* resolved once every certificate is known */
	return *value != '\0';
}

bool knob_issuer_name(struct knob_at *at, const char *value)
{
	return issuer_name_parse(value, &at->cert->issuer_name);
}

bool knob_impersonates(struct knob_at *at, const char *value)
{
	at->cert->copies_name = true;
	at->cert->copies_key_id = text_equal(value, "name+key-id");
	return at->cert->copies_key_id || text_equal(value, "name");
}

bool knob_trust(struct knob_at *at, const char *value)
{
	at->cert->trust = value;
	return *value != '\0' && strpbrk(value, " /") == NULL;
}

static bool are_names(const char *value, bool constraint)
{
	struct buf scratch;
	buf_init(&scratch, 65536);
	bool ok = general_names_put(&scratch, value, constraint) && !scratch.overflow;
	buf_fini(&scratch);
	return ok;
}

bool knob_subject_alternative_name(struct knob_at *at, const char *value)
{
	bool absent = text_equal(value, "absent");
	at->cert->san = absent ? NULL : value;
	return absent || are_names(value, false);
}

bool knob_subject_alternative_name_critical(struct knob_at *at, const char *value)
{
	return knob_yes_no(value, &at->cert->san_critical);
}

bool knob_permitted(struct knob_at *at, const char *value)
{
	at->cert->permitted = value;
	return are_names(value, true);
}

bool knob_excluded(struct knob_at *at, const char *value)
{
	at->cert->excluded = value;
	return are_names(value, true);
}

bool knob_name_constraints_critical(struct knob_at *at, const char *value)
{
	return knob_yes_no(value, &at->cert->name_constraints_critical);
}
