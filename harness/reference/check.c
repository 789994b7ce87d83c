#include "harness/reference/check.h"

#include "harness/reference/dn.h"
#include "harness/reference/signature.h"

#include <stdio.h>
#include <string.h>

/* TLS alerts, RFC 8446 6.2. */
enum { BAD_CERTIFICATE = 42, UNSUPPORTED_CERTIFICATE = 43, CERTIFICATE_EXPIRED = 45, CERTIFICATE_UNKNOWN = 46, UNKNOWN_CA = 48 };

/* A trust anchor is an input of RFC 5280 6.1.1, not one of the certificates that 6.1.3 processes: unless it is the leaf. */
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
	return !p->anchored && p->n == 1 && cert_is_self_issued(p->cert[0]) &&
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

static const struct check_row rows[] = {
	{"signature", "R-080", "each certificate is signed with its issuer's key (RFC 5280 6.1.3(a)(1))", BAD_CERTIFICATE,
	 FAULT_IGNORES_SIGNATURE, signatures},
	{"trusted", "R-099", "the path ends at a trust anchor (RFC 5280 6.1.1(d))", UNKNOWN_CA, FAULT_ACCEPTS_UNTRUSTED, trusted},
	{"self-signed", "R-099", "a self-signed certificate is a trust anchor itself (RFC 5280 6.1)", UNKNOWN_CA,
	 FAULT_ACCEPTS_UNTRUSTED, not_self_signed},
	{"begun", "R-081", "notBefore has come (RFC 5280 6.1.3(a)(2))", CERTIFICATE_EXPIRED, FAULT_ACCEPTS_NOT_YET_VALID, begun},
	{"not-over", "R-081", "notAfter has not passed (RFC 5280 6.1.3(a)(2))", CERTIFICATE_EXPIRED, FAULT_ACCEPTS_EXPIRED,
	 not_over},
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
	unsigned best; /* failed rows of the best path so far */
	bool any;
};

/* Keep the path with the fewest failed rows; a sound one ends the search. */
static bool judge_path(void *context, const struct path *path)
{
	struct judge *j = context;
	uint64_t failed = 0;
	unsigned count = 0;
	for (size_t i = 0; i < ROWS; i++) {
		bool off = rows[i].fault < FAULT__COUNT && j->in->faults->on[rows[i].fault];
		if (off || rows[i].holds(path, j->in))
			continue;
		failed |= (uint64_t)1 << i;
		count++;
	}
	if (!j->any || count < j->best) {
		j->any = true;
		j->best = count;
		j->out->failed = failed;
		j->out->length = path->n;
	}
	return failed == 0;
}

/* What can be read, each once; what cannot is as if it had not been sent (RFC 8446 4.4.2: extraneous certificates). */
static size_t open_bag(struct cert *bag, const struct check_input *in)
{
	size_t n = 0;
	const char *why;
	for (size_t i = 0; i < in->n && n < PATH_BAG; i++) {
		bool seen = false;
		for (size_t k = 0; k < n && !seen; k++)
			seen = span_equal(bag[k].der, in->chain[i]);
		if (seen)
			continue;
		if (cert_parse(&bag[n], in->chain[i], &why))
			n++;
		else if (i == 0)
			return 0;
	}
	return n;
}

void check_chain(const struct check_input *in, struct check_result *out)
{
	struct cert bag[PATH_BAG];
	struct proofs proofs = {.n = 0};
	*out = (struct check_result){.failed = 1};
	size_t n = open_bag(bag, in);
	struct judge judge = {.in = in, .out = out};
	if (n) {
		cert_common_name(&bag[0], out->subject, sizeof out->subject);
		path_find(bag, n, in->anchors, &proofs, judge_path, &judge);
	}
	for (size_t i = 0; i < n; i++)
		cert_fini(&bag[i]);
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
