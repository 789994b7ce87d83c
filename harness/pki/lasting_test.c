#include "harness/pki/lasting.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/pki/export.h"
#include "harness/pki/forge.h"
#include "harness/pki/issue.h"
#include "harness/suite/suite.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <sys/stat.h>

#define NOW	 1795519200 /* 2026-11-24 */
#define DAY	 (24 * 3600)
#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct keys keys;
static struct arena a, suite_arena;
static struct err err;
static struct rundir dir;
static const struct suite *suite;

static void setup(void)
{
	err = (struct err){{0}};
	keys_init(&keys);
	ck_assert_msg(rundir_open(&dir, &err) == RC_OK, "%s", err.text);
}

static void teardown(void)
{
	keys_fini(&keys);
	arena_fini(&a);
	arena_fini(&suite_arena);
	rundir_close(&dir);
}

static const char *at(const char *name)
{
	return arena_printf(&a, "%s/%s", dir.path, name);
}

static const char *says(void)
{
	return err.text;
}

#define OK(call) ck_assert_msg((call) == RC_OK, "%s", says())

static struct cert_spec lab_spec(void)
{
	return (struct cert_spec){.name = "lab",
				  .role = ROLE_ROOT,
				  .not_before = -DAY,
				  .not_after = 365 * DAY,
				  .version = 3,
				  .signature = HASH_SHA256,
				  .basic_constraints = PRESENCE_CRITICAL,
				  .ca = true,
				  .path_length = -1,
				  .key_id = true,
				  .issuer_key_id = true};
}

/* A lab's CA as an administrator would hand it over: lab.pem and lab.key. */
static struct made lab(struct cert_spec spec, const struct made *issuer)
{
	struct made made;
	struct buf name, pem;
	struct make m = {.spec = arena_memdup(&a, &spec, sizeof spec), .issuer = issuer};
	char *key;
	size_t len;
	buf_init(&name, 1024);
	buf_init(&pem, 65536);
	cert_put_name(&name, "Lab", NULL, issuer ? "Lab issuing CA" : "Lab root");
	m.subject = (struct blob){arena_memdup(&a, name.data, name.len), name.len};
	OK(keys_own(&keys, spec.key, &m.key, &err));
	OK(issue_certificate(&a, NOW, &m, &made, &err));
	OK(keys_put_pem(&pem, "CERTIFICATE", made.der, &err));
	if (issuer)
		OK(keys_put_pem(&pem, "CERTIFICATE", issuer->der, &err));
	OK(fs_write(at("lab.pem"), pem.data, pem.len, 0644, &err));
	OK(keys_pem(made.key, &key, &len, &err));
	OK(fs_write(at("lab.key"), key, len, 0600, &err));
	free(key);
	buf_fini(&name);
	buf_fini(&pem);
	return made;
}

static struct lasting_spec plain(void)
{
	return (struct lasting_spec){.dir = at("pki"), .days = 30, .now = NOW};
}

static struct lasting_spec under_lab(void)
{
	struct lasting_spec spec = plain();
	spec.issuer = at("lab.pem");
	spec.issuer_key = at("lab.key");
	return spec;
}

static unsigned mode_of(const char *path)
{
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	return (unsigned)st.st_mode & 07777;
}

START_TEST(makes_an_anchor)
{
	struct lasting_spec spec = plain();
	struct lasting l;
	struct import_facts facts;
	OK(lasting_init(&spec, &err));
	ck_assert_uint_eq(mode_of(at("pki")), 0700);
	ck_assert_uint_eq(mode_of(at("pki/ca.key")), 0600);
	OK(lasting_load(&keys, spec.dir, NOW + 29 * DAY, &l, &err));
	OK(import_facts("anchor", l.anchor, &facts, &err));
	ck_assert(!l.subordinate && facts.self_issued && facts.ca);
	ck_assert_ptr_nonnull(strstr(facts.subject, "mtlspec TEST ONLY"));
	ck_assert_int_eq(lasting_init(&spec, &err), RC_INPUT);
	ck_assert_ptr_nonnull(strstr(says(), "already"));
}
END_TEST

START_TEST(takes_only_an_empty_directory)
{
	struct lasting_spec spec = plain();
	OK(fs_mkdirs(spec.dir, &err));
	ck_assert_int_eq(chmod(spec.dir, 0755), 0);
	OK(fs_write(at("pki/letter"), "x", 1, 0644, &err));
	ck_assert_int_eq(lasting_init(&spec, &err), RC_INPUT);
	ck_assert_ptr_nonnull(strstr(says(), "not empty"));
	ck_assert_uint_eq(mode_of(spec.dir), 0755);
	err = (struct err){{0}};
	ck_assert_int_eq(remove(at("pki/letter")), 0);
	OK(lasting_init(&spec, &err));
	ck_assert_uint_eq(mode_of(spec.dir), 0700);
}
END_TEST

/* What makes a directory unusable, and the words that must say so. */
static void expire(void)
{
}

static void remove_key(void)
{
	ck_assert_int_eq(remove(at("pki/ca.key")), 0);
}

static void garble_key(void)
{
	OK(fs_write(at("pki/ca.key"), "no key\n", 7, 0600, &err));
}

static void swap_key(void)
{
	const struct key *other;
	char *pem;
	size_t len;
	OK(keys_own(&keys, KEY_P256, &other, &err));
	OK(keys_pem(other, &pem, &len, &err));
	OK(fs_write(at("pki/ca.key"), pem, len, 0600, &err));
	free(pem);
}

static void lose_certificate(void)
{
	ck_assert_int_eq(remove(at("pki/ca.pem")), 0);
}

static void garble_certificate(void)
{
	OK(fs_write(at("pki/ca.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", 60, 0644,
		    &err));
}

static const struct {
	const char *name;
	void (*spoil)(void);
	time_t now;
	const char *says;
} unusable[] = {
    {"expired", expire, NOW + 31 * DAY, "expired at 2026-12-24"},
    {"not yet valid", expire, NOW - 3 * DAY, "not valid before"},
    {"no key", remove_key, NOW, "ca.key"},
    {"garbled key", garble_key, NOW, "no private key can be read"},
    {"other key", swap_key, NOW, "the key is not that of"},
    {"no certificate", lose_certificate, NOW, "holds no PKI"},
    {"garbled certificate", garble_certificate, NOW, "no certificate can be read"},
};

START_TEST(refuses_what_cannot_serve)
{
	struct lasting_spec spec = plain();
	struct lasting l;
	OK(lasting_init(&spec, &err));
	unusable[_i].spoil();
	ck_assert_int_eq(lasting_load(&keys, spec.dir, unusable[_i].now, &l, &err), RC_INPUT);
	ck_assert_msg(strstr(says(), unusable[_i].says) != NULL, "%s: %s", unusable[_i].name, says());
	ck_assert_ptr_null(l.key);
}
END_TEST

static void no_ca(struct cert_spec *s)
{
	s->ca = false;
}
static void no_basic_constraints(struct cert_spec *s)
{
	s->basic_constraints = PRESENCE_ABSENT;
}
static void path_length_0(struct cert_spec *s)
{
	s->path_length = 0;
}
static void path_length_1(struct cert_spec *s)
{
	s->path_length = 1;
}
static void no_cert_sign(struct cert_spec *s)
{
	s->has_key_usage = true;
	s->key_usage = BIT(USAGE_CRL_SIGN);
}
static void over(struct cert_spec *s)
{
	s->not_before = -10 * DAY;
	s->not_after = -DAY;
}
static const struct {
	void (*spoil)(struct cert_spec *s);
	const char *says;
} bad_issuers[] = {
    {no_ca, "is no CA"},
    {no_basic_constraints, "is no CA"},
    {path_length_0, "pathLenConstraint 0"},
    {path_length_1, "pathLenConstraint 1"},
    {no_cert_sign, "keyCertSign"},
    {over, "expired"},
};

START_TEST(refuses_an_issuer_that_cannot_serve)
{
	struct cert_spec spec = lab_spec();
	bad_issuers[_i].spoil(&spec);
	lab(spec, NULL);
	struct lasting_spec want = under_lab();
	ck_assert_int_eq(lasting_init(&want, &err), RC_INPUT);
	ck_assert_msg(strstr(says(), bad_issuers[_i].says) != NULL, "%s", says());
	ck_assert(!fs_exists(at("pki/ca.pem")));
}
END_TEST

START_TEST(issuer_and_key_belong_together)
{
	lab(lab_spec(), NULL);
	struct lasting_spec want = under_lab();
	want.issuer_key = NULL;
	ck_assert_int_eq(lasting_init(&want, &err), RC_INPUT);
	ck_assert_ptr_nonnull(strstr(says(), "belong together"));
}
END_TEST

/* Status of GnuTLS for what a client would send to a server that trusts `anchor`. */
static unsigned verified(struct blob anchor, const struct job_credential *c)
{
	gnutls_x509_crt_t chain[16], root;
	gnutls_datum_t raw = {.data = (unsigned char *)anchor.data, .size = (unsigned)anchor.len};
	unsigned status = 0;
	gnutls_x509_crt_init(&root);
	ck_assert_int_eq(gnutls_x509_crt_import(root, &raw, GNUTLS_X509_FMT_DER), 0);
	for (size_t i = 0; i < c->n; i++) {
		raw = (gnutls_datum_t){.data = (unsigned char *)c->chain[i].data, .size = (unsigned)c->chain[i].len};
		gnutls_x509_crt_init(&chain[i]);
		ck_assert_int_eq(gnutls_x509_crt_import(chain[i], &raw, GNUTLS_X509_FMT_DER), 0);
	}
	ck_assert_int_eq(gnutls_x509_crt_list_verify(chain, (int)c->n, &root, 1, NULL, 0,
						     GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status),
			 0);
	for (size_t i = 0; i < c->n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_x509_crt_deinit(root);
	return status;
}

/* What is sent under a lasting PKI, per condition: how many certificates, and whether the anchor vouches for them. */
static const struct {
	const char *condition;
	size_t own, under_lab; /* certificates in the message: anchor of our own, subordinate CA */
	bool good;
} messages[] = {
    {"valid", 2, 3, true},	   {"direct-from-root", 1, 2, true}, {"issuer-missing", 1, 1, false},
    {"root-included", 3, 3, true}, {"untrusted", 2, 2, false},	     {"root-name-and-key-id-copied", 2, 3, false},
};

static void check_messages(const char *pki, bool subordinate, struct blob anchor)
{
	struct suite_spec from = {.dir = "suites"};
	struct forge *f = NULL;
	OK(suite_load(&suite_arena, &from, &suite, &err));
	struct forge_spec spec = {.suite = suite, .now = NOW, .seed = 1, .pki_dir = pki};
	OK(forge_open(&f, &spec, &err));
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct minted m;
		const struct condition *c = suite_condition(suite, messages[i].condition);
		ck_assert_ptr_nonnull(c);
		OK(forge_prepare(f, c, &err));
		OK(forge_mint(f, c, i, &a, &m, &err));
		ck_assert_msg(m.credential.n == (subordinate ? messages[i].under_lab : messages[i].own), "%s: %zu",
			      c->id, m.credential.n);
		ck_assert_msg((verified(anchor, &m.credential) == 0) == messages[i].good, "%s", c->id);
	}
	OK(forge_write_anchors(f, "main", at("written.pem"), &err));
	forge_close(&f);
	struct blob written[IMPORT_MAX_CHAIN];
	size_t n;
	OK(import_certificates(&a, at("written.pem"), written, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert(written[0].len == anchor.len && memcmp(written[0].data, anchor.data, anchor.len) == 0);
}

START_TEST(serves_as_the_root_of_a_run)
{
	struct lasting_spec spec = plain();
	struct lasting l;
	OK(lasting_init(&spec, &err));
	OK(lasting_load(&keys, spec.dir, NOW, &l, &err));
	check_messages(spec.dir, false, l.anchor);
}
END_TEST

static const enum key_kind lab_keys[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA_2048};

START_TEST(serves_under_a_lab_root)
{
	struct cert_spec lab_ca = lab_spec();
	lab_ca.key = lab_keys[_i];
	struct made root = lab(lab_ca, NULL);
	struct lasting_spec spec = under_lab();
	struct lasting l;
	OK(lasting_init(&spec, &err));
	OK(lasting_load(&keys, spec.dir, NOW, &l, &err));
	ck_assert(l.subordinate);
	ck_assert(l.anchor.len == root.der.len && memcmp(l.anchor.data, root.der.data, l.anchor.len) == 0);
	check_messages(spec.dir, true, l.anchor);
}
END_TEST

START_TEST(keeps_what_lies_between_it_and_the_anchor)
{
	struct cert_spec below = lab_spec();
	below.path_length = 3;
	struct made root = lab(lab_spec(), NULL), issuing = lab(below, &root);
	struct lasting_spec spec = under_lab();
	struct lasting l;
	struct import_facts facts;
	OK(lasting_init(&spec, &err));
	OK(lasting_load(&keys, spec.dir, NOW, &l, &err));
	ck_assert_uint_eq(l.n_above, 1);
	ck_assert(l.above[0].len == issuing.der.len && memcmp(l.above[0].data, issuing.der.data, issuing.der.len) == 0);
	ck_assert(l.anchor.len == root.der.len && memcmp(l.anchor.data, root.der.data, root.der.len) == 0);
	OK(import_facts("ca", l.ca, &facts, &err));
	ck_assert_int_eq(facts.path_length, 2);
}
END_TEST

START_TEST(exports_for_every_product)
{
	struct lasting_spec spec = plain();
	struct lasting l;
	char products[256], product[32];
	const char *rest = export_products(products, sizeof products);
	OK(lasting_init(&spec, &err));
	OK(lasting_load(&keys, spec.dir, NOW, &l, &err));
	size_t n = 0;
	for (; text_word(&rest, product, sizeof product); n++) {
		const char **names, *out = at(product);
		size_t files, install = 0, removal = 0;
		OK(export_write(&l, product, out, &err));
		OK(fs_list(&a, out, &names, &files, &err));
		for (size_t i = 0; i < files; i++) {
			char *text;
			size_t len;
			OK(fs_read(&a, arena_printf(&a, "%s/%s", out, names[i]), 1 << 20, &text, &len, &err));
			ck_assert_msg(len > 0 && !strstr(text, "@sha") && !strstr(text, "@base64@") &&
					  !strstr(text, "@store@"),
				      "%s", names[i]);
			install += text_starts(names[i], "install");
			removal += text_starts(names[i], "remove");
		}
		ck_assert_msg(install == 1 && removal == 1, "%s", product);
	}
	ck_assert_uint_eq(n, 7);
	ck_assert_int_eq(export_write(&l, "notepad", at("x"), &err), RC_INPUT);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("lasting");
	TCase *t = tcase_create("lasting");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, makes_an_anchor);
	tcase_add_test(t, takes_only_an_empty_directory);
	tcase_add_loop_test(t, refuses_what_cannot_serve, 0, COUNT(unusable));
	tcase_add_loop_test(t, refuses_an_issuer_that_cannot_serve, 0, COUNT(bad_issuers));
	tcase_add_test(t, issuer_and_key_belong_together);
	tcase_add_test(t, serves_as_the_root_of_a_run);
	tcase_add_loop_test(t, serves_under_a_lab_root, 0, COUNT(lab_keys));
	tcase_add_test(t, keeps_what_lies_between_it_and_the_anchor);
	tcase_add_test(t, exports_for_every_product);
	suite_add_tcase(s, t);
	return s;
}
