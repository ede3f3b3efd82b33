/*
 * A naive reference engine for Atome LM, written from the format and numeric specifications alone.
 *
 * It exists to be compared with: plain, slow, and without any state that outlives a call. The shape is fixed when it is
 * compiled, by the macros below (define them before the include or with -D).
 */
#ifndef ATOME_H
#define ATOME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Shape ------------------------------------------------------------------------------------------------------------ */

#ifndef ATOME_D_MODEL
#define ATOME_D_MODEL 64 /* d: floats in one position */
#endif
#ifndef ATOME_MAX_SEQ
#define ATOME_MAX_SEQ 32 /* S: positions the state has room for */
#endif
#ifndef ATOME_N_LAYERS
#define ATOME_N_LAYERS 4 /* L */
#endif
#ifndef ATOME_N_PATHWAYS
#define ATOME_N_PATHWAYS 3 /* P: rows of the router, at least 3; the first three are mixed */
#endif
#ifndef ATOME_VOCAB_SIZE
#define ATOME_VOCAB_SIZE 256 /* V */
#endif
#ifndef ATOME_D_HEAD
#define ATOME_D_HEAD 16 /* h: floats in a query or key */
#endif
#ifndef ATOME_KERNEL_SIZE
#define ATOME_KERNEL_SIZE 5 /* k: taps of the causal convolution */
#endif
#ifndef ATOME_TOP_K
#define ATOME_TOP_K 4 /* positions kept by the sparse attention */
#endif
#ifndef ATOME_MAX_CLASSES
#define ATOME_MAX_CLASSES 16
#endif

#define ATOME_D_INNER (2 * ATOME_D_MODEL)
#define ATOME_STATE_SIZE (sizeof(atome_state_t))

/* Model: views into the caller's blob. The float pointers may be unaligned: copy bytes, do not dereference. --------- */

typedef struct {
    const uint8_t *packed; /* rows * cols weights, row-major, no gap between rows */
    float scale;
    uint16_t rows, cols;
    int packing; /* 0: of 2 bits; the others in packings.h */
} atome_ternary_t;

typedef struct {
    const uint8_t *packed; /* channels * kernel_size weights, newest tap first */
    float scale;
    uint16_t channels, kernel_size;
    int packing;
} atome_conv_t;

typedef struct {
    const float *a, *b, *c_out; /* [channels] each; the decay is tanh(a) */
    uint16_t channels;
} atome_ssm_t;

typedef struct {
    atome_ternary_t Wq, Wk, Wv; /* [h][d], [h][d], [d][d] */
    uint16_t d_head, top_k;
} atome_attn_t;

typedef struct {
    const float *gamma, *beta; /* [d] each */
} atome_norm_t;

typedef struct {
    atome_norm_t norm;
    atome_conv_t local_conv;
    atome_ssm_t ssm;
    atome_attn_t attn;
    atome_ternary_t router; /* [P][d] */
} atome_block_t;

typedef struct {
    atome_ternary_t embed; /* [V][d] */
    atome_block_t blocks[ATOME_N_LAYERS];
    atome_norm_t final_norm;
    atome_ternary_t unembed; /* [V][d] */
} atome_model_t;

typedef struct {
    atome_model_t base;
    atome_ternary_t head; /* [n_classes][d] */
    int n_classes;
} atome_classifier_t;

/* State: 4 * (S*(6d + h + P + 1) + L*d + V + h) bytes -------------------------------------------------------------- */

typedef struct {
    float logits[ATOME_VOCAB_SIZE];                     /* of the last prediction */
    float router_w[ATOME_MAX_SEQ][ATOME_N_PATHWAYS];    /* of the last layer */
    float x[ATOME_MAX_SEQ][ATOME_D_MODEL];              /* the residual stream */
    float u[ATOME_MAX_SEQ][ATOME_D_MODEL];              /* x after the layer's norm */
    float local[ATOME_MAX_SEQ][ATOME_D_MODEL];          /* the three pathways' outputs */
    float ssm[ATOME_MAX_SEQ][ATOME_D_MODEL];
    float sparse[ATOME_MAX_SEQ][ATOME_D_MODEL];
    float v[ATOME_MAX_SEQ][ATOME_D_MODEL];              /* attention values, keys, and one position's query */
    float k[ATOME_MAX_SEQ][ATOME_D_HEAD];
    float q[ATOME_D_HEAD];
    float kept[ATOME_MAX_SEQ];                          /* the best scores of one position, best first */
    float h[ATOME_N_LAYERS][ATOME_D_MODEL];             /* what each layer's state space carries along */
} atome_state_t;

/* Building blocks -------------------------------------------------------------------------------------------------- */

/* Weight idx of a packed array: -1, 0 or +1. The code 10 is never written and reads as 0. */
static inline int8_t atome_unpack_trit(const uint8_t *packed, int idx)
{
    int code = (packed[idx / 4] >> (2 * (idx % 4))) & 3;

    if (code == 1) {
        return 1;
    }
    if (code == 3) {
        return -1;
    }
    return 0;
}

/* out[rows] = scale * (W x), x of W->cols floats. */
void atome_ternary_matvec(const atome_ternary_t *W, const float *x, float *out);

/* Normalises x[dim] in place. */
void atome_layer_norm(float *x, int dim, const atome_norm_t *params);

/* The causal convolution over x[seq_len], channel by channel. */
void atome_causal_conv(const float x[][ATOME_D_MODEL], int seq_len, const atome_conv_t *kernel,
                       float out[][ATOME_D_MODEL]);

/* The state space recurrence over x[seq_len]; h[channels] comes from the caller and goes back to it. */
void atome_ssm_forward(const float x[][ATOME_D_MODEL], int seq_len, const atome_ssm_t *params, float *h,
                       float out[][ATOME_D_MODEL]);

/* Causal attention over the best params->top_k positions. At most ATOME_MAX_SEQ positions and ATOME_D_HEAD floats a
 * head are computed: that is what the state has room for. */
void atome_sparse_attn(const float x[][ATOME_D_MODEL], int seq_len, const atome_attn_t *params, atome_state_t *state,
                       float out[][ATOME_D_MODEL]);

/* Models ----------------------------------------------------------------------------------------------------------- */

/* Zeroes the state. */
void atome_init(atome_state_t *state);

/* Points the model into an ATOME01, ATOME02 or ATOMEP3 blob. 0; -1 for NULL, another format, or less than the magic; -2
 * truncated; -5 bytes that stand for no weights. A failed load leaves the model as it was. */
int atome_load(atome_model_t *model, const uint8_t *data, size_t len);

/* The next token; -1 for NULL, a model that was never loaded, or n_tokens < 1. Only the first ATOME_MAX_SEQ tokens
 * count. */
int atome_predict_next(const atome_model_t *model, atome_state_t *state, const int *tokens, int n_tokens);

/* The ATOME_VOCAB_SIZE logits of the last prediction; NULL for NULL. */
const float *atome_get_logits(atome_state_t *state);

/* Appends greedy tokens to the prompt until max_tokens are written or prompt and output fill ATOME_MAX_SEQ. Returns how
 * many were written; 0 for NULL, a model that was never loaded, prompt_len < 1 or max_tokens < 1. */
int atome_generate(const atome_model_t *model, atome_state_t *state, const int *prompt, int prompt_len, int *output,
                   int max_tokens);

/* The class, and n_classes floats in class_logits unless that is NULL; -1 as in atome_predict_next. state->logits stay
 * as they were. */
int atome_classify(const atome_classifier_t *clf, atome_state_t *state, const int *tokens, int n_tokens,
                   float *class_logits);

/* Points the classifier into an ATOMECL01 blob. 0; -1 for NULL, another format, less than magic and count, or a count
 * outside 1..ATOME_MAX_CLASSES; -2 truncated. A failed load leaves the classifier as it was. */
int atome_classifier_load(atome_classifier_t *clf, const uint8_t *data, size_t len);

#ifdef __cplusplus
}
#endif

#endif
