#include "clients/redirect.h"

#include <string.h>
#include <strings.h>

bool redirect_is_status(int status)
{
	switch (status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return true;
	}
	return false;
}

/* Without a port of 443, which goes without saying, and without the colon of an empty one. */
static size_t authority_len(const char *text, size_t len)
{
	static const char *const usual[] = {":443", ":"};
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		size_t n = strlen(usual[i]);
		if (len > n && memcmp(text + len - n, usual[i], n) == 0)
			return len - n;
	}
	return len;
}

/* A fragment is nothing that is asked for. */
static bool is_target(const char *at, const char *target)
{
	size_t len = strcspn(at, "#");
	return strlen(target) == len && memcmp(at, target, len) == 0;
}

bool redirect_leads_to(const char *location, const char *authority, const char *target)
{
	static const char scheme[] = "https://";
	if (!location || strncasecmp(location, scheme, strlen(scheme)) != 0)
		return false;
	const char *at = location + strlen(scheme);
	size_t len = strcspn(at, "/?#"), shown = authority_len(at, len), wanted = authority_len(authority, strlen(authority));
	if (shown != wanted || strncasecmp(at, authority, wanted) != 0)
		return false;
	at += len;
	if (*at != '/') /* an empty path is that of the root */
		return *target == '/' && is_target(at, target + 1);
	return is_target(at, target);
}
