#include "harness/judge/parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool status_matches(const char *word, int status)
{
	char text[16];
	snprintf(text, sizeof text, "%d", status);
	if (strlen(word) != strlen(text))
		return false;
	for (size_t i = 0; text[i]; i++)
		if (word[i] != text[i] && word[i] != 'x' && word[i] != 'X')
			return false;
	return true;
}

bool http_status_in(const char *list, int status)
{
	char word[16];
	while (list && text_word(&list, word, sizeof word))
		if (status_matches(word, status))
			return true;
	return false;
}

/* Named by its own number, not by a class such as 5xx. */
static bool is_named(const char *list, int status)
{
	char number[16];
	snprintf(number, sizeof number, "%d", status);
	return text_has_word(list, number);
}

/* The client records "Name: value". */
const char *http_header(const struct observation *o, size_t at, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = at; i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->kind != EVENT_HEADER || e->conn != o->events[at].conn || e->req != o->events[at].req || !e->text)
			continue;
		if (strncasecmp(e->text, name, len) == 0 && e->text[len] == ':')
			return e->text + len + 1 + strspn(e->text + len + 1, " \t");
	}
	return NULL;
}

static bool was_found(const struct observation *o, size_t at, int slot)
{
	for (size_t i = at; i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->kind == EVENT_FOUND && e->conn == o->events[at].conn && e->req == o->events[at].req &&
		    e->a == slot)
			return true;
	}
	return false;
}

static const char *excerpt(const struct observation *o, size_t at)
{
	for (size_t i = at; i < o->n; i++) {
		const struct event *e = &o->events[i];
		if (e->kind == EVENT_EXCERPT && e->conn == o->events[at].conn && e->req == o->events[at].req)
			return e->text;
	}
	return NULL;
}

/* `words` in the body: seen by the client in its first 64 KiB, or in the excerpt. */
static bool body_has(const struct observation *o, size_t at, int slot, const char *words)
{
	const char *page = excerpt(o, at);
	return was_found(o, at, slot) || (page && strstr(page, words));
}

/* "403.16" on an IIS page; 0 when it is not there.  Not the middle of an address or of a longer number. */
static int substatus(const char *page, int status)
{
	char lead[16];
	int n = snprintf(lead, sizeof lead, "%d.", status);
	for (const char *p = page; p && (p = strstr(p, lead)); p++) {
		const char *digits = p + n;
		bool starts = p == page || !(isalnum((unsigned char)p[-1]) || p[-1] == '.');
		size_t len = strspn(digits, "0123456789");
		char after = digits[len];
		bool ends =
		    !isalpha((unsigned char)after) && !(after == '.' && isdigit((unsigned char)digits[len + 1]));
		if (starts && ends && len >= 1 && len <= 2 && digits[0] != '0')
			return (int)strtol(digits, NULL, 10);
	}
	return 0;
}

/* What servers write where a variable has no value. */
static bool says_nothing(const char *value)
{
	return !value || !value[0] || strcmp(value, "-") == 0 || strcmp(value, "(null)") == 0;
}

/* The echoed identity, from a header or from the body behind its marker.  *marked: the marker was there. */
static const char *echoed(const struct judge_context *c, const struct observation *o, size_t at, bool *marked)
{
	const struct echo_rule *rule = &c->target->echo;
	const char *value = rule->header ? http_header(o, at, rule->header) : NULL;
	*marked = false;
	if (!says_nothing(value))
		return value;
	if (!rule->body || !body_has(o, at, JOB_WATCH_ECHO, rule->body))
		return NULL;
	*marked = true;
	for (size_t i = 0; i < c->n_identities; i++)
		if (was_found(o, at, JOB_WATCH_SUBJECTS + (int)i))
			return c->identities[i].subject;
	const char *page = excerpt(o, at), *marker = page ? strstr(page, rule->body) : NULL;
	if (!marker)
		return NULL;
	*marked = false; /* the excerpt shows what is behind it */
	value = marker + strlen(rule->body);
	value += strspn(value, " \t");
	return *value == '\0' || *value == '\r' || *value == '\n' || *value == '<' || *value == '-' ? NULL : value;
}

/* A leaf without a name shows nothing where subjects are echoed (C-007): silence then says nothing. */
static bool is_nameless(const struct judge_context *c, const struct observation *o, int conn)
{
	const struct shown_identity *shown = identity_of(c, identity_presented(o, conn));
	return c->target->echo.as == ECHO_SUBJECT && shown && shown->subject && !shown->subject[0];
}

/* Served: by whom does the server believe to be called?  Fills decision, identity, undecidable. */
static void decide_served(const struct kase *k, const struct judge_context *c, const struct observation *o, size_t at,
			  struct outcome *out)
{
	const struct target *t = c->target;
	bool marked = false, shown = out->sent || out->resumed;
	out->decision = DECISION_ACCEPT;
	if (t && t->verified.header) {
		const char *value = http_header(o, at, t->verified.header);
		const char *yes = t->verified.yes, *no = t->verified.no;
		bool is_yes = value && (yes && *yes ? strcasecmp(value, yes) == 0 : !no || strcasecmp(value, no) != 0);
		if (value && !is_yes) {
			out->decision = DECISION_ANONYMOUS;
			return;
		}
		if (is_yes) {
			out->identity = echoed(c, o, at, &marked);
			return;
		}
	}
	if (t && (t->echo.header || t->echo.body)) {
		out->identity = echoed(c, o, at, &marked);
		if (!out->identity && marked && shown)
			out->undecidable = true; /* an identity is named where we could not read it */
		else if (!out->identity && !is_nameless(c, o, o->events[at].conn))
			out->decision = DECISION_ANONYMOUS;
		return;
	}
	bool strangers = k->negotiation == NEGOTIATION_NONE || k->negotiation == NEGOTIATION_OPTIONAL ||
			 (k->endpoint && k->endpoint->strangers);
	if (!shown)
		out->decision = DECISION_ANONYMOUS; /* nobody was shown, so nobody can be believed */
	else
		out->undecidable = strangers;
}

static bool redirect_refuses(const struct target *t, const struct observation *o, size_t at, int status)
{
	if (!t)
		return false;
	const char *location = http_header(o, at, "Location");
	if (t->reject.location && t->reject.location[0])
		return location && text_starts(location, t->reject.location);
	return is_named(t->reject.statuses, status);
}

void http_decide(const struct kase *k, const struct judge_context *c, const struct observation *o, size_t at,
		 struct outcome *out)
{
	static const struct status_rule none = {0};
	const struct target *t = c->target;
	const struct status_rule *accept = t ? &t->accept : &none, *reject = t ? &t->reject : &none;
	int status = o->events[at].a, sub = status >= 400 ? substatus(excerpt(o, at), status) : 0;
	out->status = status;
	snprintf(out->signal, sizeof out->signal, sub ? "http:%d.%d" : "http:%d", status, sub);
	out->decision = DECISION_REJECT;
	/* Too Many Requests, Service Unavailable: load, not policy, unless the target says that it refuses so. */
	out->throttled = (status == 429 || status == 503) && !is_named(accept->statuses, status) &&
			 !is_named(reject->statuses, status);
	bool contains = !accept->contains || !*accept->contains || body_has(o, at, JOB_WATCH_ACCEPT, accept->contains);
	bool refuses = reject->contains && *reject->contains && body_has(o, at, JOB_WATCH_REJECT, reject->contains);
	if (refuses)
		return;
	if (http_status_in(accept->statuses && *accept->statuses ? accept->statuses : "2xx", status)) {
		if (contains)
			decide_served(k, c, o, at, out);
		return;
	}
	if (status < 300 || status >= 400)
		return;
	/* whoever reads it need not follow it */
	if (accept->contains && *accept->contains && contains)
		decide_served(k, c, o, at, out);
	else if (!redirect_refuses(t, o, at, status))
		out->decision = DECISION_REDIRECT;
}
