/*
 * Fills a struct engine_api from whatever atome.h was included before: casts and member access, nothing else.
 */
#ifndef ADAPTER_H
#define ADAPTER_H

#include "engine_api.h"

#ifdef ATOME_PLAN
#define ADAPTER_PLAN ATOME_PLAN
#else
#define ADAPTER_PLAN 0
#endif

typedef const float (*adapter_rows)[ATOME_D_MODEL];
typedef float (*adapter_mutable_rows)[ATOME_D_MODEL];

static void adapter_init(void *state) { atome_init((atome_state_t *)state); }

static int adapter_load(void *model, const uint8_t *data, size_t len)
{
    return atome_load((atome_model_t *)model, data, len);
}

static int adapter_classifier_load(void *classifier, const uint8_t *data, size_t len)
{
    return atome_classifier_load((atome_classifier_t *)classifier, data, len);
}

static int adapter_predict_next(const void *model, void *state, const int *tokens, int n_tokens)
{
    return atome_predict_next((const atome_model_t *)model, (atome_state_t *)state, tokens, n_tokens);
}

static const float *adapter_get_logits(void *state) { return atome_get_logits((atome_state_t *)state); }

static int adapter_generate(const void *model, void *state, const int *prompt, int prompt_len, int *output,
                            int max_tokens)
{
    return atome_generate((const atome_model_t *)model, (atome_state_t *)state, prompt, prompt_len, output, max_tokens);
}

static int adapter_classify(const void *classifier, void *state, const int *tokens, int n_tokens, float *class_logits)
{
    return atome_classify((const atome_classifier_t *)classifier, (atome_state_t *)state, tokens, n_tokens,
                          class_logits);
}

static int adapter_unpack_trit(const uint8_t *packed, int idx) { return atome_unpack_trit(packed, idx); }

/* A block's matrix that is an atome_ternary_t; NULL for the convolution, which is a type of its own. */
static atome_ternary_t *adapter_block_matrix(atome_block_t *block, int matrix)
{
    switch (matrix) {
    case ENGINE_WQ:
        return &block->attn.Wq;
    case ENGINE_WK:
        return &block->attn.Wk;
    case ENGINE_WV:
        return &block->attn.Wv;
    case ENGINE_ROUTER:
        return &block->router;
    default:
        return NULL;
    }
}

static atome_ternary_t *adapter_matrix(atome_model_t *model, int matrix)
{
    if (matrix == ENGINE_EMBED) {
        return &model->embed;
    }
    if (matrix == ENGINE_UNEMBED) {
        return &model->unembed;
    }
    matrix -= ENGINE_FIRST_LAYER;
    return adapter_block_matrix(&model->blocks[matrix / ENGINE_LAYER_MATRICES], matrix % ENGINE_LAYER_MATRICES);
}

static void adapter_matvec(const void *model, int matrix, const float *x, float *out)
{
    atome_ternary_matvec(adapter_matrix((atome_model_t *)model, matrix), x, out);
}

static void adapter_layer_norm(const void *model, int norm, float *x)
{
    const atome_model_t *m = (const atome_model_t *)model;

    atome_layer_norm(x, ATOME_D_MODEL, norm < ATOME_N_LAYERS ? &m->blocks[norm].norm : &m->final_norm);
}

static void adapter_causal_conv(const void *model, int layer, const float *x, int seq_len, float *out)
{
    atome_causal_conv((adapter_rows)x, seq_len, &((const atome_model_t *)model)->blocks[layer].local_conv,
                      (adapter_mutable_rows)out);
}

static void adapter_ssm_forward(const void *model, int layer, const float *x, int seq_len, float *h, float *out)
{
    atome_ssm_forward((adapter_rows)x, seq_len, &((const atome_model_t *)model)->blocks[layer].ssm, h,
                      (adapter_mutable_rows)out);
}

static void adapter_sparse_attn(const void *model, int layer, const float *x, int seq_len, void *state, float *out)
{
    atome_sparse_attn((adapter_rows)x, seq_len, &((const atome_model_t *)model)->blocks[layer].attn,
                      (atome_state_t *)state, (adapter_mutable_rows)out);
}

static float *adapter_logits(void *state) { return ((atome_state_t *)state)->logits; }

static float *adapter_router_w(void *state) { return ((atome_state_t *)state)->router_w[0]; }

static void *adapter_classifier_base(void *classifier) { return &((atome_classifier_t *)classifier)->base; }

static int adapter_n_classes(const void *classifier) { return ((const atome_classifier_t *)classifier)->n_classes; }

static void adapter_set_top_k(void *model, int layer, int top_k)
{
    ((atome_model_t *)model)->blocks[layer].attn.top_k = (uint16_t)top_k;
}

static void adapter_set_scale(void *model, int matrix, float scale)
{
    atome_model_t *m = (atome_model_t *)model;
    atome_ternary_t *ternary = adapter_matrix(m, matrix);

    if (ternary != NULL) {
        ternary->scale = scale;
    } else {
        m->blocks[(matrix - ENGINE_FIRST_LAYER) / ENGINE_LAYER_MATRICES].local_conv.scale = scale;
    }
}

/* The table, for an object that shall be one. */
#define ENGINE_API(extras)                                                                                             \
    {                                                                                                                  \
        {ATOME_D_MODEL, ATOME_MAX_SEQ, ATOME_N_LAYERS, ATOME_N_PATHWAYS, ATOME_VOCAB_SIZE, ATOME_D_HEAD,               \
         ATOME_KERNEL_SIZE, ATOME_TOP_K, ATOME_MAX_CLASSES, ADAPTER_PLAN},                                             \
            sizeof(atome_model_t), sizeof(atome_classifier_t), sizeof(atome_state_t), (void (*)(void))atome_load,      \
            (void (*)(void))atome_predict_next, adapter_init, adapter_load, adapter_classifier_load,                   \
            adapter_predict_next, adapter_get_logits, adapter_generate, adapter_classify, adapter_unpack_trit,         \
            adapter_matvec, adapter_layer_norm, adapter_causal_conv, adapter_ssm_forward, adapter_sparse_attn,         \
            adapter_logits, adapter_router_w, adapter_classifier_base, adapter_n_classes, adapter_set_top_k,           \
            adapter_set_scale, extras                                                                                  \
    }

#endif
