/*
 * The naive reference engine. "Step N" in the comments is step N of docs/numerics.md.
 *
 * Build with -ffp-contract=off: every product and every sum has to be rounded on its own.
 */
#include "atome.h"

#include "packings.h"

#include <math.h>
#include <string.h>

enum { D = ATOME_D_MODEL, S = ATOME_MAX_SEQ, L = ATOME_N_LAYERS, P = ATOME_N_PATHWAYS, V = ATOME_VOCAB_SIZE,
       H = ATOME_D_HEAD, K = ATOME_KERNEL_SIZE, TOP_K = ATOME_TOP_K };

/* RAM comparisons are made against this size; the mix reads three router weights. */
typedef char state_size_is_as_specified
    [sizeof(atome_state_t) == 4 * ((size_t)S * (6 * (size_t)D + H + P + 1) + (size_t)L * D + V + H) ? 1 : -1];
typedef char at_least_three_pathways[P >= 3 ? 1 : -1];

/* Called with the n positions that attention keeps for one query, -1 where no score has come: what has to know them
 * (c_tests/adapter/scout_unit.c) defines it before. */
#ifndef REFERENCE_KEEPS
#define REFERENCE_KEEPS(positions, n) ((void)0)
#endif

static int min_int(int a, int b) { return a < b ? a : b; }

/* Floats of a blob sit at odd addresses, where a float load traps on small cores. */
static float read_float(const void *floats, int i)
{
    const uint8_t *bytes = (const uint8_t *)floats + 4 * (size_t)i;
    float value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Step 2.2, one term: the product is rounded, then added. Weight 0 adds nothing, not even 0 * inf. */
static float add_term(float acc, int w, float x)
{
#ifdef ATOME_ONLY_ATOME01
    /* The product is exact, and is not computed. */
    if (w > 0) {
        acc = acc + x;
    } else if (w < 0) {
        acc = acc - x;
    }
    return acc;
#else
    float product = (float)w * x;

    return w == 0 ? acc : acc + product;
#endif
}

/* Step 2.2, one row: one running sum in column order, scaled at the end. */
static float row_times_vector(const atome_ternary_t *W, int row, const float *x)
{
    float acc = 0.0f;
    int col;

    for (col = 0; col < W->cols; col++) {
        acc = add_term(acc, weight_at(W->packed, W->packing, (size_t)row * W->cols + (size_t)col), x[col]);
    }
    return acc * W->scale;
}

/* Step 2.2. A faster one (benches/c/table.c) takes its place where the macro is defined. */
#ifndef REFERENCE_HAS_OWN_MATVEC
void atome_ternary_matvec(const atome_ternary_t *W, const float *x, float *out)
{
    int row;

    if (W == NULL || x == NULL || out == NULL) {
        return;
    }
    for (row = 0; row < W->rows; row++) {
        out[row] = row_times_vector(W, row, x);
    }
}
#endif

/* Step 2.1. */
void atome_layer_norm(float *x, int dim, const atome_norm_t *params)
{
    float sum = 0.0f, squares = 0.0f, mean, variance, r;
    int i;

    if (x == NULL || params == NULL) {
        return;
    }
    for (i = 0; i < dim; i++) {
        sum = sum + x[i];
    }
    mean = sum / (float)dim;
    for (i = 0; i < dim; i++) {
        float centred = x[i] - mean;
        squares = squares + centred * centred;
    }
    variance = squares / (float)dim;
    r = 1.0f / sqrtf(variance + 1e-5f);
    for (i = 0; i < dim; i++) {
        float gamma = read_float(params->gamma, i), beta = read_float(params->beta, i);
        x[i] = ((gamma * (x[i] - mean)) * r) + beta;
    }
}

/* Step 2.3's softmax, in place over n >= 1 values. */
static void softmax(float *z, int n)
{
    float max = z[0], sum = 0.0f, factor;
    int i;

    for (i = 1; i < n; i++) {
        if (max < z[i]) {
            max = z[i];
        }
    }
    for (i = 0; i < n; i++) {
        z[i] = expf(z[i] - max);
        sum = sum + z[i];
    }
    factor = 1.0f / (sum + 1e-10f);
    for (i = 0; i < n; i++) {
        z[i] = z[i] * factor;
    }
}

/* Step 2.4. Tap 0 is the current position, tap j the one j steps back. */
void atome_causal_conv(const float x[][ATOME_D_MODEL], int seq_len, const atome_conv_t *kernel,
                       float out[][ATOME_D_MODEL])
{
    int t, c, j;

    if (x == NULL || kernel == NULL || out == NULL) {
        return;
    }
    for (t = 0; t < seq_len; t++) {
        for (c = 0; c < min_int(kernel->channels, D); c++) {
            float acc = 0.0f;
            for (j = 0; j < kernel->kernel_size && t - j >= 0; j++) {
                size_t index = (size_t)c * kernel->kernel_size + (size_t)j;
                acc = add_term(acc, weight_at(kernel->packed, kernel->packing, index), x[t - j][c]);
            }
            out[t][c] = acc * kernel->scale;
        }
    }
}

/* Step 2.5. */
void atome_ssm_forward(const float x[][ATOME_D_MODEL], int seq_len, const atome_ssm_t *params, float *h,
                       float out[][ATOME_D_MODEL])
{
    int t, c;

    if (x == NULL || params == NULL || h == NULL || out == NULL) {
        return;
    }
    for (c = 0; c < min_int(params->channels, D); c++) {
        float g = tanhf(read_float(params->a, c));
        float b = read_float(params->b, c), c_out = read_float(params->c_out, c);
        for (t = 0; t < seq_len; t++) {
            h[c] = g * h[c] + b * x[t][c];
            out[t][c] = c_out * h[c];
        }
    }
}

/* Step 2.6, one query: fills kept[n] with the best scores over positions 0..t, best first, and positions[n] with where
 * they come from. A slot that no score reached keeps -1e30 and position -1. */
static void keep_best(const float *q, float (*k)[ATOME_D_HEAD], int d_head, int t, float *kept, int *positions, int n)
{
    float root = 1.0f / sqrtf((float)d_head);
    int i, j, e;

    for (i = 0; i < n; i++) {
        kept[i] = -1e30f;
        positions[i] = -1;
    }
    for (j = 0; j <= t && n > 0; j++) {
        float dot = 0.0f, score;
        for (e = 0; e < d_head; e++) {
            dot = dot + q[e] * k[j][e];
        }
        score = dot * root;
        if (!(score > kept[n - 1])) {
            continue;
        }
        for (i = n - 1; i > 0 && kept[i - 1] < score; i--) {
            kept[i] = kept[i - 1];
            positions[i] = positions[i - 1];
        }
        kept[i] = score;
        positions[i] = j;
    }
}

/* Step 2.6. */
void atome_sparse_attn(const float x[][ATOME_D_MODEL], int seq_len, const atome_attn_t *params, atome_state_t *state,
                       float out[][ATOME_D_MODEL])
{
    int positions[ATOME_MAX_SEQ] = {0}; /* keep_best fills it, which gcc does not see where S is 1 */
    atome_ternary_t Wq, Wk, Wv;
    int t, c, i, d_head;

    if (x == NULL || params == NULL || state == NULL || out == NULL) {
        return;
    }
    /* Hand-made params may ask for more than the state holds; those of a loaded model never do. */
    seq_len = min_int(seq_len, S);
    d_head = min_int(params->d_head, H);
    Wq = params->Wq;
    Wk = params->Wk;
    Wv = params->Wv;
    Wq.rows = (uint16_t)min_int(Wq.rows, d_head);
    Wk.rows = (uint16_t)min_int(Wk.rows, d_head);
    Wv.rows = (uint16_t)min_int(Wv.rows, D);

    for (t = 0; t < seq_len; t++) {
        atome_ternary_matvec(&Wk, x[t], state->k[t]);
        atome_ternary_matvec(&Wv, x[t], state->v[t]);
    }
    for (t = 0; t < seq_len; t++) {
        int n = min_int(params->top_k, t + 1);

        atome_ternary_matvec(&Wq, x[t], state->q);
        keep_best(state->q, state->k, d_head, t, state->kept, positions, n);
        REFERENCE_KEEPS(positions, n);
        if (n > 0) {
            softmax(state->kept, n);
        }
        for (c = 0; c < D; c++) {
            float acc = 0.0f;
            for (i = 0; i < n; i++) {
                if (positions[i] >= 0) {
                    acc = acc + state->kept[i] * state->v[positions[i]][c];
                }
            }
            out[t][c] = acc;
        }
    }
}

/* Step 1. */
static void embed(const atome_model_t *model, const int *tokens, int n, float (*x)[ATOME_D_MODEL])
{
    int t, i;

    for (t = 0; t < n; t++) {
        int token = tokens[t] >= 0 && tokens[t] < V ? tokens[t] : 0;
        for (i = 0; i < D; i++) {
            size_t index = (size_t)token * D + (size_t)i;
            x[t][i] = (float)weight_at(model->embed.packed, model->embed.packing, index) * model->embed.scale;
        }
    }
}

/* Step 2, one layer; h[D] is the layer's state space at the start of the sequence. */
static void layer(const atome_block_t *block, atome_state_t *state, float *h, int n)
{
    const float (*u)[ATOME_D_MODEL] = (const float (*)[ATOME_D_MODEL])state->u;
    int t, c;

    for (t = 0; t < n; t++) {
        memcpy(state->u[t], state->x[t], sizeof state->u[t]);
        atome_layer_norm(state->u[t], D, &block->norm);                        /* 2.1 */
        atome_ternary_matvec(&block->router, state->u[t], state->router_w[t]); /* 2.3 */
        softmax(state->router_w[t], P);
    }
    atome_causal_conv(u, n, &block->local_conv, state->local);   /* 2.4 */
    atome_ssm_forward(u, n, &block->ssm, h, state->ssm);         /* 2.5 */
    atome_sparse_attn(u, n, &block->attn, state, state->sparse); /* 2.6 */
    for (t = 0; t < n; t++) {                                    /* 2.7 */
        const float *p = state->router_w[t];
        for (c = 0; c < D; c++) {
            float mix = (p[0] * state->local[t][c] + p[1] * state->ssm[t][c]) + p[2] * state->sparse[t][c];
            state->x[t][c] = state->x[t][c] + mix;
        }
    }
}

/* Steps 1, 2 and the norm of step 3: returns the normed vector of the last position that counts. Everything is computed
 * again on every call, so that no earlier call can show in the result. */
static const float *forward(const atome_model_t *model, atome_state_t *state, const int *tokens, int n_tokens)
{
    int n = min_int(n_tokens, S);
    int l, c;

    embed(model, tokens, n, state->x);
    for (l = 0; l < L; l++) {
        for (c = 0; c < D; c++) {
            state->h[l][c] = 0.0f;
        }
        layer(&model->blocks[l], state, state->h[l], n);
    }
    atome_layer_norm(state->x[n - 1], D, &model->final_norm);
    return state->x[n - 1];
}

/* Whether the model came from a load: a zeroed struct must not be followed into NULL. */
static int is_loaded(const atome_model_t *model)
{
    int l;

    for (l = 0; l < L; l++) {
        const atome_block_t *b = &model->blocks[l];
        if (b->norm.gamma == NULL || b->norm.beta == NULL || b->local_conv.packed == NULL || b->ssm.a == NULL ||
            b->ssm.b == NULL || b->ssm.c_out == NULL || b->attn.Wq.packed == NULL || b->attn.Wk.packed == NULL ||
            b->attn.Wv.packed == NULL || b->router.packed == NULL) {
            return 0;
        }
    }
    return model->embed.packed != NULL && model->final_norm.gamma != NULL && model->final_norm.beta != NULL &&
           model->unembed.packed != NULL;
}

void atome_init(atome_state_t *state)
{
    if (state != NULL) {
        memset(state, 0, sizeof *state);
    }
}

const float *atome_get_logits(atome_state_t *state)
{
    return state == NULL ? NULL : state->logits;
}

/* Step 3. */
int atome_predict_next(const atome_model_t *model, atome_state_t *state, const int *tokens, int n_tokens)
{
    const float *y;
    int i, best = 0;

    if (model == NULL || state == NULL || tokens == NULL || n_tokens < 1 || !is_loaded(model)) {
        return -1;
    }
    y = forward(model, state, tokens, n_tokens);
    atome_ternary_matvec(&model->unembed, y, state->logits);
    for (i = 1; i < V; i++) {
        if (state->logits[i] > state->logits[best]) {
            best = i;
        }
    }
    return best;
}

int atome_generate(const atome_model_t *model, atome_state_t *state, const int *prompt, int prompt_len, int *output,
                   int max_tokens)
{
    int sequence[ATOME_MAX_SEQ];
    int n, written = 0;

    if (model == NULL || state == NULL || prompt == NULL || output == NULL || prompt_len < 1 || max_tokens < 1 ||
        !is_loaded(model)) {
        return 0;
    }
    for (n = 0; n < min_int(prompt_len, S); n++) {
        sequence[n] = prompt[n];
    }
    while (n < S && written < max_tokens) {
        int token = atome_predict_next(model, state, sequence, n);
        sequence[n++] = token;
        output[written++] = token;
    }
    return written;
}

int atome_classify(const atome_classifier_t *clf, atome_state_t *state, const int *tokens, int n_tokens,
                   float *class_logits)
{
    const float *y;
    float best_logit = 0.0f;
    int i, best = 0;

    if (clf == NULL || state == NULL || tokens == NULL || n_tokens < 1 || clf->head.packed == NULL ||
        clf->n_classes < 1 || !is_loaded(&clf->base)) {
        return -1;
    }
    y = forward(&clf->base, state, tokens, n_tokens);
    for (i = 0; i < clf->n_classes; i++) {
        float logit = row_times_vector(&clf->head, i, y);
        if (class_logits != NULL) {
            class_logits[i] = logit;
        }
        if (i == 0 || logit > best_logit) {
            best_logit = logit;
            best = i;
        }
    }
    return best;
}

#include "files.h"
