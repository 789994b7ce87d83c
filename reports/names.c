#include "reports/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SLUG_MAX 80

const char *names_slug(struct arena *a, const char *text)
{
	char out[SLUG_MAX + 1];
	size_t n = 0;
	bool gap = false;
	for (const char *p = text ? text : ""; *p && n < SLUG_MAX; p++) {
		bool plain = (unsigned char)*p < 0x80 && (isalnum((unsigned char)*p) || *p == '_');
		if (!plain) {
			gap = n > 0;
			continue;
		}
		if (gap && n < SLUG_MAX - 1)
			out[n++] = '-';
		gap = false;
		out[n++] = *p;
	}
	return n ? arena_strndup(a, out, n) : arena_strdup(a, "x");
}

void names_fini(struct names *n)
{
	arena_fini(&n->arena);
	free(n->targets);
	*n = (struct names){0};
}

/* What is the same on another machine: no directory, no scheme. */
static const char *short_name(struct arena *a, const char *name)
{
	const char *scheme = strstr(name, "://");
	if (scheme)
		return scheme + 3;
	const char *slash = strrchr(name, '/');
	const char *last = slash ? slash + 1 : name;
	return text_ends(last, ".xml") ? arena_strndup(a, last, strlen(last) - 4) : last;
}

static bool taken(const struct names *n, const char *key)
{
	for (size_t i = 0; i < n->n; i++)
		if (strcmp(n->targets[i].key, key) == 0)
			return true;
	return false;
}

const char *names_target(struct names *n, const struct report_target *t)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->targets[i].index == t->index)
			return n->targets[i].key;
	const char *base = names_slug(&n->arena, short_name(&n->arena, t->name)), *key = base;
	for (unsigned i = 2; taken(n, key); i++)
		key = arena_printf(&n->arena, "%s-%u", base, i);
	n->targets = vec_room(n->targets, n->n, &n->cap, sizeof *n->targets);
	n->targets[n->n].index = t->index;
	n->targets[n->n].key = key;
	n->n++;
	return key;
}

/* `id` with the scenario `scenario` ("suite/id" or "id"; NULL: as it is) and the condition `condition` (NULL: as it
 * is). */
static void renamed(struct buf *b, const struct kase *k, const char *id, const char *scenario, const char *condition)
{
	const char *axes = strchr(id, '[');
	size_t head = axes ? (size_t)(axes - id) : strlen(id);
	if (b->len)
		buf_adds(b, " ");
	if (!scenario)
		buf_add(b, id, head);
	else if (strchr(scenario, '/'))
		buf_adds(b, scenario);
	else
		buf_addf(b, "%s/%s", k->scenario->suite, scenario);
	if (!axes)
		return;
	const char *at = condition ? strstr(axes, "condition=") : NULL;
	if (!at) {
		buf_adds(b, axes);
		return;
	}
	at += strlen("condition=");
	buf_add(b, axes, (size_t)(at - axes));
	buf_adds(b, condition);
	buf_adds(b, at + strcspn(at, ",]"));
}

/* The present scenario name, then each former one. */
static void renamed_scenarios(struct buf *b, const struct kase *k, const char *id, const char *condition)
{
	char scenario[256];
	const char *at = k->scenario->formerly;
	if (condition)
		renamed(b, k, id, NULL, condition);
	while (text_word(&at, scenario, sizeof scenario))
		renamed(b, k, id, scenario, condition);
}

const char *names_formerly(struct arena *a, const struct kase *k, const char *id)
{
	const char *at = k->condition ? k->condition->formerly : NULL;
	if (!at && !k->scenario->formerly)
		return NULL;
	char condition[256];
	struct buf b;
	buf_init(&b, 8192);
	renamed_scenarios(&b, k, id, NULL);
	while (text_word(&at, condition, sizeof condition))
		renamed_scenarios(&b, k, id, condition);
	const char *out = b.len ? arena_strndup(a, b.data, b.len) : NULL;
	buf_fini(&b);
	return out;
}

const char *names_file(struct arena *a, const struct suite *s, const char *file)
{
	if (!file || !s || !s->dir || !s->dir[0] || !text_starts(file, s->dir))
		return file;
	size_t len = strlen(s->dir);
	while (len && s->dir[len - 1] == '/')
		len--;
	if (file[len] != '/')
		return file;
	size_t from = len;
	while (from && s->dir[from - 1] != '/')
		from--;
	return from ? arena_strdup(a, file + from) : file;
}

const char *names_disposition(enum disposition d)
{
	static const char *const texts[DISPOSITION__COUNT] = {
	    [DISPOSITION_RUN] = "run",
	    [DISPOSITION_IMPOSSIBLE] = "impossible",
	    [DISPOSITION_UNSUPPORTED] = "unsupported",
	    [DISPOSITION_EXCLUDED] = "excluded",
	};
	return (unsigned)d < DISPOSITION__COUNT ? texts[d] : "?";
}
