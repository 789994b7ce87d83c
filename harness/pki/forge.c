#include "harness/pki/forge.h"

#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/permute.h"
#include "harness/pki/der.h"
#include "harness/pki/forge_inner.h"
#include "harness/pki/import.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAF_PREFIX "mtlspec-"
#define LEAF_NAME   (sizeof LEAF_PREFIX - 1 + 16) /* prefix and 16 hex digits */

struct blob forge_name(struct forge *f, const char *unit, const char *name)
{
	return issue_name(&f->arena, f->tag, unit, name);
}

static struct blob leaf_name(struct forge *f, const char *common)
{
	struct buf b;
	buf_init(&b, 1024);
	cert_put_name(&b, ISSUE_ORGANISATION, NULL, common);
	struct blob out = {.data = arena_memdup(&f->arena, b.data, b.len), .len = b.len};
	buf_fini(&b);
	return out;
}

enum rc forge_make(struct forge *f, const struct make *m, struct made *out, struct err *err)
{
	return issue_certificate(&f->arena, f->now, m, out, err);
}

/* Whoever may sign CRLs does: RFC 5280 4.2.1.3, a keyUsage without cRLSign says that nobody may believe them. */
static bool publishes(const struct cert_spec *c)
{
	return c->crl && (!c->has_key_usage || (c->key_usage & BIT(USAGE_CRL_SIGN)));
}

static void note_authority(struct forge *f, const struct made *made)
{
	if (publishes(made->spec))
		*VEC_PUSH(f->authorities, f->n_authorities, f->cap_authorities) = made;
}

/* The text that stands for a leaf's name and serial number until it is minted. */
static enum rc placeholder(char common[static LEAF_NAME + 1], struct err *err)
{
	uint64_t v = 0;
	enum rc rc = keys_random(&v, sizeof v, err);
	snprintf(common, LEAF_NAME + 1, LEAF_PREFIX "%016llx", (unsigned long long)v);
	return rc;
}

static enum rc make_stencil(struct forge *f, const struct make *m, const char *common, struct stencil *s,
			    struct err *err)
{
	enum rc rc;
	struct cert_view view;
	TRY(issue_tbs(&f->arena, f->now, m, &s->tbs, &s->algorithm, err));
	s->signer = m->signer ? m->signer : m->issuer->key;
	s->hash = m->spec->signature;
	if (!cert_parse_tbs(s->tbs, &view) || view.serial.len != CERT_SERIAL)
		return err_set(err, RC_FAULT, "a minted certificate cannot be read back");
	const char *start = s->tbs.data, *at = start, *end = start + s->tbs.len;
	s->serial_at = (size_t)((const char *)view.serial.data - start);
	s->issuer_at = (size_t)((const char *)view.issuer.data - start);
	s->issuer_len = view.issuer.len;
	s->not_after_at = (size_t)((const char *)view.not_after.data - start);
	s->not_after_len = view.not_after.len;
	while (s->n_names < 2 && (at = memmem(at, (size_t)(end - at), common, LEAF_NAME))) {
		s->name_at[s->n_names++] = (size_t)(at - start);
		at += LEAF_NAME;
	}
out:
	return rc;
}

static enum rc choose_key(struct forge *f, const struct blueprint *r, int i, const struct key **out, struct err *err)
{
	const struct cert_spec *c = &r->certs[i];
	/* A self-signed leaf, or one that is an anchor, must not lend its key to the leaves of other conditions. */
	if (i == r->leaf && c->fresh && c->issuer_index != i)
		return keys_shared(&f->keys, c->key, KEY_SLOT_LEAF, out, err);
	return keys_own(&f->keys, c->key, out, err);
}

/* The certificate of the run that an impersonator pretends to be. */
static const struct made *original(const struct forge *f, const struct cert_spec *c)
{
	int at = blueprint_index(&f->base.blueprint, role_text(c->role));
	return at < 0 ? NULL : &f->base.made[at];
}

static enum rc describe(struct forge *f, struct prepared *p, int i, const char *common, struct make *m, struct err *err)
{
	enum rc rc;
	const struct cert_spec *c = &p->blueprint.certs[i];
	const struct made *model = c->copies_name ? original(f, c) : NULL;
	*m = (struct make){.spec = c, .issuer = c->issuer_index == i ? NULL : &p->made[c->issuer_index]};
	TRY(choose_key(f, &p->blueprint, i, &m->key, err));
	if (model)
		m->subject = model->subject;
	else if (i == p->blueprint.leaf)
		m->subject = leaf_name(f, common);
	else
		m->subject = forge_name(f, p->condition ? p->condition->id : NULL, c->name);
	if (model && c->copies_key_id)
		m->key_id = model->key_id;
	m->issuer_name =
	    issue_issuer_name(&f->arena, c->issuer_name, m->issuer ? m->issuer->subject : m->subject, m->subject);
	if (c->stranger_signs) {
		enum key_kind kind = m->issuer ? m->issuer->key->kind : m->key->kind;
		TRY(keys_shared(&f->keys, kind, KEY_SLOT_STRANGER, &m->signer, err));
	}
out:
	return rc;
}

static enum rc make_leaf(struct forge *f, struct prepared *p, struct err *err)
{
	enum rc rc;
	struct make m;
	char common[LEAF_NAME + 1];
	int i = p->blueprint.leaf;
	struct made *made = &p->made[i];
	TRY(placeholder(common, err));
	TRY(describe(f, p, i, common, &m, err));
	if (p->blueprint.certs[i].fresh) {
		*made = (struct made){.spec = m.spec, .key = m.key, .subject = m.subject, .key_id = m.key->id};
		if (!m.issuer)
			m.issuer = made;
		TRY(make_stencil(f, &m, common, &p->stencil, err));
	} else {
		TRY(forge_make(f, &m, made, err));
		snprintf(p->subject, sizeof p->subject, "%s", common);
	}
out:
	return rc;
}

/* Makes certificate `i` after everything above it. */
static enum rc make_cert(struct forge *f, struct prepared *p, int i, struct err *err)
{
	enum rc rc = RC_OK;
	struct make m;
	const struct cert_spec *c = &p->blueprint.certs[i];
	if (p->made[i].key)
		return RC_OK;
	if (BLUEPRINT_ANCHOR_SET(c)) {
		struct anchor_set *set;
		TRY(forge_anchor_set(f, c->trust, &set, err));
		p->made[i] = *set->root;
		return RC_OK;
	}
	if (p != &f->base && !c->own && i != p->blueprint.leaf) {
		p->made[i] = f->base.made[i];
		return RC_OK;
	}
	if (c->issuer_index != i)
		TRY(make_cert(f, p, c->issuer_index, err));
	if (i == p->blueprint.leaf)
		return make_leaf(f, p, err);
	TRY(describe(f, p, i, NULL, &m, err));
	TRY(forge_make(f, &m, &p->made[i], err));
	note_authority(f, &p->made[i]);
out:
	return rc;
}

static void append(struct prepared *p, struct blob der)
{
	struct cert_view view;
	p->chain[p->n] = der;
	if (der.data && cert_parse(der, &view))
		p->issuers[p->n] = view.issuer; /* what browsers match with the CA list */
	p->n++;
}

/* The message in order; under a lab CA, what leads from the lasting root up to the anchor goes behind it. */
static void lay_out_message(const struct forge *f, struct prepared *p)
{
	bool below = false, inside = false;
	for (size_t i = 0; i < p->blueprint.n_message; i++) {
		int at = p->blueprint.message[i], issuer = p->blueprint.certs[at].issuer_index;
		append(p, p->made[at].der);
		inside |= p->made[at].key == f->lasting.key && at == issuer;
		/* below it, or seemingly so: an impostor is an impostor only where the real one is at hand */
		below |=
		    at != issuer && (p->made[issuer].key == f->lasting.key || p->blueprint.certs[issuer].copies_name);
	}
	if (!f->lasting.key || !f->lasting.subordinate || (!below && !inside))
		return;
	if (!inside)
		append(p, f->lasting.ca);
	for (size_t i = 0; i < f->lasting.n_above; i++)
		append(p, f->lasting.above[i]);
}

/* Below a lab CA with a pathLenConstraint a deep condition breaks that rule, too, which masks what it tests. */
static void warn_of_depth(const struct forge *f, const struct prepared *p)
{
	int cas = 0, at = p->blueprint.leaf;
	while (p->blueprint.certs[at].issuer_index != at) {
		at = p->blueprint.certs[at].issuer_index;
		cas++;
	}
	if (f->lasting.key && p->made[at].key == f->lasting.key && f->lasting.path_length >= 0 &&
	    cas - 1 > f->lasting.path_length)
		log_warn(
		    "condition=%s needs=%d-cas pathLenConstraint=%d of the lasting CA refuses it: skip this condition",
		    p->condition->id, cas - 1, f->lasting.path_length);
}

static enum rc prepare(struct forge *f, struct prepared *p, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < p->blueprint.n; i++)
		TRY(make_cert(f, p, (int)i, err));
	p->proof_key = p->made[p->blueprint.leaf].key;
	if (p->blueprint.proof_other_key)
		TRY(keys_shared(&f->keys, p->proof_key->kind, KEY_SLOT_STRANGER, &p->proof_key, err));
	p->leaf = p->made[p->blueprint.leaf].der;
	lay_out_message(f, p);
	warn_of_depth(f, p);
	for (size_t i = 0; i < p->blueprint.n; i++)
		if (p->blueprint.stored[i])
			*VEC_PUSH(f->sets[0].stored, f->sets[0].n, f->sets[0].cap) = p->made[i].der;
out:
	return rc;
}

enum rc forge_anchor_set(struct forge *f, const char *name, struct anchor_set **out, struct err *err)
{
	for (size_t i = 0; i < f->n_sets; i++)
		if (text_equal(f->sets[i].name, name)) {
			*out = &f->sets[i];
			return RC_OK;
		}
	enum rc rc;
	int base = blueprint_index(&f->base.blueprint, "root");
	struct made *root = ARENA_NEW(&f->arena, struct made, 1);
	struct make m = {.spec = base < 0 ? NULL : &f->base.blueprint.certs[base],
			 .subject = forge_name(f, name, "root")};
	if (!m.spec)
		return err_set(err, RC_INPUT, "the base hierarchy has no <root>");
	TRY(keys_own(&f->keys, m.spec->key, &m.key, err));
	TRY(forge_make(f, &m, root, err));
	note_authority(f, root);
	*VEC_PUSH(f->sets, f->n_sets, f->cap_sets) =
	    (struct anchor_set){.name = arena_strdup(&f->arena, name), .root = root};
	*out = &f->sets[f->n_sets - 1];
out:
	return rc;
}

/* The run's root is the lasting PKI's CA, or made anew. */
static enum rc make_base(struct forge *f, struct err *err)
{
	enum rc rc;
	TRY(blueprint_build(f->suite, NULL, &f->base.blueprint, err));
	int root = blueprint_index(&f->base.blueprint, "root");
	if (root < 0)
		return err_set(err, RC_INPUT, "the base hierarchy has no <root>");
	struct made *made = &f->base.made[root];
	if (f->lasting.key) {
		*made = (struct made){.spec = &f->base.blueprint.certs[root],
				      .key = f->lasting.key,
				      .der = f->lasting.ca,
				      .subject = f->lasting.subject,
				      .key_id = f->lasting.key_id};
		note_authority(f, made);
	}
	for (size_t i = 0; i < f->base.blueprint.n; i++)
		if ((int)i != f->base.blueprint.leaf)
			TRY(make_cert(f, &f->base, (int)i, err));
	*VEC_PUSH(f->sets, f->n_sets, f->cap_sets) = (struct anchor_set){.name = "main", .root = made};
out:
	return rc;
}

enum rc forge_open(struct forge **out, const struct forge_spec *spec, struct err *err)
{
	enum rc rc;
	struct forge *f = mem_alloc(sizeof *f);
	*f = (struct forge){
	    .suite = spec->suite, .target = spec->target, .now = spec->now, .seed = permute_mix(spec->seed)};
	keys_init(&f->keys);
	TRY(keys_random(&f->tag, sizeof f->tag, err));
	f->tag = permute_mix(f->tag ^ f->seed);
	if (spec->pki_dir)
		TRY(lasting_load(&f->keys, spec->pki_dir, spec->now, &f->lasting, err));
	TRY(make_base(f, err));
	*out = f;
	f = NULL;
out:
	forge_close(&f);
	return rc;
}

void forge_close(struct forge **f)
{
	if (!*f)
		return;
	for (size_t i = 0; i < (*f)->n_sets; i++)
		free((*f)->sets[i].stored);
	free((*f)->sets);
	free((*f)->prepared);
	free((*f)->authorities);
	keys_fini(&(*f)->keys);
	arena_fini(&(*f)->arena);
	free(*f);
	*f = NULL;
}

static const struct prepared *find(const struct forge *f, const struct condition *condition)
{
	for (size_t i = 0; i < f->n_prepared; i++)
		if (f->prepared[i]->condition == condition)
			return f->prepared[i];
	for (size_t i = 0; i < f->n_prepared; i++) /* the same one in a copy of the suite */
		if (text_equal(f->prepared[i]->condition->id, condition->id))
			return f->prepared[i];
	return NULL;
}

static const struct identity *identity_of(const struct forge *f, const char *id)
{
	for (size_t i = 0; f->target && i < f->target->n_identities; i++)
		if (text_equal(f->target->identities[i].id, id))
			return &f->target->identities[i];
	return NULL;
}

/* The user's own certificate: nothing is minted; the key is read, never copied or logged. */
static enum rc prepare_own(struct forge *f, struct prepared *p, struct err *err)
{
	enum rc rc;
	struct import_identity own;
	struct import_facts facts;
	const struct identity *d = identity_of(f, p->condition->own);
	if (!d)
		return err_set(err, RC_INPUT, "condition %s: the target has no <identity id=\"%s\">", p->condition->id,
			       p->condition->own);
	TRY(import_identity(&f->keys, d->certificate, d->key, d->password_env ? clock_env(d->password_env) : NULL, &own,
			    err));
	TRY(import_facts(d->certificate, own.chain[0], &facts, err));
	for (size_t i = 0; i < own.n; i++)
		append(p, own.chain[i]);
	p->leaf = own.chain[0];
	p->proof_key = own.key;
	snprintf(p->subject, sizeof p->subject, "%s", facts.common_name);
out:
	return rc;
}

enum rc forge_prepare(struct forge *f, const struct condition *condition, struct err *err)
{
	enum rc rc = RC_OK;
	if (condition->none || find(f, condition))
		return RC_OK;
	struct prepared *p = ARENA_NEW(&f->arena, struct prepared, 1);
	p->condition = condition;
	if (condition->own) {
		TRY(prepare_own(f, p, err));
	} else {
		TRY(blueprint_build(f->suite, condition, &p->blueprint, err));
		TRY(prepare(f, p, err));
	}
	*VEC_PUSH(f->prepared, f->n_prepared, f->cap_prepared) = p;
out:
	return rc;
}

static void put_hex64(char *out, uint64_t v)
{
	static const char digits[] = "0123456789abcdef";
	for (int i = 15; i >= 0; i--, v >>= 4)
		out[i] = digits[v & 15];
}

/* Certificate ::= SEQUENCE { tbs, algorithm, BIT STRING }: everything but the outer header is known in size. */
static struct blob assemble(struct arena *a, struct blob tbs, struct blob algorithm, struct blob signature,
			    size_t *head)
{
	unsigned char outer[DER_HEADER_MAX], inner[DER_HEADER_MAX];
	size_t n_inner = der_header(inner, DER_BIT_STRING, signature.len + 1);
	size_t content = tbs.len + algorithm.len + n_inner + 1 + signature.len;
	size_t n_outer = der_header(outer, DER_SEQUENCE, content);
	unsigned char *out = arena_alloc(a, n_outer + content), *p = out;
	memcpy(p, outer, n_outer);
	memcpy(p += n_outer, tbs.data, tbs.len);
	memcpy(p += tbs.len, algorithm.data, algorithm.len);
	memcpy(p += algorithm.len, inner, n_inner);
	p += n_inner + 1; /* the octet between says: no unused bits */
	memcpy(p, signature.data, signature.len);
	*head = n_outer;
	return (struct blob){.data = out, .len = n_outer + content};
}

/* Another notAfter in the same place: of the same type, hence of the same length (RFC 5280 4.1.2.5). */
static enum rc put_not_after(const struct stencil *s, unsigned char *tbs, time_t not_after, struct err *err)
{
	struct buf b;
	enum rc rc = RC_OK;
	buf_init(&b, 64);
	der_put_time(&b, not_after);
	if (b.len == s->not_after_len && (unsigned char)b.data[0] == tbs[s->not_after_at])
		memcpy(tbs + s->not_after_at, b.data, b.len);
	else
		rc = err_set(err, RC_INPUT, "a certificate that runs out while it is used needs a notAfter before 2050");
	buf_fini(&b);
	return rc;
}

/* A fresh leaf from the stencil: two places filled in, or three, one signature. */
static enum rc cut(const struct forge *f, const struct prepared *p, uint64_t serial, time_t not_after, struct arena *a,
		   struct blob *leaf, struct blob *issuer, char *subject, struct err *err)
{
	enum rc rc = RC_OK;
	const struct stencil *s = &p->stencil;
	uint64_t unique = permute_mix(serial + f->seed);
	unsigned char *tbs = arena_memdup(a, s->tbs.data, s->tbs.len);
	struct blob signature;
	size_t head;
	memcpy(subject, LEAF_PREFIX, sizeof LEAF_PREFIX);
	put_hex64(subject + sizeof LEAF_PREFIX - 1, unique);
	subject[LEAF_NAME] = '\0';
	for (size_t i = 0; i < s->n_names; i++)
		memcpy(tbs + s->name_at[i], subject, LEAF_NAME);
	for (size_t i = 0; i < 8; i++) {
		tbs[s->serial_at + i] = (unsigned char)(f->tag >> (8 * i));
		tbs[s->serial_at + 8 + i] = (unsigned char)(unique >> (8 * (7 - i)));
	}
	tbs[s->serial_at] = (tbs[s->serial_at] & 0x3f) | 0x40;
	if (not_after)
		TRY(put_not_after(s, tbs, not_after, err));
	TRY(keys_sign(s->signer, s->hash, (struct blob){tbs, s->tbs.len}, a, &signature, err));
	*leaf = assemble(a, (struct blob){tbs, s->tbs.len}, s->algorithm, signature, &head);
	*issuer = (struct blob){(const char *)leaf->data + head + s->issuer_at, s->issuer_len};
out:
	return rc;
}

enum rc forge_mint(struct forge *f, const struct condition *condition, uint64_t serial, struct arena *a,
		   struct minted *out, struct err *err)
{
	return forge_mint_until(f, condition, serial, 0, a, out, err);
}

enum rc forge_mint_until(struct forge *f, const struct condition *condition, uint64_t serial, time_t not_after,
			 struct arena *a, struct minted *out, struct err *err)
{
	enum rc rc = RC_OK;
	*out = (struct minted){.credential = {.id = condition->id}};
	if (condition->none)
		return RC_OK;
	const struct prepared *p = find(f, condition);
	if (!p)
		return err_set(err, RC_FAULT, "condition %s was not prepared before it was minted", condition->id);
	struct blob *chain = ARENA_NEW(a, struct blob, p->n), *issuers = ARENA_NEW(a, struct blob, p->n);
	struct blob leaf = p->leaf, issuer = {0};
	memcpy(chain, p->chain, p->n * sizeof *chain);
	memcpy(issuers, p->issuers, p->n * sizeof *issuers);
	memcpy(out->subject, p->subject, sizeof out->subject);
	if (leaf.data && not_after)
		return err_set(err, RC_INPUT, "condition %s: its leaf is fixed and cannot run out", condition->id);
	if (!leaf.data)
		TRY(cut(f, p, serial, not_after, a, &leaf, &issuer, out->subject, err));
	for (size_t i = 0; i < p->n; i++)
		if (!chain[i].data) {
			chain[i] = leaf;
			issuers[i] = issuer;
		}
	keys_hash_hex(HASH_SHA1, leaf.data, leaf.len, out->sha1);
	keys_hash_hex(HASH_SHA256, leaf.data, leaf.len, out->sha256);
	out->credential = (struct job_credential){.id = condition->id,
						  .chain = chain,
						  .n = p->n,
						  .key = p->proof_key->private,
						  .pub = p->proof_key->public,
						  .proof = p->blueprint.proof,
						  .issuers = issuers,
						  .n_issuers = p->n};
out:
	return rc;
}

const char *forge_library(void)
{
	static char text[64];
	snprintf(text, sizeof text, "GnuTLS %s", gnutls_check_version(NULL));
	return text;
}

uint64_t forge_keys_made(const struct forge *f)
{
	return f->keys.made;
}
