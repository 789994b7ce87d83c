#include "harness/run/servers.h"

#include <stdlib.h>
#include <string.h>

#define SHA256_HEX 64
#define MAX_ROWS   256 /* a server that changes with every connection has been told on by then */

void servers_fini(struct servers *s)
{
	arena_fini(&s->arena);
	free(s->rows);
	*s = (struct servers){0};
}

static bool is_of(const struct server *row, const struct endpoint *e, const char *sni)
{
	return row->endpoint == e && text_equal(row->sni, sni);
}

/* The row of this certificate; *of_name counts what the name has shown. */
static const struct server *find(const struct servers *s, const struct endpoint *e, const char *sni, const char *text,
				 unsigned *of_name)
{
	const struct server *found = NULL;
	*of_name = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (!is_of(&s->rows[i], e, sni))
			continue;
		++*of_name;
		if (strncmp(s->rows[i].sha256, text, SHA256_HEX) == 0)
			found = &s->rows[i];
	}
	return found;
}

static void add(struct servers *s, const struct endpoint *e, const char *label, const char *sni, const char *text)
{
	if (s->n == MAX_ROWS)
		return;
	*VEC_PUSH(s->rows, s->n, s->cap) = (struct server){
		.endpoint = e,
		.label = arena_strdup(&s->arena, label),
		.sni = arena_strdup(&s->arena, sni),
		.sha256 = arena_strndup(&s->arena, text, SHA256_HEX),
		.subject = arena_strdup(&s->arena, text[SHA256_HEX] == ' ' ? text + SHA256_HEX + 1 : ""),
	};
}

/* The name that the connection of this event was opened with. */
static const char *sni_of(const struct observation *o, const struct event *e)
{
	const struct event *hello = observation_find(o, 0, EVENT_HELLO_SENT, e->conn, -1);
	return hello ? hello->text : NULL;
}

static bool shows_certificate(const struct event *e)
{
	return (e->kind == EVENT_SERVER_CHAIN || e->kind == EVENT_SERVER_CHAIN_CHANGED) && e->text &&
	       strlen(e->text) >= SHA256_HEX;
}

void servers_record(struct servers *s, const struct endpoint *e, const char *label, const struct observation *o)
{
	unsigned of_name;
	for (size_t i = 0; i < o->n; i++) {
		const struct event *at = &o->events[i];
		if (shows_certificate(at) && !find(s, e, sni_of(o, at), at->text, &of_name))
			add(s, e, label, sni_of(o, at), at->text);
	}
}

bool servers_changed(struct servers *s, const struct endpoint *e, const struct observation *o)
{
	bool changed = false;
	unsigned of_name;
	for (size_t i = 0; i < o->n; i++) {
		const struct event *at = &o->events[i];
		if (!shows_certificate(at))
			continue;
		const char *sni = sni_of(o, at);
		const struct server *known = find(s, e, sni, at->text, &of_name);
		if (!known)
			add(s, e, e->id, sni, at->text);
		/* the same leaf behind another chain; where several are served in turn that means nothing */
		changed = changed || (known ? at->kind == EVENT_SERVER_CHAIN_CHANGED && of_name == 1 : of_name > 0);
	}
	return changed;
}
