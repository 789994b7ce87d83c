/*
 * keys.h - private keys, their public halves and what they sign.  The pool makes each key when it is first asked for: RSA
 * once per size, nothing above 4096 bits.  Owns every key it gave out.
 */
#ifndef HARNESS_PKI_KEYS_H
#define HARNESS_PKI_KEYS_H

#include "harness/base/arena.h"
#include "harness/pki/cert.h"

struct gnutls_privkey_st;
struct gnutls_pubkey_st;
struct gnutls_x509_privkey_int;

struct key {
	enum key_kind kind;
	struct gnutls_privkey_st *private; /* owned by the pool */
	struct gnutls_pubkey_st *public;   /* owned by the pool */
	struct blob public_der;		   /* SubjectPublicKeyInfo (pool's arena) */
	unsigned char id[CERT_KEY_ID];	   /* SHA-1 of the key bits: RFC 5280 4.2.1.2 (1) */
};

/* Which of several keys of a kind: what clients prove, and a key that belongs to nobody else in the PKI. */
enum key_slot { KEY_SLOT_LEAF, KEY_SLOT_STRANGER, KEY_SLOT__COUNT };

struct keys {
	struct arena arena;
	const struct key *shared[KEY_KIND__COUNT][KEY_SLOT__COUNT];
	const struct key **all; /* owned vector of owned keys */
	size_t n, cap;
	uint64_t made;
};

void keys_init(struct keys *k);
void keys_fini(struct keys *k); /* idempotent; leaves {0} */

/* The one shared key of this kind and slot. */
enum rc keys_shared(struct keys *k, enum key_kind kind, enum key_slot slot, const struct key **out, struct err *err) MUST_USE;
/* A key for one certificate alone; an RSA one is shared per size all the same: it costs 40 handshakes. */
enum rc keys_own(struct keys *k, enum key_kind kind, const struct key **out, struct err *err) MUST_USE;
/* A key from PEM or DER, PKCS#8 or older; `password` may be NULL.  RC_INPUT, with `path` in the sentence, when it is none. */
enum rc keys_read(struct keys *k, const char *path, struct blob file, const char *password, const struct key **out,
		  struct err *err) MUST_USE;
/* Takes over a handle of GnuTLS, whatever becomes of it. */
enum rc keys_adopt(struct keys *k, const char *path, struct gnutls_x509_privkey_int *x, const struct key **out,
		   struct err *err) MUST_USE;

/* AlgorithmIdentifier of a signature by `key` over `hash` (a kind with a hash of its own ignores it), as DER (arena). */
struct blob keys_algorithm(const struct key *key, enum hash hash, struct arena *a);
/* The signature; *out is the arena's. */
enum rc keys_sign(const struct key *key, enum hash hash, struct blob data, struct arena *a, struct blob *out,
		  struct err *err) MUST_USE;

/* PKCS#8 PEM of the private key; the memory is malloc's and the caller's. */
enum rc keys_pem(const struct key *key, char **pem, size_t *len, struct err *err) MUST_USE;
/* PEM of some DER: appended. */
enum rc keys_put_pem(struct buf *b, const char *label, struct blob der, struct err *err) MUST_USE;

/* The digest, at most 64 octets, and how many; aborts when the crypto library lacks the hash. */
size_t keys_hash(enum hash hash, const void *data, size_t len, unsigned char *out);
/* The same as lower-case hex with a NUL behind it. */
void keys_hash_hex(enum hash hash, const void *data, size_t len, char *out);
enum rc keys_random(void *out, size_t len, struct err *err) MUST_USE;

#endif
