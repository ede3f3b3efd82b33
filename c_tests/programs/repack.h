/*
 * An ATOME01 file of the program's shape as ATOME02, or with its weights made greater as ATOMEP3. Include it after atome.h.
 */
#ifndef REPACK_H
#define REPACK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum repack_as { REPACK_AS_BASE_3, REPACK_AS_POWERS_OF_3 };

typedef struct {
    const uint8_t *from;
    uint8_t *to; /* NULL while only bytes are counted */
    size_t bytes;
    enum repack_as as;
} repack_t;

/* Weight `index` in base 3 as a digit, or as one of the codes of 0, 1, -1, 3, -3, 9, -9. */
static unsigned repacked_code(const repack_t *r, size_t index)
{
    const int weight = atome_unpack_trit(r->from + index / 4, (int)(index % 4));

    if (r->as == REPACK_AS_BASE_3) {
        return (unsigned)(weight + 1);
    }
    return weight == 0 ? 0u : 2u * (unsigned)(index * 7 % 3) + (weight > 0 ? 1u : 2u);
}

static void repack_bytes(repack_t *r, const void *bytes, size_t count)
{
    if (r->to != NULL) {
        memcpy(r->to + r->bytes, bytes, count);
    }
    r->bytes += count;
}

static void repack_copy(repack_t *r, size_t count)
{
    repack_bytes(r, r->from, count);
    r->from += count;
}

static void repack_matrix(repack_t *r, size_t count)
{
    const size_t group = r->as == REPACK_AS_BASE_3 ? 5 : 8;
    size_t first, i;

    repack_copy(r, 4);
    for (first = 0; first < count; first += group) {
        uint32_t word = 0, place = 1;
        uint8_t bytes[3];

        for (i = first; i < first + group; i++) {
            const unsigned zero = r->as == REPACK_AS_BASE_3 ? 1u : 0u;
            word += place * (r->to == NULL || i >= count ? zero : repacked_code(r, i));
            place *= r->as == REPACK_AS_BASE_3 ? 3u : 8u;
        }
        for (i = 0; i < 3; i++) {
            bytes[i] = (uint8_t)(word >> (8 * i));
        }
        repack_bytes(r, bytes, r->as == REPACK_AS_BASE_3 ? 1 : 3);
    }
    r->from += (count + 3) / 4;
}

/* Writes the file to `to`, unless that is NULL, and returns its bytes. */
static size_t repack(const uint8_t *atome01, uint8_t *to, enum repack_as as)
{
    const size_t d = ATOME_D_MODEL, embed = d * ATOME_VOCAB_SIZE;
    repack_t r;
    int layer;

    r.from = atome01 + 7;
    r.to = to;
    r.bytes = 0;
    r.as = as;
    repack_bytes(&r, as == REPACK_AS_BASE_3 ? "ATOME02" : "ATOMEP3", 7);
    repack_matrix(&r, embed);
    for (layer = 0; layer < ATOME_N_LAYERS; layer++) {
        repack_copy(&r, 8 * d);
        repack_matrix(&r, d * ATOME_KERNEL_SIZE);
        repack_copy(&r, 12 * d);
        repack_matrix(&r, d * ATOME_D_HEAD);
        repack_matrix(&r, d * ATOME_D_HEAD);
        repack_matrix(&r, d * d);
        repack_matrix(&r, d * ATOME_N_PATHWAYS);
    }
    repack_copy(&r, 8 * d);
    repack_matrix(&r, embed);
    return r.bytes;
}

#endif
