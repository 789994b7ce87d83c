#include "harness/base/permute.h"

uint64_t permute_mix(uint64_t v)
{
	v += 0x9e3779b97f4a7c15u;
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return v ^ v >> 31;
}

static uint64_t feistel(uint64_t v, unsigned half, uint64_t seed)
{
	uint64_t mask = ((uint64_t)1 << half) - 1, left = v >> half, right = v & mask;
	for (unsigned round = 0; round < 4; round++) {
		uint64_t next = left ^ (permute_mix(right ^ permute_mix(seed + round)) & mask);
		left = right;
		right = next;
	}
	return left << half | right;
}

uint64_t permute(uint64_t i, uint64_t n, uint64_t seed)
{
	if (seed == 0 || n < 2)
		return i;
	unsigned half = 1;
	while (((uint64_t)1 << (2 * half)) < n)
		half++;
	do
		i = feistel(i, half, seed);
	while (i >= n);
	return i;
}
