#include "clients/credential.h"

#include "clients/credential_proof.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

/* --- signatures that are wrong on purpose (conditions C-182; RFC 8446 4.4.3) --- */

/* SEQUENCE { INTEGER 0, INTEGER 0 }: an ECDSA signature with r = s = 0 that every parser accepts. */
static const unsigned char zero_ecdsa[] = {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00};

static bool is_dsa_like(gnutls_pk_algorithm_t pk)
{
	return pk == GNUTLS_PK_ECDSA || pk == GNUTLS_PK_DSA;
}

/* The lowest bit of the last byte: the encoding (DER of r and s, or an integer below the modulus) stays sound. */
static void spoil(const struct job_credential *c, gnutls_datum_t *signature)
{
	if (c->proof == PROOF_BIT_FLIPPED && signature->size)
		signature->data[signature->size - 1] ^= 1;
	if (c->proof != PROOF_ZERO)
		return;
	memset(signature->data, 0, signature->size);
	if (is_dsa_like((gnutls_pk_algorithm_t)gnutls_privkey_get_pk_algorithm(c->key, NULL)) &&
	    signature->size >= sizeof zero_ecdsa) {
		memcpy(signature->data, zero_ecdsa, sizeof zero_ecdsa);
		signature->size = sizeof zero_ecdsa;
	}
}

/* Whose signature it is to be: chosen when the library asked for it. */
static const struct job_credential *liar_of(const struct tls_link *l)
{
	return &l->job->credentials[l->credential];
}

static int lie_about_data(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *userdata, unsigned flags,
			  const gnutls_datum_t *data, gnutls_datum_t *signature)
{
	const struct job_credential *c = liar_of(userdata);
	(void)key;
	int rc = gnutls_privkey_sign_data2(c->key, algorithm, flags, data, signature);
	if (rc == 0)
		spoil(c, signature);
	return rc;
}

static int lie_about_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *userdata, unsigned flags,
			  const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	const struct job_credential *c = liar_of(userdata);
	(void)key;
	if (proof_is_relabelled(c->proof) && tls_version(userdata) == TLS_1_3)
		return proof_sign(userdata, c, &signature->data, &signature->size);
	int rc = algorithm == GNUTLS_SIGN_UNKNOWN
		     ? gnutls_privkey_sign_hash(c->key, GNUTLS_DIG_UNKNOWN, flags | GNUTLS_PRIVKEY_SIGN_FLAG_TLS1_RSA,
						hash, signature)
		     : gnutls_privkey_sign_hash2(c->key, algorithm, flags, hash, signature);
	if (rc == 0)
		spoil(c, signature);
	return rc;
}

static int describe(gnutls_privkey_t key, unsigned what, void *userdata)
{
	const struct job_credential *c = liar_of(userdata);
	unsigned bits = 0;
	(void)key;
	int pk = gnutls_privkey_get_pk_algorithm(c->key, &bits);
	if (what & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return pk;
	if (what & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return (int)bits;
	if (what & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO)
		return (int)gnutls_sign_supports_pk_algorithm(GNUTLS_FLAGS_TO_SIGN_ALGO(what),
							      (gnutls_pk_algorithm_t)pk);
	return -1;
}

static gnutls_privkey_t signing_key(struct tls_link *l, const struct job_credential *c)
{
	if (c->proof == PROOF_OWN_KEY)
		return c->key;
	if (!l->liar && gnutls_privkey_init(&l->liar) == 0 &&
	    gnutls_privkey_import_ext4(l->liar, l, lie_about_data, lie_about_hash, NULL, NULL,
				       describe, 0) < 0) {
		gnutls_privkey_deinit(l->liar);
		l->liar = NULL;
	}
	return l->liar;
}

/* --- what is asked --- */

/* Text of a DER name; the last one is kept because decoding costs as much as a signature's bookkeeping. */
static const char *name_text(struct tls_shared *s, const gnutls_datum_t *dn)
{
	gnutls_datum_t text;
	if (s->ca_name.len == dn->size && memcmp(s->ca_name.data, dn->data, dn->size) == 0)
		return s->ca_text;
	if (gnutls_x509_rdn_get2(dn, &text, 0) < 0)
		return "(not a name)";
	size_t len = text.size < sizeof s->ca_text ? text.size : sizeof s->ca_text - 1;
	memcpy(s->ca_text, text.data, len);
	s->ca_text[len] = '\0';
	gnutls_free(text.data);
	free((void *)(uintptr_t)s->ca_name.data);
	void *copy = mem_alloc(dn->size);
	memcpy(copy, dn->data, dn->size);
	s->ca_name = (struct blob){copy, dn->size};
	return s->ca_text;
}

static void note_request(struct tls_link *l, const struct gnutls_cert_retr_st *info)
{
	size_t bytes = 0;
	for (unsigned i = 0; i < info->nreqs; i++)
		bytes += info->req_ca_rdn[i].size;
	struct buf names;
	buf_init(&names, OBSERVATION_MAX_TEXT);
	for (unsigned i = 0; i < info->nreqs && i < l->job->ca_names; i++)
		buf_addf(&names, "%s%s", i ? "\n" : "", name_text(l->shared, &info->req_ca_rdn[i]));
	const char *text = names.len ? names.data : info->nreqs ? name_text(l->shared, &info->req_ca_rdn[0]) : NULL;
	net_note(&l->net, EVENT_CERTIFICATE_REQUESTED, (int32_t)info->nreqs, (int32_t)bytes, text);
	buf_fini(&names);
}

/* --- what is sent --- */

/* A browser sends a certificate only if a listed name issued part of its chain; an empty list accepts any (RFC
 * 5246 7.4.4). */
static bool is_listed(const struct job_credential *c, const struct gnutls_cert_retr_st *info)
{
	for (unsigned i = 0; i < info->nreqs; i++)
		for (size_t k = 0; k < c->n_issuers; k++)
			if (c->issuers[k].len == info->req_ca_rdn[i].size &&
			    memcmp(c->issuers[k].data, info->req_ca_rdn[i].data, c->issuers[k].len) == 0)
				return true;
	return info->nreqs == 0;
}

static const struct job_credential *chosen(const struct tls_link *l, const struct gnutls_cert_retr_st *info)
{
	if (l->credential < 0 || (size_t)l->credential >= l->job->n_credentials)
		return NULL;
	const struct job_credential *c = &l->job->credentials[l->credential];
	if (c->n == 0 || !c->key || (l->want->client == CLIENT_BROWSER && !is_listed(c, info)))
		return NULL;
	return c;
}

/* Raw bytes as they are, behind the public key of whoever signs: nothing of ours parses them. */
static struct gnutls_pcert_st *raw_chain(const struct job_credential *c)
{
	struct gnutls_pcert_st *chain = mem_alloc(c->n * sizeof *chain);
	for (size_t i = 0; i < c->n; i++) {
		chain[i].type = GNUTLS_CRT_X509;
		chain[i].cert =
		    (gnutls_datum_t){(unsigned char *)(uintptr_t)c->chain[i].data, (unsigned)c->chain[i].len};
		chain[i].pubkey = c->pub;
	}
	return chain;
}

static int retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
		    unsigned *certs_length, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_length,
		    gnutls_privkey_t *privkey, unsigned *flags)
{
	struct tls_link *l = gnutls_session_get_ptr(session);
	const struct job_credential *c = chosen(l, info);
	*certs = NULL;
	*certs_length = 0;
	*ocsp = NULL;
	*ocsp_length = 0;
	*privkey = NULL;
	*flags = 0; /* all stays ours */
	note_request(l, info);
	if (!c)
		return 0;
	credential_release(l);
	*privkey = signing_key(l, c);
	if (!*privkey)
		return -1;
	l->chain = raw_chain(c);
	*certs = l->chain;
	*certs_length = (unsigned)c->n;
	return 0;
}

/*
 * The certificate message as the library made it: it sends an empty one when no signature algorithm of the server fits
 * our key.  Its list is behind the request context in TLS 1.3 (RFC 8446 4.4.2), at the start before (RFC 5246 7.4.6).
 */
void credential_message(struct tls_link *l, const void *message, size_t len)
{
	const unsigned char *m = message;
	size_t at = 0;
	if (gnutls_protocol_get_version(l->session) == GNUTLS_TLS1_3 && len)
		at = 1 + (size_t)m[0];
	bool empty = len < at + 3 || (m[at] | m[at + 1] | m[at + 2]) == 0;
	l->queued = empty ? TLS_QUEUED_EMPTY : TLS_QUEUED_CERTIFICATE;
}

void credential_flight_leaves(struct tls_link *l)
{
	enum tls_queued queued = l->queued;
	l->queued = TLS_QUEUED_NOTHING;
	if (queued == TLS_QUEUED_EMPTY)
		net_note(&l->net, EVENT_CERTIFICATE_DECLINED, 0, 0, NULL);
	if (queued != TLS_QUEUED_CERTIFICATE)
		return;
	const struct job_credential *c = &l->job->credentials[l->credential];
	size_t bytes = 0;
	for (size_t i = 0; i < c->n; i++)
		bytes += c->chain[i].len;
	net_note(&l->net, EVENT_CERTIFICATE_SENT, (int32_t)c->n, (int32_t)bytes, c->id);
}

void credential_release(struct tls_link *l)
{
	free(l->chain);
	l->chain = NULL;
	if (l->liar)
		gnutls_privkey_deinit(l->liar);
	l->liar = NULL;
}

enum rc credential_install(struct tls_shared *shared, struct err *err)
{
	int rc = gnutls_certificate_allocate_credentials(&shared->credentials);
	if (rc < 0)
		return err_set(err, RC_FAULT, "TLS credentials: %s", gnutls_strerror(rc));
	gnutls_certificate_set_retrieve_function3(shared->credentials, retrieve);
	return RC_OK;
}

void credential_forget(struct tls_shared *shared)
{
	if (shared->credentials)
		gnutls_certificate_free_credentials(shared->credentials);
	shared->credentials = NULL;
	free((void *)(uintptr_t)shared->ca_name.data);
	shared->ca_name = (struct blob){0};
}
