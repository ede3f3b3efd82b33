/* A 64-bit digest of tokens and float bits: FNV-1a, a 32-bit word at a time, lowest byte first. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdint.h>

#include "float_bits.h"

typedef struct {
    uint64_t value;
    uint32_t words;
} digest_t;

static inline digest_t digest_start(void)
{
    digest_t digest = {0xcbf29ce484222325u, 0};

    return digest;
}

static inline void digest_word(digest_t *digest, uint32_t word)
{
    int i;

    for (i = 0; i < 4; i++) {
        digest->value = (digest->value ^ ((word >> (8 * i)) & 0xffu)) * 0x100000001b3u;
    }
    digest->words++;
}

static inline void digest_int(digest_t *digest, int value) { digest_word(digest, (uint32_t)value); }

static inline void digest_floats(digest_t *digest, const float *values, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        digest_word(digest, float_bits(values[i]));
    }
}

#endif
