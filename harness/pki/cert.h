/*
 * cert.h - writes TBSCertificate and TBSCertList (RFC 5280 4.1, 5.1) from plain data, right or wrong as asked.  Knows
 * neither keys nor signatures: the public key and the algorithm come as DER.
 */
#ifndef HARNESS_PKI_CERT_H
#define HARNESS_PKI_CERT_H

#include "harness/base/buf.h"
#include "harness/pki/blueprint.h"

#include <time.h>

#define CERT_KEY_ID 20
#define CERT_SERIAL 16

struct cert_input {
	const struct cert_spec *spec;
	time_t now;
	unsigned char serial[CERT_SERIAL]; /* big-endian; the first octet is 1 to 127 */
	struct blob subject, issuer;	   /* DER names */
	struct blob public_key;		   /* DER SubjectPublicKeyInfo */
	struct blob algorithm;		   /* DER AlgorithmIdentifier of the signature */
	const unsigned char *key_id, *issuer_key_id; /* CERT_KEY_ID octets; NULL: no such extension */
};

/* Appends the TBSCertificate.  RC_INPUT with file:line when a word of the spec cannot be encoded. */
enum rc cert_put_tbs(struct buf *b, const struct cert_input *in, struct err *err) MUST_USE;
/* {tbs, algorithm, signature} -> Certificate or CertificateList. */
void cert_put_signed(struct buf *b, struct blob tbs, struct blob algorithm, struct blob signature);

/* A name of organisation, optional unit and common name, as DER. */
void cert_put_name(struct buf *b, const char *organisation, const char *unit, const char *common_name);

struct crl_input {
	struct blob issuer, algorithm;
	const unsigned char *key_id; /* of the issuer */
	time_t this_update, next_update;
	uint64_t number;
};
void cert_put_crl_tbs(struct buf *b, const struct crl_input *in);

/* Where the parts of a Certificate are, as views into it. */
struct cert_view {
	struct blob tbs, serial, issuer, subject, public_key;
	struct blob not_after; /* the whole element */
};
bool cert_parse(struct blob der, struct cert_view *out);
/* The octets of the BIT STRING in a SubjectPublicKeyInfo. */
bool cert_key_bits(struct blob public_key, struct blob *bits);
bool cert_parse_tbs(struct blob der, struct cert_view *out); /* of what starts with a TBSCertificate */

#endif
