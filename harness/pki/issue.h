/*
 * issue.h - makes one signed certificate from its spec, its keys and its issuer.  Reads neither suites nor files; what it
 * makes lives in the arena given.
 */
#ifndef HARNESS_PKI_ISSUE_H
#define HARNESS_PKI_ISSUE_H

#include "harness/pki/keys.h"

#define ISSUE_ORGANISATION "mtlspec TEST ONLY"
#define ISSUE_MARGIN (2 * 24 * 3600) /* seconds a server's clock may be behind ours */

/* A certificate that exists. */
struct made {
	const struct cert_spec *spec;
	const struct key *key; /* NULL: the certificate does not exist yet */
	struct blob der, subject;
	const unsigned char *key_id;
};

struct make {
	const struct cert_spec *spec;
	const struct made *issuer;	  /* NULL: self-signed */
	const struct key *key, *signer;	  /* signer NULL: the issuer's */
	struct blob subject, issuer_name; /* issuer_name without data: the issuer's subject */
	const unsigned char *key_id;	  /* NULL: the key's */
};

enum rc issue_certificate(struct arena *a, time_t now, const struct make *m, struct made *out, struct err *err) MUST_USE;
/* The part to be signed, and the AlgorithmIdentifier of the signature; m->issuer must be set. */
enum rc issue_tbs(struct arena *a, time_t now, const struct make *m, struct blob *tbs, struct blob *algorithm,
		  struct err *err) MUST_USE;
/* Name of a CA: says that it is for tests, and is unlike those of other runs that a store may still hold. */
struct blob issue_name(struct arena *a, uint64_t tag, const char *unit, const char *name);
/* What the issuer field is to say; without data where that is the issuer's subject as it stands. */
struct blob issue_issuer_name(struct arena *a, enum issuer_name what, struct blob issuer, struct blob subject);

#endif
