/*
 * testpki.h - small chains for the unit tests of this folder, minted with GnuTLS's own writer so that the forge and
 * this server's reader are tested apart.  Included by tests only.
 */
#ifndef HARNESS_REFERENCE_TESTPKI_H
#define HARNESS_REFERENCE_TESTPKI_H

#include "harness/base/clock.h"
#include "harness/base/test.h"
#include "harness/reference/tlv.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>

enum { TWIGS = 8, KEYS = 6, CERT_SIGN = GNUTLS_KEY_KEY_CERT_SIGN, CLIENT_SIGN = GNUTLS_KEY_DIGITAL_SIGNATURE };
#define ASN1_NULL "\x05\x00"

/* One certificate; {0} ends a chain.  Days are relative to now. */
struct twig {
	const char *cn;
	unsigned issuer;       /* index of the twig whose name and key sign */
	unsigned key;	       /* index into the keys */
	const char *issuer_cn; /* another issuer name than that twig's */
	unsigned wrong_key;    /* sign with this key minus one; 0: the issuer's */
	int from, to;
	int ca;		     /* 1 or 0, -1 for no basicConstraints */
	int path_len;	     /* -1 for none */
	unsigned usage;	     /* 0 for none */
	const char *purpose; /* NULL for none */
	const char *oid;     /* an extension more, body NULL */
	bool oid_critical;
	const char *dns;		  /* a dNSName */
	const char *permit, *exclude;	  /* dNSName constraints */
	gnutls_digest_algorithm_t digest; /* 0 for SHA-256 */
	unsigned version;		  /* 0 for 3 */
	bool flip;			  /* a bit of the signature */
};

struct minted_twigs {
	gnutls_datum_t der[TWIGS];
	gnutls_x509_privkey_t key[KEYS];
	size_t n;
};

static inline gnutls_x509_privkey_t twig_key(struct minted_twigs *m, unsigned i)
{
	if (!m->key[i]) {
		gnutls_x509_privkey_init(&m->key[i]);
		gnutls_x509_privkey_generate(m->key[i], GNUTLS_PK_ECDSA,
					     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	}
	return m->key[i];
}

static inline void twig_names(gnutls_x509_crt_t c, const struct twig *t)
{
	gnutls_x509_name_constraints_t nc;
	if (t->dns)
		gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, t->dns, (unsigned)strlen(t->dns), 0);
	if (!t->permit && !t->exclude)
		return;
	gnutls_x509_name_constraints_init(&nc);
	gnutls_datum_t p = {(unsigned char *)(uintptr_t)t->permit, t->permit ? (unsigned)strlen(t->permit) : 0};
	gnutls_datum_t e = {(unsigned char *)(uintptr_t)t->exclude, t->exclude ? (unsigned)strlen(t->exclude) : 0};
	if (t->permit)
		gnutls_x509_name_constraints_add_permitted(nc, GNUTLS_SAN_DNSNAME, &p);
	if (t->exclude)
		gnutls_x509_name_constraints_add_excluded(nc, GNUTLS_SAN_DNSNAME, &e);
	gnutls_x509_crt_set_name_constraints(c, nc, 1);
	gnutls_x509_name_constraints_deinit(nc);
}

static inline void twig_fields(struct minted_twigs *m, gnutls_x509_crt_t c, const struct twig *t, size_t i)
{
	unsigned char serial[] = {1, (unsigned char)(i + 1)};
	time_t now = clock_now();
	gnutls_x509_crt_set_version(c, t->version ? t->version : 3);
	gnutls_x509_crt_set_serial(c, serial, sizeof serial);
	gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, t->cn, (unsigned)strlen(t->cn));
	gnutls_x509_crt_set_activation_time(c, now + t->from * 86400);
	gnutls_x509_crt_set_expiration_time(c, now + t->to * 86400);
	gnutls_x509_crt_set_key(c, twig_key(m, t->key));
	if (t->ca >= 0)
		gnutls_x509_crt_set_basic_constraints(c, (unsigned)t->ca, t->path_len);
	if (t->usage)
		gnutls_x509_crt_set_key_usage(c, t->usage);
	if (t->purpose)
		gnutls_x509_crt_set_key_purpose_oid(c, t->purpose, 0);
	if (t->oid)
		gnutls_x509_crt_set_extension_by_oid(c, t->oid, ASN1_NULL, 2, t->oid_critical);
	twig_names(c, t);
}

static inline void twig_mint(struct minted_twigs *m, const struct twig *all, size_t i)
{
	const struct twig *t = &all[i], *up = &all[t->issuer];
	const char *issuer_cn = t->issuer_cn ? t->issuer_cn : up->cn;
	gnutls_x509_privkey_t with = twig_key(m, t->wrong_key ? t->wrong_key - 1 : up->key);
	gnutls_x509_crt_t c, as; /* `as` only lends the issuer's name */
	gnutls_x509_crt_init(&c);
	gnutls_x509_crt_init(&as);
	twig_fields(m, c, t, i);
	gnutls_x509_crt_set_version(as, 3);
	gnutls_x509_crt_set_dn_by_oid(as, GNUTLS_OID_X520_COMMON_NAME, 0, issuer_cn, (unsigned)strlen(issuer_cn));
	gnutls_x509_crt_set_key(as, with);
	ck_assert_int_eq(gnutls_x509_crt_sign2(c, as, with, t->digest ? t->digest : GNUTLS_DIG_SHA256, 0), 0);
	ck_assert_int_eq(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_DER, &m->der[i]), 0);
	if (t->flip)
		m->der[i].data[m->der[i].size - 6] ^= 1;
	gnutls_x509_crt_deinit(c);
	gnutls_x509_crt_deinit(as);
}

static inline void twigs_mint(struct minted_twigs *m, const struct twig *all)
{
	*m = (struct minted_twigs){.n = 0};
	for (; m->n < TWIGS && all[m->n].cn; m->n++)
		twig_mint(m, all, m->n);
}

static inline void twigs_free(struct minted_twigs *m)
{
	for (size_t i = 0; i < m->n; i++)
		gnutls_free(m->der[i].data);
	for (size_t i = 0; i < KEYS; i++)
		if (m->key[i])
			gnutls_x509_privkey_deinit(m->key[i]);
}

/* Rows say only in what they differ from the sound hierarchy. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define TWIG_ROOT(...)                                                                                                 \
	{                                                                                                              \
		.cn = "root", .issuer = 0, .key = 0, .from = -2, .to = 3650, .ca = 1, .path_len = -1,                  \
		.usage = CERT_SIGN, __VA_ARGS__                                                                        \
	}
#define TWIG_INTERMEDIATE(...)                                                                                         \
	{                                                                                                              \
		.cn = "intermediate", .issuer = 0, .key = 1, .from = -2, .to = 1000, .ca = 1, .path_len = -1,          \
		.usage = CERT_SIGN, __VA_ARGS__                                                                        \
	}
#define TWIG_LEAF(...)                                                                                                 \
	{                                                                                                              \
		.cn = "leaf", .issuer = 1, .key = 2, .from = -2, .to = 30, .ca = -1, .path_len = -1,                   \
		.usage = CLIENT_SIGN, .purpose = GNUTLS_KP_TLS_WWW_CLIENT, __VA_ARGS__                                 \
	}

#endif
