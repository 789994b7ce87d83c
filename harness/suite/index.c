#include "harness/suite/index.h"

#include "harness/base/text.h"

#include <string.h>

void index_init(struct index *x, struct arena *a, size_t rows)
{
	x->size = 16;
	while (x->size < rows * 2)
		x->size *= 2;
	x->slots = ARENA_NEW(a, struct index_slot, x->size);
}

static struct index_slot *slot_of(const struct index *x, const char *key, size_t len)
{
	size_t at = (size_t)text_hash(key, len, 0) & (x->size - 1);
	while (x->slots[at].key && (strncmp(x->slots[at].key, key, len) != 0 || x->slots[at].key[len]))
		at = (at + 1) & (x->size - 1);
	return &x->slots[at];
}

const void *index_add(struct index *x, const char *key, const void *row)
{
	struct index_slot *slot = slot_of(x, key, strlen(key));
	if (slot->key)
		return slot->row;
	*slot = (struct index_slot){key, row};
	return NULL;
}

const void *index_find(const struct index *x, const char *key, size_t len)
{
	const struct index_slot *slot = slot_of(x, key, len);
	return slot->key ? slot->row : NULL;
}
