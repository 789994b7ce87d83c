/*
 * x509.h - a certificate taken apart as RFC 5280 4.1 writes it.  Everything points into the caller's DER bytes; the
 * public key object is made on first use and owned.  Says what is written, never whether it is good: that is check.c.
 */
#ifndef HARNESS_REFERENCE_X509_H
#define HARNESS_REFERENCE_X509_H

#include "harness/reference/tlv.h"

#include <gnutls/abstract.h>

/* Bits of keyUsage by their number in RFC 5280 4.2.1.3. */
enum { X509_DIGITAL_SIGNATURE = 1u << 0, X509_KEY_CERT_SIGN = 1u << 5 };

struct x509 {
	struct span der, tbs;
	long version;			      /* 1, 2 or 3 as people count; larger if written so */
	struct span algorithm, tbs_algorithm; /* AlgorithmIdentifier, outer and inner */
	struct span issuer, subject;	      /* Name */
	struct span key_info, signature;      /* SubjectPublicKeyInfo; the bits */
	int64_t not_before, not_after;	      /* seconds since 1970 */
	const char *bad_date;		    /* how a date breaks 4.1.2.5 (then both dates are without bound), or NULL */
	bool has_basic, is_ca;		    /* 4.2.1.9 */
	long path_len;			    /* -1: none given */
	bool has_usage, has_purposes;	    /* 4.2.1.3, 4.2.1.12 */
	unsigned usage;			    /* X509_KEY_... */
	struct span purposes;		    /* body of ExtKeyUsageSyntax */
	struct span constraints, alt_names; /* bodies of NameConstraints and SubjectAltName; {0} when absent */
	bool constraints_critical, alt_names_critical;
	struct span key_id, authority_key_id; /* 4.2.1.2, 4.2.1.1; {0} when absent */
	char unknown_critical[64];	      /* OID of the first critical extension nobody here understands, or "" */
	char repeated[64];		      /* OID of an extension that appears twice (4.2), or "" */
	const char *malformed; /* name of the first known extension whose body is not as defined, or NULL */
	bool has_extensions;
	gnutls_pubkey_t public_key; /* owned, made by x509_key() */
	bool key_tried;
};

/* False, with the reason, when the bytes are no Certificate; then `c` is {0}.  `der` is borrowed as long as `c` lives.
 */
bool x509_parse(struct x509 *c, struct span der, const char **why);
void x509_fini(struct x509 *c); /* idempotent; leaves {0} */

/* NULL when the key cannot be read. */
gnutls_pubkey_t x509_key(struct x509 *c);
/* Subject and issuer are the same name (RFC 5280 6.1: self-issued). */
bool x509_is_self_issued(const struct x509 *c);
/* The last commonName of the subject as UTF-8 with everything but printable ASCII escaped as %XX; "" when there is
 * none. */
void x509_common_name(const struct x509 *c, char *out, size_t size);

/* Lower-case hex SHA-256 of a certificate's DER. */
void x509_digest(struct span der, char out[static 65]);

#endif
