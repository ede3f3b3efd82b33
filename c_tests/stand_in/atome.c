/*
 * A stand-in for the published C99 engine, written from its documented manners: it knows ATOME01 and ATOMECL01 only, reads
 * floats where they lie in the blob, leaves a classifier's base.unembed unset, and follows NULL in a load.
 *
 * Where that engine leaves its arrays, this one stops the program instead: leave_arrays(). Tests put it in the reference's
 * place (ATOME_REFERENCE) and so prove that they keep away from such calls, and that --wild makes them.
 */
#include "atome.h"

#include <math.h>
#include <string.h>

enum { D = ATOME_D_MODEL, S = ATOME_MAX_SEQ, L = ATOME_N_LAYERS, P = ATOME_N_PATHWAYS, V = ATOME_VOCAB_SIZE,
       H = ATOME_D_HEAD, K = ATOME_KERNEL_SIZE, TOP_K = ATOME_TOP_K };

typedef char state_size_is_as_documented
    [sizeof(atome_state_t) == 4 * ((size_t)S * (6 * (size_t)D + H + P + 1) + (size_t)L * D + V + H) ? 1 : -1];

static void leave_arrays(void) { __builtin_trap(); }

/* Building blocks -------------------------------------------------------------------------------------------------- */

void atome_ternary_matvec(const atome_ternary_t *W, const float *x, float *out)
{
    int row, col, at = 0;

    for (row = 0; row < W->rows; row++) {
        float sum = 0.0f;
        for (col = 0; col < W->cols; col++, at++) {
            const int8_t weight = atome_unpack_trit(W->packed, at);
            if (weight > 0) {
                sum += x[col];
            } else if (weight < 0) {
                sum -= x[col];
            }
        }
        out[row] = sum * W->scale;
    }
}

void atome_layer_norm(float *x, int dim, const atome_norm_t *params)
{
    float mean = 0.0f, variance = 0.0f, root;
    int i;

    for (i = 0; i < dim; i++) {
        mean += x[i];
    }
    mean /= (float)dim;
    for (i = 0; i < dim; i++) {
        variance += (x[i] - mean) * (x[i] - mean);
    }
    variance /= (float)dim;
    root = 1.0f / sqrtf(variance + 1e-5f);
    for (i = 0; i < dim; i++) {
        x[i] = params->gamma[i] * (x[i] - mean) * root + params->beta[i];
    }
}

static void softmax(float *z, int n)
{
    float most = z[0], sum = 0.0f;
    int i;

    for (i = 1; i < n; i++) {
        if (z[i] > most) {
            most = z[i];
        }
    }
    for (i = 0; i < n; i++) {
        z[i] = expf(z[i] - most);
        sum += z[i];
    }
    sum = 1.0f / (sum + 1e-10f);
    for (i = 0; i < n; i++) {
        z[i] *= sum;
    }
}

void atome_causal_conv(const float x[][ATOME_D_MODEL], int seq_len, const atome_conv_t *kernel,
                       float out[][ATOME_D_MODEL])
{
    int t, c, tap;

    for (t = 0; t < seq_len; t++) {
        for (c = 0; c < kernel->channels; c++) {
            float sum = 0.0f;
            for (tap = 0; tap < kernel->kernel_size && tap <= t; tap++) {
                const int8_t weight = atome_unpack_trit(kernel->packed, c * kernel->kernel_size + tap);
                if (weight > 0) {
                    sum += x[t - tap][c];
                } else if (weight < 0) {
                    sum -= x[t - tap][c];
                }
            }
            out[t][c] = sum * kernel->scale;
        }
    }
}

void atome_ssm_forward(const float x[][ATOME_D_MODEL], int seq_len, const atome_ssm_t *params, float *h,
                       float out[][ATOME_D_MODEL])
{
    int t, c;

    for (t = 0; t < seq_len; t++) {
        for (c = 0; c < params->channels; c++) {
            h[c] = tanhf(params->a[c]) * h[c] + params->b[c] * x[t][c];
            out[t][c] = params->c_out[c] * h[c];
        }
    }
}

/* Sorted insertion into the n best so far; index -1 where no score has come. */
static void keep_best(const float *scores, int count, float *kept, int *index, int n)
{
    int i, j;

    for (i = 0; i < n; i++) {
        kept[i] = -1e30f;
        index[i] = -1;
    }
    for (j = 0; j < count; j++) {
        if (scores[j] > kept[n - 1]) {
            for (i = n - 1; i > 0 && kept[i - 1] < scores[j]; i--) {
                kept[i] = kept[i - 1];
                index[i] = index[i - 1];
            }
            kept[i] = scores[j];
            index[i] = j;
        }
    }
}

/* One position: the weighed sum of the kept values. */
static void attend(const atome_attn_t *params, atome_state_t *state, int t, float *out)
{
    const float factor = 1.0f / sqrtf((float)params->d_head);
    const int n = params->top_k < t + 1 ? params->top_k : t + 1;
    float kept[TOP_K];
    int index[TOP_K], i, j, c;

    if (n < 1 || n > TOP_K) {
        leave_arrays(); /* kept[n - 1] */
    }
    for (j = 0; j <= t; j++) {
        float dot = 0.0f;
        for (i = 0; i < params->d_head; i++) {
            dot += state->query[i] * state->keys[j][i];
        }
        state->scores[j] = dot * factor;
    }
    keep_best(state->scores, t + 1, kept, index, n);
    softmax(kept, n);
    for (i = 0; i < n; i++) {
        if (index[i] < 0) {
            leave_arrays(); /* values[-1] */
        }
    }
    for (c = 0; c < D; c++) {
        out[c] = 0.0f;
        for (i = 0; i < n; i++) {
            out[c] += kept[i] * state->values[index[i]][c];
        }
    }
}

void atome_sparse_attn(const float x[][ATOME_D_MODEL], int seq_len, const atome_attn_t *params, atome_state_t *state,
                       float out[][ATOME_D_MODEL])
{
    int t;

    for (t = 0; t < seq_len; t++) {
        atome_ternary_matvec(&params->Wq, x[t], state->query);
        atome_ternary_matvec(&params->Wk, x[t], state->keys[t]);
        atome_ternary_matvec(&params->Wv, x[t], state->values[t]);
        attend(params, state, t, out[t]);
    }
}

/* The whole model -------------------------------------------------------------------------------------------------- */

static void run_block(const atome_block_t *block, atome_state_t *state, float *carried, int n)
{
    const float (*normed)[ATOME_D_MODEL] = (const float (*)[ATOME_D_MODEL])state->normed;
    int t, c;

    for (t = 0; t < n; t++) {
        memcpy(state->normed[t], state->residual[t], sizeof state->normed[t]);
        atome_layer_norm(state->normed[t], D, &block->norm);
        atome_ternary_matvec(&block->router, state->normed[t], state->router_w[t]);
        softmax(state->router_w[t], P);
    }
    atome_causal_conv(normed, n, &block->local_conv, state->conv_out);
    atome_ssm_forward(normed, n, &block->ssm, carried, state->ssm_out);
    atome_sparse_attn(normed, n, &block->attn, state, state->attn_out);
    for (t = 0; t < n; t++) {
        const float *w = state->router_w[t];
        for (c = 0; c < D; c++) {
            state->residual[t][c] +=
                w[0] * state->conv_out[t][c] + w[1] * state->ssm_out[t][c] + w[2] * state->attn_out[t][c];
        }
    }
}

/* The normed last position. */
static const float *run(const atome_model_t *model, atome_state_t *state, const int *tokens, int n_tokens)
{
    const int n = n_tokens < S ? n_tokens : S;
    int t, c, l;

    for (t = 0; t < n; t++) {
        const int token = tokens[t] < 0 || tokens[t] >= V ? 0 : tokens[t];
        for (c = 0; c < D; c++) {
            state->residual[t][c] = (float)atome_unpack_trit(model->embed.packed, token * D + c) * model->embed.scale;
        }
    }
    memset(state->carried, 0, sizeof state->carried);
    for (l = 0; l < L; l++) {
        run_block(&model->blocks[l], state, state->carried[l], n);
    }
    atome_layer_norm(state->residual[n - 1], D, &model->final_norm);
    return state->residual[n - 1];
}

void atome_init(atome_state_t *state) { memset(state, 0, sizeof *state); }

const float *atome_get_logits(atome_state_t *state) { return state->logits; }

int atome_predict_next(const atome_model_t *model, atome_state_t *state, const int *tokens, int n_tokens)
{
    int i, best = 0;

    if (model == NULL || state == NULL || tokens == NULL || n_tokens < 1) {
        return -1;
    }
    if (model->unembed.packed == NULL) {
        leave_arrays(); /* a classifier's base, in a struct that was zeroed: elsewhere the pointer is whatever lay there */
    }
    atome_ternary_matvec(&model->unembed, run(model, state, tokens, n_tokens), state->logits);
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
    int sequence[S], n, written = 0;

    if (model == NULL || state == NULL || prompt == NULL || output == NULL || prompt_len < 1 || max_tokens < 1) {
        return 0;
    }
    for (n = 0; n < prompt_len && n < S; n++) {
        sequence[n] = prompt[n];
    }
    while (n < S && written < max_tokens) {
        sequence[n] = atome_predict_next(model, state, sequence, n);
        output[written++] = sequence[n++];
    }
    return written;
}

int atome_classify(const atome_classifier_t *clf, atome_state_t *state, const int *tokens, int n_tokens,
                   float *class_logits)
{
    float scores[ATOME_MAX_CLASSES];
    int i, best = 0;

    if (clf == NULL || state == NULL || tokens == NULL || n_tokens < 1) {
        return -1;
    }
    atome_ternary_matvec(&clf->head, run(&clf->base, state, tokens, n_tokens), scores);
    for (i = 0; i < clf->n_classes; i++) {
        if (class_logits != NULL) {
            class_logits[i] = scores[i];
        }
        if (scores[i] > scores[best]) {
            best = i;
        }
    }
    return best;
}

/* Model files ------------------------------------------------------------------------------------------------------ */

static size_t quantised_bytes(size_t weights) { return 4 + (weights + 3) / 4; }

/* From the embedding to the output matrix. */
static size_t body_bytes(void)
{
    const size_t d = D, norm = 8 * d;
    const size_t block = norm + quantised_bytes(d * K) + 12 * d + 2 * quantised_bytes(H * d) + quantised_bytes(d * d) +
                         quantised_bytes(P * d);

    return 2 * quantised_bytes(V * d) + L * block + norm;
}

/* Points into the blob, wherever the floats lie there: most of them at odd addresses. */
static const float *floats(const uint8_t **at, int count)
{
    const float *here = (const float *)(const void *)*at;

    *at += 4 * (size_t)count;
    return here;
}

static atome_ternary_t quantised(const uint8_t **at, int rows, int cols)
{
    atome_ternary_t W;

    W.scale = *floats(at, 1);
    W.packed = *at;
    W.rows = (uint16_t)rows;
    W.cols = (uint16_t)cols;
    *at += ((size_t)rows * (size_t)cols + 3) / 4;
    return W;
}

static void read_norm(const uint8_t **at, atome_norm_t *norm)
{
    norm->gamma = floats(at, D);
    norm->beta = floats(at, D);
}

static void read_block(const uint8_t **at, atome_block_t *block)
{
    atome_ternary_t taps;

    read_norm(at, &block->norm);
    taps = quantised(at, D, K);
    block->local_conv.packed = taps.packed;
    block->local_conv.scale = taps.scale;
    block->local_conv.channels = taps.rows;
    block->local_conv.kernel_size = taps.cols;
    block->ssm.a = floats(at, D);
    block->ssm.b = floats(at, D);
    block->ssm.c_out = floats(at, D);
    block->ssm.channels = D;
    block->attn.Wq = quantised(at, H, D);
    block->attn.Wk = quantised(at, H, D);
    block->attn.Wv = quantised(at, D, D);
    block->attn.d_head = H;
    block->attn.top_k = TOP_K;
    block->router = quantised(at, P, D);
}

/* All of a body but its output matrix, which the caller keeps or does not. */
static atome_ternary_t read_body(const uint8_t **at, atome_model_t *model)
{
    int l;

    model->embed = quantised(at, V, D);
    for (l = 0; l < L; l++) {
        read_block(at, &model->blocks[l]);
    }
    read_norm(at, &model->final_norm);
    return quantised(at, V, D);
}

int atome_load(atome_model_t *model, const uint8_t *data, size_t len)
{
    const uint8_t *at = data + 7;

    if (len < 7 || memcmp(data, "ATOME01", 7) != 0) {
        return -1;
    }
    if (len < 7 + body_bytes()) {
        return -2;
    }
    model->unembed = read_body(&at, model);
    return 0;
}

int atome_classifier_load(atome_classifier_t *clf, const uint8_t *data, size_t len)
{
    const uint8_t *at = data + 13;
    int32_t n_classes;

    if (len < 13 || memcmp(data, "ATOMECL01", 9) != 0) {
        return -1;
    }
    memcpy(&n_classes, data + 9, sizeof n_classes);
    if (n_classes < 1 || n_classes > ATOME_MAX_CLASSES) {
        return -1;
    }
    if (len < 13 + body_bytes() + quantised_bytes((size_t)n_classes * D)) {
        return -2;
    }
    (void)read_body(&at, &clf->base); /* base.unembed is never set */
    clf->head = quantised(&at, (int)n_classes, D);
    clf->n_classes = (int)n_classes;
    return 0;
}
