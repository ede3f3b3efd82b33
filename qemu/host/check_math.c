/*
 * Shows that firmware/correctly_rounded.c is correctly rounded: every stride-th of the 2^32 arguments of exp and tanh, all
 * of them with stride 1, against expl and tanhl in the x86 extended format.
 *
 * Those have 64 bits and an error of a few units in the last place. An answer counts only when it lies farther than 16
 * units from a midpoint of two floats; otherwise the run fails as undecided, and nothing is taken on trust.
 *
 * Usage: check_math <stride>
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "correctly_rounded.h"
#include "float_bits.h"

#if LDBL_MANT_DIG < 64
#error "this check needs a long double of 64 bits or more"
#endif

/* 16 units in the last place of the extended format, relative. */
#define DOUBT 0x1p-59L

static unsigned long wrong, undecided;

static void compare(const char *name, float x, float got, long double exact)
{
    /* A zero is exact, and a sum would lose its sign. */
    const long double doubt = fabsl(exact) * DOUBT;
    const float low = (float)(exact == 0.0L ? exact : exact - doubt);
    const float high = (float)(exact == 0.0L ? exact : exact + doubt);

    if (float_bits(low) != float_bits(high)) {
        undecided++;
        printf("%s(%a): undecided between %a and %a\n", name, (double)x, (double)low, (double)high);
    } else if (float_bits(low) != float_bits(got)) {
        wrong++;
        printf("%s(%a): %a, but correctly rounded it is %a\n", name, (double)x, (double)got, (double)low);
    }
}

/* Where the library's function would take long to say the obvious. */
static long double exact_exp(float x) { return x > 200.0f ? 1e100L : x < -200.0f ? 1e-100L : expl(x); }

/* tanh x = x - x^3/3 + 2x^5/15: below 2^-13 the next term is below 2^-79. A zero keeps its sign. */
static long double exact_tanh(float x)
{
    long double y = x;

    if (y == 0.0L) {
        return y;
    }
    if (fabsl(y) < 0x1p-13L) {
        return y - y * y * y / 3.0L + 2.0L * y * y * y * y * y / 15.0L;
    }
    return fabsl(y) > 100.0L ? copysignl(1.0L, y) : tanhl(y);
}

int main(int argc, char **argv)
{
    const unsigned long stride = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long bits, count = 0;

    if (stride == 0) {
        fprintf(stderr, "usage: check_math <stride>, a number from 1 on\n");
        return 2;
    }
    for (bits = 0; bits <= 0xffffffffUL && wrong + undecided < 20; bits += stride) {
        const float x = float_of_bits((uint32_t)bits);

        count++;
        if (x != x) {
            if (correctly_rounded_expf(x) == correctly_rounded_expf(x) ||
                correctly_rounded_tanhf(x) == correctly_rounded_tanhf(x)) {
                wrong++;
                printf("NaN %lx gives a number\n", bits);
            }
            continue;
        }
        compare("exp", x, correctly_rounded_expf(x), exact_exp(x));
        compare("tanh", x, correctly_rounded_tanhf(x), exact_tanh(x));
    }
    printf("arguments %lu\nwrong %lu\nundecided %lu\n", count, wrong, undecided);
    return wrong + undecided == 0 ? 0 : 1;
}
