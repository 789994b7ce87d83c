/* index.h - a hash table from ids to rows, so that ten thousand of them are still looked up in no time.  Knows no
 * vocabulary. */
#ifndef HARNESS_SUITE_INDEX_H
#define HARNESS_SUITE_INDEX_H

#include "harness/base/arena.h"

struct index_slot {
	const char *key; /* borrowed; NULL: free */
	const void *row;
};

struct index {
	struct index_slot *slots; /* arena */
	size_t size;		  /* a power of two, at least twice the rows */
};

void index_init(struct index *x, struct arena *a, size_t rows);
/* The row that has the key already, or NULL after adding this one. */
const void *index_add(struct index *x, const char *key, const void *row);
const void *index_find(const struct index *x, const char *key, size_t len);

#endif
