/* shape: -DATOME_D_MODEL=8 -DATOME_N_LAYERS=1 -DATOME_D_HEAD=4 -DATOME_VOCAB_SIZE=10 -DATOME_MAX_SEQ=4 */
/*
 * Habit: matrices filled by hand, as wide as their struct can tell. Vectors of ordinary, tiny, huge and infinite values; with
 * the archive, every kernel of this computer.
 */
#include "atome.h"

#include "show.h"

#include <stdlib.h>

enum { ROWS = 3, COLS = 65535 };

static uint8_t packed[(ROWS * COLS + 3) / 4];
static float x[COLS];

static uint32_t seed = 41;

static uint32_t draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static float value_of(int kind)
{
    const float ordinary = (float)(draw() % 4096u) / 1024.0f - 2.0f;

    switch (kind) {
    case 0:
        return ordinary;
    case 1: /* Subnormal sums. */
        return ordinary * 1e-40f;
    case 2: /* Sums that overflow on the way. */
        return ordinary * 1e38f;
    case 3: /* Mostly zeros of both signs. */
        return draw() % 64u == 0 ? ordinary : ordinary * 0.0f;
    default: /* A sum that becomes infinite, then, perhaps, no number. */
        return draw() % 20000u == 0 ? ordinary / 0.0f : ordinary;
    }
}

static void multiply(int cols, float out[ROWS])
{
    atome_ternary_t W = {0};

    W.packed = packed;
    W.scale = 0.375f;
    W.rows = ROWS;
    W.cols = (uint16_t)cols;
    atome_ternary_matvec(&W, x, out);
}

#ifdef ATOME_ABI_VERSION

static void expect_of_every_kernel(int cols, const float expected[ROWS])
{
    static const char *const kernels[] = {"portable", "sse2", "avx2", "avx512", "neon"};
    const char *const usual = atome_kernel();
    size_t i;
    int row;

    for (i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        float out[ROWS] = {0};

        if (atome_select_kernel(kernels[i]) != 0) {
            continue;
        }
        multiply(cols, out);
        for (row = 0; row < ROWS; row++) {
            if (float_bits(out[row]) != float_bits(expected[row])) {
                fprintf(stderr, "%d columns, kernel %s: row %d differs\n", cols, kernels[i], row);
                exit(1);
            }
        }
    }
    if (atome_select_kernel(usual) != 0) {
        exit(1);
    }
}

#else

#define expect_of_every_kernel(cols, expected) ((void)0)

#endif

int main(void)
{
    static const int widths[] = {65532, 65533, 65534, 65535};
    size_t i;
    int kind;

    for (i = 0; i < sizeof packed; i++) {
        packed[i] = (uint8_t)draw();
    }
    for (kind = 0; kind < 5; kind++) {
        for (i = 0; i < COLS; i++) {
            x[i] = value_of(kind);
        }
        for (i = 0; i < sizeof widths / sizeof widths[0]; i++) {
            float out[ROWS] = {0};
            char name[32];

            multiply(widths[i], out);
            snprintf(name, sizeof name, "values %d, %d columns", kind, widths[i]);
            show_floats(name, out, ROWS);
            expect_of_every_kernel(widths[i], out);
        }
    }
    return 0;
}
