#include "harness/reference/path.h"

#include "harness/base/fs.h"
#include "harness/reference/dn.h"
#include "harness/reference/signature.h"

#include <gnutls/x509.h>
#include <string.h>

enum { ANCHOR_FILE_MAX = 64 << 20 };

static enum rc add_anchor(struct arena *a, struct x509 *c, gnutls_x509_crt_t crt, const char *file, struct err *err)
{
	gnutls_datum_t der = {0};
	const char *why = "cannot be written as DER";
	if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der) < 0)
		return err_set(err, RC_INPUT, "%s: a certificate %s", file, why);
	struct span copy = {arena_memdup(a, der.data, der.size), der.size};
	gnutls_free(der.data);
	if (!x509_parse(c, copy, &why))
		return err_set(err, RC_INPUT, "%s: a certificate is malformed: %s", file, why);
	/* Read the key now, before connections share it. */
	if (!x509_key(c))
		return err_set(err, RC_INPUT, "%s: the key of an anchor cannot be used", file);
	return RC_OK;
}

enum rc anchors_load(struct arena *a, struct anchors *out, const char *file, struct err *err)
{
	enum rc rc;
	char *pem;
	size_t len;
	unsigned n = 0;
	gnutls_x509_crt_t *list = NULL;
	*out = (struct anchors){0};
	TRY(fs_read(a, file, ANCHOR_FILE_MAX, &pem, &len, err));
	gnutls_datum_t data = {(unsigned char *)pem, (unsigned)len};
	int ret = gnutls_x509_crt_list_import2(&list, &n, &data, GNUTLS_X509_FMT_PEM, 0);
	if (ret < 0 || n == 0) {
		n = 0;
		TRY(err_set(err, RC_INPUT, "%s: no PEM certificates: %s", file, gnutls_strerror(ret)));
	}
	out->cert = ARENA_NEW(a, struct x509, n);
	for (; out->n < n; out->n++)
		TRY(add_anchor(a, &out->cert[out->n], list[out->n], file, err));
out:
	for (unsigned i = 0; list && i < n; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
	return rc;
}

void anchors_fini(struct anchors *anchors)
{
	for (size_t i = 0; i < anchors->n; i++)
		x509_fini(&anchors->cert[i]);
	*anchors = (struct anchors){0};
}

bool proofs_hold(struct proofs *p, struct x509 *cert, struct x509 *issuer)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->row[i].cert == cert && p->row[i].issuer == issuer)
			return p->row[i].good;
	if (p->n == PATH_PROOFS)
		return false;
	p->row[p->n].cert = cert;
	p->row[p->n].issuer = issuer;
	p->row[p->n].good = signature_holds(cert, issuer);
	return p->row[p->n++].good;
}

struct search {
	struct x509 *bag;
	size_t n;
	const struct anchors *anchors;
	struct path path;
	path_take *take;
	void *context;
	size_t steps;
	bool stop;
};

static bool in_path(const struct path *p, const struct x509 *c)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->cert[i] == c)
			return true;
	return false;
}

static void report(struct search *s, bool anchored)
{
	s->path.anchored = anchored;
	s->stop = s->take(s->context, &s->path) || s->stop;
	s->path.anchored = false;
}

static void extend(struct search *s);

static void step(struct search *s, struct x509 *issuer, bool anchor)
{
	if (s->stop || s->path.n == PATH_LENGTH || ++s->steps > PATH_STEPS)
		return;
	s->path.cert[s->path.n++] = issuer;
	if (anchor)
		report(s, true);
	else
		extend(s);
	s->path.n--;
}

/* Issuers by name (RFC 5280 6.1.3(a)(4)), anchors first: the shortest path is the likeliest. */
static size_t issuers_by_name(struct search *s, struct x509 *c)
{
	size_t found = 0;
	for (size_t i = 0; i < s->anchors->n; i++)
		if (dn_equal(c->issuer, s->anchors->cert[i].subject)) {
			found++;
			step(s, &s->anchors->cert[i], true);
		}
	for (size_t i = 0; i < s->n; i++)
		if (!in_path(&s->path, &s->bag[i]) && dn_equal(c->issuer, s->bag[i].subject)) {
			found++;
			step(s, &s->bag[i], false);
		}
	return found;
}

/*
 * Nobody has the issuer's name: whoever made the signature is the issuer all the same, so that a broken name chain is
 * reported as that and not as an unknown authority.
 */
static size_t issuers_by_key(struct search *s, struct x509 *c)
{
	size_t found = 0;
	for (size_t i = 0; i < s->anchors->n; i++)
		if (proofs_hold(s->path.proofs, c, &s->anchors->cert[i])) {
			found++;
			step(s, &s->anchors->cert[i], true);
		}
	for (size_t i = 0; i < s->n; i++)
		if (!in_path(&s->path, &s->bag[i]) && proofs_hold(s->path.proofs, c, &s->bag[i])) {
			found++;
			step(s, &s->bag[i], false);
		}
	return found;
}

static void extend(struct search *s)
{
	struct x509 *c = s->path.cert[s->path.n - 1];
	for (size_t i = 0; i < s->anchors->n; i++)
		if (span_equal(c->der, s->anchors->cert[i].der)) {
			report(s, true);
			return;
		}
	/* Who names itself as the issuer has said whose key it claims. */
	if (issuers_by_name(s, c) == 0 && (x509_is_self_issued(c) || issuers_by_key(s, c) == 0))
		report(s, false);
}

void path_find(struct x509 *bag, size_t n, const struct anchors *anchors, struct proofs *proofs, path_take *take,
	       void *context)
{
	struct search s = {.bag = bag, .n = n, .anchors = anchors, .take = take, .context = context};
	s.path.cert[s.path.n++] = &bag[0];
	s.path.proofs = proofs;
	extend(&s);
}
