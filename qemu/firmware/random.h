/* A small generator: the same numbers from the same seed on every core. Source: Marsaglia, "Xorshift RNGs", 2003. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

typedef struct {
    uint32_t state; /* not 0 */
} random_t;

/* Seeds that differ little give sequences that differ much: 2654435769 is odd, so no two seeds give one state. */
static inline random_t random_start(uint32_t seed)
{
    random_t random;

    random.state = seed * 2654435769u;
    random.state ^= random.state >> 16;
    if (random.state == 0) {
        random.state = 0x6b8b4567u;
    }
    return random;
}

static inline uint32_t random_bits(random_t *random)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 17;
    random->state ^= random->state << 5;
    return random->state;
}

/* 0 to count - 1. */
static inline uint32_t random_below(random_t *random, uint32_t count) { return random_bits(random) % count; }

/* low to high, both included. */
static inline int random_between(random_t *random, int low, int high)
{
    return low + (int)random_below(random, (uint32_t)(high - low + 1));
}

#endif
