#include "harness/reference/check.h"

#include "harness/reference/constraints.h"
#include "harness/reference/dn.h"
#include "harness/reference/signature.h"

#include <stdio.h>
#include <string.h>

/* TLS alerts, RFC 8446 6.2. */
enum {
	BAD_CERTIFICATE = 42,
	UNSUPPORTED_CERTIFICATE = 43,
	CERTIFICATE_EXPIRED = 45,
	CERTIFICATE_UNKNOWN = 46,
	UNKNOWN_CA = 48
};

/* A trust anchor is an input of RFC 5280 6.1.1, not one of the certificates that 6.1.3 processes: unless it is the
 * leaf. */
static size_t judged(const struct path *p)
{
	return p->anchored && p->n > 1 ? p->n - 1 : p->n;
}

static bool signatures(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i + 1 < p->n; i++)
		if (!proofs_hold(p->proofs, p->cert[i], p->cert[i + 1]))
			return false;
	return true;
}

static bool begun(const struct path *p, const struct check_input *in)
{
	for (size_t i = 0; i < judged(p); i++)
		if (in->now < p->cert[i]->not_before)
			return false;
	return true;
}

static bool not_over(const struct path *p, const struct check_input *in)
{
	for (size_t i = 0; i < judged(p); i++)
		if (in->now > p->cert[i]->not_after)
			return false;
	return true;
}

static bool is_self_signed_leaf(const struct path *p)
{
	return !p->anchored && p->n == 1 && x509_is_self_issued(p->cert[0]) &&
	       proofs_hold(p->proofs, p->cert[0], p->cert[0]);
}

static bool trusted(const struct path *p, const struct check_input *in UNUSED)
{
	return p->anchored || is_self_signed_leaf(p);
}

static bool not_self_signed(const struct path *p, const struct check_input *in UNUSED)
{
	return !is_self_signed_leaf(p);
}

/* What is wrong here is wrong with every other rule too, so it stands first: see check_chain(). */
static bool well_formed(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++)
		if (p->cert[i]->malformed)
			return false;
	return true;
}

static bool strong(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++)
		if (signature_strength(p->cert[i]) == SIGNATURE_BROKEN)
			return false;
	return true;
}

static bool no_sha1(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++)
		if (signature_strength(p->cert[i]) == SIGNATURE_SHA1)
			return false;
	return true;
}

static bool names_chain(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i + 1 < p->n; i++)
		if (!dn_equal(p->cert[i]->issuer, p->cert[i + 1]->subject))
			return false;
	return true;
}

static bool issuers_are_cas(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 1; i < judged(p); i++)
		if (p->cert[i]->version < 3 || !p->cert[i]->has_basic || !p->cert[i]->is_ca)
			return false;
	return true;
}

/* Self-issued intermediates do not count; the leaf is no intermediate. */
static bool short_enough(const struct path *p, const struct check_input *in UNUSED)
{
	long below = 0;
	for (size_t i = 1; i < judged(p); i++) {
		if (p->cert[i]->is_ca && p->cert[i]->path_len >= 0 && below > p->cert[i]->path_len)
			return false;
		below += !x509_is_self_issued(p->cert[i]);
	}
	return true;
}

static bool issuers_may_sign(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 1; i < judged(p); i++)
		if (p->cert[i]->has_usage && !(p->cert[i]->usage & X509_KEY_CERT_SIGN))
			return false;
	return true;
}

static bool all_critical_known(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++)
		if (p->cert[i]->unknown_critical[0])
			return false;
	return true;
}

/* 6.1.3(b)(c): a self-issued intermediate is exempt, a self-issued leaf is not. */
static bool names_within(const struct path *p, const struct check_input *in UNUSED)
{
	unsigned work = CONSTRAINTS_WORK;
	for (size_t i = 1; i < judged(p); i++)
		for (size_t below = 0; below < i; below++) {
			if (below > 0 && x509_is_self_issued(p->cert[below]))
				continue;
			if (!constraints_hold(p->cert[i], p->cert[below], &work))
				return false;
		}
	return true;
}

/* Absent: unrestricted.  anyExtendedKeyUsage MAY be refused (4.2.1.12); here it is taken. */
static bool made_for_clients(const struct path *p, const struct check_input *in UNUSED)
{
	static const unsigned char client[] = {0x2b, 6, 1, 5, 5, 7, 3, 2}, any[] = {0x55, 0x1d, 0x25, 0};
	struct span list = p->cert[0]->purposes;
	struct tlv oid;
	while (tlv_next(&list, &oid))
		if (span_equal(oid.body, (struct span){client, sizeof client}) ||
		    span_equal(oid.body, (struct span){any, sizeof any}))
			return true;
	return !p->cert[0]->has_purposes;
}

static bool leaf_may_sign(const struct path *p, const struct check_input *in UNUSED)
{
	return !p->cert[0]->has_usage || p->cert[0]->usage & X509_DIGITAL_SIGNATURE;
}

static bool algorithms_agree(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++)
		if (!span_equal(p->cert[i]->algorithm, p->cert[i]->tbs_algorithm))
			return false;
	return true;
}

static bool extensions_once(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++)
		if (p->cert[i]->repeated[0])
			return false;
	return true;
}

static bool dates_well_formed(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++)
		if (p->cert[i]->bad_date)
			return false;
	return true;
}

/* An issuer has a name; a subject without one is named by a critical subjectAltName (4.1.2.6). */
static bool names_present(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++) {
		const struct x509 *c = p->cert[i];
		if (dn_is_empty(c->issuer))
			return false;
		if (dn_is_empty(c->subject) && !(c->alt_names.at && c->alt_names_critical))
			return false;
	}
	return true;
}

/* v1 and v2 have no extensions; nothing is defined past v3. */
static bool version_known(const struct path *p, const struct check_input *in UNUSED)
{
	for (size_t i = 0; i < judged(p); i++)
		if (p->cert[i]->version > 3 || (p->cert[i]->version < 3 && p->cert[i]->has_extensions))
			return false;
	return true;
}

static bool not_deep(const struct path *p, const struct check_input *in)
{
	return judged(p) - 1 <= in->depth;
}

/*
 * Order matters only for the alert: that of the first row that fails is sent.  Faults 0: none switches the row off.
 */
static const struct check_row rows[] = {
    {"well-formed", NULL, "certificate and known extensions are written as defined (RFC 5280 4.1, 4.2)",
     BAD_CERTIFICATE, 0, well_formed},
    {"signature", "R-080", "each certificate is signed with its issuer's key (RFC 5280 6.1.3(a)(1))", BAD_CERTIFICATE,
     CHECK_FAULT(FAULT_IGNORES_SIGNATURE), signatures},
    {"no-md5", "R-015", "no signature uses MD5 or older (RFC 8446 4.4.2.4)", BAD_CERTIFICATE, 0, strong},
    {"no-sha1", "R-016", "no signature uses SHA-1 (RFC 8446 4.4.2.4)", BAD_CERTIFICATE, 0, no_sha1},
    {"trusted", "R-099", "the path ends at a trust anchor (RFC 5280 6.1)", UNKNOWN_CA,
     CHECK_FAULT(FAULT_ACCEPTS_UNTRUSTED), trusted},
    {"self-signed", "R-099", "a self-signed certificate is a trust anchor itself (RFC 5280 6.1)", UNKNOWN_CA,
     CHECK_FAULT(FAULT_ACCEPTS_UNTRUSTED), not_self_signed},
    {"begun", "R-081", "notBefore has come (RFC 5280 6.1.3(a)(2))", CERTIFICATE_EXPIRED,
     CHECK_FAULT(FAULT_ACCEPTS_NOT_YET_VALID) | CHECK_FAULT(FAULT_IGNORES_VALIDITY), begun},
    {"not-over", "R-081", "notAfter has not passed (RFC 5280 6.1.3(a)(2))", CERTIFICATE_EXPIRED,
     CHECK_FAULT(FAULT_ACCEPTS_EXPIRED) | CHECK_FAULT(FAULT_IGNORES_VALIDITY), not_over},
    {"name-chaining", "R-083", "each issuer's name is the next subject's (RFC 5280 6.1.3(a)(4), 7.1)", BAD_CERTIFICATE,
     CHECK_FAULT(FAULT_IGNORES_NAME_CHAINING), names_chain},
    {"basic-constraints", "R-086", "issuers are version 3 with cA TRUE (RFC 5280 6.1.4(k))", BAD_CERTIFICATE,
     CHECK_FAULT(FAULT_IGNORES_BASIC_CONSTRAINTS), issuers_are_cas},
    {"path-length", "R-087", "pathLenConstraint is kept (RFC 5280 6.1.4(l)(m))", BAD_CERTIFICATE,
     CHECK_FAULT(FAULT_IGNORES_PATH_LENGTH), short_enough},
    {"key-cert-sign", "R-088", "an issuer's key usage, if given, has keyCertSign (RFC 5280 6.1.4(n))", BAD_CERTIFICATE,
     CHECK_FAULT(FAULT_IGNORES_ISSUER_KEY_USAGE), issuers_may_sign},
    {"critical-extension", "R-089", "no critical extension is unknown (RFC 5280 4.2, 6.1.4(o), 6.1.5(f))",
     CERTIFICATE_UNKNOWN, CHECK_FAULT(FAULT_IGNORES_CRITICAL_EXTENSION), all_critical_known},
    {"name-constraints", "R-084", "names are within the issuers' constraints (RFC 5280 6.1.3(b)(c))",
     CERTIFICATE_UNKNOWN, CHECK_FAULT(FAULT_IGNORES_NAME_CONSTRAINTS), names_within},
    {"purpose", "R-090", "extended key usage, if given, has clientAuth or any (RFC 5280 4.2.1.12)",
     UNSUPPORTED_CERTIFICATE, CHECK_FAULT(FAULT_IGNORES_EKU), made_for_clients},
    {"key-usage", "R-023", "the leaf's key usage, if given, has digitalSignature (RFC 8446 4.4.2)",
     UNSUPPORTED_CERTIFICATE, CHECK_FAULT(FAULT_IGNORES_KEY_USAGE), leaf_may_sign},
    {"algorithms-agree", "R-091", "inner and outer signature algorithm are the same (RFC 5280 4.1.1.2)",
     BAD_CERTIFICATE, 0, algorithms_agree},
    {"extensions-once", "R-092", "no extension appears twice (RFC 5280 4.2)", BAD_CERTIFICATE, 0, extensions_once},
    {"dates", "R-094", "dates are UTCTime to 2049, GeneralizedTime after, with seconds and Z (RFC 5280 4.1.2.5)",
     BAD_CERTIFICATE, 0, dates_well_formed},
    {"names-present", "R-095",
     "issuers are named, an empty subject has a critical subjectAltName (RFC 5280 4.1.2.4, 4.1.2.6)", BAD_CERTIFICATE,
     0, names_present},
    {"version", NULL, "the version is 1 to 3, and 3 where there are extensions (RFC 5280 4.1.2.1)",
     UNSUPPORTED_CERTIFICATE, 0, version_known},
    {"depth", NULL, "the path is not deeper than this server allows", BAD_CERTIFICATE, 0, not_deep},
};
enum { ROWS = sizeof rows / sizeof *rows };

const struct check_row *check_rows(size_t *n)
{
	*n = ROWS;
	return rows;
}

struct judge {
	const struct check_input *in;
	struct check_result *out;
	uint64_t faults; /* those that are on */
	unsigned best;	 /* failed rows of the best path so far */
	bool any;
};

/* Keep the path with the fewest failed rows; a sound one ends the search. */
static bool judge_path(void *context, const struct path *path)
{
	struct judge *j = context;
	uint64_t failed = 0;
	unsigned count = 0;
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].faults & j->faults || rows[i].holds(path, j->in))
			continue;
		failed |= (uint64_t)1 << i;
		count++;
	}
	if (!j->any || count < j->best) {
		j->any = true;
		j->best = count;
		j->out->failed = failed;
		j->out->length = path->n;
		j->out->expires = INT64_MAX;
		for (size_t i = 0; i < path->n - path->anchored; i++)
			if (path->cert[i]->not_after < j->out->expires)
				j->out->expires = path->cert[i]->not_after;
	}
	return failed == 0;
}

/* What can be read, each once; what cannot is as if it had not been sent (RFC 8446 4.4.2: extraneous certificates). */
static size_t open_bag(struct x509 *bag, const struct check_input *in)
{
	size_t n = 0;
	const char *why;
	for (size_t i = 0; i < in->n && n < PATH_BAG; i++) {
		bool seen = false;
		for (size_t k = 0; k < n && !seen; k++)
			seen = span_equal(bag[k].der, in->chain[i]);
		if (seen)
			continue;
		if (x509_parse(&bag[n], in->chain[i], &why))
			n++;
		else if (i == 0)
			return 0;
	}
	return n;
}

void check_chain(const struct check_input *in, struct check_result *out)
{
	struct x509 bag[PATH_BAG];
	struct proofs proofs = {.n = 0};
	*out = (struct check_result){.failed = 1};
	size_t n = open_bag(bag, in);
	struct judge judge = {.in = in, .out = out};
	for (int f = 0; f < FAULT__COUNT; f++)
		if (in->faults->on[f])
			judge.faults |= CHECK_FAULT(f);
	if (n) {
		x509_common_name(&bag[0], out->subject, sizeof out->subject);
		path_find(bag, n, in->anchors, &proofs, judge_path, &judge);
	}
	for (size_t i = 0; i < n; i++)
		x509_fini(&bag[i]);
}

const char *check_failed(const struct check_result *r, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < ROWS && used < size; i++)
		if (r->failed >> i & 1)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", rows[i].name);
	return out;
}

int check_alert(const struct check_result *r)
{
	for (size_t i = 0; i < ROWS; i++)
		if (r->failed >> i & 1)
			return rows[i].alert;
	return 0;
}
