/*
 * The blob at every offset modulo 8: no fault, and the same bits as at the first offset.
 *
 * With the setting fault=1 the program instead loads from an odd address: a float, as an engine that casts a pointer into
 * the blob does, or with fault=2 a halfword. Both must end in a HardFault: so the emulator would see one. Where the core
 * would carry these loads out, the board has set UNALIGN_TRP.
 */
#include "atome.h"

#include "blob_size.h"
#include "board.h"
#include "digest.h"
#include "text.h"

#include <string.h>

/* The C library's memcpy loads halfwords from odd addresses, which faults here. The archive has to live with that, as it is
 * linked with it: it may not call it for what lies in the blob. The program itself, which puts the blob there, copies bytes. */
static void copy_bytes(void *to, const void *from, size_t count)
{
    volatile uint8_t *out = to;
    const uint8_t *in = from;

    while (count-- > 0) {
        *out++ = *in++;
    }
}
#define memcpy copy_bytes
#include "make_model.h"
#undef memcpy

enum { CLASSES = 3, OFFSETS = 8 };

static atome_model_t model;
static atome_classifier_t classifier;
static atome_state_t state;

static void misaligned_load(const uint8_t *bytes, int is_halfword)
{
#if defined(__arm__)
    if (is_halfword) {
        __asm__ volatile("ldrh r2, [%0]" ::"r"(bytes) : "r2", "memory");
    } else {
        __asm__ volatile("ldr r2, [%0]" ::"r"(bytes) : "r2", "memory");
    }
#else
    (void)bytes;
    (void)is_halfword;
#endif
}

static void one_norm(digest_t *digest, const atome_norm_t *norm)
{
    float x[ATOME_D_MODEL];
    int i;

    for (i = 0; i < ATOME_D_MODEL; i++) {
        x[i] = (float)(i * i % 7) - 2.0f;
    }
    atome_layer_norm(x, ATOME_D_MODEL, norm);
    digest_floats(digest, x, ATOME_D_MODEL);
}

/* The model at `at`, then a classifier at the same place. Returns 0 where a call fails. */
static int run(digest_t *digest, uint8_t *at)
{
    static const int tokens[] = {1, 5, 2, 7, 3};
    float scores[CLASSES];
    int output[ATOME_MAX_SEQ];
    int i, written, class;

    write_model(at, 77, 0);
    if (atome_load(&model, at, MODEL_BYTES) != ATOME_OK) {
        return 0;
    }
    one_norm(digest, &model.final_norm);
    digest_int(digest, atome_predict_next(&model, &state, tokens, 5));
    digest_floats(digest, state.logits, ATOME_VOCAB_SIZE);
    written = atome_generate(&model, &state, tokens, 2, output, ATOME_MAX_SEQ);
    for (i = 0; i < written; i++) {
        digest_int(digest, output[i]);
    }
    digest_floats(digest, state.logits, ATOME_VOCAB_SIZE);

    write_model(at, 78, CLASSES);
    if (atome_classifier_load(&classifier, at, CLASSIFIER_BYTES(CLASSES)) != ATOME_OK) {
        return 0;
    }
    class = atome_classify(&classifier, &state, tokens, 5, scores);
    digest_int(digest, class);
    digest_floats(digest, scores, CLASSES);
    return written > 0 && class >= 0;
}

int main(void)
{
    uint8_t *memory = board_memory(CLASSIFIER_BYTES(CLASSES) + OFFSETS);
    uint64_t first = 0;
    int offset;

    if (setting("fault", 0) != 0) {
        misaligned_load(memory + 1, setting("fault", 0) == 2);
        board_write("a misaligned load passed\n");
        return 1;
    }
    atome_init(&state);
    for (offset = 0; offset < OFFSETS; offset++) {
        digest_t digest = digest_start();
        const int runs = run(&digest, memory + offset);

        if (offset == 0) {
            first = digest.value;
        }
        if (!runs || digest.value != first) {
            write_result(runs ? "wrong: other results at offset" : "wrong: a call failed at offset", (uint32_t)offset);
            return 1;
        }
    }
    write_result("offsets", OFFSETS);
    return 0;
}
