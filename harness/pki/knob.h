/*
 * knob.h - the table of what conditions may say: a knob is one function and one row {element, attribute, legal values,
 * function}.  Knobs only fill in a blueprint; knob_*.c hold them by theme.
 */
#ifndef HARNESS_PKI_KNOB_H
#define HARNESS_PKI_KNOB_H

#include "harness/pki/blueprint.h"

#define ELEMENT_LIST(X)                                   \
	X(ELEMENT_ROOT, "root")                           \
	X(ELEMENT_INTERMEDIATE, "intermediate")           \
	X(ELEMENT_LEAF, "leaf")                           \
	X(ELEMENT_MESSAGE, "message")                     \
	X(ELEMENT_PROOF, "proof")                         \
	X(ELEMENT_STORE, "store")                         \
	X(ELEMENT_EXTENSION, "extension")                 \
	X(ELEMENT_NAME_CONSTRAINTS, "name-constraints")
ENUM_DECLARE(element, ELEMENT, ELEMENT_LIST);

/* Elements inside a certificate are ELEMENT_EXTENSION and after. */
#define ELEMENT_IS_CERTIFICATE(e) ((e) <= ELEMENT_LEAF)
#define ELEMENT_IS_INNER(e) ((e) >= ELEMENT_EXTENSION)

struct knob_at {
	struct blueprint *blueprint;
	struct cert_spec *cert; /* the certificate the element is or stands in; NULL for message, proof, store */
};

struct knob {
	unsigned elements; /* BIT(enum element) it may stand on */
	const char *attribute;
	const char *values; /* for people: what is legal */
	bool (*apply)(struct knob_at *at, const char *value); /* false: not a legal value */
};

/* The row for an attribute of an element, or NULL. */
const struct knob *knob_find(enum element element, const char *attribute);
/* The attributes an element may carry, joined by blanks into `out`; returns `out`. */
const char *knob_attributes(enum element element, char *out, size_t size);

/* knob_validity.c */
bool knob_not_before(struct knob_at *at, const char *value);
bool knob_not_after(struct knob_at *at, const char *value);
/* knob_name.c */
bool knob_name(struct knob_at *at, const char *value);
bool knob_issuer(struct knob_at *at, const char *value);
bool knob_issuer_name(struct knob_at *at, const char *value);
bool knob_impersonates(struct knob_at *at, const char *value);
bool knob_trust(struct knob_at *at, const char *value);
bool knob_subject_alternative_name(struct knob_at *at, const char *value);
bool knob_subject_alternative_name_critical(struct knob_at *at, const char *value);
bool knob_permitted(struct knob_at *at, const char *value);
bool knob_excluded(struct knob_at *at, const char *value);
bool knob_name_constraints_critical(struct knob_at *at, const char *value);
/* knob_extension.c */
bool knob_version(struct knob_at *at, const char *value);
bool knob_basic_constraints(struct knob_at *at, const char *value);
bool knob_ca(struct knob_at *at, const char *value);
bool knob_path_length(struct knob_at *at, const char *value);
bool knob_key_usage(struct knob_at *at, const char *value);
bool knob_extended_key_usage(struct knob_at *at, const char *value);
bool knob_extended_key_usage_critical(struct knob_at *at, const char *value);
bool knob_subject_key_identifier(struct knob_at *at, const char *value);
bool knob_authority_key_identifier(struct knob_at *at, const char *value);
bool knob_extension_oid(struct knob_at *at, const char *value);
bool knob_extension_critical(struct knob_at *at, const char *value);
bool knob_extension_value(struct knob_at *at, const char *value);
bool knob_crl(struct knob_at *at, const char *value);
/* knob_key.c */
bool knob_key(struct knob_at *at, const char *value);
bool knob_signature(struct knob_at *at, const char *value);
bool knob_signing_key(struct knob_at *at, const char *value);
/* knob_message.c */
bool knob_chain(struct knob_at *at, const char *value);
bool knob_store_add(struct knob_at *at, const char *value);
bool knob_proof_key(struct knob_at *at, const char *value);
bool knob_proof_signature(struct knob_at *at, const char *value);

/* For knobs: "yes" and "no". */
bool knob_yes_no(const char *value, bool *out);

#endif
