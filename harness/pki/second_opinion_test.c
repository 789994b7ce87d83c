/*
 * Every shipped condition, judged by two verifiers that share no code with the forge: libcrypto with a callback that
 * lists every error instead of stopping at the first (purpose: client), and GnuTLS for the decision.
 */
#include "harness/pki/forge.h"

#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/suite/suite.h"

#include <gnutls/x509.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <stdio.h>
#include <string.h>

#define NOW   1795519200 /* 2026-11-24 */
#define DEPTH 10

#define NAME_LIST(X)                                                                                                   \
	X(CERT_HAS_EXPIRED)                                                                                            \
	X(CERT_NOT_YET_VALID)                                                                                          \
	X(CERT_SIGNATURE_FAILURE)                                                                                      \
	X(DEPTH_ZERO_SELF_SIGNED_CERT)                                                                                 \
	X(SELF_SIGNED_CERT_IN_CHAIN) X(UNABLE_TO_GET_ISSUER_CERT) X(UNABLE_TO_GET_ISSUER_CERT_LOCALLY)                 \
	    X(UNABLE_TO_VERIFY_LEAF_SIGNATURE) X(CERT_CHAIN_TOO_LONG) X(INVALID_CA) X(INVALID_NON_CA)                  \
		X(INVALID_PURPOSE) X(PATH_LENGTH_EXCEEDED) X(CERT_UNTRUSTED) X(CERT_REJECTED) X(KEYUSAGE_NO_CERTSIGN)  \
		    X(KEYUSAGE_NO_DIGITAL_SIGNATURE) X(UNHANDLED_CRITICAL_EXTENSION) X(INVALID_EXTENSION)              \
			X(PERMITTED_VIOLATION) X(EXCLUDED_VIOLATION) X(SUBTREE_MINMAX) X(UNSUPPORTED_CONSTRAINT_TYPE)  \
			    X(UNSUPPORTED_CONSTRAINT_SYNTAX) X(UNSUPPORTED_NAME_SYNTAX) X(AKID_SKID_MISMATCH)          \
				X(AKID_ISSUER_SERIAL_MISMATCH) X(SUBJECT_ISSUER_MISMATCH) X(EE_KEY_TOO_SMALL)          \
				    X(CA_KEY_TOO_SMALL) X(CA_MD_TOO_WEAK) X(UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY)        \
					X(UNABLE_TO_DECRYPT_CERT_SIGNATURE) X(ERROR_IN_CERT_NOT_BEFORE_FIELD)          \
					    X(ERROR_IN_CERT_NOT_AFTER_FIELD) X(SIGNATURE_ALGORITHM_MISMATCH)           \
						X(UNSPECIFIED)
#define ROW(name) {X509_V_ERR_##name, #name},
static const struct {
	int code;
	const char *name;
} names[] = {NAME_LIST(ROW)};

#define MAX_ERRORS 16
struct listed {
	int codes[MAX_ERRORS]; /* each once */
	size_t n;
};

static const struct suite *suite;
static struct arena suite_arena, a;
static struct forge *f;
static struct err err;
static struct rundir dir;
static const char *anchors;

/* Once for all conditions: the forge and what it stands on live as long as the process of this test. */
static void setup(void)
{
	struct suite_spec spec = {.dir = "suites"};
	struct forge_spec forge = {.now = NOW, .seed = 3};
	ck_assert_msg(suite_load(&suite_arena, &spec, &suite, &err) == RC_OK, "%s", err.text);
	forge.suite = suite;
	ck_assert_msg(rundir_open(&dir, &err) == RC_OK, "%s", err.text);
	ck_assert_msg(forge_open(&f, &forge, &err) == RC_OK, "%s", err.text);
	for (size_t i = 0; i < suite->n_conditions; i++)
		ck_assert_msg(forge_prepare(f, &suite->conditions[i], &err) == RC_OK, "%s", err.text);
	anchors = arena_printf(&a, "%s/anchors.pem", dir.path);
	ck_assert_msg(forge_write_anchors(f, "main", anchors, &err) == RC_OK, "%s", err.text);
}

static void teardown(void)
{
	forge_close(&f);
	rundir_close(&dir);
	arena_fini(&a);
	arena_fini(&suite_arena);
}

static const char *name_of(int code)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].code == code)
			return names[i].name;
	return X509_verify_cert_error_string(code);
}

static int list_and_go_on(int ok, X509_STORE_CTX *ctx)
{
	struct listed *l = X509_STORE_CTX_get_app_data(ctx);
	int code = X509_STORE_CTX_get_error(ctx);
	for (size_t i = 0; !ok && i < l->n; i++)
		ok = l->codes[i] == code;
	if (!ok && l->n < MAX_ERRORS)
		l->codes[l->n++] = code;
	return 1;
}

static X509 *certificate(struct blob der)
{
	const unsigned char *p = der.data;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	ck_assert_ptr_nonnull(x);
	ck_assert_msg(p == (const unsigned char *)der.data + der.len, "bytes behind a certificate");
	return x;
}

static void verify(const struct job_credential *c, const char *crls, struct listed *out)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *rest = sk_X509_new_null();
	X509 *leaf = certificate(c->chain[0]);
	for (size_t i = 1; i < c->n; i++)
		sk_X509_push(rest, certificate(c->chain[i]));
	ck_assert_int_eq(X509_STORE_load_locations(store, anchors, NULL), 1);
	if (crls)
		ck_assert_int_eq(X509_STORE_load_locations(store, crls, NULL), 1);
	ck_assert_int_eq(X509_STORE_CTX_init(ctx, store, leaf, rest), 1);
	ck_assert_int_eq(X509_STORE_CTX_set_default(ctx, "ssl_client"), 1);
	X509_STORE_CTX_set_depth(ctx, DEPTH);
	if (crls)
		X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	X509_STORE_CTX_set_time(ctx, 0, NOW);
	*out = (struct listed){.n = 0};
	X509_STORE_CTX_set_app_data(ctx, out);
	X509_STORE_CTX_set_verify_cb(ctx, list_and_go_on);
	X509_verify_cert(ctx);
	X509_STORE_CTX_free(ctx);
	sk_X509_pop_free(rest, X509_free);
	X509_free(leaf);
	X509_STORE_free(store);
}

static size_t count_words(const char *words)
{
	char word[96];
	size_t n = 0;
	while (text_word(&words, word, sizeof word))
		n++;
	return n;
}

/* What differs between the set written beside the condition and the one listed; appended to `out`. */
static void compare(const struct condition *c, const struct listed *l, struct buf *out)
{
	bool same = l->n == count_words(c->openssl);
	for (size_t i = 0; i < l->n; i++)
		same = same && text_has_word(c->openssl, name_of(l->codes[i]));
	if (same)
		return;
	buf_addf(out, "\n%s: written \"%s\", listed \"", c->id, c->openssl);
	for (size_t i = 0; i < l->n; i++)
		buf_addf(out, "%s%s", i ? " " : "", name_of(l->codes[i]));
	buf_adds(out, "\"");
}

static void mint(const struct condition *c, struct minted *m)
{
	ck_assert_msg(forge_mint(f, c, (uint64_t)(c - suite->conditions) + 1, &a, m, &err) == RC_OK, "%s", err.text);
}

START_TEST(libcrypto_lists_exactly_what_is_written)
{
	struct buf out;
	size_t judged = 0;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < suite->n_conditions; i++) {
		const struct condition *c = &suite->conditions[i];
		struct minted m;
		struct listed l;
		mint(c, &m);
		if (c->none)
			continue;
		verify(&m.credential, NULL, &l);
		compare(c, &l, &out);
		if (count_words(c->openssl) > 1 && !(c->openssl_reason && *c->openssl_reason))
			buf_addf(&out, "\n%s: more than one error and no reason", c->id);
		judged++;
	}
	ck_assert_msg(out.len == 0, "%s", out.data);
	ck_assert_uint_ge(judged, 45);
	buf_fini(&out);
}
END_TEST

/* The check above can fail: a broken chain under another condition's words is noticed. */
START_TEST(a_wrong_expectation_is_noticed)
{
	struct condition wrong = *suite_condition(suite, "leaf-expired");
	struct minted m;
	struct listed l;
	struct buf out;
	mint(suite_condition(suite, "leaf-expired"), &m);
	verify(&m.credential, NULL, &l);
	buf_init(&out, 4096);
	wrong.openssl = "";
	compare(&wrong, &l, &out);
	ck_assert_uint_gt(out.len, 0);
	buf_clear(&out);
	wrong.openssl = "CERT_NOT_YET_VALID";
	compare(&wrong, &l, &out);
	ck_assert_uint_gt(out.len, 0);
	buf_clear(&out);
	wrong.openssl = "CERT_HAS_EXPIRED";
	compare(&wrong, &l, &out);
	ck_assert_uint_eq(out.len, 0);
	buf_fini(&out);
}
END_TEST

/* A missing CRL masks other defects: with the whole chain checked, no condition gets another verdict than without. */
START_TEST(every_ca_publishes_a_crl)
{
	struct buf out;
	const char *crls = arena_printf(&a, "%s/crls.pem", dir.path);
	buf_init(&out, 1 << 20);
	ck_assert_msg(forge_write_crls(f, crls, &err) == RC_OK, "%s", err.text);
	for (size_t i = 0; i < suite->n_conditions; i++) {
		const struct condition *c = &suite->conditions[i];
		struct minted m;
		struct listed l;
		mint(c, &m);
		/* Where a path does not reach the anchor the CRL's issuer is as unknown; a leaf as anchor publishes
		 * none. */
		if (c->none || strstr(c->openssl, "UNABLE_TO_") || strstr(c->openssl, "SELF_SIGNED") ||
		    text_equal(c->id, "leaf-self-signed-in-store"))
			continue;
		verify(&m.credential, crls, &l);
		compare(c, &l, &out);
	}
	ck_assert_msg(out.len == 0, "%s", out.data);
	buf_fini(&out);
}
END_TEST

/* Rules that GnuTLS does not share, with the reason. */
static const struct {
	const char *id, *why;
} gnutls_differs[] = {
    {"proof-*", "the chain is fine: the proof is not looked at here"},
    {"issuer-name-in-other-case", "GnuTLS compares names octet by octet, where RFC 5280 7.1 ignores case"},
    {"key-usage-*", "GnuTLS looks at the leaf's key usage in the handshake, not while it validates a path"},
};

static bool differs(const char *id)
{
	for (size_t i = 0; i < sizeof gnutls_differs / sizeof *gnutls_differs; i++)
		if (text_glob(gnutls_differs[i].id, id))
			return true;
	return false;
}

static gnutls_x509_crt_t imported(struct blob der)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t raw = {.data = (unsigned char *)der.data, .size = (unsigned)der.len};
	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_x509_crt_import(crt, &raw, GNUTLS_X509_FMT_DER), 0);
	return crt;
}

static time_t at_now(time_t *t)
{
	if (t)
		*t = NOW;
	return NOW;
}

static unsigned gnutls_status(gnutls_x509_trust_list_t list, const struct job_credential *c)
{
	gnutls_x509_crt_t chain[32];
	gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
					 .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT};
	unsigned status = 0;
	for (size_t i = 0; i < c->n; i++)
		chain[i] = imported(c->chain[i]);
	int code = gnutls_x509_trust_list_verify_crt2(list, chain, (unsigned)c->n, &purpose, 1,
						      GNUTLS_VERIFY_ALLOW_UNSORTED_CHAIN, &status, NULL);
	for (size_t i = 0; i < c->n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	return code < 0 ? GNUTLS_CERT_INVALID : status;
}

START_TEST(gnutls_decides_alike)
{
	struct buf out;
	gnutls_x509_trust_list_t list;
	buf_init(&out, 1 << 20);
	gnutls_global_set_time_function(at_now);
	ck_assert_int_eq(gnutls_x509_trust_list_init(&list, 0), 0);
	ck_assert_int_gt(gnutls_x509_trust_list_add_trust_file(list, anchors, NULL, GNUTLS_X509_FMT_PEM, 0, 0), 0);
	for (size_t i = 0; i < suite->n_conditions; i++) {
		const struct condition *c = &suite->conditions[i];
		struct minted m;
		mint(c, &m);
		if (c->none || differs(c->id) || c->decision == (BIT(DECISION_ACCEPT) | BIT(DECISION_REJECT)))
			continue;
		unsigned status = gnutls_status(list, &m.credential);
		if ((status == 0) != (c->decision == BIT(DECISION_ACCEPT)))
			buf_addf(&out, "\n%s: status 0x%x", c->id, status);
	}
	gnutls_x509_trust_list_deinit(list, 1);
	ck_assert_msg(out.len == 0, "%s", out.data);
	buf_fini(&out);
}
END_TEST

/* Whatever keys are needed were made by prepare, before anybody forks. */
START_TEST(minting_makes_no_keys)
{
	uint64_t before = forge_keys_made(f);
	struct minted m;
	for (size_t i = 0; i < suite->n_conditions; i++)
		mint(&suite->conditions[i], &m);
	ck_assert_uint_eq(forge_keys_made(f), before);
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("second opinion");
	TCase *t = tcase_create("second opinion");
	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_test(t, libcrypto_lists_exactly_what_is_written);
	tcase_add_test(t, a_wrong_expectation_is_noticed);
	tcase_add_test(t, every_ca_publishes_a_crl);
	tcase_add_test(t, gnutls_decides_alike);
	tcase_add_test(t, minting_makes_no_keys);
	suite_add_tcase(s, t);
	return s;
}
