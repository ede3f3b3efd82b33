/*
 * The words of docs/integer.md, "Words", and floats taken apart. Included by integer.c.
 */
#ifndef INTEGER_WORDS_H
#define INTEGER_WORDS_H

#include "integer.h"

#include <string.h>

/* Beyond every bound: what a left shift gives in the place of a number that fits no word. */
#define INTEGER_HUGE ((int64_t)1 << 62)

/* top() of zero. */
#define INTEGER_NOTHING (-1000)

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t magnitude(int64_t a) { return a < 0 ? -a : a; }
static int64_t clamp(int64_t a, int64_t size) { return greatest(-size, least(size, a)); }

/* a / 2^s, rounded down; C leaves >> of negative numbers to the compiler. */
static int64_t floor_shift(int64_t a, int s)
{
    return a >= 0 ? a >> s : ~(~a >> s);
}

/* a / 2^s for s >= 1, halves rounded up; a * 2^-s for s <= 0, which is INTEGER_HUGE at most. */
static int64_t rsh(int64_t a, int s)
{
    if (s > 62) {
        return 0;
    }
    if (s >= 1) {
        return floor_shift(a + ((int64_t)1 << (s - 1)), s);
    }
    if (a != 0 && (s <= -62 || magnitude(a) >= INTEGER_HUGE >> -s)) {
        return a < 0 ? -INTEGER_HUGE : INTEGER_HUGE;
    }
    return a == 0 ? 0 : a * ((int64_t)1 << -s);
}

/* Bits of n: the least b with n < 2^b. */
static int len(uint64_t n)
{
    int bits = 0;

    while (n > 0) {
        n >>= 1;
        bits++;
    }
    return bits;
}

/* The least b for which every value lies in -2^b..2^b - 1. */
static int orlen(const int64_t *values, int n)
{
    uint64_t bits = 0;
    int i;

    for (i = 0; i < n; i++) {
        bits |= (uint64_t)(values[i] < 0 ? ~values[i] : values[i]);
    }
    return len(bits);
}

/* clog: log2 of n >= 1, rounded up. */
static int bits_up(uint64_t n)
{
    return len(n - 1);
}

/* The greatest root with root * root <= n. */
static int64_t isqrt(uint64_t n)
{
    uint64_t root = 0, bit;

    for (bit = (uint64_t)1 << 31; bit > 0; bit >>= 1) {
        if ((root + bit) * (root + bit) <= n) {
            root += bit;
        }
    }
    return (int64_t)root;
}

/* A float: m * 2^e. */
typedef struct {
    int64_t m;
    int e;
    int is_finite;
} integer_float_t;

static integer_float_t from_bits(uint32_t bits)
{
    integer_float_t f;
    int exponent = (int)(bits >> 23 & 255);

    f.m = (int64_t)(bits & 0x7fffff) + (exponent > 0 ? 0x800000 : 0);
    if (bits >> 31) {
        f.m = -f.m;
    }
    f.e = (exponent > 0 ? exponent : 1) - 150;
    f.is_finite = exponent < 255;
    return f;
}

/* Float i of an array at any address. */
static integer_float_t float_at(const void *floats, int i)
{
    uint32_t bits;

    memcpy(&bits, (const uint8_t *)floats + 4 * (size_t)i, sizeof bits);
    return from_bits(bits);
}

/* f * 2^q, rounded. */
static int64_t fix(integer_float_t f, int q)
{
    return rsh(f.m, -(f.e + q));
}

/* The least t with |f| < 2^t. */
static int top(integer_float_t f)
{
    return f.m == 0 ? INTEGER_NOTHING : len((uint64_t)magnitude(f.m)) + f.e;
}

/* m * 2^e as a factor. */
static integer_factor_t normalised(int64_t m, int e)
{
    integer_factor_t factor = {0, 0, 0};
    int s = len((uint64_t)magnitude(m)) - 16;

    if (m == 0) {
        return factor;
    }
    factor.sign = m < 0 ? -1 : 1;
    factor.mantissa = rsh(magnitude(m), s);
    factor.exponent = e + s;
    if (factor.mantissa == 1 << 16) {
        factor.mantissa = 1 << 15;
        factor.exponent += 1;
    }
    return factor;
}

static integer_factor_t factor_of(integer_float_t f)
{
    return normalised(f.m, f.e);
}

static integer_factor_t times(integer_factor_t a, integer_factor_t b)
{
    return normalised(a.sign * a.mantissa * b.sign * b.mantissa, a.exponent + b.exponent);
}

#endif
