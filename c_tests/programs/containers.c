/* shape: -DATOME_D_MODEL=6 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=3 -DATOME_VOCAB_SIZE=11 -DATOME_MAX_SEQ=8 -DATOME_KERNEL_SIZE=3 */
/* languages: c c++ */
/*
 * Habit: a model file comes with its description (a container). The C99 engine knows none, so it loads the plain file; the
 * archive loads the container and must give the same results. It refuses every truncation, every
 * flipped bit and every other shape, and says which.
 */
#define ATOME_FORMATS
#define ATOME_CONTAINERS
#include "atome.h"

#include "make_container.h"
#include "make_model.h"
#include "show.h"

enum { CLASSES = 3, SEED = 5 };

static atome_model_t model;
static atome_classifier_t clf;
static atome_state_t state;

/* What the models point into, until the end. */
static uint8_t *model_file, *clf_file;

static uint8_t *reserve(size_t len)
{
    uint8_t *bytes = (uint8_t *)malloc(len);

    if (bytes == NULL) {
        fprintf(stderr, "no memory for %lu bytes\n", (unsigned long)len);
        exit(2);
    }
    return bytes;
}

#ifdef ATOME_ABI_VERSION

static void expect(const char *what, unsigned long at, int wanted, int got)
{
    if (wanted != got) {
        fprintf(stderr, "%s, %lu: expected %d, got %d\n", what, at, wanted, got);
        exit(1);
    }
}

/* A container in a heap block of exactly its length. */
static uint8_t *pack(const uint8_t *plain, size_t len, int n_classes, size_t *packed)
{
    uint8_t *file;

    *packed = write_container(NULL, plain, len, n_classes);
    file = reserve(*packed);
    write_container(file, plain, len, n_classes);
    return file;
}

static void every_truncation(const uint8_t *file, size_t len)
{
    size_t n;

    for (n = 0; n < len; n++) {
        uint8_t *part = reserve(n + 1); /* not NULL for 0 bytes */

        memcpy(part, file, n);
        expect("truncated", (unsigned long)n, n < 8 ? ATOME_ERR_INVALID : ATOME_ERR_TRUNCATED,
               atome_load(&model, part, n));
        free(part);
    }
}

static void every_bit(uint8_t *file, size_t len)
{
    size_t bit;

    for (bit = 0; bit < 8 * len; bit++) {
        file[bit / 8] = (uint8_t)(file[bit / 8] ^ (1u << (bit % 8)));
        if (atome_load(&model, file, len) == ATOME_OK) {
            expect("a flipped bit", (unsigned long)bit, ATOME_ERR_DAMAGED, ATOME_OK);
        }
        file[bit / 8] = (uint8_t)(file[bit / 8] ^ (1u << (bit % 8)));
    }
}

static void another_shape(uint8_t *file, size_t len)
{
    char text[256];
    atome_container_info_t info;

    file[16]++;
    seal_container(file, len);
    expect("another shape", 0, ATOME_ERR_SHAPE, atome_load(&model, file, len));
    expect("explain", 0, ATOME_ERR_SHAPE, atome_container_explain(file, len, text, sizeof text));
    if (strstr(text, "model VOCAB_SIZE=11 D_MODEL=7 ") == NULL || strstr(text, "program VOCAB_SIZE=11 D_MODEL=6 ") == NULL) {
        fprintf(stderr, "explained as: %s\n", text);
        exit(1);
    }
    expect("info", 0, ATOME_OK, atome_container_info(file, len, &info));
    expect("info, d_model", 0, 7, info.d_model);
    expect("info, window", 0, ATOME_MAX_SEQ, info.window);
    file[16]--;
    seal_container(file, len);
}

static int load(const uint8_t *plain, size_t len)
{
    size_t packed;

    model_file = pack(plain, len, 0, &packed);
    every_truncation(model_file, packed);
    every_bit(model_file, packed);
    another_shape(model_file, packed);
    return atome_load(&model, model_file, packed);
}

static int load_classifier(const uint8_t *plain, size_t len)
{
    size_t packed;

    clf_file = pack(plain, len, CLASSES, &packed);
    return atome_classifier_load(&clf, clf_file, packed);
}

#else

static int load(const uint8_t *plain, size_t len) { return atome_load(&model, plain, len); }

static int load_classifier(const uint8_t *plain, size_t len) { return atome_classifier_load(&clf, plain, len); }

#endif

int main(void)
{
    static const int tokens[] = {10, 1, 0, 3, 3, 5, 8, 2};
    size_t len, len_clf;
    uint8_t *plain = make_model(SEED, &len);
    uint8_t *plain_clf = make_classifier(SEED, CLASSES, &len_clf);
    float scores[ATOME_MAX_CLASSES];

    printf("load %d", load(plain, len));
    printf(" %d", load_classifier(plain_clf, len_clf));
    printf(", next %d", atome_predict_next(&model, &state, tokens, 8));
    show_floats("logits", state.logits, ATOME_VOCAB_SIZE);
    printf("class %d\n", atome_classify(&clf, &state, tokens, 8, scores));
    show_floats("scores", scores, CLASSES);
    free(model_file);
    free(clf_file);
    free(plain_clf);
    free(plain);
    return 0;
}
