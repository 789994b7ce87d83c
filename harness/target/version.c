#include "harness/target/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void take_number(const char *at, char *out, size_t size)
{
	size_t len = strspn(at, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+~_-");
	while (len && strchr(".-_+~", at[len - 1]))
		len--;
	snprintf(out, size, "%.*s", (int)len, at);
}

void version_product(const char *text, const char *pattern, char *out, size_t size)
{
	out[0] = '\0';
	const char *at = text;
	if (pattern && *pattern) {
		at = strstr(text, pattern);
		if (!at)
			return;
		at += strlen(pattern);
		at += strspn(at, " \tv");
	} else {
		at += strcspn(at, "0123456789");
	}
	if (isdigit((unsigned char)*at))
		take_number(at, out, size);
}

void version_library(const char *text, char *out, size_t size)
{
	static const char *const names[] = {"OpenSSL", "LibreSSL", "BoringSSL", "AWS-LC",
					    "GnuTLS",  "wolfSSL",  "mbed TLS"};
	const char *last = NULL;
	char number[64];
	out[0] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t len = strlen(names[i]);
		for (const char *p = strstr(text, names[i]); p; p = strstr(p + 1, names[i])) {
			if ((p[len] != ' ' && p[len] != '/') || !isdigit((unsigned char)p[len + 1]) || p < last)
				continue;
			last = p;
			take_number(p + len + 1, number, sizeof number);
			snprintf(out, size, "%s %s", names[i], number);
		}
	}
}
