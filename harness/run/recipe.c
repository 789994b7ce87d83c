#include "harness/run/recipe.h"

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

const char *recipe_curl(struct arena *a, const struct kase *k, const struct live_endpoint *e, const struct recipe_files *f)
{
	const char *ip = strchr(e->address.ip, ':') ? arena_printf(a, "[%s]", e->address.ip) : e->address.ip;
	const char *port = strrchr(e->authority, ':');
	if (port && strchr(port, ']'))
		port = NULL;
	const char *trust = f->server_ca ? arena_printf(a, "--cacert %s", f->server_ca) : "--insecure";
	const char *mine = f->chain ? arena_printf(a, " --cert %s --key %s", f->chain, f->key) : "";
	return arena_printf(a, "curl -v %s %s %s%s --resolve %s:%s:%s https://%s%s", curl_http(k->http), curl_tls(k->tls),
			    trust, mine, e->host, port ? port + 1 : "443", ip, e->authority, e->path);
}

const char *recipe_openssl(struct arena *a, const struct kase *k, const struct live_endpoint *e,
			   const struct recipe_files *f)
{
	const char *ip = strchr(e->address.ip, ':') ? arena_printf(a, "[%s]", e->address.ip) : e->address.ip;
	const char *trust = f->server_ca ? arena_printf(a, " -CAfile %s", f->server_ca) : "";
	const char *mine = f->chain ? arena_printf(a, " -cert %s -cert_chain %s -key %s", f->chain, f->chain, f->key) : "";
	return arena_printf(a,
			    "printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' | openssl s_client "
			    "-connect %s:%u -servername %s %s -ign_eof%s%s",
			    e->path, e->authority, ip, (unsigned)e->address.port, e->host, openssl_tls(k->tls), trust, mine);
}
