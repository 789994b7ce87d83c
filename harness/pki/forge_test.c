#include "harness/pki/forge.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/pki/cert.h"
#include "harness/pki/check.h"
#include "harness/pki/digest.h"
#include "harness/pki/import.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW	 1795519200 /* 2026-11-24 */
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A suite built as C literals: an attribute is a pair, an element knows its line. */
#define ATTRIBUTES(...)                                                                                                \
	(const struct attribute[])                                                                                     \
	{                                                                                                              \
		__VA_ARGS__                                                                                            \
	}
#define N_ATTRIBUTES(...) (sizeof(const struct attribute[]){__VA_ARGS__} / sizeof(struct attribute))
#define ELEMENT(tag, at, ...)                                                                                          \
	{                                                                                                              \
		.name = tag, .attributes = ATTRIBUTES(__VA_ARGS__), .n_attributes = N_ATTRIBUTES(__VA_ARGS__),         \
		.text = "", .where = {                                                                                 \
			"test.xml",                                                                                    \
			at                                                                                             \
		}                                                                                                      \
	}

static const struct node base_children[] = {
    ELEMENT("root", 1, {"not-before", "-2d", 0}, {"not-after", "10y", 0}, {"basic-constraints", "critical", 0},
	    {"ca", "yes", 0}, {"key-usage", "keyCertSign cRLSign", 0}),
    ELEMENT("intermediate", 2, {"issuer", "root", 0}, {"not-before", "-2d", 0}, {"not-after", "5y", 0},
	    {"basic-constraints", "critical", 0}, {"ca", "yes", 0}, {"path-length", "0", 0},
	    {"key-usage", "keyCertSign cRLSign", 0}),
    ELEMENT("leaf", 3, {"issuer", "intermediate", 0}, {"not-before", "-2d", 0}, {"not-after", "30d", 0},
	    {"key-usage", "digitalSignature", 0}, {"extended-key-usage", "clientAuth", 0},
	    {"subject-alternative-name", "dns:client.mtlspec.test", 0}),
    ELEMENT("message", 4, {"chain", "leaf intermediate", 0}),
};
static const struct node base = {.name = "base",
				 .children = base_children,
				 .n_children = COUNT(base_children),
				 .text = "",
				 .where = {"test.xml", 1}};

static const struct node expired_children[] = {ELEMENT("leaf", 10, {"not-before", "-30d", 0}, {"not-after", "-1d", 0})};
static const struct node untrusted_children[] = {ELEMENT("root", 11, {"trust", "nobody", 0})};
static const struct node empty_body = {.name = "condition", .text = ""};
static const struct node expired_body = {
    .name = "condition", .children = expired_children, .n_children = 1, .text = ""};
static const struct node untrusted_body = {
    .name = "condition", .children = untrusted_children, .n_children = 1, .text = ""};

enum { VALID, NONE, EXPIRED, UNTRUSTED };
static const struct condition conditions[] = {
    [VALID] = {.id = "valid", .body = &empty_body, .where = {"test.xml", 20}},
    [NONE] = {.id = "none", .none = true, .body = &empty_body, .where = {"test.xml", 21}},
    [EXPIRED] = {.id = "leaf-expired", .body = &expired_body, .where = {"test.xml", 22}},
    [UNTRUSTED] = {.id = "untrusted", .body = &untrusted_body, .where = {"test.xml", 23}},
};
static const struct suite suite = {.base = &base, .conditions = conditions, .n_conditions = COUNT(conditions)};

static struct forge *f;
static struct err err;
static struct arena a;
static struct rundir dir;

static void setup(void)
{
	struct forge_spec spec = {.suite = &suite, .now = NOW, .seed = 7};
	err = (struct err){{0}};
	ck_assert_msg(rundir_open(&dir, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(forge_open(&f, &spec, &err) == RC_OK, "%s", err.text);
	for (size_t i = 0; i < COUNT(conditions); i++)
		ck_assert_msg(forge_prepare(f, &conditions[i], &err) == RC_OK, "%s", err.text);
}

static void teardown(void)
{
	forge_close(&f);
	forge_close(&f);
	arena_fini(&a);
	rundir_close(&dir);
}

static const char *in_dir(const char *name)
{
	return arena_printf(&a, "%s/%s", dir.path, name);
}

static struct minted mint(const struct condition *c, uint64_t serial)
{
	struct minted m;
	ck_assert_msg(forge_mint(f, c, serial, &a, &m, &err) == RC_OK, "%s", err.text);
	return m;
}

static gnutls_x509_crt_t parsed(struct blob der)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t raw = {.data = (unsigned char *)der.data, .size = (unsigned)der.len};
	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_x509_crt_import(crt, &raw, GNUTLS_X509_FMT_DER), 0);
	return crt;
}

START_TEST(leaf_is_what_the_base_says)
{
	struct minted m = mint(&conditions[VALID], 1);
	char text[256];
	size_t size = sizeof text;
	unsigned usage = 0, critical;
	ck_assert_uint_eq(m.credential.n, 2);
	gnutls_x509_crt_t leaf = parsed(m.credential.chain[0]), issuer = parsed(m.credential.chain[1]);
	ck_assert_int_eq(gnutls_x509_crt_get_dn_by_oid(leaf, GNUTLS_OID_X520_COMMON_NAME, 0, 0, text, &size), 0);
	ck_assert_str_eq(text, m.subject);
	ck_assert(text_starts(text, "mtlspec-") && strlen(text) == 24);
	size = sizeof text;
	ck_assert_int_eq(gnutls_x509_crt_get_dn_by_oid(leaf, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, 0, text, &size), 0);
	ck_assert_str_eq(text, "mtlspec TEST ONLY");
	ck_assert_int_eq(gnutls_x509_crt_get_version(leaf), 3);
	ck_assert(gnutls_x509_crt_get_activation_time(leaf) == NOW - 2 * 86400);
	ck_assert(gnutls_x509_crt_get_expiration_time(leaf) == NOW + 30 * 86400);
	ck_assert_int_eq(gnutls_x509_crt_get_key_usage(leaf, &usage, &critical), 0);
	ck_assert_uint_eq(usage, GNUTLS_KEY_DIGITAL_SIGNATURE);
	size = sizeof text;
	ck_assert_int_eq(gnutls_x509_crt_get_key_purpose_oid(leaf, 0, text, &size, NULL), 0);
	ck_assert_str_eq(text, GNUTLS_KP_TLS_WWW_CLIENT);
	ck_assert_uint_eq(gnutls_x509_crt_check_issuer(leaf, issuer), 1);
	gnutls_x509_crt_deinit(leaf);
	gnutls_x509_crt_deinit(issuer);
}
END_TEST

START_TEST(issuers_name_who_signed)
{
	struct minted m = mint(&conditions[_i], 3);
	struct cert_view view;
	if (conditions[_i].none) {
		ck_assert_uint_eq(m.credential.n, 0);
		ck_assert_ptr_null(m.credential.key);
		ck_assert_str_eq(m.subject, "");
		return;
	}
	ck_assert_uint_eq(m.credential.n_issuers, m.credential.n);
	for (size_t i = 0; i < m.credential.n; i++) {
		ck_assert(cert_parse(m.credential.chain[i], &view));
		ck_assert_uint_eq(view.issuer.len, m.credential.issuers[i].len);
		ck_assert_mem_eq(view.issuer.data, m.credential.issuers[i].data, view.issuer.len);
	}
}
END_TEST

START_TEST(two_mints_differ)
{
	char sha256[DIGEST_HEX];
	struct minted one = mint(&conditions[_i], 1), two = mint(&conditions[_i], 2);
	struct cert_view v1, v2;
	ck_assert(cert_parse(one.credential.chain[0], &v1) && cert_parse(two.credential.chain[0], &v2));
	ck_assert_str_ne(one.subject, two.subject);
	ck_assert_str_ne(one.sha256, two.sha256);
	ck_assert(memcmp(v1.serial.data, v2.serial.data, v1.serial.len) != 0);
	ck_assert_uint_eq(*(const unsigned char *)v1.serial.data & 0x80, 0);
	ck_assert_ptr_eq(one.credential.chain[1].data, two.credential.chain[1].data);
	digest_sha256(one.credential.chain[0].data, one.credential.chain[0].len, sha256);
	ck_assert_str_eq(sha256, one.sha256);
	ck_assert_str_eq(mint(&conditions[_i], 1).subject, one.subject);
}
END_TEST

/* Another notAfter, and everything else as the condition says; RC_INPUT where it has no room. */
START_TEST(a_leaf_may_run_out)
{
	struct minted m;
	time_t until = NOW + 3;
	ck_assert_int_eq(forge_mint_until(f, &conditions[VALID], 1, until, &a, &m, &err), RC_OK);
	gnutls_x509_crt_t leaf = parsed(m.credential.chain[0]), issuer = parsed(m.credential.chain[1]);
	ck_assert_int_eq(gnutls_x509_crt_get_expiration_time(leaf), until);
	ck_assert_int_lt(gnutls_x509_crt_get_activation_time(leaf), NOW);
	ck_assert_int_eq(gnutls_x509_crt_check_issuer(leaf, issuer), 1);
	gnutls_x509_crt_deinit(leaf);
	gnutls_x509_crt_deinit(issuer);
	ck_assert_int_eq(forge_mint_until(f, &conditions[VALID], 1, (time_t)2600000000, &a, &m, &err), RC_INPUT);
}
END_TEST

START_TEST(a_condition_that_touches_an_issuer_has_its_own)
{
	struct minted valid = mint(&conditions[VALID], 1), expired = mint(&conditions[EXPIRED], 2),
		      untrusted = mint(&conditions[UNTRUSTED], 3);
	struct cert_view v, u;
	ck_assert_ptr_eq(valid.credential.chain[1].data, expired.credential.chain[1].data);
	ck_assert(cert_parse(valid.credential.chain[1], &v) && cert_parse(untrusted.credential.chain[1], &u));
	ck_assert(v.subject.len != u.subject.len || memcmp(v.subject.data, u.subject.data, v.subject.len) != 0);
	ck_assert(memcmp(v.public_key.data, u.public_key.data, v.public_key.len) != 0);
}
END_TEST

/* A root that goes into the store untouched is still the condition's own, and so is what stands below it. */
static const struct node stored_children[] = {ELEMENT("store", 12, {"add", "root", 0})};
static const struct node stored_body = {.name = "condition", .children = stored_children, .n_children = 1, .text = ""};
static const struct node tenant_children[] = {ELEMENT("root", 13, {"trust", "tenant", 0})};
static const struct node tenant_body = {.name = "condition", .children = tenant_children, .n_children = 1, .text = ""};
static const struct {
	struct condition condition;
	const char *trust; /* the anchor set that holds its root, */
	size_t at;	   /* at this place of the file */
} anchored[] = {
    {{.id = "anchored-main", .body = &empty_body}, "main", 0},
    {{.id = "anchored-store", .body = &stored_body, .needs = "store"}, "main", 1},
    {{.id = "anchored-tenant", .body = &tenant_body}, "tenant", 0},
};

START_TEST(stands_below_the_anchor_it_names)
{
	const struct condition *c = &anchored[_i].condition;
	const char *path = in_dir("anchors.pem");
	struct blob anchors[4];
	size_t n;
	unsigned result = 0;
	ck_assert_msg(forge_prepare(f, c, &err) == RC_OK, "%s", err.text);
	struct minted m = mint(c, 1);
	ck_assert_msg(forge_write_anchors(f, anchored[_i].trust, path, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(import_certificates(&a, path, anchors, &n, &err) == RC_OK, "%s", err.text);
	ck_assert_uint_gt(n, anchored[_i].at);
	gnutls_x509_crt_t ca = parsed(m.credential.chain[1]), root = parsed(anchors[anchored[_i].at]);
	ck_assert_int_eq(gnutls_x509_crt_verify(ca, &root, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &result), 0);
	ck_assert_uint_eq(result, 0);
	gnutls_x509_crt_deinit(ca);
	gnutls_x509_crt_deinit(root);
}
END_TEST

START_TEST(works_in_a_forked_child_and_makes_no_keys)
{
	uint64_t before = forge_keys_made(f);
	pid_t pid = fork();
	if (pid == 0) {
		struct minted m;
		bool ok = forge_mint(f, &conditions[VALID], 9, &a, &m, &err) == RC_OK && forge_keys_made(f) == before;
		_exit(ok ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(mint_wants_prepare)
{
	static const struct condition stranger = {.id = "stranger", .body = &empty_body};
	struct minted m;
	ck_assert_int_eq(forge_mint(f, &stranger, 1, &a, &m, &err), RC_FAULT);
	ck_assert_ptr_nonnull(strstr(err.text, "stranger"));
}
END_TEST

static unsigned count_pem(const char *path, const char *label)
{
	char *text;
	size_t len;
	unsigned n = 0;
	ck_assert_msg(fs_read(&a, path, 1 << 20, &text, &len, &err) == RC_OK, "%s", err.text);
	for (const char *p = text; (p = strstr(p, label)); p++)
		n++;
	return n;
}

static gnutls_datum_t content(const char *path)
{
	char *text;
	size_t len;
	ck_assert_msg(fs_read(&a, path, 1 << 20, &text, &len, &err) == RC_OK, "%s", err.text);
	return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)len};
}

START_TEST(anchors)
{
	const char *main_path = in_dir("main.pem"), *tenant_path = in_dir("tenant.pem"), *again = in_dir("again.pem");
	ck_assert_msg(forge_write_anchors(f, "main", main_path, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(forge_write_anchors(f, "tenant", tenant_path, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(forge_write_anchors(f, "tenant", again, &err) == RC_OK, "%s", err.text);
	ck_assert_uint_eq(count_pem(main_path, "BEGIN CERTIFICATE"), 1);
	gnutls_datum_t m = content(main_path), t = content(tenant_path), g = content(again);
	ck_assert_uint_eq(t.size, g.size);
	ck_assert_mem_eq(t.data, g.data, t.size);
	ck_assert(m.size != t.size || memcmp(m.data, t.data, m.size) != 0);
}
END_TEST

/* GnuTLS as the second reader of our DER: every CRL is signed by the CA it names. */
START_TEST(crls)
{
	const char *path = in_dir("crls.pem");
	gnutls_x509_crl_t *list;
	unsigned n;
	ck_assert_msg(forge_write_crls(f, path, &err) == RC_OK, "%s", err.text);
	gnutls_datum_t text = content(path);
	ck_assert_int_ge(gnutls_x509_crl_list_import2(&list, &n, &text, GNUTLS_X509_FMT_PEM, 0), 0);
	ck_assert_uint_eq(n, 4); /* root and intermediate, twice */
	unsigned verified = 0, result;
	struct minted m[] = {mint(&conditions[VALID], 1), mint(&conditions[UNTRUSTED], 2)};
	for (size_t i = 0; i < COUNT(m); i++) {
		gnutls_x509_crt_t ca = parsed(m[i].credential.chain[1]);
		for (unsigned c = 0; c < n; c++)
			if (gnutls_x509_crl_check_issuer(list[c], ca))
				verified += gnutls_x509_crl_verify(list[c], &ca, 1, 0, &result) == 0 &&
					    (result & GNUTLS_CERT_SIGNATURE_FAILURE) == 0;
		gnutls_x509_crt_deinit(ca);
	}
	ck_assert_uint_eq(verified, 2);
	for (unsigned c = 0; c < n; c++)
		gnutls_x509_crl_deinit(list[c]);
	gnutls_free(list);
}
END_TEST

static unsigned mode_of(const char *path)
{
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	return (unsigned)st.st_mode & 07777;
}

START_TEST(server_files)
{
	const char *chain = in_dir("server.pem"), *key = in_dir("server.key"), *ca = in_dir("server-ca.pem");
	ck_assert_msg(fs_write(key, "x", 1, 0644, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(forge_write_server(f, "localhost open.mtlspec.test 127.0.0.1 ::1", chain, key, ca, &err) == RC_OK,
		      "%s", err.text);
	ck_assert_uint_eq(mode_of(key), 0600);
	gnutls_certificate_credentials_t credentials;
	ck_assert_int_eq(gnutls_certificate_allocate_credentials(&credentials), 0);
	ck_assert_int_eq(gnutls_certificate_set_x509_key_file(credentials, chain, key, GNUTLS_X509_FMT_PEM), 0);
	gnutls_certificate_free_credentials(credentials);
	gnutls_x509_crt_t leaf, issuer;
	gnutls_datum_t text = content(chain);
	gnutls_x509_crt_init(&leaf);
	gnutls_x509_crt_init(&issuer);
	ck_assert_int_eq(gnutls_x509_crt_import(leaf, &text, GNUTLS_X509_FMT_PEM), 0);
	text = content(ca);
	ck_assert_int_eq(gnutls_x509_crt_import(issuer, &text, GNUTLS_X509_FMT_PEM), 0);
	static const char *const names[] = {"localhost", "open.mtlspec.test", "127.0.0.1", "::1"};
	for (size_t i = 0; i < COUNT(names); i++)
		ck_assert_msg(gnutls_x509_crt_check_hostname(leaf, names[i]), "%s", names[i]);
	ck_assert(!gnutls_x509_crt_check_hostname(leaf, "other.mtlspec.test"));
	unsigned result;
	ck_assert_int_eq(gnutls_x509_crt_verify(leaf, &issuer, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &result), 0);
	ck_assert_uint_eq(result, 0);
	gnutls_x509_crt_deinit(leaf);
	gnutls_x509_crt_deinit(issuer);
}
END_TEST

START_TEST(credential_files)
{
	const char *chain = in_dir("c.pem"), *key = in_dir("c.key");
	struct minted m = mint(&conditions[VALID], 5), none = mint(&conditions[NONE], 6);
	ck_assert_msg(forge_write_credential(f, &m, chain, key, &err) == RC_OK, "%s", err.text);
	ck_assert_uint_eq(mode_of(key), 0600);
	ck_assert_uint_eq(count_pem(chain, "BEGIN CERTIFICATE"), 2);
	gnutls_certificate_credentials_t credentials;
	ck_assert_int_eq(gnutls_certificate_allocate_credentials(&credentials), 0);
	ck_assert_int_eq(gnutls_certificate_set_x509_key_file(credentials, chain, key, GNUTLS_X509_FMT_PEM), 0);
	gnutls_certificate_free_credentials(credentials);
	ck_assert_int_eq(forge_write_credential(f, &none, chain, key, &err), RC_INPUT);
}
END_TEST

/* 64 letters: longer than any name may be. */
#define LONG_WORD "leaf aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* One wrong thing in a condition, and what the sentence must say of it. */
static const struct node bad_inner[] = {ELEMENT("extra", 91, {"oid", "1.2.3", 0})};
static const struct node bad_oid[] = {ELEMENT("extension", 92, {"oid", "1.2.x", 93})};
static const struct {
	struct node node;
	const char *says;
} wrong[] = {
    {ELEMENT("leef", 70, {"version", "1", 0}), "test.xml:70: unknown element <leef>"},
    {ELEMENT("leaf", 71, {"colour", "red", 72}), "test.xml:72: unknown attribute colour on <leaf>"},
    {ELEMENT("leaf", 73, {"not-after", "tomorrow", 0}), "test.xml:73: not-after=\"tomorrow\""},
    {ELEMENT("leaf", 74, {"key", "rsa-8192", 0}), "test.xml:74: key=\"rsa-8192\""},
    {ELEMENT("leaf", 75, {"issuer", "nobody-here", 0}), "test.xml:75: issuer=\"nobody-here\""},
    {ELEMENT("intermediate", 76, {"issuer", "leaf", 0}), "test.xml:76: "},
    {ELEMENT("root", 77, {"not-after", "-1d", 0}), "test.xml:77: nobody trusts"},
    {ELEMENT("message", 78, {"chain", "leaf other", 0}), "no certificate named other"},
    {ELEMENT("proof", 79, {"signature", "odd", 0}), "test.xml:79: signature=\"odd\""},
    {ELEMENT("leaf", 80, {"key-usage", "", 0}), "test.xml:80: key-usage=\"\""},
    {ELEMENT("leaf", 81, {"subject-alternative-name", "host:x", 0}), "test.xml:81: "},
    {ELEMENT("root", 82, {"trust", "tenant", 0}, {"not-after", "1d", 0}), "test.xml:82: trust=\"tenant\""},
    {ELEMENT("root", 83, {"signing-key", "stranger", 0}), "test.xml:83: unknown attribute signing-key"},
    {{.name = "leaf", .children = bad_inner, .n_children = 1, .where = {"test.xml", 90}},
     "test.xml:91: unknown element <extra>"},
    {{.name = "leaf", .children = bad_oid, .n_children = 1, .where = {"test.xml", 90}}, "test.xml:93: oid=\"1.2.x\""},
    {ELEMENT("store", 84, {"add", "root", 0}), "needs=\"store\""},
    {ELEMENT("message", 85, {"chain", " ", 0}), "not a list of names"},
    {ELEMENT("message", 86, {"chain", LONG_WORD, 0}), "not a list of names"},
};

START_TEST(unknown_words_have_a_line)
{
	struct node body = {.name = "condition", .children = &wrong[_i].node, .n_children = 1, .text = ""};
	struct condition c = {.id = "wrong", .body = &body, .where = {"test.xml", 69}};
	ck_assert_int_eq(forge_check(&suite, &c, &err), RC_INPUT);
	ck_assert_msg(strstr(err.text, wrong[_i].says) != NULL, "%s instead of %s", err.text, wrong[_i].says);
}
END_TEST

START_TEST(good_words_pass)
{
	ck_assert_msg(forge_check(&suite, NULL, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(forge_check(&suite, &conditions[_i], &err) == RC_OK, "%s", err.text);
}
END_TEST

START_TEST(digest_of_nothing)
{
	char hex[DIGEST_HEX];
	digest_sha256("", 0, hex); /* FIPS 180-4 */
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("forge");
	TCase *t = tcase_create("forge");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, leaf_is_what_the_base_says);
	tcase_add_loop_test(t, issuers_name_who_signed, 0, COUNT(conditions));
	tcase_add_loop_test(t, two_mints_differ, EXPIRED, COUNT(conditions));
	tcase_add_test(t, a_leaf_may_run_out);
	tcase_add_test(t, a_condition_that_touches_an_issuer_has_its_own);
	tcase_add_loop_test(t, stands_below_the_anchor_it_names, 0, COUNT(anchored));
	tcase_add_test(t, works_in_a_forked_child_and_makes_no_keys);
	tcase_add_test(t, mint_wants_prepare);
	tcase_add_test(t, anchors);
	tcase_add_test(t, crls);
	tcase_add_test(t, server_files);
	tcase_add_test(t, credential_files);
	tcase_add_loop_test(t, unknown_words_have_a_line, 0, COUNT(wrong));
	tcase_add_loop_test(t, good_words_pass, 0, COUNT(conditions));
	tcase_add_test(t, digest_of_nothing);
	suite_add_tcase(s, t);
	return s;
}
