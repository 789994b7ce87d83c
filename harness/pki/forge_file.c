/* The files of a forge: anchors, CRLs, server certificates and credentials as PEM. */
#include "harness/pki/forge.h"

#include "harness/base/fs.h"
#include "harness/pki/forge_inner.h"
#include "harness/pki/general_name.h"
#include "harness/pki/pkcs12.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_FILE (64u << 20)
#define KEY_MODE 0600
#define CRL_LIFE (30 * 24 * 3600)

static enum rc write_file(const struct buf *b, const char *path, struct err *err)
{
	if (b->overflow)
		return err_set(err, RC_FAULT, "%s: too large", path);
	return fs_write(path, b->data, b->len, 0644, err);
}

static enum rc write_key(const struct key *key, const char *path, struct err *err)
{
	enum rc rc;
	char *pem = NULL;
	size_t len = 0;
	TRY(keys_pem(key, &pem, &len, err));
	remove(path); /* an older file may be readable by others */
	TRY(fs_write(path, pem, len, KEY_MODE, err));
out:
	free(pem);
	return rc;
}

/* The anchors of a set: the root of the hierarchy and what conditions want to stand beside it.  *out is malloc's. */
static enum rc anchors_of(struct forge *f, const char *trust, struct blob **out, size_t *n, struct err *err)
{
	enum rc rc;
	struct anchor_set *set;
	*out = NULL;
	size_t cap = 0;
	*n = 0;
	TRY(forge_anchor_set(f, trust, &set, err));
	bool lasting = set == &f->sets[0] && f->lasting.key;
	*VEC_PUSH(*out, *n, cap) = lasting ? f->lasting.anchor : set->root->der;
	for (size_t i = 0; i < set->n; i++)
		*VEC_PUSH(*out, *n, cap) = set->stored[i];
out:
	return rc;
}

enum rc forge_write_anchors(struct forge *f, const char *trust, const char *path, struct err *err)
{
	enum rc rc;
	struct blob *anchors = NULL;
	size_t n;
	struct buf b;
	buf_init(&b, MAX_FILE);
	TRY(anchors_of(f, trust, &anchors, &n, err));
	for (size_t i = 0; i < n; i++)
		TRY(keys_put_pem(&b, "CERTIFICATE", anchors[i], err));
	TRY(write_file(&b, path, err));
out:
	free(anchors);
	buf_fini(&b);
	return rc;
}

enum rc forge_write_trust_store(struct forge *f, const char *trust, const char *path, struct err *err)
{
	enum rc rc;
	struct blob *anchors = NULL;
	size_t n;
	struct buf b;
	buf_init(&b, MAX_FILE);
	TRY(anchors_of(f, trust, &anchors, &n, err));
	pkcs12_put_trust(&b, anchors, n);
	TRY(write_file(&b, path, err));
out:
	free(anchors);
	buf_fini(&b);
	return rc;
}

static enum rc put_crl(struct forge *f, const struct made *ca, struct buf *out, struct err *err)
{
	enum rc rc;
	struct buf b;
	struct blob signature;
	struct arena a = {0};
	struct crl_input in = {.issuer = ca->subject,
			       .key_id = ca->key_id,
			       .number = 1,
			       .algorithm = keys_algorithm(ca->key, HASH_SHA256, &a),
			       .this_update = f->now - ISSUE_MARGIN,
			       .next_update = f->now + CRL_LIFE};
	buf_init(&b, MAX_FILE);
	cert_put_crl_tbs(&b, &in);
	TRY(keys_sign(ca->key, HASH_SHA256, (struct blob){b.data, b.len}, &a, &signature, err));
	struct blob tbs = {arena_memdup(&a, b.data, b.len), b.len};
	buf_clear(&b);
	cert_put_signed(&b, tbs, in.algorithm, signature);
	TRY(keys_put_pem(out, "X509 CRL", (struct blob){b.data, b.len}, err));
out:
	buf_fini(&b);
	arena_fini(&a);
	return rc;
}

enum rc forge_write_crls(struct forge *f, const char *path, struct err *err)
{
	enum rc rc = RC_OK;
	struct buf b;
	buf_init(&b, MAX_FILE);
	for (size_t i = 0; i < f->n_authorities; i++)
		TRY(put_crl(f, f->authorities[i], &b, err));
	TRY(write_file(&b, path, err));
out:
	buf_fini(&b);
	return rc;
}

static const struct cert_spec server_ca_spec = {
    .name = "server-ca",
    .role = ROLE_ROOT,
    .not_before = -ISSUE_MARGIN,
    .not_after = 3650LL * 24 * 3600,
    .version = 3,
    .key = KEY_P256,
    .signature = HASH_SHA256,
    .basic_constraints = PRESENCE_CRITICAL,
    .ca = true,
    .path_length = 0,
    .has_key_usage = true,
    .key_usage = BIT(USAGE_KEY_CERT_SIGN) | BIT(USAGE_CRL_SIGN),
    .key_id = true,
    .issuer_key_id = true,
};

static const struct cert_spec server_spec = {
    .name = "server",
    .role = ROLE_LEAF,
    .not_before = -ISSUE_MARGIN,
    .not_after = 90LL * 24 * 3600,
    .version = 3,
    .key = KEY_P256,
    .signature = HASH_SHA256,
    .basic_constraints = PRESENCE_CRITICAL,
    .path_length = -1,
    .has_key_usage = true,
    .key_usage = BIT(USAGE_DIGITAL_SIGNATURE),
    .eku = "serverAuth",
    .key_id = true,
    .issuer_key_id = true,
};

/* "localhost 127.0.0.1 ::1" -> "dns:localhost ip:127.0.0.1 ip:::1" */
static enum rc server_names(const char *hosts, struct buf *out, struct err *err)
{
	char host[256], word[264];
	struct buf scratch;
	buf_init(&scratch, 1024);
	while (text_word(&hosts, host, sizeof host)) {
		snprintf(word, sizeof word, "ip:%s", host);
		buf_clear(&scratch);
		if (!general_name_put(&scratch, word, false))
			snprintf(word, sizeof word, "dns:%s", host);
		buf_addf(out, "%s%s", out->len ? " " : "", word);
	}
	buf_fini(&scratch);
	return out->len ? RC_OK : err_set(err, RC_INPUT, "a server certificate needs a name");
}

static enum rc need_server_ca(struct forge *f, struct err *err)
{
	enum rc rc = RC_OK;
	struct make m = {.spec = &server_ca_spec};
	if (f->server_ca.der.len)
		return RC_OK;
	m.subject = forge_name(f, NULL, "server CA");
	TRY(keys_own(&f->keys, KEY_P256, &m.key, err));
	TRY(forge_make(f, &m, &f->server_ca, err));
out:
	return rc;
}

enum rc forge_write_server(struct forge *f, const char *hosts, const char *chain_path, const char *key_path,
			   const char *ca_path, struct err *err)
{
	enum rc rc;
	struct buf names, chain, ca;
	struct cert_spec spec = server_spec;
	struct made server;
	buf_init(&names, 65536);
	buf_init(&chain, MAX_FILE);
	buf_init(&ca, MAX_FILE);
	TRY(need_server_ca(f, err));
	TRY(server_names(hosts, &names, err));
	spec.san = names.data;
	struct make m = {.spec = &spec, .issuer = &f->server_ca, .subject = forge_name(f, NULL, "server")};
	TRY(keys_own(&f->keys, spec.key, &m.key, err));
	TRY(forge_make(f, &m, &server, err));
	TRY(keys_put_pem(&chain, "CERTIFICATE", server.der, err));
	TRY(keys_put_pem(&ca, "CERTIFICATE", f->server_ca.der, err));
	TRY(write_file(&chain, chain_path, err));
	TRY(write_file(&ca, ca_path, err));
	TRY(write_key(m.key, key_path, err));
out:
	buf_fini(&names);
	buf_fini(&chain);
	buf_fini(&ca);
	return rc;
}

/* The pool's key behind a credential's handle. */
static const struct key *key_of(const struct forge *f, const struct job_credential *c)
{
	for (size_t i = 0; i < f->keys.n; i++)
		if (f->keys.all[i]->private == c->key)
			return f->keys.all[i];
	return NULL;
}

enum rc forge_write_credential(struct forge *f, const struct minted *m, const char *chain_path, const char *key_path,
			       struct err *err)
{
	enum rc rc = RC_OK;
	const struct key *key = key_of(f, &m->credential);
	struct buf b;
	buf_init(&b, MAX_FILE);
	if (!key) {
		rc = err_set(err, RC_INPUT, "condition %s has no certificate to write", m->credential.id);
		goto out;
	}
	for (size_t i = 0; i < m->credential.n; i++)
		TRY(keys_put_pem(&b, "CERTIFICATE", m->credential.chain[i], err));
	TRY(write_file(&b, chain_path, err));
	TRY(write_key(key, key_path, err));
out:
	buf_fini(&b);
	return rc;
}
