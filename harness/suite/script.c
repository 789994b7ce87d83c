#include "harness/suite/script.h"

#include <string.h>

#define MAX_STEPS    256
#define MAX_EXPANDED 1000

struct verb_rule {
	const char *attributes, *required;
	bool headers;
};

/* One row a verb, in the order of enum verb. */
static const struct verb_rule verb_rules[VERB__COUNT] = {
    [VERB_CONNECT] = {"id name at sni fragment certificate follow resume early tls plain alpn pha tickets ems secure-renegotiation lives fresh", "id", false},
    [VERB_REQUEST] = {"id on method target host authority body expect-continue chunked until certificate", "id", true},
    [VERB_AWAIT] = {"of", "", false},
    [VERB_ANSWER] = {"on certificate refuse", "", false},
    [VERB_SAVE] = {"session from", "session", false},
    [VERB_CLOSE] = {"on how", "", false},
    [VERB_WAIT] = {"ms", "ms", false},
    [VERB_RENEGOTIATE] = {"on certificate times", "", false},
    [VERB_KEY_UPDATE] = {"on ask-peer until", "", false},
    [VERB_TAMPER] = {"on what", "what", false},
    [VERB_REVOKE] = {"certificate publish", "certificate", false},
    [VERB_PUBLISH] = {"what", "what", false},
    [VERB_RELOAD] = {"anchors", "", false},
    [VERB_START] = {"variant", "", false},
    [VERB_STOP] = {"", "", false},
};

/* connect; GET of the protected path; read the response. */
static const struct attribute default_connect[] = {{"id", "c", 0}};
static const struct attribute default_request[] = {{"id", "r", 0}, {"on", "c", 0}};
static const struct script_step default_steps[] = {
    {.verb = VERB_CONNECT, .attributes = default_connect, .n_attributes = 1},
    {.verb = VERB_REQUEST, .attributes = default_request, .n_attributes = 2},
};

static bool has(const struct scenario *s, enum verb verb, const char *attribute, const char *value)
{
	for (size_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].verb == verb && text_equal(script_attribute(&s->steps[i], attribute), value))
			return true;
	return false;
}

bool script_has_request(const struct scenario *s, const char *id)
{
	return has(s, VERB_REQUEST, "id", id);
}

bool script_has_connection(const struct scenario *s, const char *id)
{
	return has(s, VERB_CONNECT, "id", id);
}

bool script_has_session(const struct scenario *s, const char *id)
{
	return has(s, VERB_SAVE, "session", id);
}

static size_t count_verb(const struct scenario *s, enum verb verb)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_steps; i++)
		n += s->steps[i].verb == verb;
	return n;
}

size_t script_requests(const struct scenario *s)
{
	return count_verb(s, VERB_REQUEST);
}

const char *script_keys(struct arena *a, const struct scenario *s)
{
	const char *keys = s->conditions ? "tls negotiation http client condition" : "tls negotiation http client";
	for (size_t i = 0; i < s->n_axes; i++)
		keys = arena_printf(a, "%s %s", keys, s->axes[i].name);
	return keys;
}

static const struct axis *find_axis(const struct scenario *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->n_axes; i++)
		if (strlen(s->axes[i].name) == len && memcmp(s->axes[i].name, name, len) == 0)
			return &s->axes[i];
	return NULL;
}

static void expand(struct arena *a, const struct scenario *s, const char *text, script_take *take, void *context)
{
	size_t len;
	const char *at = value_placeholder(text, &len);
	if (!at) {
		take(context, text);
		return;
	}
	const struct axis *axis = find_axis(s, at + 1, len);
	for (size_t i = 0; axis && i < axis->n; i++)
		expand(a, s, arena_printf(a, "%.*s%s%s", (int)(at - text), text, axis->values[i], at + len + 2), take,
		       context);
}

const char *script_values(struct arena *a, const struct scenario *s, const char *text, script_take *take, void *context)
{
	size_t len, placeholders = 0, values = 1;
	for (const char *at = text; (at = value_placeholder(at, &len)); at += len, placeholders++) {
		const struct axis *axis = find_axis(s, at + 1, len);
		if (!axis && read_index("tls negotiation http client", at + 1, len) < 0 &&
		    !(s->conditions && len == strlen("condition") && memcmp(at + 1, "condition", len) == 0))
			return arena_strndup(a, at + 1, len);
		if (axis && placeholders < 2)
			values *= axis->n;
	}
	if (placeholders <= 2 && values <= MAX_EXPANDED) {
		struct arena scratch = {0};
		expand(&scratch, s, text, take, context);
		arena_fini(&scratch);
	}
	return NULL;
}

/* What is known while the steps are read in order. */
struct checking {
	struct loader *loader;
	const struct scenario *scenario; /* steps read so far */
	const struct script_step *step;
	const struct attribute *attribute;
	bool sends_state; /* a body, or a method that is not safe (RFC 9110 9.2.1) */
};

static void wrong(struct checking *c, const char *value, const char *what)
{
	findings_add(c->loader->findings, (struct where){c->step->where.file, c->attribute->line},
		     "%s=\"%s\" on <%s> %s", c->attribute->name, value, verb_text(c->step->verb), what);
}

static void check_id(struct checking *c, const char *value)
{
	bool request = c->step->verb == VERB_REQUEST;
	if (!read_id_is_legal(value))
		wrong(c, value, "is no id: letters, digits and . _ - only, a letter or digit first, at most 64");
	if (request ? script_has_request(c->scenario, value) : script_has_connection(c->scenario, value))
		wrong(c, value, request ? "is the id of an earlier request" : "is the id of an earlier connection");
}

static void check_connection(struct checking *c, const char *value)
{
	if (!script_has_connection(c->scenario, value))
		wrong(c, value, "names no connection made before it");
	else if (has(c->scenario, VERB_CLOSE, "on", value))
		wrong(c, value, "names a connection that is closed by then");
}

static void check_request(struct checking *c, const char *value)
{
	if (!script_has_request(c->scenario, value))
		wrong(c, value, "names no request sent before it");
}

static void check_session_new(struct checking *c, const char *value)
{
	if (!read_id_is_legal(value))
		wrong(c, value, "is no id: letters, digits and . _ - only, a letter or digit first, at most 64");
	if (script_has_session(c->scenario, value))
		wrong(c, value, "is the handle of an earlier session");
}

static void check_session(struct checking *c, const char *value)
{
	if (!script_has_session(c->scenario, value))
		wrong(c, value, "names no session saved before it");
}

static void check_words(struct checking *c, const char *value, const char *words)
{
	struct arena scratch = {0};
	size_t n;
	const char *const *v = read_list(&scratch, value, &n);
	if (!n)
		wrong(c, value, "is empty");
	for (size_t i = 0; i < n; i++)
		if (read_index(words, v[i], strlen(v[i])) < 0)
			wrong(c, v[i], arena_printf(&scratch, "is not one of: %s", words));
	arena_fini(&scratch);
}

static void check_tls(struct checking *c, const char *value)
{
	check_words(c, value, tls_words());
}

static void check_until(struct checking *c, const char *value)
{
	check_words(c, value, c->step->verb == VERB_KEY_UPDATE ? "sent read" : until_words());
}

static void check_how(struct checking *c, const char *value)
{
	check_words(c, value, how_close_words());
}

static void check_yes(struct checking *c, const char *value)
{
	check_words(c, value, "yes no");
}

static void check_follow(struct checking *c, const char *value)
{
	check_request(c, value);
	if (!script_attribute(c->step, "name"))
		wrong(c, value, "needs name=: where the redirect has to lead");
}

/* RFC 8446 4.2.10: early data is protected by the keys of a session. */
static void check_early(struct checking *c, const char *value)
{
	check_words(c, value, "yes no");
	if (!script_attribute(c->step, "resume"))
		wrong(c, value, "needs resume=: early data belongs to a session");
}

static void check_fresh(struct checking *c, const char *value)
{
	check_words(c, value, "leaf ca");
}

static void check_refuse(struct checking *c, const char *value)
{
	check_words(c, value, refuse_words());
}

static void check_times(struct checking *c, const char *value)
{
	unsigned times;
	if (!times_parse(value, &times))
		wrong(c, value, "is no number from 1 to 64");
}

static void check_publish(struct checking *c, const char *value)
{
	check_words(c, value, "ocsp crl");
}

static void check_ms(struct checking *c, const char *value)
{
	uint32_t ms;
	if (!wait_parse(value, &ms))
		wrong(c, value, "is no time: 250, 250ms, 2s");
}

/* Certificates count whole seconds; a life of one may be over before the first handshake. */
static void check_lives(struct checking *c, const char *value)
{
	uint32_t ms;
	if (!wait_parse(value, &ms) || ms % 1000 || ms < 2000 || ms > 60000)
		wrong(c, value, "is no life for a certificate: 2s to 60s");
}

static void check_body(struct checking *c, const char *value)
{
	uint64_t bytes;
	if (!body_size_parse(value, 1, &bytes))
		wrong(c, value, "is no size: 49152, 48k, 1m, limit, limit+1, limit-1");
	else
		c->sends_state |= bytes > 0;
}

static void check_method(struct checking *c, const char *value)
{
	size_t token = strspn(value, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
	if (!token || value[token])
		wrong(c, value, "is no method (RFC 9110 9.1)");
	c->sends_state |= read_index("GET HEAD OPTIONS TRACE", value, strlen(value)) < 0;
}

static void check_name(struct checking *c, const char *value)
{
	read_host(c->loader->findings, (struct where){c->step->where.file, c->attribute->line}, c->attribute->name,
		  value, strlen(value));
}

static void check_anchors(struct checking *c, const char *value)
{
	check_words(c, value, "others");
}

static void check_fragment(struct checking *c, const char *value)
{
	struct job_fragment fragment;
	if (!fragment_parse(value, &fragment))
		wrong(c, value, "is neither segment-N nor record-N, N from 1 to 16384");
}

static void check_at(struct checking *c, const char *value)
{
	if (read_index("none optional required", value, strlen(value)) < 0)
		wrong(c, value, "is none of: none, optional, required");
}

static void check_filled(struct checking *c, const char *value)
{
	if (!*value)
		wrong(c, value, "is empty");
}

/* What the value of an attribute must be, in whatever verb it stands.  Credentials are checked by cross.c. */
static const struct {
	const char *attribute;
	void (*check)(struct checking *c, const char *value);
} value_rules[] = {
    {"id", check_id},
    {"on", check_connection},
    {"from", check_connection},
    {"of", check_request},
    {"session", check_session_new},
    {"resume", check_session},
    {"name", check_name},
    {"sni", check_name},
    {"fragment", check_fragment},
    {"at", check_at},
    {"tls", check_tls},
    {"pha", check_yes},
    {"plain", check_yes},
    {"early", check_early},
    {"follow", check_follow},
    {"tickets", check_yes},
    {"ems", check_yes},
    {"expect-continue", check_yes},
    {"chunked", check_yes},
    {"ask-peer", check_yes},
    {"secure-renegotiation", check_yes},
    {"refuse", check_refuse},
    {"times", check_times},
    {"until", check_until},
    {"how", check_how},
    {"fresh", check_fresh},
    {"publish", check_publish},
    {"ms", check_ms},
    {"lives", check_lives},
    {"body", check_body},
    {"method", check_method},
    {"target", check_filled},
    {"alpn", check_filled},
    {"what", check_filled},
    {"variant", check_filled},
    {"anchors", check_anchors},
    {"certificate", check_filled},
};

static void take_value(void *context, const char *value)
{
	struct checking *c = context;
	for (size_t i = 0; i < sizeof value_rules / sizeof *value_rules; i++)
		if (strcmp(value_rules[i].attribute, c->attribute->name) == 0)
			value_rules[i].check(c, value);
}

static void check_attribute(struct checking *c, const struct attribute *attribute, script_take *take)
{
	struct arena *a = c->loader->arena;
	c->attribute = attribute;
	const char *unknown = script_values(a, c->scenario, attribute->value, take, c);
	if (unknown)
		findings_add(c->loader->findings, (struct where){c->step->where.file, attribute->line},
			     "{%s} in %s names no axis; legal: %s", unknown, attribute->name,
			     script_keys(a, c->scenario));
}

static void no_check(void *context, const char *value)
{
	(void)context, (void)value;
}

static void check_headers(struct checking *c, const struct node *n)
{
	static const struct shape shape = {.attributes = "name value forward certificate spelling", .children = ""};
	for (size_t i = 0; i < n->n_children; i++) {
		const struct node *h = &n->children[i];
		if (strcmp(h->name, "header") != 0)
			continue; /* the shape of the verb has said so */
		read_shape(c->loader->findings, h, &shape);
		read_words(c->loader->findings, h, "forward", "leaf chain");
		const bool named = read_value(h, "name"), forwards = read_value(h, "forward");
		if (named == forwards)
			findings_add(c->loader->findings, h->where, "<header> has either name= and value= or forward=");
		if (named && !*read_value(h, "name"))
			findings_add(c->loader->findings, read_where(h, "name"), "<header> with an empty name");
		for (size_t j = 0; j < h->n_attributes; j++)
			check_attribute(c, &h->attributes[j], no_check);
	}
}

/* Where a handle may be left out because there is only one thing it can mean. */
static void check_left_out(struct checking *c, const char *attribute, enum verb made_by, const char *what)
{
	const struct script_step *step = c->step;
	if (read_index(verb_rules[step->verb].attributes, attribute, strlen(attribute)) < 0 ||
	    script_attribute(step, attribute))
		return;
	size_t n = count_verb(c->scenario, made_by);
	if (n != 1)
		findings_add(c->loader->findings, step->where, "<%s> lacks %s=: %zu %s could be meant",
			     verb_text(step->verb), attribute, n, what);
}

static void check_step(struct checking *c, const struct node *n)
{
	const struct verb_rule *rule = &verb_rules[c->step->verb];
	const struct shape shape = {
	    .attributes = rule->attributes, .required = rule->required, .children = rule->headers ? "header" : ""};
	struct findings *f = c->loader->findings;
	read_shape(f, n, &shape);
	for (size_t i = 0; i < n->n_attributes; i++)
		check_attribute(c, &n->attributes[i], take_value);
	check_headers(c, n);
	check_left_out(c, "on", VERB_CONNECT, "connections");
	check_left_out(c, "from", VERB_CONNECT, "connections");
	check_left_out(c, "of", VERB_REQUEST, "requests");
	if (c->sends_state && c->scenario->impact < IMPACT_STATE)
		findings_add(f, n->where,
			     "a body or a method that changes something needs impact=\"state\" on the scenario");
	if (VERB_IS_WORLD(c->step->verb) && c->scenario->impact < IMPACT_STATE)
		findings_add(f, n->where, "<%s> needs impact=\"state\" on the scenario", n->name);
	c->sends_state = false;
}

void script_read(struct loader *l, struct scenario *s, const struct node *script)
{
	static const struct shape shape = {.attributes = ""};
	if (!script) {
		s->steps = default_steps;
		s->n_steps = sizeof default_steps / sizeof *default_steps;
		s->default_script = true;
		return;
	}
	if (script->n_children > MAX_STEPS) {
		findings_add(l->findings, script->where, "the script has %zu steps; at most %d", script->n_children,
			     MAX_STEPS);
		return;
	}
	struct script_step *steps = ARENA_NEW(l->arena, struct script_step, script->n_children);
	struct checking c = {.loader = l, .scenario = s};
	s->steps = steps;
	read_shape(l->findings, script, &shape);
	for (size_t i = 0; i < script->n_children; i++) {
		const struct node *n = &script->children[i];
		enum verb verb;
		if (!verb_parse(n->name, &verb)) {
			findings_add(l->findings, n->where, "unknown verb <%s>; legal: %s", n->name, verb_words());
			continue;
		}
		struct script_step *step = &steps[s->n_steps];
		*step = (struct script_step){.verb = verb,
					     .attributes = n->attributes,
					     .n_attributes = n->n_attributes,
					     .headers = n->children,
					     .n_headers = n->n_children,
					     .where = n->where};
		c.step = step;
		check_step(&c, n);
		s->n_steps++;
	}
	if (count_verb(s, VERB_CONNECT) > JOB_MAX_CONNECTIONS || count_verb(s, VERB_REQUEST) > JOB_MAX_REQUESTS)
		findings_add(l->findings, script->where, "a script has at most %d connections and %d requests",
			     JOB_MAX_CONNECTIONS, JOB_MAX_REQUESTS);
	if (!count_verb(s, VERB_CONNECT))
		findings_add(l->findings, script->where, "the script connects nowhere");
}
