/* <diagnosis>: outcome x context -> causes, checks, fixes. */
#include "harness/suite/load.h"

#include <string.h>

static const char *const *read_texts(struct loader *l, const struct node *n, const char *name, size_t *count)
{
	static const struct shape shape = {.attributes = "", .children = "", .text = true};
	const char **v = ARENA_NEW(l->arena, const char *, n->n_children);
	*count = 0;
	for (size_t i = 0; i < n->n_children; i++) {
		if (strcmp(n->children[i].name, name) != 0)
			continue;
		read_shape(l->findings, &n->children[i], &shape);
		v[(*count)++] = read_text(l->arena, &n->children[i]);
	}
	return v;
}

/* One alternative a line, blanks around each removed. */
static const char *read_match(struct loader *l, const struct node *n)
{
	static const struct shape shape = {.attributes = "", .children = "", .text = true};
	if (!n)
		return NULL;
	read_shape(l->findings, n, &shape);
	char *out = arena_alloc(l->arena, strlen(n->text) + 2);
	size_t to = 0;
	for (const char *at = n->text; *at;) {
		size_t len = strcspn(at, "\n"), end = len, from = 0;
		while (from < end && strchr(" \t\r", at[from]))
			from++;
		while (end > from && strchr(" \t\r", at[end - 1]))
			end--;
		if (end > from) {
			if (to)
				out[to++] = '\n';
			memcpy(out + to, at + from, end - from);
			to += end - from;
		}
		at += at[len] ? len + 1 : len;
	}
	if (!to)
		findings_add(l->findings, n->where, "<match> without words");
	return out;
}

void diagnosis_read(struct loader *l, const struct node *n)
{
	static const struct shape shape = {
	    .attributes = "id when", .required = "id", .children = "title match cause check fix"};
	struct findings *f = l->findings;
	read_shape(f, n, &shape);
	struct diagnosis d = {
	    .id = read_id(f, n, "id"),
	    .title = load_title(l, n),
	    .when = read_when(f, l->arena, n,
			      "signal phase decision verdict condition negotiation tls http client product asked sent"),
	    .match = read_match(l, read_child(f, n, "match")),
	    .where = n->where,
	};
	d.causes = read_texts(l, n, "cause", &d.n_causes);
	d.checks = read_texts(l, n, "check", &d.n_checks);
	d.fixes = read_texts(l, n, "fix", &d.n_fixes);
	if (!d.n_causes || !(d.n_checks + d.n_fixes))
		findings_add(f, n->where, "<diagnosis> needs a <cause> and a <check> or a <fix>");
	if (!d.when.n && !d.match)
		findings_add(f, n->where, "<diagnosis> needs when= or <match>: nothing would find it");
	*VEC_PUSH(l->diagnoses, l->n_diagnoses, l->cap_diagnoses) = d;
}
