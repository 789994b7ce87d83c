/*
 * blueprint.h - what a condition says about its certificates, typed: the base hierarchy with the delta applied.  Plain data,
 * no crypto.  The words come from the suite's XML and are borrowed from it; the rest lives in the arena.
 */
#ifndef HARNESS_PKI_BLUEPRINT_H
#define HARNESS_PKI_BLUEPRINT_H

#include "clients/job.h"
#include "harness/base/arena.h"
#include "harness/suite/model.h"

#include <string.h>

#define BLUEPRINT_MAX_CERTS 16
#define BLUEPRINT_MAX_MESSAGE 32
#define BLUEPRINT_MAX_EXTENSIONS 8

#define ROLE_LIST(X) X(ROLE_ROOT, "root") X(ROLE_INTERMEDIATE, "intermediate") X(ROLE_LEAF, "leaf")
ENUM_DECLARE(role, ROLE, ROLE_LIST);

#define KEY_KIND_LIST(X)                     \
	X(KEY_P256, "p-256")                 \
	X(KEY_P384, "p-384")                 \
	X(KEY_P521, "p-521")                 \
	X(KEY_ED25519, "ed25519")            \
	X(KEY_ED448, "ed448")                \
	X(KEY_RSA_1024, "rsa-1024")          \
	X(KEY_RSA_2048, "rsa-2048")          \
	X(KEY_RSA_3072, "rsa-3072")          \
	X(KEY_RSA_4096, "rsa-4096")          \
	X(KEY_RSA_PSS_2048, "rsa-pss-2048")
ENUM_DECLARE(key_kind, KEY_KIND, KEY_KIND_LIST);

#define HASH_LIST(X) X(HASH_SHA1, "sha1") X(HASH_SHA256, "sha256") X(HASH_SHA384, "sha384") X(HASH_SHA512, "sha512")
ENUM_DECLARE(hash, HASH, HASH_LIST);

/* Presence and criticality of an extension. */
#define PRESENCE_LIST(X)                     \
	X(PRESENCE_ABSENT, "absent")         \
	X(PRESENCE_PLAIN, "not-critical")    \
	X(PRESENCE_CRITICAL, "critical")
ENUM_DECLARE(presence, PRESENCE, PRESENCE_LIST);

/* What an issuer field says: the issuer's name, the subject's, one that differs in content, one that is equal to the
 * issuer's by the comparison of RFC 5280 7.1 and yet written otherwise. */
#define ISSUER_NAME_LIST(X)                        \
	X(ISSUER_NAME_ISSUER, "issuer")            \
	X(ISSUER_NAME_OWN, "own")                  \
	X(ISSUER_NAME_OTHER, "other")              \
	X(ISSUER_NAME_OTHER_CASE, "other-case")
ENUM_DECLARE(issuer_name, ISSUER_NAME, ISSUER_NAME_LIST);

#define KEY_USAGE_LIST(X)                              \
	X(USAGE_DIGITAL_SIGNATURE, "digitalSignature") \
	X(USAGE_NON_REPUDIATION, "nonRepudiation")     \
	X(USAGE_KEY_ENCIPHERMENT, "keyEncipherment")   \
	X(USAGE_DATA_ENCIPHERMENT, "dataEncipherment") \
	X(USAGE_KEY_AGREEMENT, "keyAgreement")         \
	X(USAGE_KEY_CERT_SIGN, "keyCertSign")          \
	X(USAGE_CRL_SIGN, "cRLSign")                   \
	X(USAGE_ENCIPHER_ONLY, "encipherOnly")         \
	X(USAGE_DECIPHER_ONLY, "decipherOnly")
ENUM_DECLARE(key_usage, KEY_USAGE, KEY_USAGE_LIST); /* in the order of the bits, RFC 5280 4.2.1.3 */

struct extension_spec {
	const char *oid; /* dotted */
	bool critical;
	const char *value; /* hex of extnValue's content */
	struct where where;
};

/* A root that is the anchor of another anchor set ("tenant"), made by the forge and not by the condition. */
#define BLUEPRINT_ANCHOR_SET(c) ((c)->trust && strcmp((c)->trust, "nobody") != 0)

/* One certificate of a condition. */
struct cert_spec {
	const char *name; /* what issuer=, chain= and add= call it: "leaf" */
	enum role role;
	const char *issuer; /* name; a root's is its own */
	int issuer_index;
	bool own;	   /* not the run's shared certificate: the condition touches it or something above it */
	bool fresh;	   /* minted anew for each case: the leaf, unless a store or another certificate needs it fixed */
	const char *trust; /* root: the anchor set it stands in, or "nobody"; NULL: as the base */
	bool copies_name, copies_key_id;  /* of the run's certificate of that role, which it is not */
	enum issuer_name issuer_name;	  /* what the issuer field says, whoever signs */
	bool stranger_signs;		  /* signed by a key that is not the issuer's */
	int64_t not_before, not_after;	  /* seconds from now */
	unsigned version;		  /* 1 or 3; a version 1 certificate has no extensions */
	enum key_kind key;
	enum hash signature;
	enum presence basic_constraints;
	bool ca;
	int path_length;   /* -1: absent */
	bool has_key_usage;
	unsigned key_usage; /* BIT(enum key_usage) */
	const char *eku;    /* words; NULL: absent */
	bool eku_critical;
	const char *san; /* words "dns:x uri:y"; NULL: absent */
	bool san_critical;
	bool key_id, issuer_key_id; /* subject and authority key identifier */
	bool has_name_constraints, name_constraints_critical;
	const char *permitted, *excluded; /* words as in san; NULL: none */
	struct extension_spec extensions[BLUEPRINT_MAX_EXTENSIONS];
	size_t n_extensions;
	bool crl; /* a CA publishes one */
	struct where where;
};

struct blueprint {
	struct cert_spec certs[BLUEPRINT_MAX_CERTS];
	size_t n;
	int leaf;
	const char *chain; /* names in message order */
	int message[BLUEPRINT_MAX_MESSAGE];
	size_t n_message;
	const char *store; /* names that go to the anchors of "main"; NULL: none */
	bool stored[BLUEPRINT_MAX_CERTS];
	enum proof proof;
	bool proof_other_key; /* CertificateVerify is made with a key that is not the leaf's */
};

/*
 * The base with the condition's delta on it; condition NULL: the base alone.  RC_INPUT with file:line for unknown elements,
 * attributes, values and names.  Pure.
 */
enum rc blueprint_build(const struct suite *suite, const struct condition *condition, struct blueprint *out,
		     struct err *err) MUST_USE;
int blueprint_index(const struct blueprint *r, const char *name); /* -1: no certificate of that name */

#endif
