/* shape: -DATOME_D_MODEL=13 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=6 -DATOME_KERNEL_SIZE=3 -DATOME_VOCAB_SIZE=21 -DATOME_MAX_SEQ=6 */
/* languages: c c++ */
/* reference: ours */
/*
 * Habit: a program that refuses any file which is not exactly a model of its shape. The C99 engine has no such function, so
 * it gets one here, from the lengths that the test's writers count; the archive has its own, and its header the lengths as
 * constants.
 */
#define ATOME_FORMATS
#define ATOME_CONTAINERS
#include "atome.h"

#include "make_model.h"
#include "repack.h"
#include "show.h"

enum { CLASSES = 3, SEED = 17, MORE = 9 };

static atome_model_t model;
static atome_classifier_t clf;
static atome_state_t state;

#ifdef ATOME_ABI_VERSION

/* The preprocessor knows them, too. */
#if ATOME_BLOB_SIZE_ATOME01 < 1000 || ATOME_BLOB_SIZE_ATOMECL01(3) < ATOME_BLOB_SIZE_ATOME01 || \
    ATOME_BLOB_SIZE_ATOME02 > ATOME_BLOB_SIZE_ATOMEP3
#error "the sizes are not those of this shape"
#endif

static void expect_len(const char *format, unsigned long counted, unsigned long stated)
{
    if (counted != stated) {
        fprintf(stderr, "%s: the file has %lu bytes, atome.h says %lu\n", format, counted, stated);
        exit(1);
    }
}

static void compare_constants(size_t atome01, size_t atome02, size_t atomep3, size_t classifier)
{
    expect_len("ATOME01", (unsigned long)atome01, ATOME_BLOB_SIZE_ATOME01);
    expect_len("ATOME02", (unsigned long)atome02, ATOME_BLOB_SIZE_ATOME02);
    expect_len("ATOMEP3", (unsigned long)atomep3, ATOME_BLOB_SIZE_ATOMEP3);
    expect_len("ATOMECL01", (unsigned long)classifier, ATOME_BLOB_SIZE_ATOMECL01(CLASSES));
}

/* The words come with the code of the function that loads such a file. */
static void expect_explained(const char *format, const uint8_t *file, size_t len, int code)
{
    char text[512];
    const int explained = atome_explain(file, len, text, sizeof text);

    if (explained != code || text[0] == '\0' || (code == 0) != (strstr(text, "fits this program") != NULL)) {
        fprintf(stderr, "%s of %u bytes: loading gave %d, explaining %d, %s\n", format, (unsigned)len, code, explained,
                text);
        exit(1);
    }
}

#else

#define expect_explained(format, file, len, code) ((void)0)
#define compare_constants(atome01, atome02, atomep3, classifier) ((void)(atome01 + atome02 + atomep3 + classifier))

/* Of the files that main made, by their magic. */
static size_t lengths[4];

static size_t expected_len(const uint8_t *data, size_t len)
{
    const char *const magics[4] = {"ATOME01", "ATOME02", "ATOMEP3", "ATOMECL01"};
    int i;

    for (i = 0; i < 4; i++) {
        if (len >= strlen(magics[i]) && memcmp(data, magics[i], strlen(magics[i])) == 0) {
            return lengths[i];
        }
    }
    return 0;
}

static int is_longer(const uint8_t *data, size_t len)
{
    const size_t expected = data == NULL ? 0 : expected_len(data, len);
    return expected != 0 && len > expected;
}

static int atome_load_exact(atome_model_t *to, const uint8_t *data, size_t len)
{
    return to != NULL && is_longer(data, len) && data[5] != 'C' ? -6 : atome_load(to, data, len);
}

static int atome_classifier_load_exact(atome_classifier_t *to, const uint8_t *data, size_t len)
{
    return to != NULL && is_longer(data, len) && data[5] == 'C' ? -6 : atome_classifier_load(to, data, len);
}

#endif

static uint8_t *reserve(size_t len)
{
    uint8_t *bytes = (uint8_t *)malloc(len);

    if (bytes == NULL) {
        fprintf(stderr, "no memory for %lu bytes\n", (unsigned long)len);
        exit(2);
    }
    return bytes;
}

/* The file cut at each length, whole, and with up to MORE bytes behind it, in a heap block of that length each time; prints
 * where the answer changes. */
static void every_length(const char *format, const uint8_t *file, size_t len, int is_classifier)
{
    int last = 1, code, still;
    size_t n;

    for (n = 0; n <= len + MORE; n++) {
        uint8_t *part = reserve(n + 1); /* not NULL for 0 bytes */

        memset(part, 0, n + 1);
        memcpy(part, file, n < len ? n : len);
        code = is_classifier ? atome_classifier_load_exact(&clf, part, n) : atome_load_exact(&model, part, n);
        if (code != last) {
            printf("%s of %u bytes: %d\n", format, (unsigned)n, code);
            last = code;
        }
        if (n != len && code == 0) {
            fprintf(stderr, "%s: %u bytes were taken for %u\n", format, (unsigned)n, (unsigned)len);
            exit(1);
        }
        expect_explained(format, part, n, code);
        free(part);
        /* atome_load keeps its promise: bytes behind the end are allowed. */
        if (n > len) {
            part = reserve(n);
            memset(part, 0, n);
            memcpy(part, file, len);
            still = is_classifier ? atome_classifier_load(&clf, part, n) : atome_load(&model, part, n);
            if (still != 0) {
                fprintf(stderr, "%s: refused for %u bytes behind it\n", format, (unsigned)(n - len));
                exit(1);
            }
            free(part);
        }
    }
}

static void predict(const uint8_t *file, size_t len)
{
    static const int tokens[] = {3, 20, 7};

    atome_init(&state);
    printf("load_exact: %d\n", atome_load_exact(&model, file, len));
    printf("next: %d\n", atome_predict_next(&model, &state, tokens, 3));
    show_floats("logits", state.logits, ATOME_VOCAB_SIZE);
}

int main(void)
{
    size_t len_model, len_clf, len_base_3, len_powers;
    uint8_t *file = make_model(SEED, &len_model), *file_clf = make_classifier(SEED, CLASSES, &len_clf);
    uint8_t *base_3, *powers;

    len_base_3 = repack(file, NULL, REPACK_AS_BASE_3);
    len_powers = repack(file, NULL, REPACK_AS_POWERS_OF_3);
    base_3 = reserve(len_base_3);
    powers = reserve(len_powers);
    repack(file, base_3, REPACK_AS_BASE_3);
    repack(file, powers, REPACK_AS_POWERS_OF_3);
#ifndef ATOME_ABI_VERSION
    lengths[0] = len_model;
    lengths[1] = len_base_3;
    lengths[2] = len_powers;
    lengths[3] = len_clf;
#endif
    compare_constants(len_model, len_base_3, len_powers, len_clf);

    every_length("ATOME01", file, len_model, 0);
    every_length("ATOME02", base_3, len_base_3, 0);
    every_length("ATOMEP3", powers, len_powers, 0);
    every_length("ATOMECL01", file_clf, len_clf, 1);
    printf("each other's files: %d %d\n", atome_load_exact(&model, file_clf, len_clf),
           atome_classifier_load_exact(&clf, file, len_model));
    printf("NULL: %d %d %d %d\n", atome_load_exact(NULL, file, len_model), atome_load_exact(&model, NULL, len_model),
           atome_classifier_load_exact(NULL, file_clf, len_clf), atome_classifier_load_exact(&clf, NULL, len_clf));
    predict(file, len_model);
    predict(base_3, len_base_3);
    predict(powers, len_powers);
    free(file);
    free(file_clf);
    free(base_3);
    free(powers);
    return 0;
}
