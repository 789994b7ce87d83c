/* permute.h - a seeded bijection of [0, n) without a table (a Feistel network walked until it lands inside). */
#ifndef HARNESS_BASE_PERMUTE_H
#define HARNESS_BASE_PERMUTE_H

#include <stdint.h>

/* The image of `i` < n under the permutation that `seed` names.  Seed 0 is the identity. */
uint64_t permute(uint64_t i, uint64_t n, uint64_t seed);
/* A well-mixed 64-bit function of its argument (splitmix64). */
uint64_t permute_mix(uint64_t v);

#endif
