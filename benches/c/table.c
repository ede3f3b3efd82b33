/*
 * What thirty lines more of C get: the reference with a product of matrix and vector that does not branch on weights. A byte
 * of four weights is looked up in a table of what each does to the bits of a float, and four rows are summed side by side.
 * Every row is still one sum in column order, so every bit is the reference's.
 */
#define REFERENCE_HAS_OWN_MATVEC
#include "reference.c"

typedef char rows_start_on_bytes[D % 4 == 0 ? 1 : -1];

/* Which bits of the float stay (none for weight 0, and +0.0 adds nothing), and which are turned over. */
#define KEEP(byte, i) ((byte) >> 2 * (i) & 1 ? 0xffffffffu : 0u)
#define TURN(byte, i) (((byte) >> 2 * (i) & 3) == 3 ? 0x80000000u : 0u)
#define FOUR(b) {{KEEP(b, 0), KEEP(b, 1), KEEP(b, 2), KEEP(b, 3)}, {TURN(b, 0), TURN(b, 1), TURN(b, 2), TURN(b, 3)}}
#define BYTES_4(b) FOUR(b), FOUR((b) + 1), FOUR((b) + 2), FOUR((b) + 3)
#define BYTES_16(b) BYTES_4(b), BYTES_4((b) + 4), BYTES_4((b) + 8), BYTES_4((b) + 12)
#define BYTES_64(b) BYTES_16(b), BYTES_16((b) + 16), BYTES_16((b) + 32), BYTES_16((b) + 48)
static const struct {
    uint32_t keep[4], turn[4];
} weights_of[256] = {BYTES_64(0), BYTES_64(64), BYTES_64(128), BYTES_64(192)};

static void four_rows_times_vector(const atome_ternary_t *W, const uint8_t *packed, const float *x, float *out)
{
    const int bytes = W->cols / 4;
    float acc[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    int byte, row, i;

    for (byte = 0; byte < bytes; byte++) {
        for (row = 0; row < 4; row++) {
            const uint8_t weights = packed[row * bytes + byte];
            for (i = 0; i < 4; i++) {
                uint32_t bits;
                float term;
                memcpy(&bits, &x[4 * byte + i], sizeof bits);
                bits = (bits & weights_of[weights].keep[i]) ^ weights_of[weights].turn[i];
                memcpy(&term, &bits, sizeof term);
                acc[row] = acc[row] + term;
            }
        }
    }
    for (row = 0; row < 4; row++) {
        out[row] = acc[row] * W->scale;
    }
}

void atome_ternary_matvec(const atome_ternary_t *W, const float *x, float *out)
{
    int row;

    for (row = 0; row + 4 <= W->rows; row += 4) {
        four_rows_times_vector(W, W->packed + (size_t)row * W->cols / 4, x, out + row);
    }
    for (; row < W->rows; row++) {
        out[row] = row_times_vector(W, row, x);
    }
}
