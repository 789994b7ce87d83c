/* <target>: endpoints, rules, limits, variants and identities.  Its processes are read by process_xml.c. */
#include "harness/suite/target_xml.h"

#include "harness/suite/load.h"

#include <ctype.h>
#include <string.h>

/* What the harness itself puts between @ and @; the ones with a colon take any word behind it. */
#define BUILTIN_WORDS "dir self home anchors trust-store server-cert server-key server-pair server-chain server-ca crls user group"

static bool placeholder_is_known(const struct target_reading *r, const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	if (colon) {
		size_t stem = (size_t)(colon - word);
		return stem + 1 < len && read_index("port anchors trust-store", word, stem) >= 0;
	}
	for (size_t i = 0; i < r->target->n_parameters; i++)
		if (strlen(r->target->parameters[i].name) == len &&
		    memcmp(r->target->parameters[i].name, word, len) == 0)
			return true;
	return read_index(BUILTIN_WORDS, word, len) >= 0;
}

void placeholders_check(struct target_reading *r, struct where where, const char *text)
{
	for (const char *at = text ? strchr(text, '@') : NULL; at; at = strchr(at, '@')) {
		size_t len = strcspn(++at, "@");
		if (!at[len]) {
			findings_add(r->findings, where, "a lone @ in \"%.200s\"; a literal one is written @@", text);
			return;
		}
		if (len && !placeholder_is_known(r, at, len))
			findings_add(r->findings, where,
				     "unknown placeholder @%.*s@: no <parameter> of this name, nor one of "
				     "port:WORD anchors:TRUST trust-store:TRUST " BUILTIN_WORDS,
				     (int)(len < 64 ? len : 64), at);
		at += len + 1;
	}
}

const struct parameter *parameters_read(struct target_reading *r, const struct node *n, const char *element,
					size_t *count)
{
	static const struct shape shape = {.attributes = "name value", .required = "name value", .children = ""};
	struct parameter *v = ARENA_NEW(r->arena, struct parameter, n->n_children);
	*count = 0;
	for (size_t i = 0; i < n->n_children; i++) {
		const struct node *c = &n->children[i];
		if (strcmp(c->name, element) != 0)
			continue;
		read_shape(r->findings, c, &shape);
		const char *name = read_value(c, "name"), *value = read_value(c, "value");
		for (size_t j = 0; name && j < *count; j++)
			if (strcmp(v[j].name, name) == 0)
				findings_add(r->findings, c->where, "second <%s name=\"%s\">; the first is at line %d",
					     element, name, v[j].where.line);
		v[(*count)++] = (struct parameter){name ? name : "", value ? value : "", c->where};
	}
	return v;
}

/* What stands between "https://" and the port or path must go out as it is written. */
static void check_url(struct target_reading *r, const struct node *n, const char *url)
{
	struct where where = read_where(n, "url");
	if (!url)
		return;
	placeholders_check(r, where, url);
	if (!text_starts(url, "https://")) {
		findings_add(r->findings, where, "url=\"%s\" does not begin with https://", url);
		return;
	}
	const char *host = url + strlen("https://");
	size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	if (host[0] != '@') /* a placeholder is checked once it is replaced */
		read_host(r->findings, where, "url", host, len < strlen(host) ? len : strlen(host));
}

/* RFC 9112 3.2.1: origin-form, as it goes out. */
static void check_path(struct target_reading *r, const struct node *n, const char *attribute, const char *path)
{
	static const char shape[] = "does not begin with one /, or holds what no request target can";
	if (!path)
		return;
	bool good = path[0] == '/' && path[1] != '/' && strlen(path) < 256;
	for (const char *c = path; *c; c++)
		good = good && *c > ' ' && *c < 0x7f && !strchr("#\"<>\\^`{|}@", *c);
	if (!good)
		findings_add(r->findings, read_where(n, attribute), "%s=\"%.100s\" %s", attribute, path, shape);
}

static void read_name(struct target_reading *r, const struct node *n, struct endpoint_name *out)
{
	static const struct shape shape = {
	    .attributes = "id host negotiation trust redirect", .required = "id negotiation", .children = ""};
	read_shape(r->findings, n, &shape);
	*out = (struct endpoint_name){
	    .id = read_id(r->findings, n, "id"),
	    .host = read_value(n, "host"),
	    .negotiation =
		(enum negotiation)read_word(r->findings, n, "negotiation", negotiation_words(), NEGOTIATION_NONE),
	    .trust = read_value(n, "trust"),
	    .redirect = read_value(n, "redirect"),
	};
	check_path(r, n, "redirect", out->redirect);
	if (!out->host)
		out->host = out->id;
	if (!out->trust)
		out->trust = "main";
	read_host(r->findings, read_where(n, "host"), "host", out->host, strlen(out->host));
	if (out->negotiation == NEGOTIATION_BY_NAME)
		findings_add(r->findings, n->where,
			     "negotiation=\"by-name\" belongs to the endpoint, not to one of its names");
}

static void read_names(struct target_reading *r, const struct node *n, struct endpoint *e)
{
	struct endpoint_name *names = ARENA_NEW(r->arena, struct endpoint_name, n->n_children);
	bool protected = false;
	for (size_t i = 0; i < n->n_children; i++) {
		if (strcmp(n->children[i].name, "name") != 0)
			continue;
		read_name(r, &n->children[i], &names[e->n_names]);
		for (size_t j = 0; j < e->n_names; j++)
			if (strcmp(names[j].id, names[e->n_names].id) == 0)
				findings_add(r->findings, n->children[i].where,
					     "duplicate id: a second <name id=\"%s\">", names[j].id);
		protected |= names[e->n_names].negotiation != NEGOTIATION_NONE;
		e->n_names++;
	}
	e->names = names;
	if (e->n_names > 8)
		findings_add(r->findings, n->where, "<endpoint> has %zu names; at most 8", e->n_names);
	if (e->negotiation == NEGOTIATION_BY_NAME && !protected)
		findings_add(r->findings, n->where,
			     "negotiation=\"by-name\" needs a <name> that asks for a certificate");
}

static void read_endpoint(struct target_reading *r, const struct node *n, struct endpoint *e)
{
	static const struct shape shape = {.attributes = "id negotiation url address tls http trust strangers",
					   .required = "id negotiation url",
					   .children = "name"};
	struct findings *f = r->findings;
	read_shape(f, n, &shape);
	*e = (struct endpoint){
	    .id = read_id(f, n, "id"),
	    .url = read_value(n, "url"),
	    .address = read_value(n, "address"),
	    .negotiation = (enum negotiation)read_word(f, n, "negotiation", negotiation_words(), NEGOTIATION_NONE),
	    .tls = read_mask(f, n, "tls", tls_words()),
	    .http = read_mask(f, n, "http", http_words()),
	    .trust = read_value(n, "trust"),
	    .strangers = read_yes(f, n, "strangers", false),
	    .where = n->where,
	};
	if (!e->trust)
		e->trust = "main";
	check_url(r, n, e->url);
	placeholders_check(r, read_where(n, "address"), e->address);
	if (e->address && !strchr(e->address, ':'))
		findings_add(f, read_where(n, "address"), "address=\"%s\" has no port: IP:PORT", e->address);
	read_names(r, n, e);
}

/* Of a target, or of a variant that has some of its own. */
static const struct endpoint *read_endpoints(struct target_reading *r, const struct node *n, size_t *count)
{
	struct endpoint *v = ARENA_NEW(r->arena, struct endpoint, n->n_children);
	*count = 0;
	for (size_t i = 0; i < n->n_children; i++) {
		if (strcmp(n->children[i].name, "endpoint") != 0)
			continue;
		read_endpoint(r, &n->children[i], &v[*count]);
		for (size_t j = 0; j < *count; j++)
			if (strcmp(v[j].id, v[*count].id) == 0)
				findings_add(r->findings, n->children[i].where,
					     "duplicate id: the endpoint %s is at line %d already", v[j].id,
					     v[j].where.line);
		(*count)++;
	}
	return v;
}

static unsigned negotiation_of(const struct endpoint *endpoints, size_t n)
{
	unsigned mask = 0;
	for (size_t i = 0; i < n; i++)
		mask |= BIT(endpoints[i].negotiation);
	return mask;
}

/* Capabilities that follow from something else are not the variant's to repeat. */
static const char *with_word(struct arena *a, const char *has, const char *word, bool follows)
{
	return follows && !text_has_word(has, word) ? arena_printf(a, "%s %s", has ? has : "", word) : has;
}

static bool redirects(const struct endpoint *endpoints, size_t n)
{
	bool any = false;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < endpoints[i].n_names; j++)
			any = any || endpoints[i].names[j].redirect;
	return any;
}

const struct target *target_vary(struct arena *a, const struct target *t, const struct variant *v)
{
	struct target *out = arena_memdup(a, t, sizeof *t);
	out->profile = v->profile ? v->profile : t->profile;
	out->has = v->has ? v->has : t->has;
	out->body_limit = v->body_limit ? v->body_limit : t->body_limit;
	out->has = with_word(a, out->has, "body-echo", t->received.sha256);
	out->has = with_word(a, out->has, "body-limit", out->body_limit);
	if (v->n_endpoints) {
		out->endpoints = v->endpoints;
		out->n_endpoints = v->n_endpoints;
		out->negotiation = negotiation_of(v->endpoints, v->n_endpoints);
	}
	out->has = with_word(a, out->has, "redirect", redirects(out->endpoints, out->n_endpoints));
	return out;
}

/* "200", "2xx 304" */
static void check_statuses(struct target_reading *r, const struct node *n, const char *text)
{
	char word[16];
	size_t words = 0;
	for (const char *at = text; text_word(&at, word, sizeof word); words++)
		if (strlen(word) != 3 || word[0] < '1' || word[0] > '5' ||
		    (strcmp(word + 1, "xx") != 0 &&
		     (!isdigit((unsigned char)word[1]) || !isdigit((unsigned char)word[2]))))
			findings_add(r->findings, read_where(n, "status"),
				     "status=\"%s\" is neither like 200 nor like 2xx", word);
	if (text && !words)
		findings_add(r->findings, read_where(n, "status"), "status=\"\" names no status");
}

static void read_rule(struct target_reading *r, const struct node *n, struct status_rule *out)
{
	static const struct shape shape = {.attributes = "status contains location", .children = ""};
	if (!n)
		return;
	read_shape(r->findings, n, &shape);
	check_statuses(r, n, read_value(n, "status"));
	*out = (struct status_rule){read_value(n, "status"), read_value(n, "contains"), read_value(n, "location")};
}

static void read_identity_rules(struct target_reading *r, const struct node *n)
{
	static const struct shape echo = {.attributes = "header body as", .required = "as", .children = ""};
	static const struct shape verified = {.attributes = "header yes no", .required = "header yes", .children = ""};
	struct target *t = r->target;
	struct findings *f = r->findings;
	const struct node *c = read_child(f, n, "echo");
	if (c) {
		read_shape(f, c, &echo);
		t->echo = (struct echo_rule){read_value(c, "header"), read_value(c, "body"),
					     (enum echo_form)read_word(f, c, "as", echo_form_words(), ECHO_SUBJECT)};
		if (!t->echo.header == !t->echo.body)
			findings_add(f, c->where, "<echo> has either header= or body=");
	}
	c = read_child(f, n, "verified");
	if (c) {
		read_shape(f, c, &verified);
		t->verified =
		    (struct verified_rule){read_value(c, "header"), read_value(c, "yes"), read_value(c, "no")};
	}
}

static void read_received(struct target_reading *r, const struct node *n)
{
	static const struct shape shape = {.attributes = "length sha256", .required = "sha256", .children = ""};
	const struct node *c = read_child(r->findings, n, "received");
	if (!c)
		return;
	read_shape(r->findings, c, &shape);
	r->target->received = (struct received_rule){read_value(c, "length"), read_value(c, "sha256")};
}

/* Capabilities that an element or an attribute stands for: said twice they could contradict. */
static void derive(struct target_reading *r, const struct node *root, const char *word, bool declared, const char *by)
{
	struct target *t = r->target;
	bool said = text_has_word(t->has, word);
	if (said && !declared)
		findings_add(r->findings, read_where(root, "has"), "has=\"%s\" needs %s", word, by);
	if (declared && !said)
		t->has = t->has ? arena_printf(r->arena, "%s %s", t->has, word) : word;
}

static void read_limits(struct target_reading *r, const struct node *n)
{
	static const struct shape shape = {.attributes = "in-flight rate connect handshake response budget",
					   .children = ""};
	struct findings *f = r->findings;
	if (!n)
		return;
	read_shape(f, n, &shape);
	r->target->limits = (struct limits){
	    .in_flight = (unsigned)read_number(f, n, "in-flight", 1, 512),
	    .rate = (unsigned)read_number(f, n, "rate", 1, 1000000),
	    .connect_ms = read_millis(f, n, "connect"),
	    .handshake_ms = read_millis(f, n, "handshake"),
	    .response_ms = read_millis(f, n, "response"),
	    .budget_ms = read_millis(f, n, "budget"),
	};
}

static void read_variant(struct target_reading *r, const struct node *n, struct variant *v)
{
	static const struct shape shape = {
	    .attributes = "id profile has body-limit", .required = "id", .children = "title set endpoint"};
	static const struct shape text = {.attributes = "", .children = "", .text = true};
	const struct node *title = read_child(r->findings, n, "title");
	read_shape(r->findings, n, &shape);
	if (title)
		read_shape(r->findings, title, &text);
	*v = (struct variant){
	    .id = read_id(r->findings, n, "id"),
	    .title = read_text(r->arena, title),
	    .profile = read_value(n, "profile"),
	    .has = read_value(n, "has"),
	    .body_limit = read_number(r->findings, n, "body-limit", 1, UINT64_MAX),
	    .where = n->where,
	};
	read_words(r->findings, n, "has", CAPABILITY_WORDS);
	v->sets = parameters_read(r, n, "set", &v->n_sets);
	v->endpoints = read_endpoints(r, n, &v->n_endpoints);
	for (size_t i = 0; i < v->n_sets; i++) {
		bool known = false;
		for (size_t j = 0; j < r->target->n_parameters; j++)
			known |= strcmp(r->target->parameters[j].name, v->sets[i].name) == 0;
		if (!known)
			findings_add(r->findings, v->sets[i].where, "<set name=\"%s\">: no <parameter> of this name",
				     v->sets[i].name);
	}
}

/* Files named by the target stand beside it; a PKCS#11 URI is no file. */
static const char *beside(struct target_reading *r, const char *path)
{
	if (!path || !*path || *path == '/' || text_starts(path, "pkcs11:") || !r->target->dir)
		return path;
	return arena_printf(r->arena, "%s/%s", r->target->dir, path);
}

static void read_identity(struct target_reading *r, const struct node *n, struct identity *d)
{
	static const struct shape shape = {
	    .attributes = "id certificate key password-env decision", .required = "id certificate", .children = ""};
	static const unsigned decisions[] = {BIT(DECISION_ACCEPT), BIT(DECISION_REJECT),
					     BIT(DECISION_ACCEPT) | BIT(DECISION_REJECT)};
	read_shape(r->findings, n, &shape);
	*d = (struct identity){
	    .id = read_id(r->findings, n, "id"),
	    .certificate = beside(r, read_value(n, "certificate")),
	    .key = beside(r, read_value(n, "key")),
	    .password_env = read_value(n, "password-env"),
	    .decision = decisions[read_word(r->findings, n, "decision", "accept reject policy", 0)],
	    .where = n->where,
	};
	if (!d->key)
		d->key = d->certificate;
}

static void read_repeated(struct target_reading *r, const struct node *n)
{
	struct target *t = r->target;
	struct process *processes = ARENA_NEW(r->arena, struct process, n->n_children);
	struct variant *variants = ARENA_NEW(r->arena, struct variant, n->n_children);
	struct identity *identities = ARENA_NEW(r->arena, struct identity, n->n_children);
	for (size_t i = 0; i < n->n_children; i++) {
		const struct node *c = &n->children[i];
		if (strcmp(c->name, "process") == 0)
			process_read(r, c, &processes[t->n_processes++]);
		else if (strcmp(c->name, "variant") == 0)
			read_variant(r, c, &variants[t->n_variants++]);
		else if (strcmp(c->name, "identity") == 0)
			read_identity(r, c, &identities[t->n_identities++]);
	}
	t->processes = processes;
	t->variants = variants;
	t->identities = identities;
	for (size_t i = 0; i < t->n_variants; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(variants[i].id, variants[j].id) == 0)
				findings_add(r->findings, variants[i].where,
					     "duplicate id: the variant %s is at line %d already", variants[j].id,
					     variants[j].where.line);
	for (size_t i = 0; i < t->n_identities; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(identities[i].id, identities[j].id) == 0)
				findings_add(r->findings, identities[i].where,
					     "duplicate id: the identity %s is at line %d already", identities[j].id,
					     identities[j].where.line);
}

/* has="tenants" promises certificates that are good at one name of an address and strange at another. */
static void check_tenants(struct target_reading *r)
{
	const struct target *t = r->target;
	bool two = false;
	for (size_t i = 0; i < t->n_endpoints; i++)
		for (size_t j = 0; j < t->endpoints[i].n_names; j++)
			two |= strcmp(t->endpoints[i].names[j].trust, "main") != 0;
	if (text_has_word(t->has, "tenants") && !two)
		findings_add(r->findings, t->where, "has=\"tenants\", but no <name> has a trust= of its own");
}

const struct target *target_read(struct findings *f, struct arena *a, const struct node *root, const char *dir)
{
	static const struct shape shape = {
	    .attributes = "id product profile tls http has server-ca body-limit",
	    .required = "id",
	    .children = "title parameter process endpoint accept reject echo verified received limits variant identity"};
	static const struct shape text = {.attributes = "", .children = "", .text = true};
	struct target *t = ARENA_NEW(a, struct target, 1);
	struct target_reading r = {f, a, t};
	if (strcmp(root->name, "target") != 0) {
		findings_add(f, root->where, "<%s> is no <target>", root->name);
		return NULL;
	}
	read_shape(f, root, &shape);
	const struct node *title = read_child(f, root, "title");
	if (title)
		read_shape(f, title, &text);
	*t = (struct target){
	    .id = read_id(f, root, "id"),
	    .title = read_text(a, title),
	    .product = read_value(root, "product"),
	    .profile = read_value(root, "profile"),
	    .dir = dir,
	    .file = root->where.file,
	    .tls = read_mask(f, root, "tls", tls_words()),
	    .http = read_mask(f, root, "http", http_words()),
	    .has = read_value(root, "has"),
	    .body_limit = read_number(f, root, "body-limit", 1, UINT64_MAX),
	    .where = root->where,
	};
	if (!t->tls)
		t->tls = BIT(TLS_1_2) | BIT(TLS_1_3);
	if (!t->http)
		t->http = BIT(HTTP_1_0) | BIT(HTTP_1_1);
	t->server_ca = beside(&r, read_value(root, "server-ca"));
	read_words(f, root, "has", CAPABILITY_WORDS);
	t->parameters = parameters_read(&r, root, "parameter", &t->n_parameters);
	read_repeated(&r, root);
	t->remote = t->n_processes == 0;
	t->endpoints = read_endpoints(&r, root, &t->n_endpoints);
	t->negotiation = negotiation_of(t->endpoints, t->n_endpoints);
	if (!t->n_endpoints)
		findings_add(f, root->where, "<target> without an <endpoint>");
	check_tenants(&r);
	read_rule(&r, read_child(f, root, "accept"), &t->accept);
	read_rule(&r, read_child(f, root, "reject"), &t->reject);
	read_identity_rules(&r, root);
	read_received(&r, root);
	derive(&r, root, "body-echo", t->received.sha256, "<received>");
	derive(&r, root, "body-limit", t->body_limit, "body-limit=");
	derive(&r, root, "redirect", redirects(t->endpoints, t->n_endpoints), "redirect= of a <name>");
	read_limits(&r, read_child(f, root, "limits"));
	return t;
}
