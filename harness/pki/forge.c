#include "harness/pki/forge.h"

#include "harness/base/permute.h"
#include "harness/pki/der.h"
#include "harness/pki/forge_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CERTIFICATE (1u << 20)
#define UNIT_MAX 64 /* ub-organizational-unit-name, RFC 5280 appendix A.1 */
#define LEAF_PREFIX "mtlspec-"
#define LEAF_NAME (sizeof LEAF_PREFIX - 1 + 16) /* prefix and 16 hex digits */

static struct blob keep(struct forge *f, const struct buf *b)
{
	return (struct blob){.data = arena_memdup(&f->arena, b->data, b->len), .len = b->len};
}

/* A CA's name: unlike any other of this run, and unlike those of other runs that a store may still hold. */
struct blob forge_name(struct forge *f, const char *unit, const char *name)
{
	struct buf b;
	char common[96];
	buf_init(&b, 1024);
	snprintf(common, sizeof common, FORGE_ORGANISATION " %s %08x", name, (unsigned)(f->tag >> 32));
	cert_put_name(&b, FORGE_ORGANISATION, unit ? arena_printf(&f->arena, "%.*s", UNIT_MAX, unit) : NULL, common);
	struct blob out = keep(f, &b);
	buf_fini(&b);
	return out;
}

static struct blob leaf_name(struct forge *f, const char *common)
{
	struct buf b;
	buf_init(&b, 1024);
	cert_put_name(&b, FORGE_ORGANISATION, NULL, common);
	struct blob out = keep(f, &b);
	buf_fini(&b);
	return out;
}

/* The TBSCertificate that `m` describes, and the algorithm it is to be signed with; both in the forge's arena. */
static enum rc make_tbs(struct forge *f, const struct make *m, struct blob *tbs, struct blob *algorithm, struct err *err)
{
	enum rc rc;
	struct buf b;
	const struct key *signer = m->signer ? m->signer : m->issuer->key;
	const struct cert_spec *spec = m->spec;
	bool self = m->issuer->key == m->key && m->issuer->subject.data == m->subject.data;
	struct cert_input in = {.spec = spec, .now = f->now, .subject = m->subject, .public_key = m->key->public_der};
	buf_init(&b, MAX_CERTIFICATE);
	*algorithm = in.algorithm = keys_algorithm(signer, spec->signature, &f->arena);
	in.issuer = m->issuer_name.data ? m->issuer_name : m->issuer->subject;
	in.key_id = spec->key_id ? m->key_id ? m->key_id : m->key->id : NULL;
	/* RFC 5280 4.2.1.1: a self-signed certificate may omit it */
	in.issuer_key_id = spec->issuer_key_id && !self ? m->issuer->key_id : NULL;
	TRY(keys_random(in.serial, sizeof in.serial, err));
	in.serial[0] = (in.serial[0] & 0x3f) | 0x40; /* positive, RFC 5280 4.1.2.2 */
	TRY(cert_put_tbs(&b, &in, err));
	*tbs = keep(f, &b);
out:
	buf_fini(&b);
	return rc;
}

enum rc forge_make(struct forge *f, const struct make *m, struct made *out, struct err *err)
{
	enum rc rc;
	struct buf b;
	struct blob tbs, algorithm, signature;
	struct make full = *m;
	buf_init(&b, MAX_CERTIFICATE);
	*out = (struct made){.spec = m->spec, .key = m->key, .subject = m->subject,
			     .key_id = m->key_id ? m->key_id : m->key->id};
	if (!full.issuer)
		full.issuer = out;
	TRY(make_tbs(f, &full, &tbs, &algorithm, err));
	TRY(keys_sign(full.signer ? full.signer : full.issuer->key, m->spec->signature, tbs, &f->arena, &signature, err));
	cert_put_signed(&b, tbs, algorithm, signature);
	out->der = keep(f, &b);
out:
	buf_fini(&b);
	return rc;
}

/* RFC 5280 4.2.1.3: with a keyUsage that lacks cRLSign nobody may believe its CRL. */
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

static enum rc make_stencil(struct forge *f, const struct make *m, const char *common, struct stencil *s, struct err *err)
{
	enum rc rc;
	struct cert_view view;
	TRY(make_tbs(f, m, &s->tbs, &s->algorithm, err));
	s->signer = m->signer ? m->signer : m->issuer->key;
	s->hash = m->spec->signature;
	if (!cert_parse_tbs(s->tbs, &view) || view.serial.len != CERT_SERIAL)
		return err_set(err, RC_FAULT, "a minted certificate cannot be read back");
	const char *start = s->tbs.data, *at = start, *end = start + s->tbs.len;
	s->serial_at = (size_t)((const char *)view.serial.data - start);
	s->issuer_at = (size_t)((const char *)view.issuer.data - start);
	s->issuer_len = view.issuer.len;
	while (s->n_names < 2 && (at = memmem(at, (size_t)(end - at), common, LEAF_NAME))) {
		s->name_at[s->n_names++] = (size_t)(at - start);
		at += LEAF_NAME;
	}
out:
	return rc;
}

static enum rc choose_key(struct forge *f, const struct recipe *r, int i, const struct key **out, struct err *err)
{
	const struct cert_spec *c = &r->certs[i];
	/* A self-signed leaf that becomes an anchor must not lend its key to the leaves of other conditions. */
	if (i == r->leaf && c->issuer_index != i)
		return keys_shared(&f->keys, c->key, KEY_SLOT_LEAF, out, err);
	return keys_own(&f->keys, c->key, out, err);
}

/* The certificate of the run that an impersonator pretends to be. */
static const struct made *original(const struct forge *f, const struct cert_spec *c)
{
	int at = recipe_index(&f->base.recipe, role_text(c->role));
	return at < 0 ? NULL : &f->base.made[at];
}

static enum rc describe(struct forge *f, struct prepared *p, int i, const char *common, struct make *m, struct err *err)
{
	enum rc rc;
	const struct cert_spec *c = &p->recipe.certs[i];
	const struct made *model = c->copies_name ? original(f, c) : NULL;
	*m = (struct make){.spec = c, .issuer = c->issuer_index == i ? NULL : &p->made[c->issuer_index]};
	TRY(choose_key(f, &p->recipe, i, &m->key, err));
	if (model)
		m->subject = model->subject;
	else if (i == p->recipe.leaf)
		m->subject = leaf_name(f, common);
	else
		m->subject = forge_name(f, p->condition ? p->condition->id : NULL, c->name);
	if (model && c->copies_key_id)
		m->key_id = model->key_id;
	if (c->self_named)
		m->issuer_name = m->subject;
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
	int i = p->recipe.leaf;
	struct made *made = &p->made[i];
	TRY(placeholder(common, err));
	TRY(describe(f, p, i, common, &m, err));
	if (p->recipe.certs[i].fresh) {
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
	const struct cert_spec *c = &p->recipe.certs[i];
	if (p->made[i].key)
		return RC_OK;
	if (RECIPE_ANCHOR_SET(c)) {
		struct anchor_set *set;
		TRY(forge_anchor_set(f, c->trust, &set, err));
		p->made[i] = *set->root;
		return RC_OK;
	}
	if (p != &f->base && !c->own && i != p->recipe.leaf) {
		p->made[i] = f->base.made[i];
		return RC_OK;
	}
	if (c->issuer_index != i)
		TRY(make_cert(f, p, c->issuer_index, err));
	if (i == p->recipe.leaf)
		return make_leaf(f, p, err);
	TRY(describe(f, p, i, NULL, &m, err));
	TRY(forge_make(f, &m, &p->made[i], err));
	if (c->ca || c->role != ROLE_LEAF)
		note_authority(f, &p->made[i]);
out:
	return rc;
}

/* The message in order, and the issuer of each entry for clients that match the CA list. */
static void lay_out_message(struct prepared *p)
{
	struct cert_view view;
	for (size_t i = 0; i < p->recipe.n_message; i++) {
		struct blob der = p->made[p->recipe.message[i]].der;
		p->chain[p->n] = der;
		if (der.data && cert_parse(der, &view))
			p->issuers[p->n] = view.issuer;
		p->n++;
	}
}

static enum rc prepare(struct forge *f, struct prepared *p, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < p->recipe.n; i++)
		TRY(make_cert(f, p, (int)i, err));
	p->proof_key = p->made[p->recipe.leaf].key;
	if (p->recipe.proof_other_key)
		TRY(keys_shared(&f->keys, p->proof_key->kind, KEY_SLOT_STRANGER, &p->proof_key, err));
	lay_out_message(p);
	for (size_t i = 0; i < p->recipe.n; i++)
		if (p->recipe.stored[i])
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
	int base = recipe_index(&f->base.recipe, "root");
	struct made *root = ARENA_NEW(&f->arena, struct made, 1);
	struct make m = {.spec = base < 0 ? NULL : &f->base.recipe.certs[base], .subject = forge_name(f, name, "root")};
	if (!m.spec)
		return err_set(err, RC_INPUT, "the base hierarchy has no <root>");
	TRY(keys_own(&f->keys, m.spec->key, &m.key, err));
	TRY(forge_make(f, &m, root, err));
	note_authority(f, root);
	*VEC_PUSH(f->sets, f->n_sets, f->cap_sets) = (struct anchor_set){.name = arena_strdup(&f->arena, name), .root = root};
	*out = &f->sets[f->n_sets - 1];
out:
	return rc;
}

enum rc forge_open(struct forge **out, const struct forge_spec *spec, struct err *err)
{
	enum rc rc;
	struct forge *f = mem_alloc(sizeof *f);
	*f = (struct forge){.suite = spec->suite, .now = spec->now, .seed = permute_mix(spec->seed)};
	keys_init(&f->keys);
	TRY(keys_random(&f->tag, sizeof f->tag, err));
	f->tag = permute_mix(f->tag ^ f->seed);
	if (spec->pki_dir) {
		rc = err_set(err, RC_INPUT, "%s: a lasting PKI cannot be used yet", spec->pki_dir);
		goto out;
	}
	TRY(recipe_build(spec->suite, NULL, &f->base.recipe, err));
	for (size_t i = 0; i < f->base.recipe.n; i++)
		if ((int)i != f->base.recipe.leaf)
			TRY(make_cert(f, &f->base, (int)i, err));
	int root = recipe_index(&f->base.recipe, "root");
	if (root < 0) {
		rc = err_set(err, RC_INPUT, "the base hierarchy has no <root>");
		goto out;
	}
	*VEC_PUSH(f->sets, f->n_sets, f->cap_sets) = (struct anchor_set){.name = "main", .root = &f->base.made[root]};
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

enum rc forge_prepare(struct forge *f, const struct condition *condition, struct err *err)
{
	enum rc rc = RC_OK;
	if (condition->none || find(f, condition))
		return RC_OK;
	struct prepared *p = ARENA_NEW(&f->arena, struct prepared, 1);
	p->condition = condition;
	TRY(recipe_build(f->suite, condition, &p->recipe, err));
	TRY(prepare(f, p, err));
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
static struct blob assemble(struct arena *a, struct blob tbs, struct blob algorithm, struct blob signature, size_t *head)
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

/* A fresh leaf from the stencil: two places filled in, one signature. */
static enum rc cut(const struct forge *f, const struct prepared *p, uint64_t serial, struct arena *a, struct blob *leaf,
		   struct blob *issuer, char *subject, struct err *err)
{
	enum rc rc;
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
	TRY(keys_sign(s->signer, s->hash, (struct blob){tbs, s->tbs.len}, a, &signature, err));
	*leaf = assemble(a, (struct blob){tbs, s->tbs.len}, s->algorithm, signature, &head);
	*issuer = (struct blob){(const char *)leaf->data + head + s->issuer_at, s->issuer_len};
out:
	return rc;
}

enum rc forge_mint(struct forge *f, const struct condition *condition, uint64_t serial, struct arena *a, struct minted *out,
		   struct err *err)
{
	enum rc rc = RC_OK;
	*out = (struct minted){.credential = {.id = condition->id}};
	if (condition->none)
		return RC_OK;
	const struct prepared *p = find(f, condition);
	if (!p)
		return err_set(err, RC_FAULT, "condition %s was not prepared before it was minted", condition->id);
	struct blob *chain = ARENA_NEW(a, struct blob, p->n), *issuers = ARENA_NEW(a, struct blob, p->n);
	struct blob leaf = p->made[p->recipe.leaf].der, issuer = {0};
	memcpy(chain, p->chain, p->n * sizeof *chain);
	memcpy(issuers, p->issuers, p->n * sizeof *issuers);
	memcpy(out->subject, p->subject, sizeof out->subject);
	if (p->stencil.tbs.len)
		TRY(cut(f, p, serial, a, &leaf, &issuer, out->subject, err));
	for (size_t i = 0; i < p->n; i++)
		if (!chain[i].data) {
			chain[i] = leaf;
			issuers[i] = issuer;
		}
	keys_hash_hex(HASH_SHA1, leaf.data, leaf.len, out->sha1);
	keys_hash_hex(HASH_SHA256, leaf.data, leaf.len, out->sha256);
	out->credential = (struct job_credential){.id = condition->id, .chain = chain, .n = p->n,
						  .key = p->proof_key->private, .pub = p->proof_key->public,
						  .proof = p->recipe.proof, .issuers = issuers, .n_issuers = p->n};
out:
	return rc;
}

uint64_t forge_keys_made(const struct forge *f)
{
	return f->keys.made;
}
