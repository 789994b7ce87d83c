#include "harness/target/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

const char *url_port(const char *authority)
{
	const char *colon = strrchr(authority, ':');
	return colon && !strchr(colon, ']') ? colon : "";
}

bool url_host_is_ip(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

bool url_host_is_localhost(const char *host)
{
	static const char name[] = "localhost";
	size_t len = strlen(host), n = sizeof name - 1;
	return len >= n && strcasecmp(host + len - n, name) == 0 && (len == n || host[len - n - 1] == '.');
}

/* Letters, digits, hyphen, dot, and the underscore that some intranets use; labels and length as RFC 1035 2.3.4. */
static bool is_name(const char *host)
{
	size_t len = strlen(host), label = 0;
	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];
		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (!isalnum(c) && c != '-' && c != '_') {
			return false;
		} else if (++label > 63) {
			return false;
		}
	}
	return true;
}

static enum rc take_port(const char *text, struct where where, uint16_t *port, struct err *err)
{
	uint64_t v;
	if (!text_u64(text, 1, 65535, &v))
		return err_at(err, RC_INPUT, where.file, where.line, "\"%s\" is no port number", text);
	*port = (uint16_t)v;
	return RC_OK;
}

enum rc url_address(struct arena *a, const char *text, struct where where, const char **host, uint16_t *port,
		    struct err *err)
{
	char *name = arena_strdup(a, text);
	char *colon = NULL;
	bool v6 = name[0] == '[';
	*port = 443;
	if (v6) {
		char *close = strchr(++name, ']');
		if (!close || (close[1] && close[1] != ':'))
			return err_at(err, RC_INPUT, where.file, where.line,
				      "\"%s\": an IPv6 address is written [ADDRESS]:PORT", text);
		*close = '\0';
		colon = close[1] ? close + 1 : NULL;
	} else {
		colon = strchr(name, ':');
	}
	if (colon) {
		*colon = '\0';
		enum rc rc = take_port(colon + 1, where, port, err);
		if (rc != RC_OK)
			return rc;
	}
	if (v6 ? !(strchr(name, ':') && url_host_is_ip(name)) : !is_name(name))
		return err_at(err, RC_INPUT, where.file, where.line, "\"%s\" names no host", text);
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*host = name;
	return RC_OK;
}

enum rc url_parse(struct arena *a, const char *text, struct where where, struct url *out, struct err *err)
{
	static const char scheme[] = "https://";
	if (strncasecmp(text, scheme, sizeof scheme - 1) != 0)
		return err_at(err, RC_INPUT, where.file, where.line, "\"%s\" is no https:// URL", text);
	const char *at = text + sizeof scheme - 1;
	size_t len = strcspn(at, "/?#");
	const char *rest = at + len;
	char *authority = arena_strndup(a, at, len);
	if (strchr(authority, '@'))
		return err_at(err, RC_INPUT, where.file, where.line, "\"%s\": a user name has no place here", text);
	if (strchr(rest, '#'))
		return err_at(err, RC_INPUT, where.file, where.line, "\"%s\": a fragment is never sent", text);
	for (const char *p = rest; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return err_at(err, RC_INPUT, where.file, where.line, "\"%s\": write the path percent-encoded",
				      text);
	enum rc rc = url_address(a, authority, where, &out->host, &out->port, err);
	if (rc != RC_OK)
		return rc;
	bool v6 = strchr(out->host, ':') != NULL;
	out->authority = arena_printf(a, v6 ? "[%s]" : "%s", out->host);
	if (out->port != 443)
		out->authority = arena_printf(a, "%s:%u", out->authority, (unsigned)out->port);
	out->path = *rest == '/' ? arena_strdup(a, rest) : arena_printf(a, "/%s", rest);
	return RC_OK;
}
