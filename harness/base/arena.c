#include "harness/base/arena.h"

#include "harness/base/poison.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 4096u

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char data[];
};

static void no_memory(void)
{
	fputs("mtlspec: out of memory\n", stderr);
	abort();
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);
	if (!p)
		no_memory();
	return p;
}

void *mem_grow(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);
	if (!p)
		no_memory();
	return p;
}

void *vec_room(void *v, size_t n, size_t *cap, size_t elem)
{
	if (n >= *cap) {
		size_t want = *cap ? *cap * 2 : 8;
		unpoison(v, *cap * elem);
		v = mem_grow(v, want * elem);
		memset((char *)v + *cap * elem, 0, (want - *cap) * elem);
		*cap = want;
		poison((char *)v + n * elem, (want - n) * elem);
	}
	unpoison((char *)v + n * elem, elem);
	return v;
}

void *arena_alloc(struct arena *a, size_t size)
{
	/* For the address sanitizer each piece is a malloc of its own and not a byte longer: it sees a step too far. */
	size_t align = POISON ? 1 : _Alignof(max_align_t);
	if (size > SIZE_MAX / 2)
		no_memory();
	size = (size + align - 1) / align * align;
	struct arena_block *b = a->head;
	if (POISON || !b || b->size - b->used < size) {
		size_t room = POISON || size > BLOCK_SIZE ? size : BLOCK_SIZE;
		b = mem_alloc(sizeof *b + room);
		b->size = room;
		b->next = a->head;
		a->head = b;
	}
	void *p = b->data + b->used;
	b->used += size;
	memset(p, 0, size);
	return p;
}

void *arena_memdup(struct arena *a, const void *data, size_t size)
{
	void *p = arena_alloc(a, size);
	if (size)
		memcpy(p, data, size);
	return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *p = arena_alloc(a, len + 1);
	memcpy(p, text, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return text ? arena_strndup(a, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		no_memory();
	char *p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->head;
	if (!keep)
		return;
	struct arena rest = {keep->next};
	arena_fini(&rest);
	if (POISON || keep->size > 4 * BLOCK_SIZE) {
		free(keep);
		a->head = NULL;
		return;
	}
	keep->next = NULL;
	keep->used = 0;
}

void arena_fini(struct arena *a)
{
	struct arena_block *b = a->head;
	while (b) {
		struct arena_block *next = b->next;
		free(b);
		b = next;
	}
	a->head = NULL;
}
