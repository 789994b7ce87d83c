#include "harness/judge/parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A header's value is `want`, but for case and the blanks behind it. */
static bool value_is(const char *value, const char *want)
{
	size_t len = strlen(want);
	return strncasecmp(value, want, len) == 0 && value[len + strspn(value + len, " \t\r\n")] == '\0';
}

static const char *differs(struct arena *a, const char *what, const char *value, const char *want)
{
	return arena_printf(a, "another body was received than the one sent: %s %.80s instead of %s", what,
			    value[0] ? value : "none", want);
}

const char *body_wrong(struct arena *a, const struct received_rule *rule, const struct observation *o, size_t answer,
		       enum verdict *verdict)
{
	const struct event *e = &o->events[answer];
	const struct event *sent = observation_find(o, 0, EVENT_BODY_SENT, e->conn, e->req);
	char length[16];
	*verdict = VERDICT_INCONCLUSIVE;
	if (!rule->sha256)
		return "the target has no <received>: nobody knows what the server received";
	const char *digest = http_header(o, answer, rule->sha256);
	const char *count = rule->length ? http_header(o, answer, rule->length) : NULL;
	if (sent && !digest)
		return arena_printf(a, "the answer does not say what was received: it has no %s", rule->sha256);
	*verdict = VERDICT_FALSE_REJECT;
	if (!sent)
		return "it was answered before the whole body was sent";
	snprintf(length, sizeof length, "%d", sent->a);
	if (count && !value_is(count, length))
		return differs(a, "bytes:", count, length);
	if (!value_is(digest, sent->text ? sent->text : ""))
		return differs(a, "SHA-256", digest, sent->text ? sent->text : "?");
	*verdict = VERDICT_PASS;
	return NULL;
}
