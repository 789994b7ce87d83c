#include "harness/base/buf.h"

#include "harness/base/arena.h"
#include "harness/base/poison.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_TEXT 0xffffffffu

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

/* The end of what is in it: a NUL, and nothing that may be read behind it. */
static void end(struct buf *b)
{
	if (!b->data)
		return;
	b->data[b->len] = '\0';
	poison(b->data + b->len + 1, b->cap - b->len - 1);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->data)
		b->data[0] = '\0';
}

static bool room(struct buf *b, size_t len)
{
	if (len > b->max || b->len > b->max - len) {
		b->overflow = true;
		return false;
	}
	unpoison(b->data, b->cap);
	if (b->len + len + 1 > b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 256;
		while (cap < b->len + len + 1)
			cap *= 2;
		b->data = mem_grow(b->data, cap);
		b->cap = cap;
	}
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!room(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	end(b);
}

void buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0 && room(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
		end(b);
	}
	va_end(again);
}

void buf_drop(struct buf *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	memmove(b->data, b->data + len, b->len - len);
	b->len -= len;
	end(b);
}

static void put_number(struct buf *b, uint64_t v, size_t width)
{
	unsigned char raw[8];
	for (size_t i = 0; i < width; i++)
		raw[i] = (unsigned char)(v >> (8 * i));
	buf_add(b, raw, width);
}

void buf_put_u8(struct buf *b, unsigned v)
{
	put_number(b, v, 1);
}

void buf_put_u32(struct buf *b, uint32_t v)
{
	put_number(b, v, 4);
}

void buf_put_u64(struct buf *b, uint64_t v)
{
	put_number(b, v, 8);
}

void buf_put_text(struct buf *b, const char *text)
{
	if (!text) {
		buf_put_u32(b, NO_TEXT);
		return;
	}
	size_t len = strlen(text);
	buf_put_u32(b, (uint32_t)len);
	buf_add(b, text, len);
}

static uint64_t take_number(struct reader *r, size_t width)
{
	uint64_t v = 0;
	if (r->bad || (size_t)(r->end - r->at) < width) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < width; i++)
		v |= (uint64_t)r->at[i] << (8 * i);
	r->at += width;
	return v;
}

unsigned reader_u8(struct reader *r)
{
	return (unsigned)take_number(r, 1);
}

uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)take_number(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
	return take_number(r, 8);
}

const char *reader_text(struct reader *r, struct arena *a)
{
	uint32_t len = reader_u32(r);
	if (r->bad || len == NO_TEXT)
		return NULL;
	if (len > (size_t)(r->end - r->at)) {
		r->bad = true;
		return NULL;
	}
	const char *text = arena_strndup(a, (const char *)r->at, len);
	r->at += len;
	return text;
}
