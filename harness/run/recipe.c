#include "harness/run/recipe.h"

#include "harness/target/url.h"

#include <stdlib.h>
#include <string.h>

const char *recipe_line(struct arena *a, const struct kase *k, const char *target, const char *words)
{
	char id[PLAN_ID_SIZE];
	plan_id(k, id);
	return arena_printf(a, "mtlspec show '%s' --target '%s'%s   # curl, openssl and PEM files", id, target, words);
}

static const char *curl_tls(enum tls v)
{
	switch (v) {
	case TLS_1_0:
		return "--tlsv1.0 --tls-max 1.0";
	case TLS_1_1:
		return "--tlsv1.1 --tls-max 1.1";
	case TLS_1_2:
		return "--tlsv1.2 --tls-max 1.2";
	case TLS_1_3:
		return "--tlsv1.3";
	case TLS__COUNT:
		break;
	}
	return "";
}

static const char *openssl_tls(enum tls v)
{
	switch (v) {
	case TLS_1_0:
		return "-tls1";
	case TLS_1_1:
		return "-tls1_1";
	case TLS_1_2:
		return "-tls1_2";
	case TLS_1_3:
		return "-tls1_3";
	case TLS__COUNT:
		break;
	}
	return "";
}

static const char *curl_http(enum http v)
{
	switch (v) {
	case HTTP_1_0:
		return "--http1.0";
	case HTTP_1_1:
		return "--http1.1";
	case HTTP_2:
		return "--http2";
	case HTTP_3:
		return "--http3-only";
	case HTTP__COUNT:
		break;
	}
	return "";
}

static const char *bracketed(struct arena *a, const char *ip)
{
	return strchr(ip, ':') ? arena_printf(a, "[%s]", ip) : ip;
}

/* How curl gets to an address that the URL does not say; --resolve takes numbers only. */
static const char *curl_address(struct arena *a, const struct live_endpoint *e)
{
	const char *said = url_port(e->authority), *port = *said ? said + 1 : "443";
	if (!e->address.ip)
		return "";
	if (url_host_is_ip(e->address.ip) && (unsigned)strtoul(port, NULL, 10) == e->address.port)
		return arena_printf(a, " --resolve %s:%s:%s", e->host, port, bracketed(a, e->address.ip));
	return arena_printf(a, " --connect-to %s:%s:%s:%u", e->host, port, bracketed(a, e->address.ip),
			    (unsigned)e->address.port);
}

const char *recipe_value(struct arena *a, const struct kase *k, const struct script_step *s, const char *name)
{
	const char *text = script_attribute(s, name);
	return text ? value_expand(a, text, plan_value, k) : NULL;
}

const char *recipe_attribute(struct arena *a, const struct kase *k, enum verb verb, const char *name)
{
	const struct scenario *c = k->scenario;
	for (size_t i = 0; !c->default_script && i < c->n_steps; i++) {
		if (c->steps[i].verb != verb)
			continue;
		return recipe_value(a, k, &c->steps[i], name);
	}
	return NULL;
}

/* The version of the first connection: the script's own where it names one. */
static enum tls version_of(struct arena *a, const struct kase *k)
{
	const char *own = recipe_attribute(a, k, VERB_CONNECT, "tls");
	enum tls v;
	return own && tls_parse(own, &v) ? v : k->tls;
}

static const char *pha_of(struct arena *a, const struct kase *k)
{
	bool offered = k->negotiation == NEGOTIATION_POST_HANDSHAKE && k->client == CLIENT_WILLING &&
		       !text_equal(recipe_attribute(a, k, VERB_CONNECT, "pha"), "no");
	return offered ? " -enable_pha" : "";
}

/* What the first request brings. */
struct content {
	const char *method;
	unsigned long long bytes;
	bool any, chunked, expects;
};

static struct content content_of(struct arena *a, const struct kase *k, uint64_t limit)
{
	const char *method = recipe_attribute(a, k, VERB_REQUEST, "method");
	const char *size = recipe_attribute(a, k, VERB_REQUEST, "body");
	struct content c = {
		.method = method ? method : "GET",
		.any = size || (method && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0),
		.chunked = text_equal(recipe_attribute(a, k, VERB_REQUEST, "chunked"), "yes"),
		.expects = text_equal(recipe_attribute(a, k, VERB_REQUEST, "expect-continue"), "yes"),
	};
	uint64_t bytes = 0;
	if (size && body_size_parse(size, limit, &bytes))
		c.bytes = bytes;
	return c;
}

/* The very bytes that the client sends. */
static const char *body_command(struct arena *a, const struct content *c)
{
	return arena_printf(a, "yes 'mtlspec generated request body.' | head -c %llu", c->bytes);
}

/* Quoted for the shell, and left open for a variable. */
const char *recipe_curl(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f)
{
	const char *trust = f->server_ca ? arena_printf(a, "--cacert %s", f->server_ca) : "--insecure";
	const char *mine = f->chain ? arena_printf(a, " --cert '%s' --key '%s'", f->chain, f->key) : "";
	const struct content c = content_of(a, k, f->body_limit);
	const char *before = "", *options = "";
	if (c.any) {
		before = arena_printf(a, "%s | ", body_command(a, &c));
		/* curl would wait for 100 as it sees fit */
		options = arena_printf(a, " -X %s --data-binary @- -H 'Expect:%s'%s", c.method, c.expects ? " 100-continue" : "",
				       c.chunked ? " -H 'Transfer-Encoding: chunked'" : "");
	}
	return arena_printf(a, "%scurl -v %s %s %s%s%s%s \"https://%s%s\"", before, curl_http(k->http), curl_tls(version_of(a, k)), trust,
			    mine, options, curl_address(a, e), e->authority, e->path);
}

/* A shell command that prints the request. */
static const char *request_command(struct arena *a, const struct kase *k, const struct live_endpoint *e, uint64_t limit)
{
	const struct content c = content_of(a, k, limit);
	const char *head = arena_printf(a, "printf '%s %s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n", c.method, e->path,
					e->authority);
	if (!c.any)
		return arena_printf(a, "%s\\r\\n'", head);
	if (c.expects)
		head = arena_printf(a, "%sExpect: 100-continue\\r\\n", head);
	if (!c.chunked)
		return arena_printf(a, "{ %sContent-Length: %llu\\r\\n\\r\\n'; %s; }", head, c.bytes, body_command(a, &c));
	head = arena_printf(a, "%sTransfer-Encoding: chunked\\r\\n\\r\\n", head);
	if (!c.bytes)
		return arena_printf(a, "%s0\\r\\n\\r\\n'", head);
	return arena_printf(a, "{ %s%llx\\r\\n'; %s; printf '\\r\\n0\\r\\n\\r\\n'; }", head, c.bytes, body_command(a, &c));
}

const char *recipe_openssl(struct arena *a, const struct kase *k, const struct live_endpoint *e,
			   const struct recipe_files *f)
{
	const char *ip = bracketed(a, e->address.ip ? e->address.ip : e->host);
	const char *trust = f->server_ca ? arena_printf(a, " -CAfile %s", f->server_ca) : "";
	const char *mine =
		f->chain ? arena_printf(a, " -cert '%s' -cert_chain '%s' -key '%s'", f->chain, f->chain, f->key) : "";
	return arena_printf(a, "%s | openssl s_client -connect %s:%u -servername %s %s%s -ign_eof%s%s",
			    request_command(a, k, e, f->body_limit), ip, (unsigned)e->address.port, e->host,
			    openssl_tls(version_of(a, k)), pha_of(a, k), trust,
			    mine);
}
