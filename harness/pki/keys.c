#include "harness/pki/keys.h"

#include "harness/pki/der.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include <stdio.h>
#include <stdlib.h>

#define OID_RSASSA_PSS "1.2.840.113549.1.1.10"

/* One row a kind: how it is generated and how its signatures are called. */
struct kind_row {
	gnutls_pk_algorithm_t pk;
	unsigned bits; /* as gnutls_x509_privkey_generate wants them */
};

static const struct kind_row kinds[KEY_KIND__COUNT] = {
    [KEY_P256] = {GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1)},
    [KEY_P384] = {GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1)},
    [KEY_P521] = {GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP521R1)},
    [KEY_ED25519] = {GNUTLS_PK_EDDSA_ED25519, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519)},
    [KEY_ED448] = {GNUTLS_PK_EDDSA_ED448, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED448)},
    [KEY_RSA_1024] = {GNUTLS_PK_RSA, 1024},
    [KEY_RSA_2048] = {GNUTLS_PK_RSA, 2048},
    [KEY_RSA_3072] = {GNUTLS_PK_RSA, 3072},
    [KEY_RSA_4096] = {GNUTLS_PK_RSA, 4096},
    [KEY_RSA_PSS_2048] = {GNUTLS_PK_RSA_PSS, 2048},
};

/* Signature algorithms by family and hash; RFC 5758 3.2, RFC 8017 A.2.4, RFC 4055 3.1, RFC 8410 3. */
enum family { FAMILY_ECDSA, FAMILY_RSA, FAMILY_PSS, FAMILY_EDDSA };

struct signature_row {
	gnutls_sign_algorithm_t sign;
	const char *oid;
	bool null; /* parameters are NULL, not absent */
};

static const struct signature_row signatures[3][HASH__COUNT] = {
    [FAMILY_ECDSA] = {{GNUTLS_SIGN_ECDSA_SHA1, "1.2.840.10045.4.1", false},
		      {GNUTLS_SIGN_ECDSA_SHA256, "1.2.840.10045.4.3.2", false},
		      {GNUTLS_SIGN_ECDSA_SHA384, "1.2.840.10045.4.3.3", false},
		      {GNUTLS_SIGN_ECDSA_SHA512, "1.2.840.10045.4.3.4", false}},
    [FAMILY_RSA] = {{GNUTLS_SIGN_RSA_SHA1, "1.2.840.113549.1.1.5", true},
		    {GNUTLS_SIGN_RSA_SHA256, "1.2.840.113549.1.1.11", true},
		    {GNUTLS_SIGN_RSA_SHA384, "1.2.840.113549.1.1.12", true},
		    {GNUTLS_SIGN_RSA_SHA512, "1.2.840.113549.1.1.13", true}},
    [FAMILY_PSS] = {{GNUTLS_SIGN_UNKNOWN, NULL, false},
		    {GNUTLS_SIGN_RSA_PSS_SHA256, OID_RSASSA_PSS, false},
		    {GNUTLS_SIGN_RSA_PSS_SHA384, OID_RSASSA_PSS, false},
		    {GNUTLS_SIGN_RSA_PSS_SHA512, OID_RSASSA_PSS, false}},
};

static const struct {
	gnutls_digest_algorithm_t digest;
	unsigned char len;
	const char *oid;
} hashes[HASH__COUNT] = {
    [HASH_SHA1] = {GNUTLS_DIG_SHA1, 20, "1.3.14.3.2.26"},
    [HASH_SHA256] = {GNUTLS_DIG_SHA256, 32, "2.16.840.1.101.3.4.2.1"},
    [HASH_SHA384] = {GNUTLS_DIG_SHA384, 48, "2.16.840.1.101.3.4.2.2"},
    [HASH_SHA512] = {GNUTLS_DIG_SHA512, 64, "2.16.840.1.101.3.4.2.3"},
};

static enum family family_of(enum key_kind kind)
{
	switch (kind) {
	case KEY_P256:
	case KEY_P384:
	case KEY_P521:
		return FAMILY_ECDSA;
	case KEY_ED25519:
	case KEY_ED448:
		return FAMILY_EDDSA;
	case KEY_RSA_1024:
	case KEY_RSA_2048:
	case KEY_RSA_3072:
	case KEY_RSA_4096:
	case KEY_KIND__COUNT:
		return FAMILY_RSA;
	case KEY_RSA_PSS_2048:
		return FAMILY_PSS;
	}
	return FAMILY_RSA;
}

static enum rc fault(struct err *err, const char *what, int code)
{
	return err_set(err, RC_FAULT, "%s: %s", what, gnutls_strerror(code));
}

void keys_init(struct keys *k)
{
	*k = (struct keys){0};
}

void keys_fini(struct keys *k)
{
	for (size_t i = 0; i < k->n; i++) {
		gnutls_privkey_deinit(k->all[i]->private);
		gnutls_pubkey_deinit(k->all[i]->public);
	}
	free(k->all);
	arena_fini(&k->arena);
	*k = (struct keys){0};
}

/* Takes over `x`, whatever becomes of it. */
static enum rc adopt(struct keys *k, enum key_kind kind, gnutls_x509_privkey_t x, const struct key **out,
		     struct err *err)
{
	enum rc rc = RC_OK;
	int code;
	gnutls_datum_t spki = {0};
	struct blob bits;
	struct key *key = ARENA_NEW(&k->arena, struct key, 1);
	key->kind = kind;
	if ((code = gnutls_privkey_init(&key->private)) < 0) {
		gnutls_x509_privkey_deinit(x);
		return fault(err, "cannot make a key handle", code);
	}
	if ((code = gnutls_privkey_import_x509(key->private, x, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE)) < 0) {
		gnutls_x509_privkey_deinit(x);
		rc = fault(err, "cannot import a private key", code);
		goto out;
	}
	if ((code = gnutls_pubkey_init(&key->public)) < 0 ||
	    (code = gnutls_pubkey_import_privkey(key->public, key->private, GNUTLS_KEY_DIGITAL_SIGNATURE, 0)) < 0 ||
	    (code = gnutls_pubkey_export2(key->public, GNUTLS_X509_FMT_DER, &spki)) < 0) {
		rc = fault(err, "cannot derive a public key", code);
		goto out;
	}
	key->public_der = (struct blob){arena_memdup(&k->arena, spki.data, spki.size), spki.size};
	if (cert_key_bits(key->public_der, &bits))
		keys_hash(HASH_SHA1, bits.data, bits.len, key->id);
	*VEC_PUSH(k->all, k->n, k->cap) = key;
	*out = key;
out:
	gnutls_free(spki.data);
	if (rc != RC_OK) {
		gnutls_privkey_deinit(key->private);
		if (key->public)
			gnutls_pubkey_deinit(key->public);
	}
	return rc;
}

static enum rc generate(struct keys *k, enum key_kind kind, const struct key **out, struct err *err)
{
	gnutls_x509_privkey_t x = NULL;
	int code = gnutls_x509_privkey_init(&x);
	if (code < 0)
		return fault(err, "cannot make a key handle", code);
	code = gnutls_x509_privkey_generate(x, kinds[kind].pk, kinds[kind].bits, 0);
	if (code < 0) {
		gnutls_x509_privkey_deinit(x);
		return err_set(err, RC_FAULT, "cannot generate a %s key: %s", key_kind_text(kind),
			       gnutls_strerror(code));
	}
	k->made++;
	return adopt(k, kind, x, out, err);
}

/* PrivateKeyInfo with another algorithm: id-RSASSA-PSS without parameters leaves the hash open (RFC 4055 1.2). */
static bool rename_to_pss(gnutls_datum_t rsa, struct buf *out)
{
	struct der_tlv info, version, algorithm, key;
	struct der in = der_of(rsa.data, rsa.size);
	if (!der_expect(&in, DER_SEQUENCE, &info))
		return false;
	in = der_of(info.data, info.len);
	if (!der_expect(&in, DER_INTEGER, &version) || !der_expect(&in, DER_SEQUENCE, &algorithm) ||
	    !der_expect(&in, DER_OCTET_STRING, &key))
		return false;
	der_put(out, DER_INTEGER, version.data, version.len);
	size_t from = out->len;
	der_put_oid(out, OID_RSASSA_PSS);
	der_close(out, from, DER_SEQUENCE);
	der_put(out, DER_OCTET_STRING, key.data, key.len);
	der_close(out, 0, DER_SEQUENCE);
	return true;
}

/* The RSA key under another name, so that one generation serves both.  GnuTLS exports no such key it was told to
 * rename. */
static enum rc derive_pss(struct keys *k, const struct key *rsa, const struct key **out, struct err *err)
{
	gnutls_x509_privkey_t plain = NULL, x = NULL;
	gnutls_datum_t der = {0};
	struct buf renamed;
	buf_init(&renamed, 65536);
	int code = gnutls_privkey_export_x509(rsa->private, &plain);
	if (code >= 0)
		code = gnutls_x509_privkey_export2_pkcs8(plain, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &der);
	if (code >= 0 && !rename_to_pss(der, &renamed))
		code = GNUTLS_E_ASN1_DER_ERROR;
	if (code >= 0)
		code = gnutls_x509_privkey_init(&x);
	if (code >= 0) {
		gnutls_datum_t in = {.data = (unsigned char *)renamed.data, .size = (unsigned)renamed.len};
		code = gnutls_x509_privkey_import2(x, &in, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN);
	}
	gnutls_x509_privkey_deinit(plain);
	gnutls_free(der.data);
	buf_fini(&renamed);
	if (code >= 0)
		return adopt(k, KEY_RSA_PSS_2048, x, out, err);
	gnutls_x509_privkey_deinit(x);
	return fault(err, "cannot derive an RSA-PSS key", code);
}

enum rc keys_own(struct keys *k, enum key_kind kind, const struct key **out, struct err *err)
{
	enum rc rc;
	enum family family = family_of(kind);
	if (family == FAMILY_ECDSA || family == FAMILY_EDDSA)
		return generate(k, kind, out, err);
	if (k->shared[kind][KEY_SLOT_LEAF]) {
		*out = k->shared[kind][KEY_SLOT_LEAF];
		return RC_OK;
	}
	if (family == FAMILY_PSS) {
		const struct key *rsa;
		TRY(keys_own(k, KEY_RSA_2048, &rsa, err));
		TRY(derive_pss(k, rsa, out, err));
	} else {
		TRY(generate(k, kind, out, err));
	}
	k->shared[kind][KEY_SLOT_LEAF] = *out;
out:
	return rc;
}

enum rc keys_shared(struct keys *k, enum key_kind kind, enum key_slot slot, const struct key **out, struct err *err)
{
	enum rc rc = RC_OK;
	if (!k->shared[kind][slot]) {
		const struct key *key;
		TRY(slot == KEY_SLOT_LEAF ? keys_own(k, kind, &key, err) : generate(k, kind, &key, err));
		k->shared[kind][slot] = key;
	}
	*out = k->shared[kind][slot];
out:
	return rc;
}

static bool kind_of(gnutls_x509_privkey_t x, enum key_kind *kind)
{
	unsigned bits = 0;
	int pk = gnutls_x509_privkey_get_pk_algorithm2(x, &bits);
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	if (pk == GNUTLS_PK_RSA || pk == GNUTLS_PK_RSA_PSS) {
		*kind = pk == GNUTLS_PK_RSA ? KEY_RSA_4096 : KEY_RSA_PSS_2048; /* the family is what signing asks for */
		return true;
	}
	if (pk == GNUTLS_PK_ECDSA && gnutls_x509_privkey_export_ecc_raw(x, &curve, NULL, NULL, NULL) < 0)
		return false;
	for (unsigned i = 0; i < KEY_KIND__COUNT; i++)
		if ((int)kinds[i].pk == pk &&
		    (pk != GNUTLS_PK_ECDSA || kinds[i].bits == (unsigned)GNUTLS_CURVE_TO_BITS(curve))) {
			*kind = (enum key_kind)i;
			return true;
		}
	return false;
}

enum rc keys_adopt(struct keys *k, const char *path, struct gnutls_x509_privkey_int *x, const struct key **out,
		   struct err *err)
{
	enum key_kind kind;
	if (kind_of(x, &kind))
		return adopt(k, kind, x, out, err);
	gnutls_x509_privkey_deinit(x);
	return err_set(err, RC_INPUT,
		       "%s: a key of this type is not used here; RSA, P-256, P-384, P-521 or Ed25519 are", path);
}

enum rc keys_read(struct keys *k, const char *path, struct blob file, const char *password, const struct key **out,
		  struct err *err)
{
	gnutls_x509_privkey_t x = NULL;
	unsigned flags = password ? 0 : GNUTLS_PKCS_PLAIN;
	gnutls_datum_t raw = {.data = (unsigned char *)file.data, .size = (unsigned)file.len};
	int code = gnutls_x509_privkey_init(&x);
	if (code < 0)
		return fault(err, "cannot make a key handle", code);
	code = gnutls_x509_privkey_import2(x, &raw, GNUTLS_X509_FMT_PEM, password, flags);
	if (code == GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR || code == GNUTLS_E_BASE64_DECODING_ERROR)
		code = gnutls_x509_privkey_import2(x, &raw, GNUTLS_X509_FMT_DER, password, flags);
	if (code >= 0)
		return keys_adopt(k, path, x, out, err);
	gnutls_x509_privkey_deinit(x);
	return err_set(err, RC_INPUT, "%s: no private key can be read%s: %s", path,
		       password ? "" : " without a password", gnutls_strerror(code));
}

/* RSASSA-PSS-params with the hash, MGF1 with it and a salt of its length (RFC 4055 3.1). */
static void put_pss_parameters(struct buf *b, enum hash hash)
{
	size_t all = b->len, part = b->len, mgf;
	der_put_oid(b, hashes[hash].oid);
	der_close(b, part, DER_SEQUENCE);
	der_close(b, part, DER_CONSTRUCTED(0));
	part = b->len;
	der_put_oid(b, "1.2.840.113549.1.1.8");
	mgf = b->len;
	der_put_oid(b, hashes[hash].oid);
	der_close(b, mgf, DER_SEQUENCE);
	der_close(b, part, DER_SEQUENCE);
	der_close(b, part, DER_CONSTRUCTED(1));
	part = b->len;
	der_put_unsigned(b, hashes[hash].len);
	der_close(b, part, DER_CONSTRUCTED(2));
	der_close(b, all, DER_SEQUENCE);
}

struct blob keys_algorithm(const struct key *key, enum hash hash, struct arena *a)
{
	enum family family = family_of(key->kind);
	struct buf b;
	buf_init(&b, 1024);
	if (family == FAMILY_EDDSA) {
		der_put_oid(&b, key->kind == KEY_ED25519 ? "1.3.101.112" : "1.3.101.113");
	} else {
		const struct signature_row *row = &signatures[family][hash];
		der_put_oid(&b, row->oid ? row->oid : "0.0");
		if (row->null)
			der_put(&b, DER_NULL, "", 0);
		if (family == FAMILY_PSS)
			put_pss_parameters(&b, hash);
	}
	der_close(&b, 0, DER_SEQUENCE);
	struct blob out = {arena_memdup(a, b.data, b.len), b.len};
	buf_fini(&b);
	return out;
}

enum rc keys_sign(const struct key *key, enum hash hash, struct blob data, struct arena *a, struct blob *out,
		  struct err *err)
{
	enum family family = family_of(key->kind);
	gnutls_sign_algorithm_t sign =
	    family == FAMILY_EDDSA ? key->kind == KEY_ED25519 ? GNUTLS_SIGN_EDDSA_ED25519 : GNUTLS_SIGN_EDDSA_ED448
				   : signatures[family][hash].sign;
	gnutls_datum_t in = {.data = (unsigned char *)data.data, .size = (unsigned)data.len}, signature = {0};
	if (sign == GNUTLS_SIGN_UNKNOWN)
		return err_set(err, RC_INPUT, "a %s key does not sign with %s", key_kind_text(key->kind),
			       hash_text(hash));
	int code = gnutls_privkey_sign_data2(key->private, sign, 0, &in, &signature);
	if (code < 0)
		return fault(err, "cannot sign", code);
	*out = (struct blob){arena_memdup(a, signature.data, signature.size), signature.size};
	gnutls_free(signature.data);
	return RC_OK;
}

/*
 * RFC 5915 section 3: the number is as long as the order of the curve.  GnuTLS writes it as an INTEGER's content, with a zero in
 * front or a zero less, and .NET takes no such key.  What else PKCS#8 wants stands in the SubjectPublicKeyInfo.
 */
static bool pkcs8_of_ec(const struct key *key, const gnutls_datum_t *number, struct buf *out)
{
	struct der in = der_of(key->public_der.data, key->public_der.len);
	struct der_tlv whole, algorithm, point;
	if (!der_expect(&in, DER_SEQUENCE, &whole))
		return false;
	in = der_of(whole.data, whole.len);
	if (!der_expect(&in, DER_SEQUENCE, &algorithm) || !der_expect(&in, DER_BIT_STRING, &point) || point.len < 2)
		return false;
	size_t size = (point.len - 2) / 2; /* behind "no unused bits" and "uncompressed" */
	if (number->size > size)
		return false;
	der_put_unsigned(out, 0);
	buf_add(out, algorithm.start, (size_t)(algorithm.data + algorithm.len - algorithm.start));
	size_t octets = out->len;
	der_put_unsigned(out, 1);
	size_t from = out->len;
	for (size_t i = number->size; i < size; i++)
		buf_put_u8(out, 0);
	buf_add(out, number->data, number->size);
	der_close(out, from, DER_OCTET_STRING);
	from = out->len;
	der_put_bits(out, point.data + 1, point.len - 1);
	der_close(out, from, DER_CONSTRUCTED(1));
	der_close(out, octets, DER_SEQUENCE);
	der_close(out, octets, DER_OCTET_STRING);
	der_close(out, 0, DER_SEQUENCE);
	return !out->overflow;
}

static int export_ec(const struct key *key, gnutls_datum_t *pem)
{
	gnutls_ecc_curve_t curve;
	gnutls_datum_t number = {0};
	struct buf pkcs8;
	buf_init(&pkcs8, 4096);
	int code = gnutls_privkey_export_ecc_raw2(key->private, &curve, NULL, NULL, &number, GNUTLS_EXPORT_FLAG_NO_LZ);
	if (code >= 0 && !pkcs8_of_ec(key, &number, &pkcs8))
		code = GNUTLS_E_ASN1_DER_ERROR;
	if (code >= 0) {
		gnutls_datum_t der = {.data = (unsigned char *)pkcs8.data, .size = (unsigned)pkcs8.len};
		code = gnutls_pem_base64_encode2("PRIVATE KEY", &der, pem);
	}
	gnutls_free(number.data);
	buf_fini(&pkcs8);
	return code;
}

static int export_any(const struct key *key, gnutls_datum_t *pem)
{
	gnutls_x509_privkey_t x = NULL;
	int code = gnutls_privkey_export_x509(key->private, &x);
	if (code >= 0)
		code = gnutls_x509_privkey_export2_pkcs8(x, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, pem);
	gnutls_x509_privkey_deinit(x);
	return code;
}

enum rc keys_pem(const struct key *key, char **pem, size_t *len, struct err *err)
{
	gnutls_datum_t out = {0};
	int code = family_of(key->kind) == FAMILY_ECDSA ? export_ec(key, &out) : export_any(key, &out);
	if (code < 0)
		return fault(err, "cannot export a private key", code);
	*pem = (char *)out.data;
	*len = out.size;
	return RC_OK;
}

enum rc keys_put_pem(struct buf *b, const char *label, struct blob der, struct err *err)
{
	gnutls_datum_t in = {.data = (unsigned char *)der.data, .size = (unsigned)der.len}, out = {0};
	int code = gnutls_pem_base64_encode2(label, &in, &out);
	if (code < 0)
		return fault(err, "cannot write PEM", code);
	buf_add(b, out.data, out.size);
	gnutls_free(out.data);
	return RC_OK;
}

size_t keys_hash(enum hash hash, const void *data, size_t len, unsigned char *out)
{
	if (gnutls_hash_fast(hashes[hash].digest, data, len, out) < 0) {
		fprintf(stderr, "mtlspec: the crypto library has no %s\n", hash_text(hash));
		abort();
	}
	return hashes[hash].len;
}

void keys_hash_hex(enum hash hash, const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[64];
	size_t n = keys_hash(hash, data, len, raw);
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[2 * n] = '\0';
}

enum rc keys_random(void *out, size_t len, struct err *err)
{
	int code = gnutls_rnd(GNUTLS_RND_NONCE, out, len);
	return code < 0 ? fault(err, "no random numbers", code) : RC_OK;
}
