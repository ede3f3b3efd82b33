/*
 * What as many weights cost where they are not ternary: the matrix products of one position of a shape, in the two ways of
 * llama2.c: binary32 weights, and int8 weights and activations in groups that have a scale each. Nothing but the products, and of
 * int8 the conversion of their inputs: no norm, no attention, no recurrence.
 *
 * Every row is the same one in memory: what is counted are instructions, and no chip of ours has room for such a matrix.
 */
#include <stdint.h>

#include "atome.h"

#include "board.h"
#include "instructions.h"
#include "text.h"

enum { D = ATOME_D_MODEL, GROUP = D < 64 ? D : 64, GROUPS = D / GROUP };

/* In int8, one group after the other, with the scale of each. */
typedef struct {
    int8_t values[D];
    float scales[GROUPS];
} quantised_t;

static float inputs[D], weights[D];
static quantised_t quantised_inputs, quantised_weights;
static volatile float out;

/* The compiler must not see that all rows are one. */
__attribute__((noinline)) static float dot(const float *w, const float *x)
{
    float sum = 0.0f;
    int i;

    for (i = 0; i < D; i++) {
        sum += w[i] * x[i];
    }
    return sum;
}

__attribute__((noinline)) static float quantised_dot(const quantised_t *w, const quantised_t *x)
{
    float sum = 0.0f;
    int group, i;

    for (group = 0; group < GROUPS; group++) {
        int32_t products = 0;

        for (i = group * GROUP; i < (group + 1) * GROUP; i++) {
            products += (int32_t)w->values[i] * (int32_t)x->values[i];
        }
        sum += (float)products * w->scales[group] * x->scales[group];
    }
    return sum;
}

/* The greatest of a group becomes 127. */
__attribute__((noinline)) static void quantise(const float *x, quantised_t *q)
{
    int group, i;

    for (group = 0; group < GROUPS; group++) {
        float most = 0.0f, scale;

        for (i = group * GROUP; i < (group + 1) * GROUP; i++) {
            const float size = x[i] < 0.0f ? -x[i] : x[i];
            most = size > most ? size : most;
        }
        scale = most / 127.0f;
        q->scales[group] = scale;
        for (i = group * GROUP; i < (group + 1) * GROUP; i++) {
            const float value = x[i] / scale;
            q->values[i] = (int8_t)(value < 0.0f ? value - 0.5f : value + 0.5f);
        }
    }
}

/* Queries, keys, values and router of each layer have one input; the unembedding has another. */
enum { ROWS = 2 * ATOME_D_HEAD + D + ATOME_N_PATHWAYS };

static uint64_t of_floats(void)
{
    const uint32_t start = timer_now();
    int i;

    for (i = 0; i < ATOME_N_LAYERS * ROWS + ATOME_VOCAB_SIZE; i++) {
        out = dot(weights, inputs);
    }
    return instructions_since(start);
}

static uint64_t of_bytes(void)
{
    const uint32_t start = timer_now();
    int layer, i;

    for (layer = 0; layer <= ATOME_N_LAYERS; layer++) {
        quantise(inputs, &quantised_inputs);
        for (i = layer < ATOME_N_LAYERS ? ROWS : ATOME_VOCAB_SIZE; i > 0; i--) {
            out = quantised_dot(&quantised_weights, &quantised_inputs);
        }
    }
    return instructions_since(start);
}

int main(void)
{
    uint32_t start;
    int i;

    for (i = 0; i < D; i++) {
        inputs[i] = (float)(i * 37 % 101 - 50) * 0.03125f + 0.001f;
        weights[i] = (float)(i * 53 % 97 - 48) * 0.0009765625f + 0.0001f;
    }
    timer_start();
    start = timer_now();
    known_instructions(setting("calibrate", 2));
    write_result("calibration", (uint32_t)instructions_since(start));
    quantise(weights, &quantised_weights);
    write_result("dense-f32", (uint32_t)of_floats());
    write_result("dense-int8", (uint32_t)of_bytes());
    write_result("weights", (uint32_t)(ATOME_N_LAYERS * ROWS + ATOME_VOCAB_SIZE) * (uint32_t)D);
    return 0;
}
