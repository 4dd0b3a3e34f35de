/* rng.h -- a small seeded generator for jitter, simulation and fault injection: the same seed
 * gives the same numbers on every machine. Never for secrets. splitmix64 (Steele, Lea, Flood,
 * "Fast splittable pseudorandom number generators", 2014). */
#ifndef ORCH_BASE_RNG_H
#define ORCH_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline struct rng rng_of(uint64_t seed)
{
    return (struct rng){seed};
}

static inline uint64_t rng_u64(struct rng *r)
{
    uint64_t z = (r->state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 <= result < bound; bound > 0. The bias of the remainder is below 2^-32 for bounds of use. */
static inline uint64_t rng_below(struct rng *r, uint64_t bound)
{
    return rng_u64(r) % bound;
}

/* 0 <= result < 1 */
static inline double rng_unit(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}

#endif
