#include "harness/target/expand.h"

#include "harness/base/fs.h"

#include <string.h>

#define TEMPLATE_LIMIT (1u << 20)
#define NAME_LIMIT     128

/* The name behind the "@" at `at`, or NULL when no "@" closes it. */
static const char *name_at(const char *at, char name[static NAME_LIMIT])
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
	size_t len = strspn(at + 1, legal);
	if (at[1 + len] != '@' || len == 0 || len >= NAME_LIMIT)
		return NULL;
	memcpy(name, at + 1, len);
	name[len] = '\0';
	return at + len + 2;
}

static enum rc expand_into(struct buf *b, const struct expand *x, const char *text, struct where where, struct err *err)
{
	enum rc rc = RC_OK;
	for (const char *p = text; *p && rc == RC_OK;) {
		char name[NAME_LIMIT];
		const char *value = NULL;
		if (*p != '@') {
			where.line += *p == '\n';
			buf_add(b, p++, 1);
			continue;
		}
		if (p[1] == '@') {
			buf_adds(b, "@");
			p += 2;
			continue;
		}
		p = name_at(p, name);
		if (!p)
			return err_at(err, RC_INPUT, where.file, where.line,
				      "\"@\" opens no placeholder: write @NAME@, or @@ for the character itself");
		rc = x->lookup(x->context, name, &value, err);
		if (rc == RC_OK && !value)
			rc = err_at(err, RC_INPUT, where.file, where.line, "unknown placeholder @%s@", name);
		if (rc == RC_OK)
			buf_adds(b, value);
	}
	if (rc == RC_OK && b->overflow)
		rc = err_at(err, RC_INPUT, where.file, where.line, "more than %u bytes after replacement",
			    TEMPLATE_LIMIT);
	return rc;
}

enum rc expand_text(struct arena *a, const struct expand *x, const char *text, struct where where, const char **out,
		    struct err *err)
{
	struct buf b;
	buf_init(&b, TEMPLATE_LIMIT);
	enum rc rc = expand_into(&b, x, text, where, err);
	if (rc == RC_OK)
		*out = arena_strndup(a, b.data ? b.data : "", b.len);
	buf_fini(&b);
	return rc;
}

enum rc expand_file(struct arena *a, const struct expand *x, const char *from, const char *to, bool verbatim,
		    struct err *err)
{
	enum rc rc;
	char *data;
	size_t len;
	struct buf b;
	buf_init(&b, TEMPLATE_LIMIT);
	TRY(fs_read(a, from, TEMPLATE_LIMIT, &data, &len, err));
	if (verbatim) {
		rc = fs_write(to, data, len, 0644, err);
		goto out;
	}
	if (strlen(data) != len) {
		rc = err_set(err, RC_INPUT, "%s: a template is text; verbatim=\"yes\" copies bytes", from);
		goto out;
	}
	TRY(expand_into(&b, x, data, (struct where){from, 1}, err));
	rc = fs_write(to, b.data ? b.data : "", b.len, 0644, err);
out:
	buf_fini(&b);
	return rc;
}
