/* shape: -DATOME_D_MODEL=19 -DATOME_N_LAYERS=3 -DATOME_D_HEAD=7 -DATOME_KERNEL_SIZE=3 -DATOME_VOCAB_SIZE=37 -DATOME_MAX_SEQ=12 */
/* arithmetic: exact */
/* reference: ours */
/*
 * Habit: a device that takes whatever format the update server sends. One struct is loaded from ATOME01, ATOME02 and
 * ATOMEP3 blobs in turn, each in a heap block of exactly its length; the building blocks run on its matrices.
 */
#define ATOME_FORMATS
#include "atome.h"

#include "make_model.h"
#include "repack.h"
#include "show.h"

static atome_model_t model;
static atome_state_t state;

static const int tokens[] = {3, 1, 4, 1, 5, 9, 2, 6};
enum { N_TOKENS = sizeof tokens / sizeof tokens[0] };

static void building_blocks(void)
{
    static float x[N_TOKENS][ATOME_D_MODEL], out[N_TOKENS][ATOME_D_MODEL], y[ATOME_VOCAB_SIZE];
    int t, c;

    for (t = 0; t < N_TOKENS; t++) {
        for (c = 0; c < ATOME_D_MODEL; c++) {
            x[t][c] = (float)((7 * t + 3 * c) % 11 - 5) / 8.0f;
        }
    }
    atome_ternary_matvec(&model.unembed, x[1], y);
    show_floats("unembed", y, ATOME_VOCAB_SIZE);
    atome_causal_conv((const float (*)[ATOME_D_MODEL])x, N_TOKENS, &model.blocks[1].local_conv, out);
    show_floats("conv", out[0], N_TOKENS * ATOME_D_MODEL);
    atome_sparse_attn((const float (*)[ATOME_D_MODEL])x, N_TOKENS, &model.blocks[2].attn, &state, out);
    show_floats("attn", out[0], N_TOKENS * ATOME_D_MODEL);
}

static void run(const char *name, const uint8_t *blob, size_t len)
{
    int output[4];

    printf("%s: load %d, one byte short %d\n", name, atome_load(&model, blob, len), atome_load(&model, blob, len - 1));
    printf("predicts %d\n", atome_predict_next(&model, &state, tokens, N_TOKENS));
    show_floats("logits", atome_get_logits(&state), ATOME_VOCAB_SIZE);
    printf("generates %d\n", atome_generate(&model, &state, tokens, 3, output, 4));
    building_blocks();
}

static uint8_t *repacked(const uint8_t *blob, enum repack_as as, size_t *len)
{
    uint8_t *other;

    *len = repack(blob, NULL, as);
    other = (uint8_t *)malloc(*len);
    if (other == NULL) {
        exit(2);
    }
    repack(blob, other, as);
    return other;
}

int main(void)
{
    uint32_t seed;

    atome_init(&state);
    for (seed = 1; seed < 3; seed++) {
        size_t len, base_3_len, powers_len;
        uint8_t *blob = make_model(seed, &len);
        uint8_t *base_3 = repacked(blob, REPACK_AS_BASE_3, &base_3_len);
        uint8_t *powers = repacked(blob, REPACK_AS_POWERS_OF_3, &powers_len);

        run("ATOME01", blob, len);
        run("ATOME02", base_3, base_3_len);
        run("ATOMEP3", powers, powers_len);
        base_3[11] = 243;
        powers[11] |= 7;
        printf("bytes that stand for no weights: %d %d\n", atome_load(&model, base_3, base_3_len),
               atome_load(&model, powers, powers_len));
        run("ATOME01 again", blob, len);
        free(blob);
        free(base_3);
        free(powers);
    }
    return 0;
}
