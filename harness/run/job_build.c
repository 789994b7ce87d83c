#include "harness/run/job_build.h"

#include "harness/target/url.h"

#include <stdio.h>
#include <string.h>

#define MAX_CREDENTIALS 8
#define MAX_HANDLES 32

struct building {
	struct arena *arena;
	const struct job_spec *spec;
	struct job_credential credentials[MAX_CREDENTIALS];
	struct shown_identity identities[MAX_CREDENTIALS];
	const char *ids[MAX_CREDENTIALS];
	size_t n;
	const char *conns[JOB_MAX_CONNECTIONS], *hosts[JOB_MAX_CONNECTIONS]; /* ids, and what each was opened for */
	const struct live_endpoint *at[JOB_MAX_CONNECTIONS];		     /* where each leads */
	int n_conns, shown[JOB_MAX_CONNECTIONS];			     /* and the credential of each */
	const char *reqs[JOB_MAX_REQUESTS], *targets[JOB_MAX_REQUESTS]; /* ids, and what each asks for */
	int n_reqs;
	bool saves; /* the script keeps sessions: TLS 1.2 tickets must be on */
	struct err *err;
};

/* {axis} inside a value; an unknown name was refused at load. */
static const char *expand(struct building *b, const char *text)
{
	return text ? value_expand(b->arena, text, plan_value, b->spec->kase) : NULL;
}

static const char *value(struct building *b, const struct script_step *s, const char *name)
{
	return expand(b, script_attribute(s, name));
}

static bool is_yes(const char *text)
{
	return text && strcmp(text, "yes") == 0;
}

static int handle(const char *const *names, int n, const char *name)
{
	for (int i = 0; name && i < n; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* `lives`: how long the leaf is good for, from now on; NULL: as the condition says. */
static enum rc mint(struct building *b, const struct condition *c, const char *lives, struct minted *m)
{
	uint32_t ms;
	time_t not_after = lives && wait_parse(lives, &ms) ? b->spec->now + (time_t)(ms / 1000) : 0;
	return forge_mint_until(b->spec->forge, c, b->spec->serial * MAX_CREDENTIALS + b->n, not_after, b->arena, m, b->err);
}

static enum rc credential(struct building *b, const char *id, const char *lives, int *index)
{
	const struct condition *c =
		id ? suite_condition(b->spec->suite, id) : b->spec->kase->condition;
	*index = JOB_NO_CREDENTIAL;
	if ((id && strcmp(id, "none") == 0) || !c || c->none)
		return id && !c && strcmp(id, "none") != 0 ?
			       err_set(b->err, RC_INPUT, "no condition is called %s", id) :
			       RC_OK;
	*index = handle(b->ids, (int)b->n, c->id);
	if (*index >= 0)
		return lives ? err_set(b->err, RC_INPUT, "lives= belongs where certificate %s is shown first", c->id) : RC_OK;
	if (b->n == MAX_CREDENTIALS)
		return err_set(b->err, RC_INPUT, "a script uses more than %d credentials", MAX_CREDENTIALS);
	struct minted m = {0};
	enum rc rc = mint(b, c, lives, &m);
	if (rc != RC_OK)
		return rc;
	if (m.credential.proof >= PROOF_SCHEME_UNKNOWN && b->spec->kase->tls != TLS_1_3)
		return err_set(b->err, RC_ABSENT, "<proof signature=\"%s\"> before TLS 1.3", proof_text(m.credential.proof));
	*index = (int)b->n;
	b->ids[b->n] = c->id;
	b->credentials[b->n] = m.credential;
	b->credentials[b->n].id = c->id;
	b->identities[b->n] = (struct shown_identity){
		.credential = c->id,
		.subject = arena_strdup(b->arena, m.subject),
		.sha1 = arena_strdup(b->arena, m.sha1),
		.sha256 = arena_strdup(b->arena, m.sha256),
	};
	b->n++;
	return RC_OK;
}

static unsigned tls_mask(const char *words)
{
	char word[16];
	unsigned mask = 0;
	enum tls v;
	while (text_word(&words, word, sizeof word))
		if (tls_parse(word, &v))
			mask |= BIT(v);
	return mask;
}

/* The host of that name of the endpoint; the text as it stands when it is none. */
static const char *server_name(const struct live_endpoint *e, const char *name)
{
	for (size_t i = 0; i < e->endpoint->n_names; i++)
		if (strcmp(e->endpoint->names[i].id, name) == 0)
			return e->names[i];
	return name;
}

static const char *host_of(const struct live_endpoint *e, const char *name)
{
	const char *host = name ? server_name(e, name) : NULL;
	return host && (host != name || strchr(host, '.')) ? host : e->host;
}

/* The name in Host of a request to `host`: as the endpoint's own, with its port (RFC 9110 7.2). */
static const char *authority_of(const struct building *b, const struct live_endpoint *e, const char *host)
{
	if (!host || strcmp(host, e->host) == 0)
		return e->authority;
	return arena_printf(b->arena, "%s%s", host, url_port(e->authority));
}

/* host=: one of the endpoint's names, none, or the words of the header as they stand. */
static const char *host_header(const struct building *b, const char *text)
{
	const struct live_endpoint *e = b->spec->endpoint;
	for (size_t i = 0; i < e->endpoint->n_names; i++)
		if (strcmp(e->endpoint->names[i].id, text) == 0)
			return authority_of(b, e, e->names[i]);
	return strcmp(text, "none") == 0 ? NULL : text;
}

/* at=: the first endpoint with that negotiation; without it, the cell's.  NULL if there is none. */
static const struct live_endpoint *endpoint_at(const struct building *b, const char *at)
{
	enum negotiation wanted;
	if (!at || !negotiation_parse(at, &wanted))
		return b->spec->endpoint;
	for (size_t i = 0; i < b->spec->n_endpoints; i++)
		if (b->spec->endpoints[i].endpoint->negotiation == wanted)
			return &b->spec->endpoints[i];
	return NULL;
}

static void connect_defaults(const struct building *b, struct job_connect *c)
{
	const struct kase *k = b->spec->kase;
	*c = (struct job_connect){
		.host = b->spec->endpoint->host,
		.tls = BIT(k->tls),
		.http = k->http,
		.client = k->client,
		.credential = JOB_NO_CREDENTIAL,
		.late_possible = !b->saves,
		.offer_pha = k->client == CLIENT_WILLING && k->tls == TLS_1_3 && k->http <= HTTP_1_1,
	};
}

static void request_defaults(const struct building *b, struct job_request *r)
{
	*r = (struct job_request){
		.method = "GET",
		.target = b->spec->endpoint->path,
		.host = b->spec->endpoint->authority,
	};
}

/* follow=: only if the answer leads to the same target of the name that this connection is for. */
static enum rc build_follow(struct building *b, const char *id, const struct live_endpoint *e, struct job_connect *c)
{
	int req = handle(b->reqs, b->n_reqs, id);
	if (req < 0)
		return err_set(b->err, RC_INPUT, "follow=\"%s\" names no request before it", id);
	c->follow = (struct job_follow){.req = req, .authority = authority_of(b, e, c->host), .target = b->targets[req]};
	return RC_OK;
}

/* target=: the word redirect is the path that leads from one name of the endpoint to its protected one. */
static enum rc request_target(struct building *b, const struct live_endpoint *e, const char *text, const char **out)
{
	*out = text;
	if (strcmp(text, "redirect") != 0)
		return RC_OK;
	for (size_t i = 0; i < e->endpoint->n_names; i++)
		if ((*out = e->endpoint->names[i].redirect))
			return RC_OK;
	return err_set(b->err, RC_INPUT, "target=\"redirect\": no <name> of the endpoint has a redirect=");
}

static enum rc build_connect(struct building *b, const struct script_step *s, struct job_step *out)
{
	const char *text;
	struct job_connect *c = &out->connect;
	if (b->n_conns == JOB_MAX_CONNECTIONS)
		return err_set(b->err, RC_INPUT, "a script opens more than %d connections", JOB_MAX_CONNECTIONS);
	b->conns[b->n_conns] = value(b, s, "id");
	out->conn = b->n_conns++;
	connect_defaults(b, c);
	b->at[out->conn] = endpoint_at(b, value(b, s, "at"));
	if (!b->at[out->conn])
		return err_set(b->err, RC_ABSENT, "no endpoint with negotiation %s", value(b, s, "at"));
	if (b->at[out->conn] != b->spec->endpoint)
		c->elsewhere = b->at[out->conn]->address;
	c->host = host_of(b->at[out->conn], value(b, s, "name"));
	b->hosts[out->conn] = c->host;
	if ((text = value(b, s, "sni"))) {
		c->host = strcmp(text, "none") == 0 ? NULL : server_name(b->at[out->conn], text);
		c->literal = true;
	}
	if ((text = value(b, s, "fragment")) && !fragment_parse(text, &c->fragment))
		return err_set(b->err, RC_INPUT, "fragment=\"%s\" is neither segment-N nor record-N", text);
	if ((text = value(b, s, "tls")))
		c->tls = tls_mask(text);
	c->alpn = value(b, s, "alpn");
	c->plain = is_yes(value(b, s, "plain"));
	c->resume = value(b, s, "resume");
	c->early = is_yes(value(b, s, "early"));
	if ((text = value(b, s, "pha")))
		c->offer_pha = is_yes(text);
	c->no_tickets = text_equal(value(b, s, "tickets"), "no");
	c->no_ems = text_equal(value(b, s, "ems"), "no");
	c->legacy = text_equal(value(b, s, "secure-renegotiation"), "no");
	text = value(b, s, "follow");
	enum rc rc = text ? build_follow(b, text, b->at[out->conn], c) : RC_OK;
	if (rc == RC_OK)
		rc = credential(b, value(b, s, "certificate"), value(b, s, "lives"), &c->credential);
	b->shown[out->conn] = c->credential;
	return rc;
}

static enum rc body_size(struct building *b, const char *text, uint64_t *out)
{
	uint64_t limit = b->spec->target->body_limit;
	if (text_starts(text, "limit") && !limit)
		return err_set(b->err, RC_INPUT, "body=\"%s\": the target declares no body-limit", text);
	if (!body_size_parse(text, limit, out) || *out > 1u << 30)
		return err_set(b->err, RC_INPUT, "body=\"%s\" is not a number of bytes", text);
	return RC_OK;
}

static enum rc build_request(struct building *b, const struct script_step *s, struct job_step *out)
{
	const char *text;
	struct job_request *r = &out->request;
	if (b->n_reqs == JOB_MAX_REQUESTS)
		return err_set(b->err, RC_INPUT, "a script makes more than %d requests", JOB_MAX_REQUESTS);
	b->reqs[b->n_reqs] = value(b, s, "id");
	out->req = b->n_reqs++;
	text = value(b, s, "on");
	out->conn = text ? handle(b->conns, b->n_conns, text) : b->n_conns - 1;
	request_defaults(b, r);
	if (out->conn >= 0) {
		r->target = b->at[out->conn]->path;
		r->host = authority_of(b, b->at[out->conn], b->hosts[out->conn]);
	}
	if ((text = value(b, s, "method")))
		r->method = text;
	if ((text = value(b, s, "target")) && request_target(b, b->spec->endpoint, text, &r->target) != RC_OK)
		return RC_INPUT;
	b->targets[out->req] = r->target;
	if ((text = value(b, s, "host")))
		r->host = host_header(b, text);
	r->chunked = is_yes(value(b, s, "chunked"));
	r->expect_continue = is_yes(value(b, s, "expect-continue"));
	if ((text = value(b, s, "until")) && !until_parse(text, &r->until))
		return err_set(b->err, RC_INPUT, "until=\"%s\" is none of: %s", text, until_words());
	struct job_header *h = ARENA_NEW(b->arena, struct job_header, s->n_headers);
	for (size_t i = 0; i < s->n_headers; i++) {
		for (size_t j = 0; j < s->headers[i].n_attributes; j++) {
			const struct attribute *at = &s->headers[i].attributes[j];
			if (strcmp(at->name, "name") == 0)
				h[r->n_headers].name = expand(b, at->value);
			else if (strcmp(at->name, "value") == 0)
				h[r->n_headers].value = expand(b, at->value);
		}
		r->n_headers += h[r->n_headers].name != NULL;
	}
	r->headers = h;
	text = value(b, s, "body");
	return text ? body_size(b, text, &r->body) : RC_OK;
}

/* What the language promises and this build has no transport for yet: said by name, never passed over. */
static const char *not_built(struct building *b, const struct script_step *s)
{
	if (text_equal(value(b, s, "fresh"), "ca"))
		return "fresh=\"ca\"";
	if (value(b, s, "authority"))
		return "authority=";
	for (size_t i = 0; i < s->n_headers; i++)
		for (size_t j = 0; j < s->headers[i].n_attributes; j++)
			if (strcmp(s->headers[i].attributes[j].name, "forward") == 0)
				return "<header forward=>";
	return NULL;
}

/* answer, renegotiate: by default with what the connection was opened with. */
static enum rc build_late(struct building *b, const struct script_step *s, struct job_step *out)
{
	const char *text = value(b, s, "certificate");
	if (out->conn >= 0)
		out->credential = b->shown[out->conn];
	enum rc rc = text ? credential(b, text, NULL, &out->credential) : RC_OK;
	if ((text = value(b, s, "refuse")) && !refuse_parse(text, &out->refuse))
		return err_set(b->err, RC_INPUT, "refuse=\"%s\" is none of: %s", text, refuse_words());
	out->times = 1;
	if ((text = value(b, s, "times")) && !times_parse(text, &out->times))
		return err_set(b->err, RC_INPUT, "times=\"%s\" is no number from 1 to 64", text);
	return rc;
}

/* Requests behind each other that nothing parts leave together. */
static void join_requests(struct job_step *steps, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		steps[i].request.joined = steps[i].verb == VERB_REQUEST && steps[i].request.until == UNTIL_SENT &&
					  steps[i + 1].verb == VERB_REQUEST && steps[i + 1].conn == steps[i].conn;
}

static enum rc build_step(struct building *b, const struct script_step *s, struct job_step *out)
{
	const char *text;
	*out = (struct job_step){.verb = s->verb, .line = s->where.line, .conn = -1, .req = -1,
				 .credential = JOB_NO_CREDENTIAL};
	if ((text = not_built(b, s)))
		return err_set(b->err, RC_ABSENT, "%s", text);
	if (s->verb == VERB_CONNECT)
		return build_connect(b, s, out);
	if (s->verb == VERB_REQUEST)
		return build_request(b, s, out);
	text = value(b, s, s->verb == VERB_SAVE ? "from" : "on");
	out->conn = text ? handle(b->conns, b->n_conns, text) : b->n_conns - 1;
	text = value(b, s, "of");
	out->req = text ? handle(b->reqs, b->n_reqs, text) : b->n_reqs - 1;
	out->handle = value(b, s, s->verb == VERB_SAVE ? "session" : s->verb == VERB_RELOAD ? "anchors" : "variant");
	if ((text = value(b, s, "how")) && s->verb == VERB_CLOSE && !how_close_parse(text, &out->how))
		return err_set(b->err, RC_INPUT, "how=\"%s\" is none of: %s", text, how_close_words());
	if ((text = value(b, s, "ms")) && !wait_parse(text, &out->ms))
		return err_set(b->err, RC_INPUT, "ms=\"%s\" is no duration", text);
	out->ask_peer = is_yes(value(b, s, "ask-peer"));
	out->read = s->verb == VERB_KEY_UPDATE && text_equal(value(b, s, "until"), until_text(UNTIL_READ));
	return s->verb == VERB_ANSWER || s->verb == VERB_RENEGOTIATE ? build_late(b, s, out) : RC_OK;
}

static enum rc build_default(struct building *b, struct job_step *steps)
{
	steps[0] = (struct job_step){.verb = VERB_CONNECT, .conn = 0, .req = -1};
	steps[1] = (struct job_step){.verb = VERB_REQUEST, .conn = 0, .req = 0};
	connect_defaults(b, &steps[0].connect);
	request_defaults(b, &steps[1].request);
	return credential(b, NULL, NULL, &steps[0].connect.credential);
}

/* Response headers and body strings that judge needs; the strings sit in fixed slots (job.h). */
static void watch(struct building *b, struct job *job)
{
	const struct target *t = b->spec->target;
	const char **headers = ARENA_NEW(b->arena, const char *, 5);
	size_t n = 0;
	if (t->echo.header)
		headers[n++] = t->echo.header;
	if (t->verified.header && !text_equal(t->verified.header, t->echo.header))
		headers[n++] = t->verified.header;
	if (t->received.length)
		headers[n++] = t->received.length;
	if (t->received.sha256)
		headers[n++] = t->received.sha256;
	headers[n++] = "Location";
	job->watch_headers = headers;
	job->n_watch_headers = n;
	const char **strings = ARENA_NEW(b->arena, const char *, JOB_WATCH_SUBJECTS + b->n);
	strings[JOB_WATCH_ACCEPT] = t->accept.contains;
	strings[JOB_WATCH_REJECT] = t->reject.contains;
	strings[JOB_WATCH_ECHO] = t->echo.body;
	for (size_t i = 0; i < b->n; i++)
		strings[JOB_WATCH_SUBJECTS + i] = t->echo.body ? b->identities[i].subject : NULL;
	job->watch_strings = strings;
	job->n_watch_strings = JOB_WATCH_SUBJECTS + b->n;
}

enum rc job_build(struct arena *a, const struct job_spec *spec, struct built *out, struct err *err)
{
	enum rc rc = RC_OK;
	const struct scenario *s = spec->kase->scenario;
	size_t n = s->default_script ? 2 : s->n_steps;
	struct building *b = ARENA_NEW(a, struct building, 1);
	*b = (struct building){.arena = a, .spec = spec, .err = err};
	struct job_step *steps = ARENA_NEW(a, struct job_step, n);
	for (size_t i = 0; i < s->n_steps; i++)
		b->saves = b->saves || s->steps[i].verb == VERB_SAVE;
	if (s->default_script)
		TRY(build_default(b, steps));
	for (size_t i = 0; !s->default_script && i < n; i++)
		TRY(build_step(b, &s->steps[i], &steps[i]));
	join_requests(steps, n);
	char id[PLAN_ID_SIZE];
	plan_id(spec->kase, id);
	*out = (struct built){
		.job =
			{
				.id = arena_strdup(a, id),
				.address = spec->endpoint->address,
				.steps = steps,
				.n_steps = n,
				.credentials = b->credentials,
				.n_credentials = b->n,
				.deadlines = spec->deadlines,
				.server_ca = spec->target->server_ca,
			},
		.identities = b->identities,
		.n_identities = b->n,
	};
	watch(b, &out->job);
out:
	return rc;
}
