#include "harness/suite/read.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Move over blanks to the next word; its length, 0 at the end. */
static size_t next_word(const char **at)
{
	while (isspace((unsigned char)**at))
		(*at)++;
	return strcspn(*at, " \t\r\n");
}

int read_index(const char *words, const char *word, size_t len)
{
	int index = 0;
	size_t n;
	for (const char *at = words; (n = next_word(&at)) > 0; at += n, index++)
		if (n == len && memcmp(at, word, len) == 0)
			return index;
	return -1;
}

const char *read_value(const struct node *n, const char *name)
{
	for (size_t i = 0; i < n->n_attributes; i++)
		if (strcmp(n->attributes[i].name, name) == 0)
			return n->attributes[i].value;
	return NULL;
}

struct where read_where(const struct node *n, const char *name)
{
	for (size_t i = 0; i < n->n_attributes; i++)
		if (strcmp(n->attributes[i].name, name) == 0)
			return (struct where){n->where.file, n->attributes[i].line};
	return n->where;
}

static const char *or_none(const char *words)
{
	return *words ? words : "none";
}

void read_shape(struct findings *f, const struct node *n, const struct shape *shape)
{
	size_t len;
	for (size_t i = 0; i < n->n_attributes; i++) {
		const char *name = n->attributes[i].name;
		if (read_index(shape->attributes, name, strlen(name)) < 0)
			findings_add(f, read_where(n, name), "unknown attribute %s on <%s>; legal: %s", name, n->name,
				     or_none(shape->attributes));
	}
	for (const char *at = shape->required; at && (len = next_word(&at)) > 0; at += len) {
		char name[64] = "";
		memcpy(name, at, len < sizeof name ? len : sizeof name - 1);
		if (!read_value(n, name))
			findings_add(f, n->where, "<%s> lacks the attribute %s", n->name, name);
	}
	for (size_t i = 0; shape->children && i < n->n_children; i++) {
		const struct node *c = &n->children[i];
		if (read_index(shape->children, c->name, strlen(c->name)) < 0)
			findings_add(f, c->where, "unknown element <%s> in <%s>; legal: %s", c->name, n->name,
				     or_none(shape->children));
	}
	if (*n->text && !shape->text)
		findings_add(f, n->where, "<%s> holds text, which has no meaning there", n->name);
}

const struct node *read_child(struct findings *f, const struct node *n, const char *name)
{
	const struct node *found = NULL;
	for (size_t i = 0; i < n->n_children; i++) {
		if (strcmp(n->children[i].name, name) != 0)
			continue;
		if (found)
			findings_add(f, n->children[i].where, "second <%s> in <%s>; the first is at line %d", name,
				     n->name, found->where.line);
		else
			found = &n->children[i];
	}
	return found;
}

const char *read_text(struct arena *a, const struct node *n)
{
	if (!n)
		return NULL;
	char *out = arena_alloc(a, strlen(n->text) + 1);
	size_t len, to = 0;
	for (const char *at = n->text; (len = next_word(&at)) > 0; at += len) {
		if (to)
			out[to++] = ' ';
		memcpy(out + to, at, len);
		to += len;
	}
	return out;
}

bool read_id_is_legal(const char *id)
{
	size_t len = strlen(id);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && (i == 0 || !strchr("._-", id[i])))
			return false;
	return len > 0 && len <= 64;
}

const char *read_id(struct findings *f, const struct node *n, const char *name)
{
	const char *id = read_value(n, name);
	if (id && !read_id_is_legal(id))
		findings_add(f, read_where(n, name),
			     "%s=\"%s\" is no id: letters, digits and . _ - only, a letter or digit first, at most 64",
			     name, id);
	return id ? id : "";
}

int read_word(struct findings *f, const struct node *n, const char *name, const char *words, int fallback)
{
	const char *v = read_value(n, name);
	if (!v)
		return fallback;
	int index = read_index(words, v, strlen(v));
	if (index >= 0)
		return index;
	findings_add(f, read_where(n, name), "%s=\"%s\" on <%s> is not one of: %s", name, v, n->name, words);
	return fallback;
}

unsigned read_mask(struct findings *f, const struct node *n, const char *name, const char *words)
{
	unsigned mask = 0;
	size_t len;
	for (const char *at = read_value(n, name); at && (len = next_word(&at)) > 0; at += len) {
		int index = read_index(words, at, len);
		if (index >= 0)
			mask |= BIT(index);
		else
			findings_add(f, read_where(n, name), "%s=\"%.*s\" on <%s> is not one of: %s", name, (int)len,
				     at, n->name, words);
	}
	return mask;
}

void read_words(struct findings *f, const struct node *n, const char *name, const char *words)
{
	read_mask(f, n, name, words);
}

bool read_yes(struct findings *f, const struct node *n, const char *name, bool fallback)
{
	return read_word(f, n, name, "no yes", fallback) == 1;
}

uint64_t read_number(struct findings *f, const struct node *n, const char *name, uint64_t min, uint64_t max)
{
	uint64_t v = 0;
	const char *text = read_value(n, name);
	if (text && !text_u64(text, min, max, &v))
		findings_add(f, read_where(n, name), "%s=\"%s\" on <%s> is no number from %llu to %llu", name, text,
			     n->name, (unsigned long long)min, (unsigned long long)max);
	return v;
}

uint32_t read_millis(struct findings *f, const struct node *n, const char *name)
{
	uint32_t ms = 0;
	const char *text = read_value(n, name);
	if (text && !text_millis(text, &ms))
		findings_add(f, read_where(n, name), "%s=\"%s\" on <%s> is no time such as 250ms, 2s or 5m", name, text,
			     n->name);
	return ms;
}

const char *const *read_list(struct arena *a, const char *text, size_t *n)
{
	const char **v;
	size_t len;
	*n = 0;
	for (const char *at = text; at && (len = next_word(&at)) > 0; at += len)
		(*n)++;
	v = ARENA_NEW(a, const char *, *n + 1);
	*n = 0;
	for (const char *at = text; at && (len = next_word(&at)) > 0; at += len)
		v[(*n)++] = arena_strndup(a, at, len);
	return v;
}

void read_host(struct findings *f, struct where where, const char *what, const char *host, size_t len)
{
	if (len == 0)
		findings_add(f, where, "%s: the host name is empty", what);
	if (len > 255)
		findings_add(f, where, "%s: the host name has %zu bytes; a TLS library refuses more than 255", what,
			     len);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];
		if (c > 0x7e) {
			findings_add(f, where,
				     "%s: \"%.*s\" is not ASCII and would be altered before it is sent: write the "
				     "xn-- form",
				     what, (int)(len < 200 ? len : 200), host);
			return;
		}
		if (c <= 0x20 || strchr("%/\\@\"<>", c)) {
			findings_add(f, where,
				     "%s: the character \"%c\" cannot stand in a host name and would be altered or "
				     "refused",
				     what, c > 0x20 ? c : ' ');
			return;
		}
	}
}

static bool signal_is_legal(const char *word)
{
	static const char *const coded[] = {"http:", "h2:", "h3:", "quic:"};
	unsigned number;
	if (read_index("close eof reset timeout", word, strlen(word)) >= 0)
		return true;
	if (text_starts(word, "alert:"))
		return strpbrk(word, "*?") || alert_parse(word + 6, &number);
	for (size_t i = 0; i < sizeof coded / sizeof *coded; i++)
		if (text_starts(word, coded[i]))
			return word[strlen(coded[i])] != '\0';
	return false;
}

const char *read_signals(struct findings *f, const struct node *n, const char *name)
{
	const char *text = read_value(n, name), *at = text;
	char word[64];
	bool any = false;
	while (text_word(&at, word, sizeof word)) {
		any = true;
		if (!signal_is_legal(word))
			findings_add(f, read_where(n, name),
				     "%s=\"%s\" is no signal; legal: alert:NAME http:STATUS h2:CODE "
				     "h3:CODE quic:CODE close eof reset timeout",
				     name, word);
	}
	if (text && !any)
		findings_add(f, read_where(n, name), "%s=\"\" on <%s> names no signal", name, n->name);
	return text;
}
