#include "harness/discover/echo.h"

#include <string.h>
#include <strings.h>

static bool says_the_same(const struct look *without, const struct look_header *h)
{
	const char *value = look_header(without, h->name);
	return value && strcmp(value, h->value) == 0;
}

static bool find_header(struct arena *a, const struct look *without, const struct look *with, const struct own *own,
			enum echo_form form, struct echo_found *out)
{
	struct shown_identity shown = {.subject = own->subject, .sha1 = own->sha1, .sha256 = own->sha256};
	for (size_t i = 0; i < with->n_headers; i++) {
		const struct look_header *h = &with->headers[i];
		if (says_the_same(without, h) || identity_same(a, form, h->value, &shown) != SAME_YES)
			continue;
		out->echo = (struct echo_rule){.header = h->name, .as = form};
		out->value = h->value;
		return true;
	}
	return false;
}

/* What nginx ($ssl_client_verify) and httpd (SSL_CLIENT_VERIFY) write, whatever header carries it. */
static void find_verified(const struct look *without, const struct look *with, struct echo_found *out)
{
	for (size_t i = 0; i < with->n_headers; i++) {
		const struct look_header *h = &with->headers[i];
		if (strcasecmp(h->value, "SUCCESS") == 0 && !says_the_same(without, h))
			out->verified = (struct verified_rule){h->name, h->value, look_header(without, h->name)};
	}
}

void echo_find(struct arena *a, const struct look *without, const struct look *with, const struct own *own,
	       struct echo_found *out)
{
	static const enum echo_form forms[] = {ECHO_SHA256_HEX, ECHO_SHA1_HEX, ECHO_SUBJECT, ECHO_DER_BASE64, ECHO_PEM_URL};
	*out = (struct echo_found){.value = NULL};
	if (!with->tried || !with->outcome.status)
		return;
	find_verified(without, with, out);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (find_header(a, without, with, own, forms[i], out))
			return;
	unsigned both = LOOK_FOUND_MARKER | LOOK_FOUND_SUBJECT;
	if ((with->found & both) == both && !(without->found & LOOK_FOUND_MARKER))
		out->echo = (struct echo_rule){.body = DISCOVER_SUBJECT_MARKER, .as = ECHO_SUBJECT};
}
