#include "harness/pki/keys.h"

#include "harness/base/test.h"
#include "harness/pki/der.h"

#include <gnutls/abstract.h>
#include <stdlib.h>

static struct keys keys;
static struct err err;
static struct arena a;

static void setup(void)
{
	keys_init(&keys);
	err = (struct err){{0}};
}

static void teardown(void)
{
	keys_fini(&keys);
	keys_fini(&keys);
	arena_fini(&a);
}

#define OK(call) ck_assert_msg((call) == RC_OK, "%s", err.text)

/* How GnuTLS calls what we say to have made. */
static const struct {
	enum key_kind kind;
	enum hash hash;
	gnutls_sign_algorithm_t sign;
} rows[] = {
    {KEY_P256, HASH_SHA256, GNUTLS_SIGN_ECDSA_SHA256},	   {KEY_P256, HASH_SHA1, GNUTLS_SIGN_ECDSA_SHA1},
    {KEY_P384, HASH_SHA384, GNUTLS_SIGN_ECDSA_SHA384},	   {KEY_P521, HASH_SHA512, GNUTLS_SIGN_ECDSA_SHA512},
    {KEY_ED25519, HASH_SHA256, GNUTLS_SIGN_EDDSA_ED25519}, {KEY_ED448, HASH_SHA256, GNUTLS_SIGN_EDDSA_ED448},
    {KEY_RSA_2048, HASH_SHA256, GNUTLS_SIGN_RSA_SHA256},   {KEY_RSA_PSS_2048, HASH_SHA256, GNUTLS_SIGN_RSA_PSS_SHA256},
};

START_TEST(signs_what_its_public_key_verifies)
{
	const struct key *key;
	struct blob data = {"to be signed", 12}, signature;
	gnutls_datum_t d = {(unsigned char *)data.data, (unsigned)data.len}, s;
	gnutls_pubkey_t pub;
	OK(keys_own(&keys, rows[_i].kind, &key, &err));
	OK(keys_sign(key, rows[_i].hash, data, &a, &signature, &err));
	gnutls_datum_t spki = {(unsigned char *)key->public_der.data, (unsigned)key->public_der.len};
	ck_assert_int_eq(gnutls_pubkey_init(&pub), 0);
	ck_assert_int_eq(gnutls_pubkey_import(pub, &spki, GNUTLS_X509_FMT_DER), 0);
	s = (gnutls_datum_t){(unsigned char *)signature.data, (unsigned)signature.len};
	ck_assert_int_ge(gnutls_pubkey_verify_data2(pub, rows[_i].sign, GNUTLS_VERIFY_ALLOW_BROKEN, &d, &s), 0);
	d.size--;
	ck_assert_int_lt(gnutls_pubkey_verify_data2(pub, rows[_i].sign, GNUTLS_VERIFY_ALLOW_BROKEN, &d, &s), 0);
	gnutls_pubkey_deinit(pub);
}
END_TEST

START_TEST(pem_comes_back_as_the_same_key)
{
	const struct key *key, *again;
	char *pem;
	size_t len;
	OK(keys_own(&keys, rows[_i].kind, &key, &err));
	OK(keys_pem(key, &pem, &len, &err));
	OK(keys_read(&keys, "test", (struct blob){pem, len}, NULL, &again, &err));
	ck_assert_mem_eq(key->id, again->id, CERT_KEY_ID);
	free(pem);
}
END_TEST

START_TEST(rsa_once_per_size)
{
	const struct key *one, *two, *pss;
	OK(keys_own(&keys, KEY_RSA_2048, &one, &err));
	OK(keys_own(&keys, KEY_RSA_2048, &two, &err));
	OK(keys_own(&keys, KEY_RSA_PSS_2048, &pss, &err));
	ck_assert_ptr_eq(one, two);
	ck_assert_mem_eq(one->id, pss->id, CERT_KEY_ID);
	ck_assert(one->public_der.len != pss->public_der.len);
	ck_assert_uint_eq(keys.made, 1);
}
END_TEST

START_TEST(shared_keys_are_made_once_and_strangers_differ)
{
	const struct key *leaf, *again, *stranger, *own;
	ck_assert_uint_eq(keys.made, 0);
	OK(keys_shared(&keys, KEY_P256, KEY_SLOT_LEAF, &leaf, &err));
	OK(keys_shared(&keys, KEY_P256, KEY_SLOT_LEAF, &again, &err));
	OK(keys_shared(&keys, KEY_P256, KEY_SLOT_STRANGER, &stranger, &err));
	OK(keys_own(&keys, KEY_P256, &own, &err));
	ck_assert_ptr_eq(leaf, again);
	ck_assert(memcmp(leaf->id, stranger->id, CERT_KEY_ID) != 0 && memcmp(leaf->id, own->id, CERT_KEY_ID) != 0);
	ck_assert_uint_eq(keys.made, 3);
}
END_TEST

START_TEST(refuses_what_a_key_cannot_do)
{
	const struct key *key;
	struct blob out;
	OK(keys_own(&keys, KEY_RSA_PSS_2048, &key, &err));
	ck_assert_int_eq(keys_sign(key, HASH_SHA1, (struct blob){"x", 1}, &a, &out, &err), RC_INPUT);
}
END_TEST

/* RFC 5915 section 3: as long as the order of the curve, leading zeros or not; one key in two begins with a high bit. */
START_TEST(ec_numbers_have_the_length_of_their_curve)
{
	static const struct {
		enum key_kind kind;
		size_t octets;
	} curves[] = {{KEY_P256, 32}, {KEY_P384, 48}, {KEY_P521, 66}};
	for (size_t i = 0; i < 48; i++) {
		const struct key *key;
		char *pem;
		size_t len;
		gnutls_datum_t der;
		struct der_tlv tlv;
		OK(keys_own(&keys, curves[i % 3].kind, &key, &err));
		OK(keys_pem(key, &pem, &len, &err));
		gnutls_datum_t in = {(unsigned char *)pem, (unsigned)len};
		ck_assert_int_ge(gnutls_pem_base64_decode2("PRIVATE KEY", &in, &der), 0);
		struct der at = der_of(der.data, der.size);
		ck_assert(der_expect(&at, DER_SEQUENCE, &tlv));
		at = der_of(tlv.data, tlv.len);
		ck_assert(der_expect(&at, DER_INTEGER, &tlv) && der_expect(&at, DER_SEQUENCE, &tlv) &&
			  der_expect(&at, DER_OCTET_STRING, &tlv));
		at = der_of(tlv.data, tlv.len);
		ck_assert(der_expect(&at, DER_SEQUENCE, &tlv));
		at = der_of(tlv.data, tlv.len);
		ck_assert(der_expect(&at, DER_INTEGER, &tlv) && der_expect(&at, DER_OCTET_STRING, &tlv));
		ck_assert_uint_eq(tlv.len, curves[i % 3].octets);
		gnutls_free(der.data);
		free(pem);
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("keys");
	TCase *t = tcase_create("keys");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, signs_what_its_public_key_verifies, 0, sizeof rows / sizeof *rows);
	tcase_add_loop_test(t, pem_comes_back_as_the_same_key, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, rsa_once_per_size);
	tcase_add_test(t, shared_keys_are_made_once_and_strangers_differ);
	tcase_add_test(t, refuses_what_a_key_cannot_do);
	tcase_add_test(t, ec_numbers_have_the_length_of_their_curve);
	suite_add_tcase(s, t);
	return s;
}
