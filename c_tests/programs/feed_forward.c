/* shape: -DATOME_D_MODEL=6 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=3 -DATOME_VOCAB_SIZE=11 -DATOME_MAX_SEQ=8 -DATOME_KERNEL_SIZE=3 -DATOME_FEED_FORWARD=2 */
/* languages: c c++ */
/*
 * Habit: a model whose layers end in feed-forward sublayers. The C99 engine knows none, so its building blocks are put together
 * here as docs/numerics.md says; the archive loads the container and must give the same bits. It refuses every truncation, every
 * flipped bit, every other number of sublayers, and a container without any.
 */
#include "atome.h"

#include "make_container.h"
#include "make_model.h"
#include "show.h"

enum { CLASSES = 3, SEED = 7, D = ATOME_D_MODEL, N = ATOME_MAX_SEQ, PART_AT = CONTAINER_HEAD + 16 };

static atome_model_t model;
static atome_classifier_t clf;
static atome_state_t state;
static const int tokens[N] = {10, 1, 0, 3, 3, 5, 8, 2};

static uint8_t *reserve(size_t len)
{
    uint8_t *bytes = (uint8_t *)malloc(len);

    if (bytes == NULL) {
        fprintf(stderr, "no memory for %lu bytes\n", (unsigned long)len);
        exit(2);
    }
    return bytes;
}

/* The part of so many sublayers a layer; returns its length. */
static size_t write_part(uint8_t *out, int count)
{
    model_writer w;
    const uint8_t head[4] = {(uint8_t)count, 0, 0, 0};
    int i;

    w.bytes = out;
    w.len = 0;
    w.random = 12345;
    write_bytes(&w, head, sizeof head);
    for (i = 0; i < count * ATOME_N_LAYERS; i++) {
        write_norm(&w);
        write_quantised(&w, D, D);
        write_quantised(&w, D, D);
    }
    return w.len;
}

#ifdef ATOME_ABI_VERSION

static void expect(const char *what, unsigned long at, int wanted, int got)
{
    if (wanted != got) {
        fprintf(stderr, "%s, %lu: expected %d, got %d\n", what, at, wanted, got);
        exit(1);
    }
}

/* A container with the part, in a heap block of exactly its length. */
static uint8_t *pack(const uint8_t *plain, size_t len, int n_classes, int count, size_t *packed)
{
    const size_t part = write_part(NULL, count), magic = n_classes > 0 ? 13 : 7;
    const size_t payload = container_payload_at(16 + part, magic), total = payload + len + CONTAINER_TAIL;
    uint8_t *file = reserve(total);
    uint8_t *around = reserve(write_container(NULL, plain, len, n_classes));

    write_container(around, plain, len, n_classes);
    memset(file, 0, total);
    memcpy(file, around, CONTAINER_HEAD);
    free(around);
    put_number(file + 10, 2, 2); /* parts */
    put_number(file + 12, (uint32_t)total, 4);
    put_number(file + 40, 0, 4); /* no notes */
    put_number(file + 44, (uint32_t)payload, 4);
    put_number(file + CONTAINER_HEAD, 1, 4);
    put_number(file + CONTAINER_HEAD + 4, 3, 4);
    put_number(file + CONTAINER_HEAD + 8, PART_AT, 4);
    put_number(file + CONTAINER_HEAD + 12, (uint32_t)part, 4);
    write_part(file + PART_AT, count);
    memcpy(file + payload, plain, len);
    seal_container(file, total);
    *packed = total;
    return file;
}

static void refusals(const uint8_t *plain, size_t plain_len, uint8_t *file, size_t len)
{
    atome_model_t untouched, zero;
    size_t n, other_len;
    uint8_t *other;
    char text[256];
    int count;

    memset(&zero, 0, sizeof zero);
    memset(&untouched, 0, sizeof untouched);
    for (n = 0; n < len; n++) {
        expect("cut", (unsigned long)n, 1, atome_load(&untouched, file, n) < 0);
    }
    for (n = 0; n < 8 * len; n++) {
        file[n / 8] ^= (uint8_t)(1u << n % 8);
        expect("flipped", (unsigned long)n, 1, atome_load(&untouched, file, len) < 0);
        file[n / 8] ^= (uint8_t)(1u << n % 8);
    }
    for (count = 1; count <= 3; count += 2) {
        other = pack(plain, plain_len, 0, count, &other_len);
        expect("sublayers", (unsigned long)count, ATOME_ERR_SHAPE, atome_load(&untouched, other, other_len));
        expect("explained", (unsigned long)count, ATOME_ERR_SHAPE, atome_explain(other, other_len, text, sizeof text));
        expect("text", (unsigned long)count, '0' + count, text[strlen("model FEED_FORWARD=")]);
        free(other);
    }
    /* One sublayer a layer less than the part says. */
    put_number(file + CONTAINER_HEAD + 12, (uint32_t)write_part(NULL, 1), 4);
    seal_container(file, len);
    expect("short part", 0, ATOME_ERR_DAMAGED, atome_load(&untouched, file, len));
    put_number(file + CONTAINER_HEAD + 12, (uint32_t)write_part(NULL, 2), 4);
    seal_container(file, len);
    expect("plain", 0, ATOME_ERR_INVALID, atome_load(&untouched, plain, plain_len));
    other = reserve(other_len = write_container(NULL, plain, plain_len, 0));
    write_container(other, plain, plain_len, 0);
    expect("none", 0, ATOME_ERR_SHAPE, atome_load(&untouched, other, other_len));
    free(other);
    expect("NULL", 0, ATOME_ERR_INVALID, atome_load(NULL, file, len));
    expect("NULL data", 0, ATOME_ERR_INVALID, atome_load(&untouched, NULL, len));
    expect("untouched", 0, 0, memcmp(&untouched, &zero, sizeof zero));
    expect("never loaded", 0, ATOME_ERR_INVALID, atome_predict_next(&untouched, &state, tokens, N));
}

/* What a sequence costs one by one is what it gives at once. */
static void step_by_step(void)
{
    float at_once[ATOME_VOCAB_SIZE];
    int n, next = 0, once;

    for (n = 1; n <= N; n++) {
        once = atome_predict_next(&model, &state, tokens, n);
        memcpy(at_once, state.logits, sizeof at_once);
        if (ATOME_PLAN == ATOME_PLAN_CACHED) {
            int i;
            atome_restart(&state);
            for (i = 0; i < n; i++) {
                next = atome_step(&model, &state, tokens[i]);
            }
            expect("step", (unsigned long)n, once, next);
            expect("bits", (unsigned long)n, 0, memcmp(at_once, state.logits, sizeof at_once));
        } else {
            expect("step", (unsigned long)n, ATOME_ERR_PLAN, atome_step(&model, &state, 1));
        }
    }
}

static void slide(void)
{
    static int output[2 * N];
    int n, written = atome_generate_sliding(&model, &state, tokens, N, output, 2 * N);

    expect("slide", 0, 2 * N, written);
    for (n = 0; n < 2 * N; n++) {
        int window[N], i;
        for (i = 0; i < N; i++) {
            window[i] = n + i < N ? tokens[n + i] : output[n + i - N];
        }
        expect("slid", (unsigned long)n, output[n], atome_predict_next(&model, &state, window, N));
    }
}

static uint8_t *model_file, *clf_file;

static void run(const uint8_t *plain, size_t len, const uint8_t *plain_clf, size_t clf_len)
{
    float scores[ATOME_MAX_CLASSES];
    size_t file_len, clf_file_len;
    int n;

    model_file = pack(plain, len, 0, 2, &file_len);
    clf_file = pack(plain_clf, clf_len, CLASSES, 2, &clf_file_len);
    atome_init(&state);
    refusals(plain, len, model_file, file_len);
    expect("load", 0, ATOME_OK, atome_load(&model, model_file, file_len));
    expect("load exactly", 0, ATOME_OK, atome_load_exact(&model, model_file, file_len));
    expect("load", 1, ATOME_OK, atome_classifier_load(&clf, clf_file, clf_file_len));
    expect("load exactly", 1, ATOME_OK, atome_classifier_load_exact(&clf, clf_file, clf_file_len));
    for (n = 1; n <= N; n++) {
        atome_predict_next(&model, &state, tokens, n);
        show_floats("logits", state.logits, ATOME_VOCAB_SIZE);
    }
    atome_classify(&clf, &state, tokens, N, scores);
    show_floats("scores", scores, CLASSES);
    step_by_step();
    slide();
    free(model_file);
    free(clf_file);
}

#else
#include <math.h>

/* A sublayer's views into the part. */
static const uint8_t *matrix_at(const uint8_t *at, atome_ternary_t *matrix)
{
    memset(matrix, 0, sizeof *matrix);
    memcpy(&matrix->scale, at, 4);
    matrix->packed = at + 4;
    matrix->rows = matrix->cols = D;
    return at + 4 + (D * D + 3) / 4;
}

/* Step 2.8, of one sublayer and one position. */
static const uint8_t *sublayer(const uint8_t *at, float *x)
{
    atome_norm_t norm;
    atome_ternary_t up, down;
    float f[D], z[D], y[D];
    int i;

    norm.gamma = (const float *)(const void *)at;
    norm.beta = (const float *)(const void *)(at + 4 * D);
    at = matrix_at(matrix_at(at + 8 * D, &up), &down);
    memcpy(f, x, sizeof f);
    atome_layer_norm(f, D, &norm);
    atome_ternary_matvec(&up, f, z);
    for (i = 0; i < D; i++) {
        z[i] = z[i] > 0.0f ? z[i] : 0.0f;
    }
    atome_ternary_matvec(&down, z, y);
    for (i = 0; i < D; i++) {
        x[i] = x[i] + y[i];
    }
    return at;
}

static void softmax(float *z, int n)
{
    float max = z[0], sum = 0.0f, factor;
    int i;

    for (i = 1; i < n; i++) {
        max = max < z[i] ? z[i] : max;
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

static float x[N][D], u[N][D], local[N][D], ssm[N][D], sparse[N][D], p[N][ATOME_N_PATHWAYS];

/* The last of n positions behind the final norm. */
static const float *forward(const atome_model_t *m, const uint8_t *part, int n)
{
    int l, t, c, g;

    for (t = 0; t < n; t++) {
        for (c = 0; c < D; c++) {
            x[t][c] = (float)atome_unpack_trit(m->embed.packed, tokens[t] * D + c) * m->embed.scale;
        }
    }
    part += 4;
    for (l = 0; l < ATOME_N_LAYERS; l++) {
        const atome_block_t *block = &m->blocks[l];
        float h[D] = {0};
        const uint8_t *end = part;

        for (t = 0; t < n; t++) {
            memcpy(u[t], x[t], sizeof u[t]);
            atome_layer_norm(u[t], D, &block->norm);
            atome_ternary_matvec(&block->router, u[t], p[t]);
            softmax(p[t], ATOME_N_PATHWAYS);
        }
        atome_causal_conv((const float (*)[D])u, n, &block->local_conv, local);
        atome_ssm_forward((const float (*)[D])u, n, &block->ssm, h, ssm);
        atome_sparse_attn((const float (*)[D])u, n, &block->attn, &state, sparse);
        for (t = 0; t < n; t++) {
            for (c = 0; c < D; c++) {
                x[t][c] = x[t][c] + ((p[t][0] * local[t][c] + p[t][1] * ssm[t][c]) + p[t][2] * sparse[t][c]);
            }
            for (g = 0, end = part; g < ATOME_FEED_FORWARD; g++) {
                end = sublayer(end, x[t]);
            }
        }
        part = end;
    }
    atome_layer_norm(x[n - 1], D, &m->final_norm);
    return x[n - 1];
}

static void run(const uint8_t *plain, size_t len, const uint8_t *plain_clf, size_t clf_len)
{
    uint8_t *part = reserve(write_part(NULL, ATOME_FEED_FORWARD));
    float logits[ATOME_VOCAB_SIZE], scores[ATOME_MAX_CLASSES];
    int n;

    write_part(part, ATOME_FEED_FORWARD);
    atome_init(&state);
    if (atome_load(&model, plain, len) != 0 || atome_classifier_load(&clf, plain_clf, clf_len) != 0) {
        exit(1);
    }
    for (n = 1; n <= N; n++) {
        atome_ternary_matvec(&model.unembed, forward(&model, part, n), logits);
        show_floats("logits", logits, ATOME_VOCAB_SIZE);
    }
    atome_ternary_matvec(&clf.head, forward(&clf.base, part, N), scores);
    show_floats("scores", scores, CLASSES);
    free(part);
}

#endif

int main(void)
{
    size_t len, len_clf;
    uint8_t *plain = make_model(SEED, &len);
    uint8_t *plain_clf = make_classifier(SEED, CLASSES, &len_clf);

    run(plain, len, plain_clf, len_clf);
    free(plain_clf);
    free(plain);
    return 0;
}
