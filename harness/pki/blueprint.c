#include "harness/pki/blueprint.h"

#include "harness/pki/knob.h"

#include <string.h>

ENUM_DEFINE(role, ROLE, ROLE_LIST);
ENUM_DEFINE(key_kind, KEY_KIND, KEY_KIND_LIST);
ENUM_DEFINE(hash, HASH, HASH_LIST);
ENUM_DEFINE(presence, PRESENCE, PRESENCE_LIST);
ENUM_DEFINE(issuer_name, ISSUER_NAME, ISSUER_NAME_LIST);
ENUM_DEFINE(key_usage, KEY_USAGE, KEY_USAGE_LIST);

int blueprint_index(const struct blueprint *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (text_equal(r->certs[i].name, name))
			return (int)i;
	return -1;
}

static const struct attribute *attribute_of(const struct node *node, const char *name)
{
	for (size_t i = 0; i < node->n_attributes; i++)
		if (text_equal(node->attributes[i].name, name))
			return &node->attributes[i];
	return NULL;
}

static enum rc apply(struct knob_at *at, enum element element, const struct node *node, struct err *err)
{
	char legal[1024];
	for (size_t i = 0; i < node->n_attributes; i++) {
		const struct attribute *a = &node->attributes[i];
		const struct knob *knob = knob_find(element, a->name);
		int line = a->line ? a->line : node->where.line;
		if (!knob)
			return err_at(err, RC_INPUT, node->where.file, line,
				      "unknown attribute %s on <%s>; it may carry: %s", a->name, node->name,
				      knob_attributes(element, legal, sizeof legal));
		if (!knob->apply(at, a->value))
			return err_at(err, RC_INPUT, node->where.file, line,
				      "%s=\"%s\" is not legal on <%s>; legal: %s", a->name, a->value, node->name,
				      knob->values);
	}
	return RC_OK;
}

static enum rc inner(struct knob_at *at, const struct node *node, struct err *err)
{
	enum element element;
	if (!element_parse(node->name, &element) || !ELEMENT_IS_INNER(element))
		return err_at(err, RC_INPUT, node->where.file, node->where.line,
			      "unknown element <%s> in a certificate; it may hold: extension name-constraints",
			      node->name);
	struct cert_spec *c = at->cert;
	if (element == ELEMENT_NAME_CONSTRAINTS) {
		c->has_name_constraints = true;
		c->name_constraints_critical = true; /* RFC 5280 4.2.1.10: MUST be critical */
		c->permitted = c->excluded = NULL;
	} else {
		if (c->n_extensions == BLUEPRINT_MAX_EXTENSIONS)
			return err_at(err, RC_INPUT, node->where.file, node->where.line, "more than %d extensions",
				      BLUEPRINT_MAX_EXTENSIONS);
		c->extensions[c->n_extensions++] = (struct extension_spec){.value = "", .where = node->where};
	}
	enum rc rc = apply(at, element, node, err);
	if (rc != RC_OK)
		return rc;
	if (element == ELEMENT_EXTENSION && !c->extensions[c->n_extensions - 1].oid)
		return err_at(err, RC_INPUT, node->where.file, node->where.line, "<extension> without oid=");
	if (element == ELEMENT_NAME_CONSTRAINTS && !c->permitted && !c->excluded)
		return err_at(err, RC_INPUT, node->where.file, node->where.line,
			      "<name-constraints> without permitted= or excluded=");
	return RC_OK;
}

/* What a certificate of a role is before the base says anything. */
static void blank(struct cert_spec *c, enum role role, const char *name, struct where where)
{
	*c = (struct cert_spec){.name = name,
				.role = role,
				.where = where,
				.path_length = -1,
				.version = 3,
				.signature = HASH_SHA256,
				.key_id = true,
				.issuer_key_id = true};
	c->issuer = role == ROLE_ROOT ? name : "root";
	c->crl = true;
}

/* The certificate an element speaks of: one that is there, or a new one that starts as the base's of its role. */
static enum rc choose(struct blueprint *r, enum role role, const struct node *node, struct cert_spec **out,
		      struct err *err)
{
	const struct attribute *named = attribute_of(node, "name");
	const char *name = named ? named->value : role_text(role);
	int at = blueprint_index(r, name), base = blueprint_index(r, role_text(role));
	if (at < 0) {
		if (r->n == BLUEPRINT_MAX_CERTS)
			return err_at(err, RC_INPUT, node->where.file, node->where.line, "more than %d certificates",
				      BLUEPRINT_MAX_CERTS);
		at = (int)r->n++;
		if (base >= 0)
			r->certs[at] = r->certs[base];
		else
			blank(&r->certs[at], role, name, node->where);
		r->certs[at].name = name;
		if (role == ROLE_ROOT)
			r->certs[at].issuer = name;
	}
	if (r->certs[at].role != role)
		return err_at(err, RC_INPUT, node->where.file, node->where.line, "%s is a %s, not a %s", name,
			      role_text(r->certs[at].role), role_text(role));
	*out = &r->certs[at];
	return RC_OK;
}

static enum rc certificate(struct blueprint *r, enum element element, const struct node *node, struct err *err)
{
	struct knob_at at = {.blueprint = r};
	enum rc rc = choose(r, (enum role)element, node, &at.cert, err);
	if (rc != RC_OK)
		return rc;
	at.cert->own = true;
	at.cert->where = node->where;
	TRY(apply(&at, element, node, err));
	for (size_t i = 0; i < node->n_children; i++)
		TRY(inner(&at, &node->children[i], err));
	size_t allowed = attribute_of(node, "name") ? 2 : 1;
	if (BLUEPRINT_ANCHOR_SET(at.cert) && (node->n_attributes > allowed || node->n_children))
		rc = err_at(err, RC_INPUT, node->where.file, node->where.line,
			    "trust=\"%s\": the root of another anchor set is used as it is, not changed",
			    at.cert->trust);
out:
	return rc;
}

/* What belongs to the condition itself, read by the suite's loader. */
static bool is_meta(const char *name)
{
	static const char *const meta[] = {"title", "quote", "openssl"};
	return text_index(meta, sizeof meta / sizeof *meta, name) >= 0;
}

static enum rc read_tree(struct blueprint *r, const struct node *tree, struct err *err)
{
	enum rc rc = RC_OK;
	struct knob_at at = {.blueprint = r};
	for (size_t i = 0; tree && i < tree->n_children; i++) {
		const struct node *node = &tree->children[i];
		enum element element;
		if (is_meta(node->name))
			continue;
		if (!element_parse(node->name, &element) || ELEMENT_IS_INNER(element))
			return err_at(
			    err, RC_INPUT, node->where.file, node->where.line,
			    "unknown element <%s>; a condition may hold: root intermediate leaf message proof "
			    "store",
			    node->name);
		if (ELEMENT_IS_CERTIFICATE(element)) {
			TRY(certificate(r, element, node, err));
			continue;
		}
		if (node->n_children)
			return err_at(err, RC_INPUT, node->children[0].where.file, node->children[0].where.line,
				      "<%s> holds no elements", node->name);
		TRY(apply(&at, element, node, err));
	}
out:
	return rc;
}

static enum rc resolve_words(const struct blueprint *r, const char *words, const char *what, int *list, size_t max,
			     size_t *n, const struct where *where, struct err *err)
{
	char word[64];
	const char *at = words;
	for (*n = 0; text_word(&at, word, sizeof word); (*n)++) {
		int index = blueprint_index(r, word);
		if (index < 0)
			return err_at(err, RC_INPUT, where->file, where->line,
				      "%s=\"%s\": no certificate named %s here", what, words, word);
		if (*n == max)
			return err_at(err, RC_INPUT, where->file, where->line, "%s: more than %zu names", what, max);
		list[*n] = index;
	}
	if (words && (*n == 0 || at[strspn(at, " \t\r\n")])) /* text_word stops at a word that is too long */
		return err_at(err, RC_INPUT, where->file, where->line, "%s=\"%s\": not a list of names", what, words);
	return RC_OK;
}

/* Whatever goes into a store is a certificate of its own, and the same one in every case. */
static enum rc resolve_store(struct blueprint *r, const struct where *where, struct err *err)
{
	int stored[BLUEPRINT_MAX_CERTS];
	size_t n = 0;
	enum rc rc = resolve_words(r, r->store, "add", stored, BLUEPRINT_MAX_CERTS, &n, where, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		r->stored[stored[i]] = r->certs[stored[i]].own = true;
	return rc;
}

/* A leaf is minted for each case, unless a store or a certificate below it needs it to stay what it is. */
static void choose_fresh(struct blueprint *r)
{
	struct cert_spec *leaf = &r->certs[r->leaf];
	leaf->fresh = !r->stored[r->leaf];
	for (size_t i = 0; i < r->n; i++)
		if ((int)i != r->leaf && r->certs[i].issuer_index == r->leaf)
			leaf->fresh = false;
}

static enum rc resolve_issuers(struct blueprint *r, struct err *err)
{
	for (size_t i = 0; i < r->n; i++) {
		struct cert_spec *c = &r->certs[i];
		c->issuer_index = blueprint_index(r, c->issuer);
		if (c->issuer_index < 0)
			return err_at(err, RC_INPUT, c->where.file, c->where.line,
				      "issuer=\"%s\": no certificate of that name here", c->issuer);
	}
	for (size_t i = 0; i < r->n; i++) {
		size_t at = i, steps = 0;
		while ((size_t)r->certs[at].issuer_index != at) {
			at = (size_t)r->certs[at].issuer_index;
			if (++steps > r->n)
				return err_at(err, RC_INPUT, r->certs[i].where.file, r->certs[i].where.line,
					      "%s: issuers in a circle", r->certs[i].name);
		}
	}
	/* Whatever stands below a touched certificate is another certificate, too. */
	for (size_t pass = 0; pass < r->n; pass++)
		for (size_t i = 0; i < r->n; i++)
			r->certs[i].own |= r->certs[r->certs[i].issuer_index].own;
	return RC_OK;
}

/* Nobody trusts a root that a condition changed, unless it says otherwise: make it say so. */
static enum rc check_root(const struct blueprint *r, size_t i, struct err *err)
{
	const struct cert_spec *c = &r->certs[i];
	if (c->role != ROLE_ROOT || !c->own || c->trust || r->stored[i])
		return RC_OK;
	return err_at(err, RC_INPUT, c->where.file, c->where.line,
		      "nobody trusts a changed root: say trust=\"nobody\", or add it with <store>");
}

static enum rc resolve(struct blueprint *r, const struct where *where, struct err *err)
{
	enum rc rc;
	r->leaf = blueprint_index(r, "leaf");
	if (r->leaf < 0)
		return err_at(err, RC_INPUT, where->file, where->line, "the base has no <leaf>");
	TRY(resolve_words(r, r->chain ? r->chain : "leaf", "chain", r->message, BLUEPRINT_MAX_MESSAGE, &r->n_message,
			  where, err));
	TRY(resolve_store(r, where, err));
	TRY(resolve_issuers(r, err));
	choose_fresh(r);
	for (size_t i = 0; i < r->n; i++)
		TRY(check_root(r, i, err));
out:
	return rc;
}

enum rc blueprint_build(const struct suite *suite, const struct condition *condition, struct blueprint *out,
			struct err *err)
{
	static const struct where nowhere = {.file = "suites/conditions"};
	enum rc rc;
	*out = (struct blueprint){.proof = PROOF_OWN_KEY};
	TRY(read_tree(out, suite->base, err));
	for (size_t i = 0; i < out->n; i++)
		out->certs[i].own = false;
	if (condition)
		TRY(read_tree(out, condition->body, err));
	TRY(resolve(out, condition ? &condition->where : suite->base ? &suite->base->where : &nowhere, err));
out:
	return rc;
}
