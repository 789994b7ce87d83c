#include "harness/reference/signature.h"

#include "harness/reference/possession.h"

#include <gnutls/x509.h>
#include <string.h>

#define OID_PSS "1.2.840.113549.1.1.10"

/* Hash names of RSASSA-PSS-params (RFC 4055 3.1) and what GnuTLS calls them for either kind of RSA key. */
static const struct {
	const char *hash;
	gnutls_sign_algorithm_t pss, rsae;
} pss_rows[] = {
    {"2.16.840.1.101.3.4.2.1", GNUTLS_SIGN_RSA_PSS_SHA256, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256},
    {"2.16.840.1.101.3.4.2.2", GNUTLS_SIGN_RSA_PSS_SHA384, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384},
    {"2.16.840.1.101.3.4.2.3", GNUTLS_SIGN_RSA_PSS_SHA512, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512},
};

/* The OID of an AlgorithmIdentifier; `params` is what follows it. */
static bool algorithm_oid(struct span algorithm, char *out, size_t size, struct span *params)
{
	struct tlv s, oid;
	if (!tlv_take(&algorithm, TLV_SEQUENCE, &s) || !tlv_take(&s.body, TLV_OID, &oid))
		return false;
	*params = s.body;
	return tlv_oid(oid.body, out, size);
}

static gnutls_sign_algorithm_t pss(struct span params, gnutls_pk_algorithm_t key)
{
	struct tlv s, hash;
	struct span none;
	char oid[64];
	/* Parameters left out mean SHA-1 (RFC 4055 3.1), for which GnuTLS has no name. */
	if (!tlv_take(&params, TLV_SEQUENCE, &s) || !tlv_take(&s.body, TLV_CONTEXT_DEEP | 0, &hash) ||
	    !algorithm_oid(hash.body, oid, sizeof oid, &none))
		return GNUTLS_SIGN_UNKNOWN;
	for (size_t i = 0; i < sizeof pss_rows / sizeof *pss_rows; i++)
		if (strcmp(pss_rows[i].hash, oid) == 0)
			return key == GNUTLS_PK_RSA_PSS ? pss_rows[i].pss : pss_rows[i].rsae;
	return GNUTLS_SIGN_UNKNOWN;
}

bool signature_holds(struct x509 *cert, struct x509 *issuer)
{
	char oid[64];
	struct span params;
	gnutls_pubkey_t key = x509_key(issuer);
	if (!key || !algorithm_oid(cert->algorithm, oid, sizeof oid, &params))
		return false;
	gnutls_pk_algorithm_t pk = gnutls_pubkey_get_pk_algorithm(key, NULL);
	gnutls_sign_algorithm_t sign = strcmp(oid, OID_PSS) == 0 ? pss(params, pk) : gnutls_oid_to_sign(oid);
	if (sign == GNUTLS_SIGN_UNKNOWN)
		return false;
	gnutls_datum_t data = {(unsigned char *)(uintptr_t)cert->tbs.at, (unsigned)cert->tbs.len};
	gnutls_datum_t bits = {(unsigned char *)(uintptr_t)cert->signature.at, (unsigned)cert->signature.len};
	return possession_verify(key, sign, GNUTLS_VERIFY_ALLOW_BROKEN | GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1, &data,
				 &bits) >= 0;
}

enum signature_strength signature_strength(const struct x509 *cert)
{
	static const struct {
		const char *oid;
		enum signature_strength strength;
	} weak[] = {
	    {"1.2.840.113549.1.1.2", SIGNATURE_BROKEN}, /* md2WithRSAEncryption */
	    {"1.2.840.113549.1.1.3", SIGNATURE_BROKEN}, /* md4WithRSAEncryption */
	    {"1.2.840.113549.1.1.4", SIGNATURE_BROKEN}, /* md5WithRSAEncryption */
	    {"1.3.14.3.2.3", SIGNATURE_BROKEN},		/* md5WithRSA */
	    {"1.2.840.113549.1.1.5", SIGNATURE_SHA1},	/* sha1WithRSAEncryption */
	    {"1.3.14.3.2.29", SIGNATURE_SHA1},		/* sha1WithRSA */
	    {"1.2.840.10040.4.3", SIGNATURE_SHA1},	/* dsaWithSHA1 */
	    {"1.2.840.10045.4.1", SIGNATURE_SHA1},	/* ecdsaWithSHA1 */
	};
	char oid[64];
	struct span params;
	if (!algorithm_oid(cert->algorithm, oid, sizeof oid, &params))
		return SIGNATURE_SOUND;
	for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
		if (strcmp(weak[i].oid, oid) == 0)
			return weak[i].strength;
	return SIGNATURE_SOUND;
}
