#include "harness/pki/lasting.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "harness/pki/issue.h"

#include <stdlib.h>
#include <sys/stat.h>

#define DAY		  (24L * 3600)
#define MAX_KEY_FILE	  (1u << 20)
#define ROOM_BELOW_CA	  1 /* the run's intermediate */
#define ROOM_BELOW_ISSUER 2 /* the subordinate CA and the run's intermediate */

static enum rc check_dates(const char *path, const struct import_facts *facts, time_t now, struct err *err)
{
	char when[32];
	if (now > facts->not_after) {
		clock_format(facts->not_after, when);
		return err_set(err, RC_INPUT, "%s: %s expired at %s UTC", path, facts->subject, when);
	}
	if (now < facts->not_before) {
		clock_format(facts->not_before, when);
		return err_set(err, RC_INPUT, "%s: %s is not valid before %s UTC", path, facts->subject, when);
	}
	return RC_OK;
}

/* Whether a certificate can have `room` more CAs below it (RFC 5280 6.1.4 (k) to (n)). */
static enum rc check_ca(const char *path, const struct import_facts *facts, int room, struct err *err)
{
	if (!facts->ca)
		return err_set(err, RC_INPUT, "%s: %s is no CA (basicConstraints cA is not TRUE)", path,
			       facts->subject);
	if (!facts->may_sign)
		return err_set(err, RC_INPUT, "%s: %s may not sign certificates (keyUsage lacks keyCertSign)", path,
			       facts->subject);
	if (facts->path_length >= 0 && facts->path_length < room)
		return err_set(err, RC_INPUT,
			       "%s: %s has pathLenConstraint %d, but %d more CA certificate%s must fit below it", path,
			       facts->subject, facts->path_length, room, room == 1 ? "" : "s");
	return RC_OK;
}

static enum rc read_key(struct keys *keys, const char *path, const struct key **out, struct err *err)
{
	char *data;
	size_t len;
	enum rc rc = fs_read(&keys->arena, path, MAX_KEY_FILE, &data, &len, err);
	if (rc != RC_OK)
		return RC_INPUT;
	return keys_read(keys, path, (struct blob){data, len}, NULL, out, err);
}

/* A CA certificate with its chain, and its key, fit to sign now. */
static enum rc read_ca(struct keys *keys, const char *path, const char *key_path, time_t now, int room,
		       struct lasting *out, struct import_facts *facts, struct err *err)
{
	enum rc rc;
	struct blob chain[IMPORT_MAX_CHAIN];
	struct cert_view view;
	size_t n;
	TRY(import_certificates(&keys->arena, path, chain, &n, err));
	TRY(import_facts(path, chain[0], facts, err));
	TRY(check_dates(path, facts, now, err));
	TRY(check_ca(path, facts, room, err));
	TRY(read_key(keys, key_path, &out->key, err));
	if (!import_matches(facts, out->key)) {
		rc = err_set(err, RC_INPUT, "%s: the key is not that of %s in %s", key_path, facts->subject, path);
		goto out;
	}
	if (n - 1 > LASTING_MAX_ABOVE || !cert_parse(chain[0], &view)) {
		rc = err_set(err, RC_INPUT, "%s: more than %d certificates above the CA", path, LASTING_MAX_ABOVE);
		goto out;
	}
	out->ca = chain[0];
	out->subject = view.subject;
	out->path_length = facts->path_length;
	memcpy(out->key_id, facts->key_id, CERT_KEY_ID);
	for (size_t i = 1; i < n; i++)
		out->above[out->n_above++] = chain[i];
out:
	return rc;
}

static bool same(struct blob a, struct blob b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

enum rc lasting_load(struct keys *keys, const char *dir, time_t now, struct lasting *out, struct err *err)
{
	enum rc rc;
	struct import_facts facts;
	struct blob anchors[IMPORT_MAX_CHAIN];
	size_t n;
	const char *ca = arena_printf(&keys->arena, "%s/" LASTING_CA, dir);
	const char *anchor = arena_printf(&keys->arena, "%s/" LASTING_ANCHOR, dir);
	*out = (struct lasting){0};
	if (!fs_exists(ca))
		return err_set(err, RC_INPUT, "%s holds no PKI (no " LASTING_CA "); `mtlspec pki init %s` makes one",
			       dir, dir);
	TRY(read_ca(keys, ca, arena_printf(&keys->arena, "%s/" LASTING_KEY, dir), now, ROOM_BELOW_CA, out, &facts,
		    err));
	TRY(import_certificates(&keys->arena, anchor, anchors, &n, err));
	out->anchor = anchors[0];
	out->subordinate = !same(out->anchor, out->ca);
	TRY(import_facts(anchor, out->anchor, &facts, err));
	TRY(check_dates(anchor, &facts, now, err));
out:
	if (rc != RC_OK)
		out->key = NULL;
	return rc;
}

static const struct cert_spec ca_spec = {
    .name = "ca",
    .role = ROLE_ROOT,
    .not_before = -ISSUE_MARGIN,
    .version = 3,
    .key = KEY_P256,
    .signature = HASH_SHA256,
    .basic_constraints = PRESENCE_CRITICAL,
    .ca = true,
    .path_length = -1,
    .has_key_usage = true,
    .key_usage = BIT(USAGE_KEY_CERT_SIGN) | BIT(USAGE_CRL_SIGN),
    .key_id = true,
    .issuer_key_id = true,
};

struct init {
	const struct lasting_spec *spec;
	struct keys keys;
	struct lasting above; /* the lab CA; without a key: there is none */
	struct import_facts issuer;
	struct made ca, issuer_made;
	struct blob anchor;
};

static enum rc make_ca(struct init *in, struct err *err)
{
	enum rc rc;
	uint64_t tag;
	struct cert_spec spec = ca_spec;
	struct make m = {.spec = &spec};
	spec.not_after = (int64_t)in->spec->days * DAY;
	TRY(keys_random(&tag, sizeof tag, err));
	if (in->above.key) {
		int64_t left = (int64_t)in->issuer.not_after - (int64_t)in->spec->now;
		in->issuer_made =
		    (struct made){.key = in->above.key, .subject = in->above.subject, .key_id = in->above.key_id};
		m.issuer = &in->issuer_made;
		if (spec.not_after > left)
			spec.not_after = left;
		if (in->issuer.path_length >= 0) /* what the lab CA leaves, and no more than it says */
			spec.path_length = in->issuer.path_length - 1;
	}
	m.subject = issue_name(&in->keys.arena, tag, NULL, in->above.key ? "subordinate CA" : "root");
	TRY(keys_own(&in->keys, KEY_P256, &m.key, err));
	TRY(issue_certificate(&in->keys.arena, in->spec->now, &m, &in->ca, err));
out:
	return rc;
}

/* The anchor is the topmost certificate the lab gave; what stands between it and our CA is sent along by clients. */
static enum rc choose_anchor(struct init *in, struct err *err)
{
	enum rc rc = RC_OK;
	struct lasting *l = &in->above;
	struct import_facts facts;
	if (!l->key) {
		in->anchor = in->ca.der;
		return RC_OK;
	}
	struct blob chain[LASTING_MAX_ABOVE + 1] = {l->ca};
	memcpy(chain + 1, l->above, l->n_above * sizeof *chain);
	size_t n = l->n_above + 1;
	TRY(import_facts(in->spec->issuer, chain[n - 1], &facts, err));
	in->anchor = chain[n - 1];
	l->n_above = facts.self_issued ? n - 1 : n; /* servers may hold a root above one that is not self-signed */
	if (l->n_above > LASTING_MAX_ABOVE)
		return err_set(err, RC_INPUT, "%s: more than %d certificates below the root", in->spec->issuer,
			       LASTING_MAX_ABOVE);
	memcpy(l->above, chain, l->n_above * sizeof *chain);
out:
	return rc;
}

static const char *file_of(struct init *in, const char *name)
{
	return arena_printf(&in->keys.arena, "%s/%s", in->spec->dir, name);
}

static enum rc write_pem(struct init *in, const char *name, const struct blob *ders, size_t n, struct err *err)
{
	enum rc rc = RC_OK;
	struct buf b;
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < n; i++)
		TRY(keys_put_pem(&b, "CERTIFICATE", ders[i], err));
	TRY(fs_write(file_of(in, name), b.data, b.len, 0644, err));
out:
	buf_fini(&b);
	return rc;
}

static enum rc write_files(struct init *in, struct err *err)
{
	enum rc rc;
	const char *dir = in->spec->dir;
	char *pem = NULL;
	size_t len;
	struct blob chain[LASTING_MAX_ABOVE + 1] = {in->ca.der};
	memcpy(chain + 1, in->above.above, in->above.n_above * sizeof *chain);
	TRY(fs_mkdirs(dir, err));
	if (chmod(dir, 0700) < 0) {
		rc = err_errno(err, RC_FAULT, "cannot protect %s", dir);
		goto out;
	}
	TRY(keys_pem(in->ca.key, &pem, &len, err));
	TRY(fs_write(file_of(in, LASTING_KEY), pem, len, 0600, err));
	TRY(write_pem(in, LASTING_ANCHOR, &in->anchor, 1, err));
	TRY(write_pem(in, LASTING_CA, chain, in->above.n_above + 1, err)); /* last: it makes the directory a PKI */
out:
	free(pem);
	return rc;
}

/* Only what is new or empty is taken, for it is about to be closed to others. */
static enum rc check_free(const char *dir, struct err *err)
{
	enum rc rc = RC_OK;
	struct arena a = {0};
	const char **names;
	size_t n = 0;
	if (fs_exists(arena_printf(&a, "%s/" LASTING_CA, dir)))
		rc = err_set(err, RC_INPUT, "%s holds a PKI already; remove it, or choose another directory", dir);
	else if (fs_exists(dir)) {
		TRY(fs_list(&a, dir, &names, &n, err));
		if (n)
			rc = err_set(err, RC_INPUT, "%s is not empty; choose another directory", dir);
	}
out:
	arena_fini(&a);
	return rc;
}

enum rc lasting_init(const struct lasting_spec *spec, struct err *err)
{
	enum rc rc;
	struct init in = {.spec = spec};
	keys_init(&in.keys);
	TRY(check_free(spec->dir, err));
	if (!spec->issuer != !spec->issuer_key) {
		rc = err_set(err, RC_INPUT, "--issuer and --issuer-key belong together");
		goto out;
	}
	if (spec->issuer)
		TRY(read_ca(&in.keys, spec->issuer, spec->issuer_key, spec->now, ROOM_BELOW_ISSUER, &in.above,
			    &in.issuer, err));
	TRY(make_ca(&in, err));
	TRY(choose_anchor(&in, err));
	TRY(write_files(&in, err));
out:
	keys_fini(&in.keys);
	return rc;
}
