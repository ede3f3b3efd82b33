/* shape: -DATOME_D_MODEL=5 -DATOME_N_LAYERS=1 -DATOME_D_HEAD=2 -DATOME_VOCAB_SIZE=6 -DATOME_MAX_SEQ=1 -DATOME_MAX_CLASSES=3 */
/* reference: ours */
/*
 * Habit: the boot code checks every return code, and so do its tests: damaged and truncated blobs, NULL everywhere,
 * models that were never loaded. A failed load must leave the old model in use.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

static atome_model_t model, unloaded;
static atome_classifier_t clf, unloaded_clf;
static atome_state_t state;
static const int tokens[] = {2, 5};

/* Loads the first len bytes of a blob from a block of exactly that size. */
static int load_part(const uint8_t *blob, size_t len, int is_classifier)
{
    uint8_t *part = (uint8_t *)malloc(len == 0 ? 1 : len);
    int code;

    if (part == NULL) {
        return -99;
    }
    memcpy(part, blob, len);
    code = is_classifier ? atome_classifier_load(&clf, part, len) : atome_load(&model, part, len);
    free(part);
    return code;
}

/* Every proper prefix of a blob; prints where the code changes. The struct must keep its old contents. */
static void truncate_everywhere(const uint8_t *blob, size_t len, int is_classifier)
{
    int last = 1;
    size_t n;

    for (n = 0; n < len; n++) {
        int code = load_part(blob, n, is_classifier);
        if (code != last) {
            printf("%s of %u bytes: %d\n", is_classifier ? "classifier" : "model", (unsigned)n, code);
            last = code;
        }
    }
}

static void damaged_magic(uint8_t *blob, size_t len, size_t magic_len, int is_classifier)
{
    size_t i;

    for (i = 0; i < magic_len; i++) {
        blob[i] ^= 0x20;
        printf(" %d", load_part(blob, len, is_classifier));
        blob[i] ^= 0x20;
    }
    printf(" for a damaged magic\n");
}

static void class_counts(uint8_t *blob, size_t len)
{
    static const int32_t counts[] = {INT32_MIN, -1, 0, 4, 16777216, INT32_MAX};
    uint8_t saved[4];
    size_t i;

    memcpy(saved, blob + 9, 4);
    for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        memcpy(blob + 9, &counts[i], 4);
        printf("%ld classes: %d\n", (long)counts[i], load_part(blob, len, 1));
    }
    memcpy(blob + 9, saved, 4);
}

static void nulls(const uint8_t *blob, size_t len)
{
    int output[2] = {-5, -5};

    printf("load: %d %d\n", atome_load(NULL, blob, len), atome_load(&model, NULL, len));
    printf("classifier_load: %d %d\n", atome_classifier_load(NULL, blob, len), atome_classifier_load(&clf, NULL, len));
    printf("predict: %d %d %d\n", atome_predict_next(NULL, &state, tokens, 1),
           atome_predict_next(&model, NULL, tokens, 1), atome_predict_next(&model, &state, NULL, 1));
    printf("no tokens: %d %d\n", atome_predict_next(&model, &state, tokens, 0),
           atome_predict_next(&model, &state, tokens, -3));
    printf("generate: %d %d %d %d\n", atome_generate(NULL, &state, tokens, 1, output, 2),
           atome_generate(&model, NULL, tokens, 1, output, 2), atome_generate(&model, &state, NULL, 1, output, 2),
           atome_generate(&model, &state, tokens, 1, NULL, 2));
    printf("generate nothing: %d %d %d\n", atome_generate(&model, &state, tokens, 0, output, 2),
           atome_generate(&model, &state, tokens, -1, output, 2), atome_generate(&model, &state, tokens, 1, output, 0));
    printf("classify: %d %d %d %d\n", atome_classify(NULL, &state, tokens, 1, NULL),
           atome_classify(&clf, NULL, tokens, 1, NULL), atome_classify(&clf, &state, NULL, 1, NULL),
           atome_classify(&clf, &state, tokens, 0, NULL));
    printf("never loaded: %d %d %d\n", atome_predict_next(&unloaded, &state, tokens, 1),
           atome_generate(&unloaded, &state, tokens, 1, output, 2),
           atome_classify(&unloaded_clf, &state, tokens, 1, NULL));
    printf("output untouched: %d %d\n", output[0], output[1]);
    printf("logits of nothing: %s\n", atome_get_logits(NULL) == NULL ? "NULL" : "an address");
    atome_init(NULL);
}

int main(void)
{
    size_t len_model, len_clf;
    uint8_t *blob = make_model(31, &len_model);
    uint8_t *blob_clf = make_classifier(32, 3, &len_clf);
    float scores[ATOME_MAX_CLASSES];

    printf("before any load: %d\n", atome_predict_next(&model, &state, tokens, 1));
    truncate_everywhere(blob, len_model, 0);
    truncate_everywhere(blob_clf, len_clf, 1);
    printf("after failed loads: %d %d\n", atome_predict_next(&model, &state, tokens, 1),
           atome_classify(&clf, &state, tokens, 1, NULL));
    printf("whole: %d %d\n", atome_load(&model, blob, len_model), atome_classifier_load(&clf, blob_clf, len_clf));

    truncate_everywhere(blob, len_model, 0);
    truncate_everywhere(blob_clf, len_clf, 1);
    damaged_magic(blob, len_model, 7, 0);
    damaged_magic(blob_clf, len_clf, 9, 1);
    printf("each other's blobs: %d %d\n", load_part(blob_clf, len_clf, 0), load_part(blob, len_model, 1));
    class_counts(blob_clf, len_clf);
    nulls(blob, len_model);

    printf("still in use: %d", atome_predict_next(&model, &state, tokens, 2)); /* S = 1: the second does not count */
    printf(" %d\n", atome_classify(&clf, &state, tokens, 2, scores));
    show_floats("logits", state.logits, ATOME_VOCAB_SIZE);
    show_floats("scores", scores, 3);
    printf("a full sequence generates %d\n", atome_generate(&model, &state, tokens, 2, (int[2]){0}, 2));
    free(blob);
    free(blob_clf);
    return 0;
}
