/* A program that includes the header twice, in two files, and uses all of the old interface. */
#include "atome.h"
#include "atome.h"

#include <stdio.h>
#include <string.h>

static atome_model_t model;
static atome_state_t state;
static atome_classifier_t classifier;

extern size_t other_state_size(void);
extern int other_predict(const atome_model_t *m, atome_state_t *s);

static float x[1][ATOME_D_MODEL], out[1][ATOME_D_MODEL], h[ATOME_D_MODEL];

/* Each building block on a matrix, kernel and norm of zeros. */
static int building_blocks(void)
{
    static const uint8_t zeros[ATOME_D_MODEL * (ATOME_D_MODEL + ATOME_KERNEL_SIZE)] = {0};
    static const float floats[ATOME_D_MODEL] = {0.0f};
    static const float in[1][ATOME_D_MODEL] = {{1.0f}};
    atome_ternary_t w;
    atome_conv_t conv;
    atome_ssm_t ssm;
    atome_attn_t attn;
    atome_norm_t norm;
    int i;

    w.packed = zeros;
    w.scale = 1.0f;
    w.rows = w.cols = ATOME_D_MODEL;
    conv.packed = zeros;
    conv.scale = 1.0f;
    conv.channels = ATOME_D_MODEL;
    conv.kernel_size = ATOME_KERNEL_SIZE;
    ssm.a = ssm.b = ssm.c_out = floats;
    ssm.channels = ATOME_D_MODEL;
    attn.Wq = attn.Wk = attn.Wv = w;
    attn.Wq.rows = attn.Wk.rows = ATOME_D_HEAD;
    attn.d_head = ATOME_D_HEAD;
    attn.top_k = ATOME_TOP_K;
    norm.gamma = norm.beta = floats;

    for (i = 0; i < ATOME_D_MODEL; i++) {
        x[0][i] = 1.0f;
    }
    atome_layer_norm(x[0], ATOME_D_MODEL, &norm);
    atome_ternary_matvec(&w, in[0], out[0]);
    atome_causal_conv(in, 1, &conv, out);
    atome_ssm_forward(in, 1, &ssm, h, out);
#if ATOME_ARITHMETIC == ATOME_EXACT
    atome_sparse_attn(in, 1, &attn, &state, out);
#endif
    return x[0][0] == 0.0f && out[0][ATOME_D_MODEL - 1] == 0.0f && atome_unpack_trit(zeros, 0) == 0;
}

#define EXPECT(what)                                                                                                   \
    if (!(what)) {                                                                                                     \
        printf("line %d: not so: %s\n", __LINE__, #what);                                                              \
        return 1;                                                                                                      \
    }

int main(void)
{
    static const uint8_t magic[] = {'A', 'T', 'O', 'M', 'E', '0', '1', 0};
    static const int tokens[] = {0};
    int output[1];

    atome_init(&state);
    EXPECT(sizeof(atome_state_t) == ATOME_STATE_SIZE && ATOME_STATE_SIZE == other_state_size());
    EXPECT(ATOME_D_INNER == 2 * ATOME_D_MODEL);
    EXPECT(sizeof state.logits == sizeof(float) * ATOME_VOCAB_SIZE);
    EXPECT(sizeof state.router_w == sizeof(float) * ATOME_MAX_SEQ * ATOME_N_PATHWAYS);
    EXPECT(sizeof model.blocks == ATOME_N_LAYERS * sizeof(atome_block_t));
    EXPECT(atome_load(&model, magic, 3) == -1);
    EXPECT(atome_load(&model, magic, sizeof magic) == -2);
    EXPECT(atome_classifier_load(&classifier, magic, sizeof magic) == -1);
    EXPECT(atome_predict_next(NULL, &state, tokens, 1) == -1);
    EXPECT(atome_generate(NULL, &state, tokens, 1, output, 1) == 0);
    EXPECT(atome_classify(NULL, &state, tokens, 1, NULL) == -1);
    EXPECT(atome_get_logits(&state) == state.logits);
    EXPECT(other_predict(&model, &state) == -1);
    EXPECT(building_blocks());
    return 0;
}
