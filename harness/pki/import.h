/*
 * import.h - reads certificates and keys that mtlspec did not make: PEM, DER, PKCS#12.  GnuTLS parses; what it found comes
 * out as plain facts.
 */
#ifndef HARNESS_PKI_IMPORT_H
#define HARNESS_PKI_IMPORT_H

#include "harness/pki/keys.h"

#define IMPORT_MAX_CHAIN 16

/* What a certificate says, read by GnuTLS. */
struct import_facts {
	char subject[256], issuer[256]; /* RFC 4514 text */
	char common_name[64];		/* "" when there is none or it is longer */
	time_t not_before, not_after;
	bool self_issued, ca;
	int path_length;		   /* -1: no constraint */
	bool may_sign;			   /* no keyUsage, or one with keyCertSign */
	unsigned char key_id[CERT_KEY_ID]; /* subjectKeyIdentifier; else SHA-1 of the key bits */
	char key_bits_sha1[41];
};
enum rc import_facts(const char *path, struct blob der, struct import_facts *out, struct err *err) MUST_USE;

/* Every certificate of a PEM file, or the one of a DER file, in order (arena). */
enum rc import_certificates(struct arena *a, const char *path, struct blob *out, size_t *n, struct err *err) MUST_USE;

/*
 * A chain, leaf first, and its key: PEM (the key may stand in the same file) or PKCS#12.  `password` may be NULL.  RC_INPUT
 * when something cannot be read or the key is not the leaf's.
 */
struct import_identity {
	struct blob chain[IMPORT_MAX_CHAIN];
	size_t n;
	const struct key *key; /* the pool's */
};
enum rc import_identity(struct keys *keys, const char *certificate, const char *key, const char *password,
			struct import_identity *out, struct err *err) MUST_USE;

/* Whether `key` is the private half of the certificate's key. */
bool import_matches(const struct import_facts *facts, const struct key *key);

#endif
