#include "harness/reference/moved.h"

#include "harness/base/text.h"

#include <string.h>

static const char *lower(struct arena *a, const char *host, size_t len)
{
	char *copy = arena_strndup(a, host, len);
	text_lower(copy);
	return copy;
}

enum rc moved_take(struct arena *a, struct site *sites, size_t n, const char *text, struct err *err)
{
	const char *path = strchr(text, '/'), *equals = path ? strchr(path, '=') : NULL;
	if (!equals || path == text || !equals[1])
		return err_set(err, RC_INPUT, "--redirect %s: expected HOST/PATH=HOST", text);
	const char *host = lower(a, text, (size_t)(path - text));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(sites[i].policy.host, host) != 0)
			continue;
		sites[i].policy.moved = arena_strndup(a, path, (size_t)(equals - path));
		sites[i].policy.moved_to = lower(a, equals + 1, strlen(equals + 1));
		return RC_OK;
	}
	return err_set(err, RC_INPUT, "--redirect %s: no --name before it is %s", text, host);
}
