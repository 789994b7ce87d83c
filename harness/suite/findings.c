#include "harness/suite/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void findings_add(struct findings *f, struct where where, const char *fmt, ...)
{
	char text[1000];
	va_list args;
	if (f->total++ >= FINDINGS_KEPT)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	*VEC_PUSH(f->rows, f->n, f->cap) = (struct finding){where, arena_strdup(f->arena, text)};
}

enum rc findings_result(const struct findings *f, struct err *err)
{
	if (!f->n)
		return RC_OK;
	const struct finding *first = &f->rows[0];
	if (f->total == 1)
		return err_at(err, RC_INPUT, first->where.file, first->where.line, "%s", first->text);
	return err_at(err, RC_INPUT, first->where.file, first->where.line,
		      "%s (and %zu more: `mtlspec lint` lists them)", first->text, f->total - 1);
}

static int by_place(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order = strcmp(x->where.file, y->where.file);
	return order ? order : (x->where.line > y->where.line) - (x->where.line < y->where.line);
}

/* Insertion sort: stable, and a few hundred rows at most. */
void findings_sort(struct findings *f)
{
	for (size_t i = 1; i < f->n; i++) {
		struct finding row = f->rows[i];
		size_t at = i;
		for (; at > 0 && by_place(&f->rows[at - 1], &row) > 0; at--)
			f->rows[at] = f->rows[at - 1];
		f->rows[at] = row;
	}
}

void findings_fini(struct findings *f)
{
	free(f->rows);
	*f = (struct findings){0};
}
