/*
 * The calls of a C99 engine whose predictions are the integer reference's, on the model and the state of the floating-point
 * reference of the shape, which loads models: LOADER is its table. Every prediction computes its constants and its whole sequence
 * anew. No operation on floats is in it: what is handed out as a float is put together by its bits.
 */
#ifndef INTEGER_CALLS_H
#define INTEGER_CALLS_H

#include <stdlib.h>
#include <string.h>

extern const struct engine_api LOADER;

/* ATOME_ERR_ARITHMETIC, and what the page has no answer to: a model that was changed into one which is refused. */
enum { CALLS_REFUSED = -11, CALLS_UNANSWERED = -1000 };

/* What a prediction works in. */
typedef struct {
    integer_constants_t constants;
    integer_state_t state;
    int32_t sums[ATOME_VOCAB_SIZE > ATOME_MAX_CLASSES ? ATOME_VOCAB_SIZE : ATOME_MAX_CLASSES];
} calls_room_t;

static void write_bits(float *place, uint32_t bits) { memcpy(place, &bits, sizeof bits); }

/* p * 2^-15, exactly. */
static uint32_t share_bits(int64_t p)
{
    uint32_t exponent = 127 + 8;

    if (p == 0) {
        return 0;
    }
    for (; p < 1 << 23; p <<= 1) {
        exponent--;
    }
    return exponent << 23 | ((uint32_t)p & 0x7fffff);
}

static void write_shares(const integer_state_t *state, atome_state_t *out, int n)
{
    int t, p;

    for (t = 0; t < n; t++) {
        for (p = 0; p < ATOME_N_PATHWAYS; p++) {
            write_bits(&out->router_w[t][p], share_bits(state->rows[t][p]));
        }
    }
}

static void write_logits(const calls_room_t *room, float *out, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        write_bits(&out[i], integer_logit(&room->constants, room->sums[i]));
    }
}

static int counted(int n) { return n < ATOME_MAX_SEQ ? n : ATOME_MAX_SEQ; }

/* The first `n` tokens, behind which `room` is ready. */
static int predict_in(calls_room_t *room, atome_state_t *state, const int *tokens, int n)
{
    const int next = integer_predict(&room->constants, &room->state, tokens, n, n - 1, room->sums);

    write_shares(&room->state, state, n);
    return next;
}

static int calls_load(void *model, const uint8_t *data, size_t len)
{
    atome_model_t *loaded = calloc(1, sizeof *loaded);
    integer_constants_t *constants = calloc(1, sizeof *constants);
    int code = loaded == NULL || constants == NULL ? CALLS_UNANSWERED : LOADER.load(model == NULL ? NULL : loaded, data, len);

    if (code == 0 && integer_load(constants, loaded) != INTEGER_OK) {
        code = CALLS_REFUSED;
    }
    if (code == 0) {
        memcpy(model, loaded, sizeof *loaded);
    }
    free(loaded);
    free(constants);
    return code;
}

static int calls_classifier_load(void *classifier, const uint8_t *data, size_t len)
{
    atome_classifier_t *loaded = calloc(1, sizeof *loaded);
    integer_constants_t *constants = calloc(1, sizeof *constants);
    int code = loaded == NULL || constants == NULL ? CALLS_UNANSWERED
                                                   : LOADER.classifier_load(classifier == NULL ? NULL : loaded, data, len);

    /* The base is a model of its own. */
    if (code == 0 && (integer_load_classifier(constants, loaded) != INTEGER_OK ||
                      integer_load(constants, &loaded->base) != INTEGER_OK)) {
        code = CALLS_REFUSED;
    }
    if (code == 0) {
        memcpy(classifier, loaded, sizeof *loaded);
    }
    free(loaded);
    free(constants);
    return code;
}

static int calls_predict_next(const void *model, void *state, const int *tokens, int n_tokens)
{
    const atome_model_t *m = model;
    atome_state_t *s = state;
    calls_room_t *room;
    int next = CALLS_UNANSWERED;

    if (m == NULL || s == NULL || tokens == NULL || n_tokens < 1 || m->embed.packed == NULL) {
        return -1;
    }
    room = calloc(1, sizeof *room);
    if (room != NULL && integer_load(&room->constants, m) == INTEGER_OK) {
        next = predict_in(room, s, tokens, counted(n_tokens));
        write_logits(room, s->logits, ATOME_VOCAB_SIZE);
    }
    free(room);
    return next;
}

static int calls_generate(const void *model, void *state, const int *prompt, int prompt_len, int *output, int max_tokens)
{
    int tokens[ATOME_MAX_SEQ], n, count = 0;

    if (model == NULL || state == NULL || prompt == NULL || output == NULL || prompt_len < 1) {
        return 0;
    }
    n = counted(prompt_len);
    memcpy(tokens, prompt, (size_t)n * sizeof *tokens);
    for (; count < max_tokens && n < ATOME_MAX_SEQ; count++, n++) {
        const int next = calls_predict_next(model, state, tokens, n);
        if (next < 0) {
            return next == CALLS_UNANSWERED ? next : 0;
        }
        tokens[n] = output[count] = next;
    }
    return count;
}

static int calls_classify(const void *classifier, void *state, const int *tokens, int n_tokens, float *class_logits)
{
    const atome_classifier_t *c = classifier;
    atome_state_t *s = state;
    calls_room_t *room;
    int class = CALLS_UNANSWERED;

    if (c == NULL || s == NULL || tokens == NULL || n_tokens < 1 || c->head.packed == NULL) {
        return -1;
    }
    room = calloc(1, sizeof *room);
    if (room != NULL && integer_load_classifier(&room->constants, c) == INTEGER_OK) {
        class = predict_in(room, s, tokens, counted(n_tokens));
        if (class_logits != NULL) {
            write_logits(room, class_logits, c->n_classes);
        }
    }
    free(room);
    return class;
}

#endif
