/* shape: -DATOME_D_MODEL=5 -DATOME_N_LAYERS=1 -DATOME_D_HEAD=2 -DATOME_VOCAB_SIZE=6 -DATOME_MAX_SEQ=4 -DATOME_MAX_CLASSES=3 */
/* reference: ours */
/*
 * Habit: model files come over a bad line. Every truncation and every flipped bit of a file of each plain format, in a heap
 * block of exactly its length: it is refused, or it is another model, which runs and gives the reference's bits. (The plain
 * formats have no checksum. A container has one: containers.c.)
 */
#define ATOME_FORMATS
#include "atome.h"

#include "make_model.h"
#include "repack.h"
#include "show.h"

enum { CLASSES = 3, N_TOKENS = 3 };

static const int tokens[N_TOKENS] = {2, 5, 1};

static atome_model_t model;
static atome_classifier_t clf;
static atome_state_t state;

/* What became of the files so far. */
static unsigned refused, accepted;
static uint64_t hash;

static void enter(uint64_t value)
{
    hash = (hash ^ value) * 0x100000001b3u;
}

/* Loads the first len bytes of a file, and runs what was loaded. */
static void attempt(const uint8_t *file, size_t len, int is_classifier)
{
    uint8_t *part = (uint8_t *)malloc(len == 0 ? 1 : len);
    float scores[CLASSES];
    int code;

    if (part == NULL) {
        exit(2);
    }
    memcpy(part, file, len);
    code = is_classifier ? atome_classifier_load(&clf, part, len) : atome_load(&model, part, len);
    enter((uint64_t)(int64_t)code);
    if (code != 0) {
        refused++;
    } else {
        accepted++;
        if (is_classifier) {
            enter((uint64_t)(int64_t)atome_classify(&clf, &state, tokens, N_TOKENS, scores));
            enter(hash_floats(scores, clf.n_classes));
        } else {
            enter((uint64_t)(int64_t)atome_predict_next(&model, &state, tokens, N_TOKENS));
            enter(hash_floats(atome_get_logits(&state), ATOME_VOCAB_SIZE));
        }
        atome_init(&state); /* what it remembers of the model goes, as the file does */
    }
    free(part);
}

static void show(const char *name, const char *what)
{
    printf("%s, %s: %u refused, %u run, %016" PRIx64 "\n", name, what, refused, accepted, hash);
    refused = accepted = 0;
    hash = 0;
}

static void damage(const char *name, uint8_t *file, size_t len, int is_classifier)
{
    size_t n;

    for (n = 0; n < len; n++) {
        attempt(file, n, is_classifier);
    }
    show(name, "truncated");
    for (n = 0; n < 8 * len; n++) {
        file[n / 8] = (uint8_t)(file[n / 8] ^ (1u << (n % 8)));
        attempt(file, len, is_classifier);
        file[n / 8] = (uint8_t)(file[n / 8] ^ (1u << (n % 8)));
    }
    show(name, "a flipped bit");
    attempt(file, len, is_classifier);
    show(name, "whole");
}

static void damage_as(const char *name, const uint8_t *atome01, enum repack_as as)
{
    const size_t len = repack(atome01, NULL, as);
    uint8_t *file = (uint8_t *)malloc(len);

    if (file == NULL) {
        exit(2);
    }
    repack(atome01, file, as);
    damage(name, file, len, 0);
    free(file);
}

int main(void)
{
    size_t len, classifier_len;
    uint8_t *file = make_model(31, &len);
    uint8_t *classifier = make_classifier(32, CLASSES, &classifier_len);

    atome_init(&state);
    damage("ATOME01", file, len, 0);
    damage("ATOMECL01", classifier, classifier_len, 1);
    damage_as("ATOME02", file, REPACK_AS_BASE_3);
    damage_as("ATOMEP3", file, REPACK_AS_POWERS_OF_3);
    free(file);
    free(classifier);
    return 0;
}
