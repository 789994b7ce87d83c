#include "harness/reference/check.h"

#include "harness/base/fs.h"
#include "harness/base/proc.h"
#include "harness/base/rundir.h"
#include "harness/base/text.h"
#include "harness/reference/testpki.h"

#include <stdio.h>

/* Whose verdict must be the same as ours.  The others differ where their documents say that they do. */
enum { GNUTLS = 1, OPENSSL = 2, BOTH = 3 };

#define SOUND TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF()
static const struct {
	const char *name;
	struct twig twig[TWIGS]; /* [0] is the anchor */
	const char *message;	 /* digits: twigs in the order sent */
	const char *failed;
	int agree;
} cases[] = {
    {"valid", {SOUND}, "21", "", BOTH},
    {"directly under the root", {TWIG_ROOT(), TWIG_LEAF(.issuer = 0, .key = 1)}, "1", "", BOTH},
    {"no purpose, no usage",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.usage = 0, .purpose = NULL)},
     "21",
     "",
     BOTH},
    {"root included", {SOUND}, "210", "", BOTH},
    {"duplicates", {SOUND}, "2121102", "", OPENSSL},
    {"three intermediates in disorder",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.cn = "a"), TWIG_INTERMEDIATE(.cn = "b", .issuer = 1, .key = 3),
      TWIG_INTERMEDIATE(.cn = "c", .issuer = 2, .key = 4), TWIG_LEAF(.issuer = 3)},
     "4132",
     "",
     OPENSSL},
    {"a stranger among them",
     {SOUND, TWIG_ROOT(.cn = "stranger", .issuer = 3, .key = 3, .oid = "1.2.3.4", .oid_critical = true)},
     "231",
     "",
     OPENSSL},
    {"expired leaf", {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.to = -1)}, "21", "not-over", BOTH},
    {"leaf of tomorrow", {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.from = 1)}, "21", "begun", BOTH},
    {"expired intermediate", {TWIG_ROOT(), TWIG_INTERMEDIATE(.to = -1), TWIG_LEAF()}, "21", "not-over", BOTH},
    {"intermediate of tomorrow", {TWIG_ROOT(), TWIG_INTERMEDIATE(.from = 1), TWIG_LEAF()}, "21", "begun", BOTH},
    /* RFC 5280 6.1.1: the anchor's dates are not looked at; both others do. */
    {"expired anchor", {TWIG_ROOT(.to = -1), TWIG_INTERMEDIATE(), TWIG_LEAF()}, "21", "", 0},
    {"over before it began",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.from = 3, .to = -3)},
     "21",
     "begun not-over",
     BOTH},
    {"unknown root",
     {SOUND, TWIG_ROOT(.cn = "r2", .issuer = 3, .key = 3), TWIG_LEAF(.issuer = 3, .key = 4)},
     "4",
     "trusted",
     BOTH},
    {"unknown root sent",
     {SOUND, TWIG_ROOT(.cn = "r2", .issuer = 3, .key = 3), TWIG_LEAF(.issuer = 3, .key = 4)},
     "43",
     "trusted",
     BOTH},
    {"self-signed leaf", {TWIG_ROOT(), TWIG_LEAF(.issuer = 1, .key = 1)}, "1", "self-signed", BOTH},
    {"leaf is the anchor", {TWIG_LEAF(.issuer = 0)}, "0", "", 0},
    {"self-issued, another's signature",
     {TWIG_ROOT(), TWIG_LEAF(.issuer = 1, .key = 1, .wrong_key = 4)},
     "1",
     "trusted",
     BOTH},
    {"rogue root with the anchor's name",
     {TWIG_ROOT(), TWIG_ROOT(.issuer = 1, .key = 1), TWIG_LEAF()},
     "2",
     "signature",
     BOTH},
    {"rogue root sent too", {TWIG_ROOT(), TWIG_ROOT(.issuer = 1, .key = 1), TWIG_LEAF()}, "21", "signature", BOTH},
    {"intermediate missing", {SOUND}, "2", "trusted", BOTH},
    {"two issuers of one name, the expired first",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(), TWIG_INTERMEDIATE(.to = -1)},
     "231",
     "",
     OPENSSL},
    {"two issuers of one name, other key first",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(), TWIG_INTERMEDIATE(.key = 5)},
     "231",
     "",
     0},
    {"issuer name in other letters",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.issuer_cn = "InterMediate ")},
     "21",
     "",
     OPENSSL},
    {"issuer name of somebody else",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.issuer_cn = "nobody")},
     "21",
     "name-chaining",
     BOTH},
    {"intermediate is no CA", {TWIG_ROOT(), TWIG_INTERMEDIATE(.ca = 0), TWIG_LEAF()}, "21", "basic-constraints", BOTH},
    {"intermediate without basicConstraints",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.ca = -1), TWIG_LEAF()},
     "21",
     "basic-constraints",
     OPENSSL},
    {"version 1 intermediate",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.ca = -1, .usage = 0, .version = 1), TWIG_LEAF()},
     "21",
     "basic-constraints",
     BOTH},
    {"version 1 leaf",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.usage = 0, .purpose = NULL, .version = 1)},
     "21",
     "",
     BOTH},
    {"leaf acts as CA",
     {SOUND, TWIG_LEAF(.cn = "below", .issuer = 2, .key = 3)},
     "321",
     "basic-constraints key-cert-sign",
     BOTH},
    {"path length exceeded",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.path_len = 0), TWIG_INTERMEDIATE(.cn = "b", .issuer = 1, .key = 3),
      TWIG_LEAF(.issuer = 2)},
     "321",
     "path-length",
     BOTH},
    {"path length kept",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.path_len = 1), TWIG_INTERMEDIATE(.cn = "b", .issuer = 1, .key = 3, .path_len = 0),
      TWIG_LEAF(.issuer = 2)},
     "321",
     "",
     BOTH},
    /* Without key identifiers OpenSSL stays with the first issuer of that name; GnuTLS counts self-issued ones. */
    {"self-issued intermediate does not count",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.path_len = 0), TWIG_INTERMEDIATE(.issuer = 1, .key = 3), TWIG_LEAF(.issuer = 2)},
     "321",
     "",
     0},
    {"issuer may not sign certificates",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.usage = GNUTLS_KEY_CRL_SIGN), TWIG_LEAF()},
     "21",
     "key-cert-sign",
     BOTH},
    {"issuer without key usage", {TWIG_ROOT(), TWIG_INTERMEDIATE(.usage = 0), TWIG_LEAF()}, "21", "", BOTH},
    {"leaf for key encipherment",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.usage = GNUTLS_KEY_KEY_ENCIPHERMENT)},
     "21",
     "key-usage",
     OPENSSL},
    {"leaf for servers",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.purpose = GNUTLS_KP_TLS_WWW_SERVER)},
     "21",
     "purpose",
     BOTH},
    {"leaf for any purpose", {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.purpose = GNUTLS_KP_ANY)}, "21", "", GNUTLS},
    {"unknown critical extension",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.oid = "1.3.6.1.4.1.99999.1", .oid_critical = true)},
     "21",
     "critical-extension",
     BOTH},
    {"the same in the intermediate",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.oid = "1.3.6.1.4.1.99999.1", .oid_critical = true), TWIG_LEAF()},
     "21",
     "critical-extension",
     BOTH},
    {"unknown extension, not critical",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.oid = "1.3.6.1.4.1.99999.1")},
     "21",
     "",
     BOTH},
    {"name permitted",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.permit = "example.org"), TWIG_LEAF(.dns = "a.example.org")},
     "21",
     "",
     BOTH},
    {"name not permitted",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.permit = "example.org"), TWIG_LEAF(.dns = "a.badexample.org")},
     "21",
     "name-constraints",
     BOTH},
    {"name excluded in capitals",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.exclude = "bad.example"), TWIG_LEAF(.dns = "X.BAD.EXAMPLE")},
     "21",
     "name-constraints",
     OPENSSL},
    {"excluded above, permitted below",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.exclude = "no.example"),
      TWIG_INTERMEDIATE(.cn = "b", .issuer = 1, .key = 3, .permit = "yes.example"),
      TWIG_LEAF(.issuer = 2, .dns = "other.example")},
     "321",
     "name-constraints",
     OPENSSL},
    {"another key signed the leaf",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.wrong_key = 4)},
     "21",
     "signature",
     BOTH},
    {"another key signed the intermediate",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(.wrong_key = 4), TWIG_LEAF()},
     "21",
     "signature",
     BOTH},
    {"a bit of the signature flipped",
     {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.flip = true)},
     "21",
     "signature",
     BOTH},
    /* OpenSSL's level 2 refuses SHA-1 too; plain `openssl verify` stays at level 1. */
    {"SHA-1", {TWIG_ROOT(), TWIG_INTERMEDIATE(), TWIG_LEAF(.digest = GNUTLS_DIG_SHA1)}, "21", "no-sha1", GNUTLS},
};

static struct span span_from(gnutls_datum_t d)
{
	return (struct span){d.data, d.size};
}

/* Our verdict of case i with one fault on (FAULT__COUNT: none). */
static struct check_result judge(size_t i, struct minted_twigs *m, enum fault fault)
{
	struct x509 anchor;
	const char *why;
	struct span chain[16];
	size_t n = 0;
	struct faults faults = {.on = {false}};
	struct check_result result;
	ck_assert_msg(x509_parse(&anchor, span_from(m->der[0]), &why), "anchor: %s", why);
	for (const char *c = cases[i].message; *c; c++)
		chain[n++] = span_from(m->der[*c - '0']);
	if (fault < FAULT__COUNT)
		faults.on[fault] = true;
	struct anchors anchors = {&anchor, 1};
	struct check_input in = {chain, n, &anchors, clock_now(), 10, &faults};
	check_chain(&in, &result);
	x509_fini(&anchor);
	return result;
}

START_TEST(names_the_failed_rules)
{
	struct minted_twigs m;
	char failed[512];
	twigs_mint(&m, cases[_i].twig);
	struct check_result r = judge((size_t)_i, &m, FAULT__COUNT);
	ck_assert_msg(strcmp(check_failed(&r, failed, sizeof failed), cases[_i].failed) == 0,
		      "%s: failed are [%s], not [%s]", cases[_i].name, failed, cases[_i].failed);
	ck_assert(!r.failed == !check_alert(&r));
	twigs_free(&m);
}
END_TEST

/* A fault takes exactly its own rows out of the verdict. */
START_TEST(a_fault_switches_off_its_rule_alone)
{
	struct minted_twigs m;
	size_t n;
	const struct check_row *rows = check_rows(&n);
	twigs_mint(&m, cases[_i].twig);
	struct check_result sound = judge((size_t)_i, &m, FAULT__COUNT);
	for (int f = 0; f < FAULT__COUNT; f++) {
		uint64_t off = 0;
		for (size_t i = 0; i < n; i++)
			off |= (uint64_t)((rows[i].faults & CHECK_FAULT(f)) != 0) << i;
		struct check_result r = judge((size_t)_i, &m, (enum fault)f);
		ck_assert_msg(r.failed == (sound.failed & ~off), "%s: fault %d", cases[_i].name, f);
	}
	twigs_free(&m);
}
END_TEST

static bool gnutls_says(size_t i, struct minted_twigs *m)
{
	gnutls_x509_trust_list_t list;
	gnutls_x509_crt_t anchor, chain[16];
	gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID,
					 (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, 0};
	unsigned n = 0, status = 0;
	gnutls_x509_trust_list_init(&list, 0);
	gnutls_x509_crt_init(&anchor);
	gnutls_x509_crt_import(anchor, &m->der[0], GNUTLS_X509_FMT_DER);
	gnutls_x509_trust_list_add_cas(list, &anchor, 1, 0);
	for (const char *c = cases[i].message; *c; c++, n++) {
		gnutls_x509_crt_init(&chain[n]);
		gnutls_x509_crt_import(chain[n], &m->der[*c - '0'], GNUTLS_X509_FMT_DER);
	}
	gnutls_x509_trust_list_verify_crt2(list, chain, n, &purpose, 1, 0, &status, NULL);
	while (n)
		gnutls_x509_crt_deinit(chain[--n]);
	gnutls_x509_trust_list_deinit(list, 1);
	return status == 0;
}

static void write_pem(const char *path, struct minted_twigs *m, const char *which)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	for (; *which; which++) {
		gnutls_datum_t pem;
		gnutls_pem_base64_encode2("CERTIFICATE", &m->der[*which - '0'], &pem);
		fwrite(pem.data, 1, pem.size, f);
		gnutls_free(pem.data);
	}
	fclose(f);
}

static bool openssl_says(size_t i, struct minted_twigs *m)
{
	struct rundir dir;
	struct err err = {{0}};
	char anchor[600], bag[600], leaf[600], out[4096];
	int status = -1;
	ck_assert_int_eq(rundir_open(&dir, &err), RC_OK);
	snprintf(anchor, sizeof anchor, "%s/anchor.pem", dir.path);
	snprintf(bag, sizeof bag, "%s/bag.pem", dir.path);
	snprintf(leaf, sizeof leaf, "%s/leaf.pem", dir.path);
	write_pem(anchor, m, "0");
	write_pem(bag, m, cases[i].message);
	write_pem(leaf, m, (char[]){cases[i].message[0], 0});
	const char *argv[] = {"openssl",    "verify", "-no-CApath", "-no-CAstore", "-CAfile", anchor,
			      "-untrusted", bag,      "-purpose",   "sslclient",   leaf,      NULL};
	struct proc_spec spec = {.argv = argv};
	ck_assert_msg(proc_run(&spec, 10000, out, sizeof out, &status, &err) == RC_OK, "%s", err.text);
	rundir_close(&dir);
	return status == 0;
}

START_TEST(others_agree)
{
	struct minted_twigs m;
	char path[512];
	bool ours = !cases[_i].failed[0];
	twigs_mint(&m, cases[_i].twig);
	if (cases[_i].agree & GNUTLS)
		ck_assert_msg(gnutls_says((size_t)_i, &m) == ours, "%s: GnuTLS does not agree", cases[_i].name);
	if (cases[_i].agree & OPENSSL && proc_find("openssl", path, sizeof path))
		ck_assert_msg(openssl_says((size_t)_i, &m) == ours, "%s: OpenSSL does not agree", cases[_i].name);
	twigs_free(&m);
}
END_TEST

/* The table of faults and the table of rules name the same clauses. */
START_TEST(clauses_of_faults_and_rules_are_the_same)
{
	size_t n, m;
	const struct check_row *rows = check_rows(&n);
	const struct fault_row *faults = fault_rows(&m);
	ck_assert_uint_eq(m, FAULT__COUNT);
	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < m; f++)
			if (rows[i].faults & CHECK_FAULT(f))
				ck_assert_str_eq(rows[i].clause, faults[f].clause);
}
END_TEST

/* Thousands of paths, cycles, rubbish: an answer, and soon. */
START_TEST(stays_within_bounds)
{
	enum { N = 40 };
	static struct twig all[TWIGS] = {TWIG_ROOT(),
					 TWIG_INTERMEDIATE(),
					 TWIG_INTERMEDIATE(.key = 3),
					 TWIG_INTERMEDIATE(.key = 4),
					 TWIG_INTERMEDIATE(.key = 5, .issuer = 1),
					 TWIG_LEAF(.wrong_key = 1)};
	struct minted_twigs m;
	struct x509 anchor;
	const char *why;
	unsigned char *copy[N];
	struct span chain[N];
	struct faults faults = {.on = {false}};
	struct check_result r;
	twigs_mint(&m, all);
	x509_parse(&anchor, span_from(m.der[0]), &why);
	chain[0] = span_from(m.der[5]);
	/* The same name again and again, each certificate another one by a byte of its signature. */
	for (size_t i = 1; i < N; i++) {
		gnutls_datum_t d = m.der[1 + i % 4];
		copy[i] = malloc(d.size);
		memcpy(copy[i], d.data, d.size);
		copy[i][d.size - 4] ^= (unsigned char)i;
		chain[i] = (struct span){copy[i], d.size};
	}
	uint64_t begin = clock_us();
	struct anchors anchors = {&anchor, 1};
	struct check_input in = {chain, N, &anchors, clock_now(), 10, &faults};
	check_chain(&in, &r);
	ck_assert(r.failed);
	ck_assert_msg(clock_us() - begin < 2000000, "took %llu us", (unsigned long long)(clock_us() - begin));
	chain[0] = (struct span){(const unsigned char *)"rubbish", 7};
	check_chain(&in, &r);
	ck_assert_int_eq(check_alert(&r), 42);
	for (size_t i = 1; i < N; i++)
		free(copy[i]);
	x509_fini(&anchor);
	twigs_free(&m);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/check");
	TCase *t = tcase_create("check");
	int n = (int)(sizeof cases / sizeof *cases);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, names_the_failed_rules, 0, n);
	tcase_add_loop_test(t, a_fault_switches_off_its_rule_alone, 0, n);
	tcase_add_loop_test(t, others_agree, 0, n);
	tcase_add_test(t, clauses_of_faults_and_rules_are_the_same);
	tcase_add_test(t, stays_within_bounds);
	suite_add_tcase(s, t);
	return s;
}
