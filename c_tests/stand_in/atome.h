/*
 * The interface of the C99 engine as far as its firmware knows it, and nothing more: no codes by name, no version, no
 * sampler, no plans, no containers, no `extern "C"`. See atome.c.
 */
#ifndef ATOME_H
#define ATOME_H

#include <stddef.h>
#include <stdint.h>

#ifndef ATOME_D_MODEL
#define ATOME_D_MODEL 64
#endif
#ifndef ATOME_MAX_SEQ
#define ATOME_MAX_SEQ 32
#endif
#ifndef ATOME_N_LAYERS
#define ATOME_N_LAYERS 4
#endif
#ifndef ATOME_N_PATHWAYS
#define ATOME_N_PATHWAYS 3
#endif
#ifndef ATOME_VOCAB_SIZE
#define ATOME_VOCAB_SIZE 256
#endif
#ifndef ATOME_D_HEAD
#define ATOME_D_HEAD 16
#endif
#ifndef ATOME_KERNEL_SIZE
#define ATOME_KERNEL_SIZE 5
#endif
#ifndef ATOME_TOP_K
#define ATOME_TOP_K 4
#endif
#ifndef ATOME_MAX_CLASSES
#define ATOME_MAX_CLASSES 16
#endif

#define ATOME_D_INNER (2 * ATOME_D_MODEL)
#define ATOME_STATE_SIZE (sizeof(atome_state_t))

typedef struct {
    const uint8_t *packed;
    float scale;
    uint16_t rows, cols;
} atome_ternary_t;

typedef struct {
    const uint8_t *packed;
    float scale;
    uint16_t channels, kernel_size;
} atome_conv_t;

typedef struct {
    const float *a, *b, *c_out;
    uint16_t channels;
} atome_ssm_t;

typedef struct {
    atome_ternary_t Wq, Wk, Wv;
    uint16_t d_head, top_k;
} atome_attn_t;

typedef struct {
    const float *gamma, *beta;
} atome_norm_t;

typedef struct {
    atome_norm_t norm;
    atome_conv_t local_conv;
    atome_ssm_t ssm;
    atome_attn_t attn;
    atome_ternary_t router;
} atome_block_t;

typedef struct {
    atome_ternary_t embed;
    atome_block_t blocks[ATOME_N_LAYERS];
    atome_norm_t final_norm;
    atome_ternary_t unembed;
} atome_model_t;

typedef struct {
    float residual[ATOME_MAX_SEQ][ATOME_D_MODEL];
    float normed[ATOME_MAX_SEQ][ATOME_D_MODEL];
    float conv_out[ATOME_MAX_SEQ][ATOME_D_MODEL];
    float ssm_out[ATOME_MAX_SEQ][ATOME_D_MODEL];
    float attn_out[ATOME_MAX_SEQ][ATOME_D_MODEL];
    float values[ATOME_MAX_SEQ][ATOME_D_MODEL];
    float keys[ATOME_MAX_SEQ][ATOME_D_HEAD];
    float query[ATOME_D_HEAD];
    float scores[ATOME_MAX_SEQ];
    float carried[ATOME_N_LAYERS][ATOME_D_MODEL];
    float router_w[ATOME_MAX_SEQ][ATOME_N_PATHWAYS];
    float logits[ATOME_VOCAB_SIZE];
} atome_state_t;

typedef struct {
    atome_model_t base;
    atome_ternary_t head;
    int n_classes;
} atome_classifier_t;

static inline int8_t atome_unpack_trit(const uint8_t *packed, int idx)
{
    static const int8_t weights[4] = {0, 1, 0, -1};

    return weights[(packed[idx >> 2] >> ((idx & 3) << 1)) & 3];
}

void atome_ternary_matvec(const atome_ternary_t *W, const float *x, float *out);
void atome_layer_norm(float *x, int dim, const atome_norm_t *params);
void atome_causal_conv(const float x[][ATOME_D_MODEL], int seq_len, const atome_conv_t *kernel,
                       float out[][ATOME_D_MODEL]);
void atome_ssm_forward(const float x[][ATOME_D_MODEL], int seq_len, const atome_ssm_t *params, float *h,
                       float out[][ATOME_D_MODEL]);
void atome_sparse_attn(const float x[][ATOME_D_MODEL], int seq_len, const atome_attn_t *params, atome_state_t *state,
                       float out[][ATOME_D_MODEL]);

void atome_init(atome_state_t *state);
int atome_load(atome_model_t *model, const uint8_t *data, size_t len);
int atome_predict_next(const atome_model_t *model, atome_state_t *state, const int *tokens, int n_tokens);
const float *atome_get_logits(atome_state_t *state);
int atome_generate(const atome_model_t *model, atome_state_t *state, const int *prompt, int prompt_len, int *output,
                   int max_tokens);
int atome_classify(const atome_classifier_t *clf, atome_state_t *state, const int *tokens, int n_tokens,
                   float *class_logits);
int atome_classifier_load(atome_classifier_t *clf, const uint8_t *data, size_t len);

#endif
