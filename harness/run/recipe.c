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
	const char *port = strrchr(e->authority, ':');
	if (port && strchr(port, ']'))
		port = NULL;
	port = port ? port + 1 : "443";
	if (!e->address.ip)
		return "";
	if (url_host_is_ip(e->address.ip) && (unsigned)strtoul(port, NULL, 10) == e->address.port)
		return arena_printf(a, " --resolve %s:%s:%s", e->host, port, bracketed(a, e->address.ip));
	return arena_printf(a, " --connect-to %s:%s:%s:%u", e->host, port, bracketed(a, e->address.ip),
			    (unsigned)e->address.port);
}

/* Quoted for the shell, and left open for a variable. */
const char *recipe_curl(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f)
{
	const char *trust = f->server_ca ? arena_printf(a, "--cacert %s", f->server_ca) : "--insecure";
	const char *mine = f->chain ? arena_printf(a, " --cert '%s' --key '%s'", f->chain, f->key) : "";
	return arena_printf(a, "curl -v %s %s %s%s%s \"https://%s%s\"", curl_http(k->http), curl_tls(k->tls), trust, mine,
			    curl_address(a, e), e->authority, e->path);
}

const char *recipe_openssl(struct arena *a, const struct kase *k, const struct live_endpoint *e,
			   const struct recipe_files *f)
{
	const char *ip = bracketed(a, e->address.ip ? e->address.ip : e->host);
	const char *trust = f->server_ca ? arena_printf(a, " -CAfile %s", f->server_ca) : "";
	const char *mine =
		f->chain ? arena_printf(a, " -cert '%s' -cert_chain '%s' -key '%s'", f->chain, f->chain, f->key) : "";
	return arena_printf(a,
			    "printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' | openssl s_client "
			    "-connect %s:%u -servername %s %s -ign_eof%s%s",
			    e->path, e->authority, ip, (unsigned)e->address.port, e->host, openssl_tls(k->tls), trust, mine);
}
