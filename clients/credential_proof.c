#include "clients/credential_proof.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRANSCRIPT_MAX = 1 << 18,
	HASH_MAX = 64,
	SECRET_MAX = 64,
	MESSAGE_HASH = 254, /* RFC 8446 4.4.1 */
	PREFIX = 64	    /* blanks before what is signed, 4.4.3 */
};

/* What stands in the message, and how it is really signed; GNUTLS_SIGN_UNKNOWN: as the library would. */
static const struct relabelling {
	unsigned char scheme[2];
	gnutls_sign_algorithm_t algorithm;
} relabellings[PROOF__COUNT] = {
    [PROOF_SCHEME_UNKNOWN] = {{0xfe, 0x00}, GNUTLS_SIGN_ECDSA_SHA256}, /* private_use, 4.2.3 */
    [PROOF_SCHEME_SHA1] = {{0x02, 0x03}, GNUTLS_SIGN_ECDSA_SHA1},
    [PROOF_SCHEME_PKCS1] = {{0x04, 0x01}, GNUTLS_SIGN_RSA_SHA256},
    [PROOF_SCHEME_OTHER_CURVE] = {{0x05, 0x03}, GNUTLS_SIGN_ECDSA_SHA384},
};

struct proofs {
	struct buf transcript;
	size_t first_hello; /* bytes of the hello that a HelloRetryRequest answered, or 0 */
	size_t handshake;   /* bytes of the first handshake, once it is done: what later requests build on */
	unsigned char secret[SECRET_MAX];
	size_t secret_len; /* of our writing side */
	enum proof relabel; /* PROOF_OWN_KEY: nothing */
	bool changed;	    /* CertificateVerify is not the library's: nor may Finished be */
};

bool proof_is_relabelled(enum proof p)
{
	return relabellings[p].scheme[0] != 0;
}

static gnutls_digest_algorithm_t hash_of(const struct tls_link *l)
{
	return (gnutls_digest_algorithm_t)gnutls_prf_hash_get(l->session);
}

/* RFC 8446 4.4.1: of the transcript; a first hello that was sent back counts as its hash. */
static size_t transcript_hash(const struct tls_link *l, unsigned char out[static HASH_MAX])
{
	const struct proofs *p = l->proofs;
	gnutls_digest_algorithm_t hash = hash_of(l);
	size_t len = gnutls_hash_get_len(hash);
	gnutls_hash_hd_t h;
	if (len == 0 || len > HASH_MAX || gnutls_hash_init(&h, hash) < 0)
		return 0;
	if (p->first_hello) {
		unsigned char message[4 + HASH_MAX] = {MESSAGE_HASH, 0, 0, (unsigned char)len};
		gnutls_hash_fast(hash, p->transcript.data, p->first_hello, message + 4);
		gnutls_hash(h, message, 4 + len);
	}
	gnutls_hash(h, p->transcript.data + p->first_hello, p->transcript.len - p->first_hello);
	gnutls_hash_deinit(h, out);
	return len;
}

/* RFC 8446 4.4.4: HMAC under HKDF-Expand-Label(secret, "finished", "", Hash.length). */
static void finish(const struct tls_link *l, unsigned char *message, size_t len)
{
	const struct proofs *p = l->proofs;
	unsigned char hash[HASH_MAX], key[HASH_MAX], label[] = "\0\0\016tls13 finished";
	gnutls_mac_algorithm_t mac = (gnutls_mac_algorithm_t)hash_of(l);
	gnutls_datum_t secret = {(unsigned char *)(uintptr_t)p->secret, (unsigned)p->secret_len};
	gnutls_datum_t info = {label, sizeof label}; /* with the empty context's length behind it */
	size_t size = transcript_hash(l, hash);
	label[1] = (unsigned char)size;
	if (size == len && gnutls_hkdf_expand(mac, &secret, &info, key, size) == 0)
		gnutls_hmac_fast(mac, key, size, hash, size, message);
}

/* The library tells every secret when it has one; the last of ours is what we write under from then on. */
static int take_secret(gnutls_session_t session, const char *label, const gnutls_datum_t *secret)
{
	struct tls_link *l = gnutls_session_get_ptr(session);
	struct proofs *p = l->proofs;
	bool data = strcmp(label, "CLIENT_TRAFFIC_SECRET_0") == 0;
	if (!p || secret->size > SECRET_MAX || (!data && strcmp(label, "CLIENT_HANDSHAKE_TRAFFIC_SECRET") != 0))
		return 0;
	if (data) /* made when our Finished is */
		p->handshake = p->transcript.len;
	memcpy(p->secret, secret->data, secret->size);
	p->secret_len = secret->size;
	return 0;
}

void proof_begin(struct tls_link *l)
{
	bool any = false;
	for (size_t i = 0; i < l->job->n_credentials; i++)
		any = any || proof_is_relabelled(l->job->credentials[i].proof);
	if (!any)
		return;
	l->proofs = mem_alloc(sizeof *l->proofs);
	*l->proofs = (struct proofs){.relabel = PROOF_OWN_KEY};
	buf_init(&l->proofs->transcript, TRANSCRIPT_MAX);
	gnutls_session_set_keylog_function(l->session, take_secret);
}

void proof_end(struct tls_link *l)
{
	if (l->proofs)
		buf_fini(&l->proofs->transcript);
	free(l->proofs);
	l->proofs = NULL;
}

static void relabel(struct tls_link *l, unsigned char *message, size_t len)
{
	struct proofs *p = l->proofs;
	if (!proof_is_relabelled(p->relabel) || len < 2)
		return;
	memcpy(message, relabellings[p->relabel].scheme, 2);
	p->relabel = PROOF_OWN_KEY;
	p->changed = true;
}

/* Tickets and key updates are no part of it (RFC 8446 4.4.1); each late request goes on from the first handshake. */
static void append(struct proofs *p, unsigned type, bool incoming, const unsigned char *message, size_t len)
{
	const unsigned char header[] = {(unsigned char)type, (unsigned char)(len >> 16), (unsigned char)(len >> 8),
					(unsigned char)len};
	if (incoming && type == GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST && p->handshake)
		p->transcript.len = p->handshake;
	buf_add(&p->transcript, header, sizeof header);
	buf_add(&p->transcript, message, len);
}

void proof_message(struct tls_link *l, unsigned type, bool incoming, unsigned char *message, size_t len)
{
	struct proofs *p = l->proofs;
	if (!p || type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET || type == GNUTLS_HANDSHAKE_KEY_UPDATE)
		return;
	if (type == GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST) { /* a ServerHello on the wire */
		p->first_hello = p->transcript.len;
		type = GNUTLS_HANDSHAKE_SERVER_HELLO;
	}
	if (!incoming && type == GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY)
		relabel(l, message, len);
	if (!incoming && type == GNUTLS_HANDSHAKE_FINISHED && p->changed) {
		finish(l, message, len);
		p->changed = false;
	}
	append(p, type, incoming, message, len);
}

int proof_sign(struct tls_link *l, const struct job_credential *c, unsigned char **data, unsigned *size)
{
	static const char context[] = "TLS 1.3, client CertificateVerify";
	unsigned char content[PREFIX + sizeof context + HASH_MAX];
	gnutls_datum_t signature = {0};
	if (!l->proofs)
		return GNUTLS_E_INVALID_REQUEST;
	memset(content, ' ', PREFIX);
	memcpy(content + PREFIX, context, sizeof context); /* with its NUL */
	size_t hash = transcript_hash(l, content + PREFIX + sizeof context);
	gnutls_datum_t whole = {content, (unsigned)(PREFIX + sizeof context + hash)};
	int rc = gnutls_privkey_sign_data2(c->key, relabellings[c->proof].algorithm, 0, &whole, &signature);
	l->proofs->relabel = rc == 0 ? c->proof : PROOF_OWN_KEY;
	*data = signature.data;
	*size = signature.size;
	return rc;
}
