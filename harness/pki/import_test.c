#include "harness/pki/import.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/pki/forge.h"
#include "harness/suite/suite.h"

#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>
#include <stdio.h>

#define NOW	 1795519200 /* 2026-11-24 */
#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct arena a;
static struct err err;
static struct rundir dir;
static struct forge *f;
static struct minted minted;
static const struct suite *suite;
static const char *chain, *key, *both, *p12, *locked;

#define OK(call) ck_assert_msg((call) == RC_OK, "%s", err.text)

static const char *at(const char *name)
{
	return arena_printf(&a, "%s/%s", dir.path, name);
}

static gnutls_datum_t content(const char *path)
{
	char *data;
	size_t len;
	OK(fs_read(&a, path, 1 << 20, &data, &len, &err));
	return (gnutls_datum_t){.data = (unsigned char *)data, .size = (unsigned)len};
}

/* What an administrator's tool would write: PKCS#12 with a password, and an encrypted PKCS#8 key. */
static void write_encrypted(void)
{
	gnutls_pkcs12_t p;
	gnutls_pkcs12_bag_t bag;
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t x;
	gnutls_datum_t text = content(key), out;
	gnutls_x509_privkey_init(&x);
	ck_assert_int_eq(gnutls_x509_privkey_import(x, &text, GNUTLS_X509_FMT_PEM), 0);
	ck_assert_int_eq(
	    gnutls_x509_privkey_export2_pkcs8(x, GNUTLS_X509_FMT_PEM, "secret", GNUTLS_PKCS_PBES2_AES_256, &out), 0);
	OK(fs_write(locked, out.data, out.size, 0600, &err));
	gnutls_free(out.data);
	ck_assert_int_eq(
	    gnutls_x509_privkey_export2_pkcs8(x, GNUTLS_X509_FMT_DER, "secret", GNUTLS_PKCS_PBES2_AES_256, &out), 0);
	gnutls_pkcs12_init(&p);
	gnutls_pkcs12_bag_init(&bag);
	ck_assert_int_ge(gnutls_pkcs12_bag_set_data(bag, GNUTLS_BAG_PKCS8_ENCRYPTED_KEY, &out), 0);
	ck_assert_int_ge(gnutls_pkcs12_bag_set_key_id(bag, 0, &(gnutls_datum_t){(unsigned char *)"1", 1}), 0);
	ck_assert_int_eq(gnutls_pkcs12_set_bag(p, bag), 0);
	gnutls_pkcs12_bag_deinit(bag);
	gnutls_free(out.data);
	gnutls_pkcs12_bag_init(&bag);
	for (size_t i = 0; i < minted.credential.n; i++) {
		text = (gnutls_datum_t){(unsigned char *)minted.credential.chain[i].data,
					(unsigned)minted.credential.chain[i].len};
		gnutls_x509_crt_init(&crt);
		ck_assert_int_eq(gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_DER), 0);
		int index = gnutls_pkcs12_bag_set_crt(bag, crt);
		ck_assert_int_ge(index, 0);
		if (i == 0)
			gnutls_pkcs12_bag_set_key_id(bag, (unsigned)index, &(gnutls_datum_t){(unsigned char *)"1", 1});
		gnutls_x509_crt_deinit(crt);
	}
	ck_assert_int_eq(gnutls_pkcs12_set_bag(p, bag), 0);
	ck_assert_int_eq(gnutls_pkcs12_generate_mac(p, "secret"), 0);
	ck_assert_int_eq(gnutls_pkcs12_export2(p, GNUTLS_X509_FMT_DER, &out), 0);
	OK(fs_write(p12, out.data, out.size, 0600, &err));
	gnutls_free(out.data);
	gnutls_pkcs12_bag_deinit(bag);
	gnutls_pkcs12_deinit(p);
	gnutls_x509_privkey_deinit(x);
}

static void setup(void)
{
	struct suite_spec from = {.dir = "suites"};
	struct buf b;
	OK(rundir_open(&dir, &err));
	OK(suite_load(&a, &from, &suite, &err));
	struct forge_spec spec = {.suite = suite, .now = NOW, .seed = 1};
	const struct condition *valid = suite_condition(suite, "valid");
	OK(forge_open(&f, &spec, &err));
	OK(forge_prepare(f, valid, &err));
	OK(forge_mint(f, valid, 1, &a, &minted, &err));
	chain = at("chain.pem"), key = at("key.pem"), both = at("both.pem"), p12 = at("both.p12"),
	locked = at("locked.pem");
	OK(forge_write_credential(f, &minted, chain, key, &err));
	buf_init(&b, 65536);
	gnutls_datum_t c = content(chain), k = content(key);
	buf_add(&b, k.data, k.size);
	buf_add(&b, c.data, c.size);
	OK(fs_write(both, b.data, b.len, 0600, &err));
	buf_fini(&b);
	write_encrypted();
}

static void teardown(void)
{
	forge_close(&f);
	arena_fini(&a);
	rundir_close(&dir);
}

static const struct {
	const char *name;
	const char **certificate, **key;
	const char *password;
	const char *says; /* NULL: is read */
} rows[] = {
    {"PEM, two files", &chain, &key, NULL, NULL},
    {"PEM, one file", &both, NULL, NULL, NULL},
    {"PEM, one file named twice", &both, &both, NULL, NULL},
    {"PEM, encrypted key", &chain, &locked, "secret", NULL},
    {"PEM, encrypted key, wrong password", &chain, &locked, "wrong", "no private key"},
    {"PEM, encrypted key, no password", &chain, &locked, NULL, "without a password"},
    {"PKCS#12", &p12, NULL, "secret", NULL},
    {"PKCS#12, wrong password", &p12, NULL, "wrong", "PKCS#12"},
    {"PKCS#12, no password", &p12, NULL, NULL, "without a password"},
    {"no key in the file", &chain, NULL, NULL, "no private key"},
    {"a key in place of the chain", &key, &key, NULL, "no certificate"},
};

START_TEST(identities)
{
	struct keys keys;
	struct import_identity id;
	keys_init(&keys);
	enum rc rc = import_identity(&keys, *rows[_i].certificate, rows[_i].key ? *rows[_i].key : NULL,
				     rows[_i].password, &id, &err);
	if (rows[_i].says) {
		ck_assert_msg(rc == RC_INPUT && strstr(err.text, rows[_i].says), "%s: %s", rows[_i].name, err.text);
	} else {
		ck_assert_msg(rc == RC_OK, "%s: %s", rows[_i].name, err.text);
		ck_assert_uint_eq(id.n, minted.credential.n);
		for (size_t i = 0; i < id.n; i++)
			ck_assert_mem_eq(id.chain[i].data, minted.credential.chain[i].data, id.chain[i].len);
	}
	keys_fini(&keys);
}
END_TEST

START_TEST(a_foreign_key_is_refused)
{
	struct keys keys;
	struct import_identity id;
	const struct key *other;
	char *pem;
	size_t len;
	keys_init(&keys);
	OK(keys_own(&keys, KEY_P256, &other, &err));
	OK(keys_pem(other, &pem, &len, &err));
	OK(fs_write(at("other.pem"), pem, len, 0600, &err));
	free(pem);
	ck_assert_int_eq(import_identity(&keys, chain, at("other.pem"), NULL, &id, &err), RC_INPUT);
	ck_assert_ptr_nonnull(strstr(err.text, "the key is not that of"));
	ck_assert_int_eq(import_identity(&keys, at("nowhere.pem"), NULL, NULL, &id, &err), RC_INPUT);
	keys_fini(&keys);
}
END_TEST

/* own:ID through the forge: what was read is sent, unchanged, each time. */
START_TEST(own_conditions)
{
	struct identity identity = {.id = "production", .certificate = p12, .password_env = "MTLSPEC_TEST_PASSWORD"};
	struct target target = {.id = "t", .identities = &identity, .n_identities = 1};
	struct condition own = {.id = "own:production", .own = "production"}, missing = {.id = "own:x", .own = "x"};
	struct forge_spec spec = {.suite = suite, .target = &target, .now = NOW, .seed = 1};
	struct forge *g = NULL;
	struct minted m;
	setenv("MTLSPEC_TEST_PASSWORD", "secret", 1);
	OK(forge_open(&g, &spec, &err));
	OK(forge_prepare(g, &own, &err));
	OK(forge_mint(g, &own, 1, &a, &m, &err));
	ck_assert_str_eq(m.sha256, minted.sha256);
	ck_assert_str_eq(m.subject, minted.subject);
	ck_assert_uint_eq(m.credential.n, minted.credential.n);
	ck_assert_uint_eq(m.credential.n_issuers, minted.credential.n);
	ck_assert_int_eq(forge_prepare(g, &missing, &err), RC_INPUT);
	forge_close(&g);
}
END_TEST

START_TEST(facts)
{
	struct import_facts leaf, ca;
	OK(import_facts("leaf", minted.credential.chain[0], &leaf, &err));
	OK(import_facts("ca", minted.credential.chain[1], &ca, &err));
	ck_assert_str_eq(leaf.common_name, minted.subject);
	ck_assert(!leaf.ca && ca.ca && !ca.self_issued && ca.may_sign && !leaf.may_sign);
	ck_assert_int_eq(ca.path_length, 0);
	ck_assert_int_eq(leaf.path_length, -1);
	ck_assert_str_eq(leaf.issuer, ca.subject);
	ck_assert_int_eq(import_facts("junk", (struct blob){"junk", 4}, &leaf, &err), RC_INPUT);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("import");
	TCase *t = tcase_create("import");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, identities, 0, COUNT(rows));
	tcase_add_test(t, a_foreign_key_is_refused);
	tcase_add_test(t, own_conditions);
	tcase_add_test(t, facts);
	suite_add_tcase(s, t);
	return s;
}
