#include "harness/target/running.h"

#include "harness/base/fs.h"
#include "harness/target/url.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct setting *find(const struct running *r, const char *name)
{
	for (size_t i = 0; i < r->n_settings; i++)
		if (strcmp(r->settings[i].name, name) == 0)
			return &r->settings[i];
	return NULL;
}

const struct setting *material_setting(const struct running *r, const char *name)
{
	return find(r, name);
}

/*
 * Servers start in their run directory, so a program that the user names relative to where she stands is made absolute:
 * "./objs/nginx", "tools/wrap.sh -x".  Other words stay as they are.
 */
static const char *from_here(struct arena *a, const char *value)
{
	char word[PATH_MAX], full[PATH_MAX];
	const char *at = value;
	if (value[0] == '/' || !text_word(&at, word, sizeof word) || !strchr(word, '/') || !realpath(word, full))
		return value;
	return arena_printf(a, "%s%s", full, at);
}

static enum rc set(struct running *r, const struct parameter *p, bool literal, struct err *err)
{
	struct setting *s = find(r, p->name);
	if (!s) {
		struct buf names;
		buf_init(&names, 512);
		for (size_t i = 0; i < r->n_settings; i++)
			buf_addf(&names, " %s", r->settings[i].name);
		enum rc rc = err_set(err, RC_INPUT, "target %s has no parameter \"%s\"; it has:%s", r->target->id,
				     p->name, names.len ? names.data : " none");
		buf_fini(&names);
		return rc;
	}
	s->value = literal ? from_here(r->arena, p->value) : p->value;
	s->literal = literal;
	s->where = p->where;
	return RC_OK;
}

enum rc material_settings(struct running *r, struct err *err)
{
	enum rc rc = RC_OK;
	const struct target *t = r->target;
	r->settings = ARENA_NEW(r->arena, struct setting, t->n_parameters + 1);
	for (size_t i = 0; i < t->n_parameters; i++) {
		const struct parameter *p = &t->parameters[i];
		r->settings[r->n_settings++] = (struct setting){.name = p->name, .value = p->value, .where = p->where};
	}
	if (!find(r, "ready"))
		r->settings[r->n_settings++] = (struct setting){.name = "ready", .value = ""};
	for (size_t i = 0; r->spec.variant && i < r->spec.variant->n_sets; i++)
		TRY(set(r, &r->spec.variant->sets[i], false, err));
	for (size_t i = 0; i < r->spec.n_sets; i++)
		TRY(set(r, &r->spec.sets[i], true, err));
out:
	return rc;
}

/* Ports do not matter when only the hosts of the URLs are wanted, and must not be chosen yet. */
static enum rc lookup_portless(void *running, const char *name, const char **value, struct err *err)
{
	if (text_starts(name, "port:")) {
		*value = "1";
		return RC_OK;
	}
	return material_lookup(running, name, value, err);
}

static enum rc add_host(struct running *r, const char *url, struct where where, struct buf *hosts, struct err *err)
{
	enum rc rc;
	struct url parsed;
	struct expand x = {lookup_portless, r};
	const char *text;
	TRY(expand_text(r->arena, &x, url, where, &text, err));
	TRY(url_parse(r->arena, text, where, &parsed, err));
	if (!text_has_word(hosts->data, parsed.host))
		buf_addf(hosts, "%s%s", hosts->len ? " " : "", parsed.host);
out:
	return rc;
}

static enum rc make_server(struct running *r, struct err *err)
{
	enum rc rc = RC_OK;
	struct buf hosts;
	buf_init(&hosts, 8192);
	buf_clear(&hosts);
	if (r->server_cert)
		goto out;
	for (size_t i = 0; i < r->target->n_endpoints; i++) {
		const struct endpoint *e = &r->target->endpoints[i];
		TRY(add_host(r, e->url, e->where, &hosts, err));
		for (size_t k = 0; k < e->n_names; k++)
			if (!text_has_word(hosts.data, e->names[k].host))
				buf_addf(&hosts, " %s", e->names[k].host);
	}
	r->server_cert = arena_printf(r->arena, "%s/server-cert.pem", r->dir);
	r->server_key = arena_printf(r->arena, "%s/server-key.pem", r->dir);
	r->server_ca = arena_printf(r->arena, "%s/server-ca.pem", r->dir);
	rc = forge_write_server(r->spec.forge, hosts.data, r->server_cert, r->server_key, r->server_ca, err);
out:
	buf_fini(&hosts);
	return rc;
}

static enum rc server_cert(struct running *r, const char **value, struct err *err)
{
	enum rc rc = make_server(r, err);
	*value = r->server_cert;
	return rc;
}

static enum rc server_key(struct running *r, const char **value, struct err *err)
{
	enum rc rc = make_server(r, err);
	*value = r->server_key;
	return rc;
}

/* Two PEM files in one, made when first asked for. */
static enum rc join(struct running *r, const char *first, const char *second, const char *name, const char **value,
		    struct err *err)
{
	enum rc rc = RC_OK;
	char *a, *b;
	size_t a_len, b_len;
	const char *path = arena_printf(r->arena, "%s/%s", r->dir, name);
	if (!fs_exists(path)) {
		TRY(fs_read(r->arena, first, 1 << 16, &a, &a_len, err));
		TRY(fs_read(r->arena, second, 1 << 16, &b, &b_len, err));
		const char *both = arena_printf(r->arena, "%s%s", a, b);
		rc = fs_write(path, both, strlen(both), 0600, err);
	}
	*value = path;
out:
	return rc;
}

/* For those who want the key in the same file. */
static enum rc server_pair(struct running *r, const char **value, struct err *err)
{
	enum rc rc;
	TRY(make_server(r, err));
	rc = join(r, r->server_key, r->server_cert, "server-pair.pem", value, err);
out:
	return rc;
}

/* For those who want to see the CA behind the certificate. */
static enum rc server_chain(struct running *r, const char **value, struct err *err)
{
	enum rc rc;
	TRY(make_server(r, err));
	rc = join(r, r->server_cert, r->server_ca, "server-chain.pem", value, err);
out:
	return rc;
}

static enum rc server_ca(struct running *r, const char **value, struct err *err)
{
	enum rc rc = make_server(r, err);
	*value = r->server_ca;
	return rc;
}

/* The forms that anchors come in, each a file a trust. */
static const struct form {
	const char *stem, *end;
	enum rc (*write)(struct forge *f, const char *trust, const char *path, struct err *err);
} anchors_pem = {"anchors", "pem", forge_write_anchors}, anchors_p12 = {"trust-store", "p12", forge_write_trust_store};

static const char *form_file(const struct running *r, const struct form *form, const char *trust)
{
	return arena_printf(r->arena, "%s/%s-%s.%s", r->dir, form->stem, trust, form->end);
}

static enum rc anchors_as(struct running *r, const struct form *form, const char *trust, const char **value, struct err *err)
{
	const char *path = *value = form_file(r, form, trust);
	if (text_index(r->anchors, r->n_anchors, path) >= 0)
		return RC_OK;
	const char **grown = ARENA_NEW(r->arena, const char *, r->n_anchors + 1);
	for (size_t i = 0; i < r->n_anchors; i++)
		grown[i] = r->anchors[i];
	grown[r->n_anchors++] = path;
	r->anchors = grown;
	return form->write(r->spec.forge, trust, path, err);
}

static enum rc anchors_of(struct running *r, const char *trust, const char **value, struct err *err)
{
	return anchors_as(r, &anchors_pem, trust, value, err);
}

static enum rc trust_store_of(struct running *r, const char *trust, const char **value, struct err *err)
{
	return anchors_as(r, &anchors_p12, trust, value, err);
}

enum rc running_trust(struct running *r, const char *trust, const char *set, struct err *err)
{
	static const struct form *const forms[] = {&anchors_pem, &anchors_p12};
	enum rc rc = RC_OK;
	bool any = false;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const char *path = form_file(r, forms[i], trust);
		if (text_index(r->anchors, r->n_anchors, path) < 0)
			continue;
		any = true;
		TRY(forms[i]->write(r->spec.forge, set, path, err));
	}
	if (!any)
		rc = err_set(err, RC_ABSENT, "target %s: the anchors of %s are not ours to change", r->target->id, trust);
out:
	return rc;
}

static enum rc anchors(struct running *r, const char **value, struct err *err)
{
	return anchors_of(r, "main", value, err);
}

static enum rc trust_store(struct running *r, const char **value, struct err *err)
{
	return trust_store_of(r, "main", value, err);
}

static enum rc crls(struct running *r, const char **value, struct err *err)
{
	enum rc rc = RC_OK;
	if (!r->crls) {
		r->crls = arena_printf(r->arena, "%s/crls.pem", r->dir);
		rc = forge_write_crls(r->spec.forge, r->crls, err);
	}
	*value = r->crls;
	return rc;
}

static enum rc port(struct running *r, const char *word, const char **value, struct err *err)
{
	uint16_t number;
	enum rc rc = ports_get(&r->ports, r->arena, word, &number, err);
	if (rc == RC_OK)
		*value = arena_printf(r->arena, "%u", (unsigned)number);
	return rc;
}

static enum rc dir(struct running *r, const char **value, struct err *err)
{
	(void)err;
	*value = r->dir;
	return RC_OK;
}

static enum rc self(struct running *r, const char **value, struct err *err)
{
	(void)err;
	*value = r->spec.self;
	return RC_OK;
}

static enum rc home(struct running *r, const char **value, struct err *err)
{
	return fs_absolute(r->arena, r->target->dir, value, err);
}

static enum rc user(struct running *r, const char **value, struct err *err)
{
	(void)err;
	const struct passwd *p = getpwuid(geteuid());
	*value = p ? arena_strdup(r->arena, p->pw_name) : arena_printf(r->arena, "%lu", (unsigned long)geteuid());
	return RC_OK;
}

/* The value with its own placeholders replaced. */
static enum rc from_setting(struct running *r, struct setting *s, const char **value, struct err *err)
{
	if (s->literal) {
		*value = s->value;
		return RC_OK;
	}
	if (s->busy)
		return err_at(err, RC_INPUT, s->where.file, s->where.line, "parameter \"%s\" means itself", s->name);
	s->busy = true;
	enum rc rc = expand_text(r->arena, &r->expand, s->value, s->where, value, err);
	s->busy = false;
	return rc;
}

static enum rc group(struct running *r, const char **value, struct err *err)
{
	(void)err;
	const struct group *g = getgrgid(getegid());
	*value = g ? arena_strdup(r->arena, g->gr_name) : arena_printf(r->arena, "%lu", (unsigned long)getegid());
	return RC_OK;
}

enum rc material_lookup(void *running, const char *name, const char **value, struct err *err)
{
	static const struct {
		const char *name;
		enum rc (*make)(struct running *r, const char **value, struct err *err);
	} words[] = {{"dir", dir},
		     {"self", self},
		     {"home", home},
		     {"user", user},
		     {"group", group},
		     {"anchors", anchors},
		     {"trust-store", trust_store},
		     {"crls", crls},
		     {"server-cert", server_cert},
		     {"server-key", server_key},
		     {"server-pair", server_pair},
		     {"server-chain", server_chain},
		     {"server-ca", server_ca}};
	struct running *r = running;
	if (r->target->remote &&
	    (text_starts(name, "anchors") || text_starts(name, "trust-store") || text_starts(name, "server-") ||
	     strcmp(name, "crls") == 0))
		return err_set(err, RC_INPUT, "target %s: @%s@ is for servers that mtlspec starts itself",
			       r->target->id, name);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i].make(r, value, err);
	if (text_starts(name, "port:") && name[5])
		return port(r, name + 5, value, err);
	if (text_starts(name, "anchors:") && name[8])
		return anchors_of(r, name + 8, value, err);
	if (text_starts(name, "trust-store:") && name[12])
		return trust_store_of(r, name + 12, value, err);
	struct setting *s = find(r, name);
	return s ? from_setting(r, s, value, err) : RC_OK;
}
