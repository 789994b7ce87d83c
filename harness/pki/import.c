#include "harness/pki/import.h"

#include "harness/base/fs.h"
#include "harness/pki/der.h"

#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>

#include <stdio.h>
#include <stdlib.h>

#define MAX_FILE (1u << 20)

static enum rc unreadable(struct err *err, const char *path, const char *what, int code)
{
	return err_set(err, RC_INPUT, "%s: %s: %s", path, what, gnutls_strerror(code));
}

static gnutls_datum_t datum(struct blob b)
{
	return (gnutls_datum_t){.data = (unsigned char *)b.data, .size = (unsigned)b.len};
}

static enum rc parse(const char *path, struct blob der, gnutls_x509_crt_t *out, struct err *err)
{
	gnutls_datum_t raw = datum(der);
	int code = gnutls_x509_crt_init(out);
	if (code < 0)
		return err_set(err, RC_FAULT, "%s", gnutls_strerror(code));
	code = gnutls_x509_crt_import(*out, &raw, GNUTLS_X509_FMT_DER);
	if (code < 0) {
		gnutls_x509_crt_deinit(*out);
		*out = NULL;
		return unreadable(err, path, "not a certificate", code);
	}
	return RC_OK;
}

static void read_key_id(gnutls_x509_crt_t crt, struct blob der, struct import_facts *out)
{
	struct cert_view view;
	struct blob bits = {0};
	unsigned char raw[64];
	size_t size = sizeof raw;
	unsigned critical;
	if (cert_parse(der, &view) && cert_key_bits(view.public_key, &bits)) {
		keys_hash(HASH_SHA1, bits.data, bits.len, out->key_id);
		keys_hash_hex(HASH_SHA1, bits.data, bits.len, out->key_bits_sha1);
	}
	if (gnutls_x509_crt_get_subject_key_id(crt, raw, &size, &critical) == 0 && size == CERT_KEY_ID)
		memcpy(out->key_id, raw, CERT_KEY_ID);
}

/* RFC 4514, most specific first: the form in which the clients print CA lists.  "" for one that is empty or too long. */
static void copy_name(char *out, size_t size, int code, gnutls_datum_t *name)
{
	out[0] = '\0';
	if (code < 0)
		return;
	if (name->size < size)
		snprintf(out, size, "%.*s", (int)name->size, (const char *)name->data);
	gnutls_free(name->data);
	*name = (gnutls_datum_t){0};
}

enum rc import_facts(const char *path, struct blob der, struct import_facts *out, struct err *err)
{
	enum rc rc;
	gnutls_x509_crt_t crt = NULL;
	unsigned critical, ca = 0, usage = 0;
	int path_length = -1;
	*out = (struct import_facts){.path_length = -1};
	TRY(parse(path, der, &crt, err));
	gnutls_datum_t name = {0};
	copy_name(out->subject, sizeof out->subject, gnutls_x509_crt_get_dn3(crt, &name, 0), &name);
	copy_name(out->issuer, sizeof out->issuer, gnutls_x509_crt_get_issuer_dn3(crt, &name, 0), &name);
	size_t size = sizeof out->common_name;
	if (gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out->common_name, &size) < 0)
		out->common_name[0] = '\0';
	out->not_before = gnutls_x509_crt_get_activation_time(crt);
	out->not_after = gnutls_x509_crt_get_expiration_time(crt);
	out->self_issued = gnutls_x509_crt_check_issuer(crt, crt) != 0;
	if (gnutls_x509_crt_get_basic_constraints(crt, &critical, &ca, &path_length) >= 0) {
		out->ca = ca != 0;
		out->path_length = path_length;
	}
	int code = gnutls_x509_crt_get_key_usage(crt, &usage, &critical);
	out->may_sign =
	    code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE || (code >= 0 && (usage & GNUTLS_KEY_KEY_CERT_SIGN));
	read_key_id(crt, der, out);
out:
	if (crt)
		gnutls_x509_crt_deinit(crt);
	return rc;
}

bool import_matches(const struct import_facts *facts, const struct key *key)
{
	char hex[41];
	struct blob bits;
	if (!cert_key_bits(key->public_der, &bits))
		return false;
	keys_hash_hex(HASH_SHA1, bits.data, bits.len, hex);
	return strcmp(hex, facts->key_bits_sha1) == 0;
}

/* Keeps the DER of GnuTLS's handles and frees them. */
static enum rc take_list(struct arena *a, const char *path, gnutls_x509_crt_t *list, unsigned count, struct blob *out,
			 size_t *n, struct err *err)
{
	enum rc rc = RC_OK;
	if (count > IMPORT_MAX_CHAIN)
		rc = err_set(err, RC_INPUT, "%s: more than %d certificates", path, IMPORT_MAX_CHAIN);
	for (unsigned i = 0; i < count; i++) {
		gnutls_datum_t der = {0};
		if (rc == RC_OK && gnutls_x509_crt_export2(list[i], GNUTLS_X509_FMT_DER, &der) >= 0) {
			out[i] = (struct blob){arena_memdup(a, der.data, der.size), der.size};
			gnutls_free(der.data);
		}
		gnutls_x509_crt_deinit(list[i]);
	}
	gnutls_free(list);
	*n = rc == RC_OK ? count : 0;
	return rc;
}

static enum rc read_certificates(struct arena *a, const char *path, struct blob file, struct blob *out, size_t *n,
				 struct err *err)
{
	gnutls_x509_crt_t *list = NULL;
	unsigned count = 0;
	gnutls_datum_t raw = datum(file);
	int code = gnutls_x509_crt_list_import2(&list, &count, &raw, GNUTLS_X509_FMT_PEM, 0);
	if (code < 0)
		code = gnutls_x509_crt_list_import2(&list, &count, &raw, GNUTLS_X509_FMT_DER, 0);
	if (code < 0)
		return unreadable(err, path, "no certificate can be read", code);
	return take_list(a, path, list, count, out, n, err);
}

static enum rc read_file(struct arena *a, const char *path, struct blob *out, struct err *err)
{
	char *data;
	enum rc rc = fs_read(a, path, MAX_FILE, &data, &out->len, err);
	if (rc == RC_OK)
		out->data = data;
	return rc == RC_ABSENT ? RC_INPUT : rc; /* the user's word */
}

enum rc import_certificates(struct arena *a, const char *path, struct blob *out, size_t *n, struct err *err)
{
	enum rc rc;
	struct blob file;
	TRY(read_file(a, path, &file, err));
	TRY(read_certificates(a, path, file, out, n, err));
out:
	return rc;
}

/* RC_ABSENT: not PKCS#12 at all. */
static enum rc read_pkcs12(struct keys *keys, const char *path, struct blob file, const char *password,
			   struct import_identity *out, struct err *err)
{
	gnutls_pkcs12_t p12 = NULL;
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t *chain = NULL;
	unsigned count = 0;
	gnutls_datum_t raw = datum(file);
	int code = gnutls_pkcs12_init(&p12);
	if (code < 0)
		return err_set(err, RC_FAULT, "%s", gnutls_strerror(code));
	if (gnutls_pkcs12_import(p12, &raw, GNUTLS_X509_FMT_DER, 0) < 0) {
		gnutls_pkcs12_deinit(p12);
		return RC_ABSENT;
	}
	code = gnutls_pkcs12_simple_parse(p12, password ? password : "", &key, &chain, &count, NULL, NULL, NULL, 0);
	gnutls_pkcs12_deinit(p12);
	if (code < 0)
		return unreadable(err, path,
				  password ? "PKCS#12 cannot be opened" : "PKCS#12 cannot be opened without a password",
				  code);
	enum rc rc = take_list(&keys->arena, path, chain, count, out->chain, &out->n, err);
	if (rc == RC_OK && !key)
		rc = err_set(err, RC_INPUT, "%s: PKCS#12 holds no private key", path);
	if (rc == RC_OK)
		return keys_adopt(keys, path, key, &out->key, err);
	gnutls_x509_privkey_deinit(key);
	return rc;
}

enum rc import_identity(struct keys *keys, const char *certificate, const char *key, const char *password,
			struct import_identity *out, struct err *err)
{
	enum rc rc;
	struct blob file;
	struct import_facts facts;
	*out = (struct import_identity){0};
	TRY(read_file(&keys->arena, certificate, &file, err));
	rc = read_pkcs12(keys, certificate, file, password, out, err);
	if (rc == RC_ABSENT) {
		TRY(read_certificates(&keys->arena, certificate, file, out->chain, &out->n, err));
		if (key && strcmp(key, certificate) != 0)
			TRY(read_file(&keys->arena, key, &file, err));
		else
			key = certificate;
		rc = keys_read(keys, key, file, password, &out->key, err);
	}
	TRY(rc);
	if (out->n == 0) {
		rc = err_set(err, RC_INPUT, "%s: no certificate inside", certificate);
		goto out;
	}
	TRY(import_facts(certificate, out->chain[0], &facts, err));
	if (!import_matches(&facts, out->key))
		rc = err_set(err, RC_INPUT, "%s: the key is not that of %s", key ? key : certificate, facts.subject);
out:
	return rc;
}
