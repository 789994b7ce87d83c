#include "harness/run/grace.h"

#include <stdlib.h>
#include <string.h>

#define TELLING 4 /* cases */

void grace_note(struct grace *g, uint32_t took_us)
{
	g->took_us[g->n++ % GRACE_KEPT] = took_us;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

uint64_t grace_us(const struct grace *g)
{
	uint32_t sorted[GRACE_KEPT];
	unsigned n = g->n < GRACE_KEPT ? g->n : GRACE_KEPT;
	if (n < TELLING)
		return 0;
	memcpy(sorted, g->took_us, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_size);
	uint64_t us = (uint64_t)sorted[n / 4] * 3;
	return us < GRACE_MAX_US ? us : GRACE_MAX_US;
}
