/*
 * How the weights of each format lie in bytes, read in the most direct way. Included by atome.c.
 *
 * With ATOME_ONLY_ATOME01 the reference reads ATOME01 alone, as the C99 engine does, and costs what such an engine costs:
 * that is how it is measured.
 */
#ifndef PACKINGS_H
#define PACKINGS_H

#include "atome.h"

/* atome_ternary_t.packing */
enum { TWO_BITS = 0, BASE_3 = 1, POWERS_OF_3 = 2 };

/* Bytes of so many weights. 64 bits, for shapes beyond a 32-bit size_t. */
static uint64_t packed_length(uint64_t count, int packing)
{
    switch (packing) {
    case BASE_3:
        return (count + 4) / 5;
    case POWERS_OF_3:
        return (count + 7) / 8 * 3;
    default:
        return (count + 3) / 4;
    }
}

#ifndef ATOME_ONLY_ATOME01

/* ATOME02: the byte is the sum of (t_i + 1) * 3^i. */
static int base_3_weight(const uint8_t *packed, size_t index)
{
    int byte = packed[index / 5], i;

    for (i = 0; i < (int)(index % 5); i++) {
        byte /= 3;
    }
    return byte % 3 - 1;
}

/* ATOMEP3: the three bits of a weight, bit by bit. */
static int power_of_3_code(const uint8_t *packed, size_t index)
{
    int code = 0, i;

    for (i = 0; i < 3; i++) {
        size_t bit = 3 * index + (size_t)i;
        code += ((packed[bit / 8] >> (bit % 8)) & 1) << i;
    }
    return code;
}

static int power_of_3_weight(const uint8_t *packed, size_t index)
{
    static const int values[8] = {0, 1, -1, 3, -3, 9, -9, 0};

    return values[power_of_3_code(packed, index)];
}

#endif

/* Weight `index`. The index of a large matrix does not fit an int, atome_unpack_trit's does. */
static int weight_at(const uint8_t *packed, int packing, size_t index)
{
#ifndef ATOME_ONLY_ATOME01
    if (packing == BASE_3) {
        return base_3_weight(packed, index);
    }
    if (packing == POWERS_OF_3) {
        return power_of_3_weight(packed, index);
    }
#endif
    (void)packing;
    return atome_unpack_trit(packed + index / 4, (int)(index % 4));
}

#ifndef ATOME_ONLY_ATOME01

/* Whether every byte stands for weights, and those behind the last one are 0. */
static int is_well_formed(const uint8_t *packed, int packing, size_t count)
{
    size_t length = (size_t)packed_length(count, packing), i;

    if (packing == BASE_3) {
        for (i = 0; i < length; i++) {
            if (packed[i] > 242) {
                return 0;
            }
        }
        for (i = count; i < 5 * length; i++) {
            if (base_3_weight(packed, i) != 0) {
                return 0;
            }
        }
    }
    if (packing == POWERS_OF_3) {
        for (i = 0; i < length / 3 * 8; i++) {
            int code = power_of_3_code(packed, i);
            if (code == 7 || (i >= count && code != 0)) {
                return 0;
            }
        }
    }
    return 1;
}

#endif

#endif
