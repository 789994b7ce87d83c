/* buf.h - a byte buffer with a ceiling, and the little-endian reader for what was put in one.  Knows no domain. */
#ifndef HARNESS_BASE_BUF_H
#define HARNESS_BASE_BUF_H

#include "harness/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `max` is the ceiling: what does not fit is dropped and `overflow` says so.  `data` always ends in a NUL. */
struct buf {
	char *data; /* owned */
	size_t len, cap, max;
	bool overflow;
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b); /* idempotent; leaves {0} */
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *text);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_drop(struct buf *b, size_t len); /* from the front */

/* Fixed-width little-endian numbers and length-prefixed text (NULL and "" are told apart). */
void buf_put_u8(struct buf *b, unsigned v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_text(struct buf *b, const char *text);

/* A reader that turns sour instead of reading past the end: check `bad` once, at the end. */
struct reader {
	const unsigned char *at, *end; /* borrowed */
	bool bad;
};
struct arena;
unsigned reader_u8(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
const char *reader_text(struct reader *r, struct arena *a);

#endif
