/*
 * Computed in binary64 and rounded once.
 *
 * Only +, -, * and / of doubles are used, and conversions, all of which IEEE 754 defines to the last bit: whatever core
 * and compiler, with or without an FPU, these functions give the same bits (built with -ffp-contract=off). So it is
 * enough to show on the host that they are right, and host/check_math.c does, for all 2^32 arguments of both. They share
 * no code and no method with the archive's functions, which are integer arithmetic in fixed point.
 *
 * The single rounding is right when the error is smaller than the distance to the nearest midpoint of two floats: at
 * least 2^-51.6 of the significand for exp, 2^-49.6 for tanh. The sums below are off by about 2^-52 and 2^-51.
 */
#include "correctly_rounded.h"

/* ln 2 in two parts. The first has 33 bits, so that its product with a small integer is exact. */
#define LN2_HIGH 0x1.62e42fefp-1
#define LN2_LOW 0x1.473de6af278edp-34
#define INVERSE_LN2 0x1.71547652b82fep+0

/* 1/n! for n = 14 down to 2. The first term left out, r^15/15!, is below 2^-62. */
static const double coefficients[] = {
    1.0 / 87178291200.0, 1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
    1.0 / 362880.0,      1.0 / 40320.0,      1.0 / 5040.0,      1.0 / 720.0,      1.0 / 120.0,
    1.0 / 24.0,          1.0 / 6.0,          1.0 / 2.0};

/* x = k ln 2 + r with |r| <= 0.35; returns e^r - 1. */
static double reduced_expm1(double x, int *k)
{
    double r, q = 0.0;
    unsigned i;

    *k = (int)(x * INVERSE_LN2 + (x < 0.0 ? -0.5 : 0.5));
    r = (x - *k * LN2_HIGH) - *k * LN2_LOW;
    for (i = 0; i < sizeof coefficients / sizeof coefficients[0]; i++) {
        q = q * r + coefficients[i];
    }
    return r + (r * r) * q;
}

/* 2^k, -160 <= k <= 160. */
static double power_of_two(int k)
{
    double power = 1.0, factor = k < 0 ? 0.5 : 2.0;
    unsigned n = (unsigned)(k < 0 ? -k : k);

    for (; n != 0; n >>= 1) {
        if (n & 1) {
            power = power * factor;
        }
        factor = factor * factor;
    }
    return power;
}

float correctly_rounded_expf(float x)
{
    double expm1;
    int k;

    if (x != x) {
        return x;
    }
    /* Beyond 88.73 the result is infinite, below -103.98 it is 0: 2^128 and 2^-150 are farther out than these limits. */
    if (x > 89.0f) {
        return (float)0x1p+200;
    }
    if (x < -104.0f) {
        return 0.0f;
    }
    expm1 = reduced_expm1(x, &k);
    return (float)((1.0 + expm1) * power_of_two(k));
}

float correctly_rounded_tanhf(float x)
{
    double y = x < 0.0f ? -(double)x : (double)x;
    double expm1, power, t;
    int k;

    /* Below 2^-12, tanh x = x - x^3/3 + ... is nearer to x than half a last place. NaN and both zeros come back too. */
    if (!(y >= 0x1p-12)) {
        return x;
    }
    /* From 9.02 on, 1 - tanh x is below half a last place under 1. */
    if (y > 10.0) {
        return x < 0.0f ? -1.0f : 1.0f;
    }
    expm1 = reduced_expm1(2.0 * y, &k);
    power = power_of_two(k);
    t = power * expm1 + (power - 1.0); /* e^2y - 1 */
    t = t / (t + 2.0);
    return (float)(x < 0.0f ? -t : t);
}
