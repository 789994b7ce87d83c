/*
 * arena.h - memory of one stage: allocated piece by piece, freed at once.  Allocation failure aborts.
 * "arena" in a comment elsewhere means: lives here, const after its stage, nobody frees it.
 */
#ifndef HARNESS_BASE_ARENA_H
#define HARNESS_BASE_ARENA_H

#include "harness/base/err.h"

#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *head;
};

/* All memory comes zeroed and aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *text); /* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *text, size_t len);
void *arena_memdup(struct arena *a, const void *data, size_t size);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Forget everything but keep one block for the next use: for a loop that reuses its memory. */
void arena_reset(struct arena *a);
void arena_fini(struct arena *a); /* idempotent; leaves {0} */

#define ARENA_NEW(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

/* malloc and realloc that abort in one place. */
void *mem_alloc(size_t size);
void *mem_grow(void *old, size_t size);

/*
 * A vector that grows in malloc memory while a stage is being built:
 *   struct step *v = NULL; size_t n = 0, cap = 0;  *VEC_PUSH(v, n, cap) = x;
 */
void *vec_room(void *v, size_t n, size_t *cap, size_t elem);
#define VEC_PUSH(v, n, cap) ((v) = vec_room((v), (n), &(cap), sizeof *(v)), &(v)[(n)++])

#endif
