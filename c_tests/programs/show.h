/*
 * Floats as text that two engines can be compared by: their bits, with every NaN alike, since neither its payload nor its
 * sign is part of the numeric contract.
 */
#ifndef SHOW_H
#define SHOW_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static inline uint32_t float_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return value != value ? 0x7fc00000u : bits;
}

static inline void show_floats(const char *name, const float *values, int n)
{
    int i;

    printf("%s:", name);
    for (i = 0; i < n; i++) {
        if (values[i] != values[i]) {
            printf(" nan");
        } else {
            printf(" %08" PRIx32, float_bits(values[i]));
        }
    }
    printf("\n");
}

/* FNV-1a over the bits of n floats. */
static inline uint64_t hash_floats(const float *values, int n)
{
    uint64_t hash = 0xcbf29ce484222325u;
    int i, byte;

    for (i = 0; i < n; i++) {
        uint32_t bits = float_bits(values[i]);
        for (byte = 0; byte < 4; byte++) {
            hash = (hash ^ ((bits >> (8 * byte)) & 0xffu)) * 0x100000001b3u;
        }
    }
    return hash;
}

static inline void show_hash(const char *name, const float *values, int n)
{
    printf("%s: %016" PRIx64 "\n", name, hash_floats(values, n));
}

#endif
