/*
 * Bad blobs, truncated blobs, NULL, numbers out of range and a header that does not fit: the documented codes, and nothing
 * written. Afterwards everything still works and gives the bits that it gave before.
 */
#define ATOME_CONFIG_EXTERN
#include "atome.h"

#include "blob_size.h"
#include "check.h"
#include "digest.h"
#include "make_model.h"
#include "repack.h"

enum { CLASSES = 3, SPARE = 4, UNTOUCHED = -77 };

/* config_in_ram.c: what atome.h's constant would hold. */
extern uint32_t *const config_words;

static const uint32_t right_config[16] = {ATOME_ABI_VERSION, sizeof(atome_model_t), sizeof(atome_state_t),
                                          ATOME_PLAN,        ATOME_MAX_SEQ,         ATOME_D_MODEL,
                                          ATOME_N_LAYERS,    ATOME_N_PATHWAYS,      ATOME_VOCAB_SIZE,
                                          ATOME_D_HEAD,      ATOME_KERNEL_SIZE,     ATOME_TOP_K,
                                          ATOME_MAX_CLASSES, 0, 0,
                                          0};

/* All that a call may write to, so that one comparison finds what changed. */
static struct {
    atome_model_t model, never_loaded;
    atome_classifier_t classifier, never_loaded_classifier;
    atome_state_t state;
    atome_sampler_t sampler;
    int output[ATOME_MAX_SEQ];
    float scores[ATOME_MAX_CLASSES];
} all, before;

static const int tokens[] = {3, 1, 4, 1};
static uint8_t *blob, *classifier_blob;

static void expect(const char *what, int wanted, int got)
{
    expect_code(what, wanted, got);
    if (memcmp(&all, &before, sizeof all) != 0) {
        fail(what, ": something was written");
    }
}

/* Loading ---------------------------------------------------------------------------------------------------------- */

static void damage(uint8_t *bytes, size_t length, size_t magic, int is_classifier)
{
    size_t i;

    for (i = 0; i < magic; i++) {
        bytes[i] ^= 0x20;
        expect("a damaged magic", ATOME_ERR_INVALID,
               is_classifier ? atome_classifier_load(&all.classifier, bytes, length)
                             : atome_load(&all.model, bytes, length));
        bytes[i] ^= 0x20;
    }
}

static void models(void)
{
    size_t n;

    expect("load into NULL", ATOME_ERR_INVALID, atome_load(NULL, blob, MODEL_BYTES));
    expect("load of NULL", ATOME_ERR_INVALID, atome_load(&all.model, NULL, MODEL_BYTES));
    expect("load of a classifier", ATOME_ERR_INVALID, atome_load(&all.model, classifier_blob, CLASSIFIER_BYTES(CLASSES)));
    for (n = 0; n < 7; n++) {
        expect("load of a part of the magic", ATOME_ERR_INVALID, atome_load(&all.model, blob, n));
    }
    for (; n < MODEL_BYTES; n++) {
        expect("load of a truncated model", ATOME_ERR_TRUNCATED, atome_load(&all.model, blob, n));
    }
    damage(blob, MODEL_BYTES, 7, 0);
}

/* Where config_words has the pointers to what reads other formats and to what the cached plan needs. */
enum { FORMATS = 13, CACHE = 15 };

static void other_format(uint8_t *bytes, enum repack_as as)
{
    const size_t length = repack(blob, bytes, as);
    const uint32_t formats = config_words[FORMATS];
    const size_t first = 7 + 4, last = length - 1;
    size_t n, i;

    for (n = 7; n < length; n++) {
        expect("load of a truncated model", ATOME_ERR_TRUNCATED, atome_load(&all.model, bytes, n));
    }
    for (i = 0; i < 2; i++) {
        const size_t at = i == 0 ? first : last;
        const uint8_t right = bytes[at];
        bytes[at] = 0xff;
        expect("load of bytes that stand for no weights", ATOME_ERR_MALFORMED, atome_load(&all.model, bytes, length));
        bytes[at] = right;
    }
    damage(bytes, length, 7, 0);
    config_words[FORMATS] = 0;
    expect("load of a format that was left out", ATOME_ERR_INVALID, atome_load(&all.model, bytes, length));
    config_words[FORMATS] = formats;
}

static void other_formats(void)
{
    uint8_t *bytes = board_memory(repack(blob, NULL, REPACK_AS_POWERS_OF_3));

    other_format(bytes, REPACK_AS_BASE_3);
    other_format(bytes, REPACK_AS_POWERS_OF_3);
}

static void class_counts(void)
{
    static const int32_t counts[] = {INT32_MIN, -1, 0, ATOME_MAX_CLASSES + 1, 0x01000000, INT32_MAX};
    const int32_t right = CLASSES;
    size_t i;

    for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        memcpy(classifier_blob + 9, &counts[i], 4);
        expect("a number of classes out of range", ATOME_ERR_INVALID,
               atome_classifier_load(&all.classifier, classifier_blob, CLASSIFIER_BYTES(CLASSES)));
    }
    memcpy(classifier_blob + 9, &right, 4);
}

static void classifiers(void)
{
    size_t n;

    expect("classifier_load into NULL", ATOME_ERR_INVALID, atome_classifier_load(NULL, classifier_blob, MODEL_BYTES));
    expect("classifier_load of NULL", ATOME_ERR_INVALID, atome_classifier_load(&all.classifier, NULL, MODEL_BYTES));
    expect("classifier_load of a model", ATOME_ERR_INVALID, atome_classifier_load(&all.classifier, blob, MODEL_BYTES));
    for (n = 0; n < 13; n++) {
        expect("classifier_load of a part of the head", ATOME_ERR_INVALID,
               atome_classifier_load(&all.classifier, classifier_blob, n));
    }
    for (; n < CLASSIFIER_BYTES(CLASSES); n++) {
        expect("classifier_load of a truncated classifier", ATOME_ERR_TRUNCATED,
               atome_classifier_load(&all.classifier, classifier_blob, n));
    }
    damage(classifier_blob, CLASSIFIER_BYTES(CLASSES), 9, 1);
    class_counts();
}

/* Calls ------------------------------------------------------------------------------------------------------------ */

static void predictions(void)
{
    const int code = ATOME_ERR_INVALID;

    expect("predict_next, NULL model", code, atome_predict_next(NULL, &all.state, tokens, 4));
    expect("predict_next, NULL state", code, atome_predict_next(&all.model, NULL, tokens, 4));
    expect("predict_next, NULL tokens", code, atome_predict_next(&all.model, &all.state, NULL, 4));
    expect("predict_next, no tokens", code, atome_predict_next(&all.model, &all.state, tokens, 0));
    expect("predict_next, -3 tokens", code, atome_predict_next(&all.model, &all.state, tokens, -3));
    expect("predict_next, never loaded", code, atome_predict_next(&all.never_loaded, &all.state, tokens, 4));
}

static void generations(void)
{
    const int most = ATOME_MAX_SEQ;

    expect("generate, NULL model", 0, atome_generate(NULL, &all.state, tokens, 2, all.output, most));
    expect("generate, NULL state", 0, atome_generate(&all.model, NULL, tokens, 2, all.output, most));
    expect("generate, NULL prompt", 0, atome_generate(&all.model, &all.state, NULL, 2, all.output, most));
    expect("generate, NULL output", 0, atome_generate(&all.model, &all.state, tokens, 2, NULL, most));
    expect("generate, no prompt", 0, atome_generate(&all.model, &all.state, tokens, 0, all.output, most));
    expect("generate, a prompt of -1", 0, atome_generate(&all.model, &all.state, tokens, -1, all.output, most));
    expect("generate nothing", 0, atome_generate(&all.model, &all.state, tokens, 2, all.output, 0));
    expect("generate -1 tokens", 0, atome_generate(&all.model, &all.state, tokens, 2, all.output, -1));
    expect("generate, never loaded", 0, atome_generate(&all.never_loaded, &all.state, tokens, 2, all.output, most));
    expect("generate_sampled, NULL sampler", 0,
           atome_generate_sampled(&all.model, &all.state, NULL, tokens, 2, all.output, most));
    expect("generate_sampled, NULL model", 0,
           atome_generate_sampled(NULL, &all.state, &all.sampler, tokens, 2, all.output, most));
}

static void slidings(void)
{
    const int most = ATOME_MAX_SEQ;

    expect("sliding, NULL model", 0, atome_generate_sliding(NULL, &all.state, tokens, 2, all.output, most));
    expect("sliding, NULL state", 0, atome_generate_sliding(&all.model, NULL, tokens, 2, all.output, most));
    expect("sliding, NULL prompt", 0, atome_generate_sliding(&all.model, &all.state, NULL, 2, all.output, most));
    expect("sliding, NULL output", 0, atome_generate_sliding(&all.model, &all.state, tokens, 2, NULL, most));
    expect("sliding, no prompt", 0, atome_generate_sliding(&all.model, &all.state, tokens, 0, all.output, most));
    expect("sliding, nothing", 0, atome_generate_sliding(&all.model, &all.state, tokens, 2, all.output, 0));
    expect("sliding, never loaded", 0, atome_generate_sliding(&all.never_loaded, &all.state, tokens, 2, all.output, most));
}

static void streams(void)
{
    const int code = ATOME_ERR_INVALID;

    expect("step, NULL model", code, atome_step(NULL, &all.state, 1));
    expect("step, NULL state", code, atome_step(&all.model, NULL, 1));
    expect("step, never loaded", code, atome_step(&all.never_loaded, &all.state, 1));
#if ATOME_PLAN != ATOME_PLAN_CACHED
    expect("step in another plan", ATOME_ERR_PLAN, atome_step(&all.model, &all.state, 1));
    expect("step in another plan, no token", ATOME_ERR_PLAN, atome_step(&all.model, &all.state, -1));
#endif
    atome_restart(NULL);
    expect("restart, NULL", 0, 0);
}

static void kernels(void)
{
    const char *name = atome_kernel();

    expect("kernel", 1, name != NULL && name[0] != '\0');
    expect("select_kernel, NULL", ATOME_ERR_INVALID, atome_select_kernel(NULL));
    expect("select_kernel, an unknown name", ATOME_ERR_INVALID, atome_select_kernel("abacus"));
    expect("select_kernel, a host's", ATOME_ERR_INVALID, atome_select_kernel("avx2"));
    expect("select_kernel, a part of the name", ATOME_ERR_INVALID, atome_select_kernel(""));
    expect("select_kernel, the one there is", ATOME_OK, atome_select_kernel(name));
    expect("error_text of the plan's code", 0, strcmp(atome_error_text(ATOME_ERR_PLAN), "success") == 0);
}

static void classifications(void)
{
    const int code = ATOME_ERR_INVALID;

    expect("classify, NULL classifier", code, atome_classify(NULL, &all.state, tokens, 4, all.scores));
    expect("classify, NULL state", code, atome_classify(&all.classifier, NULL, tokens, 4, all.scores));
    expect("classify, NULL tokens", code, atome_classify(&all.classifier, &all.state, NULL, 4, all.scores));
    expect("classify, no tokens", code, atome_classify(&all.classifier, &all.state, tokens, 0, all.scores));
    expect("classify, never loaded", code,
           atome_classify(&all.never_loaded_classifier, &all.state, tokens, 4, all.scores));
}

static void samplers(void)
{
    const int code = ATOME_ERR_INVALID;

    expect("sampler_init, NULL", code, atome_sampler_init(NULL, 1.0f, 5, 0.5f, 1));
    expect("sampler_init, temperature -1", code, atome_sampler_init(&all.sampler, -1.0f, 5, 0.5f, 1));
    expect("sampler_init, temperature NaN", code,
           atome_sampler_init(&all.sampler, float_of_bits(0x7fc00000), 5, 0.5f, 1));
    expect("sampler_init, top_k 0", code, atome_sampler_init(&all.sampler, 1.0f, 0, 0.5f, 1));
    expect("sampler_init, top_p 0", code, atome_sampler_init(&all.sampler, 1.0f, 5, 0.0f, 1));
    expect("sampler_init, top_p 1.5", code, atome_sampler_init(&all.sampler, 1.0f, 5, 1.5f, 1));
    expect("sample, NULL state", code, atome_sample(NULL, &all.sampler));
    expect("sample, NULL sampler", code, atome_sample(&all.state, NULL));
}

static void the_rest(void)
{
    float x[ATOME_D_MODEL] = {0.0f};

    atome_init(NULL);
    atome_ternary_matvec(NULL, x, x);
    atome_ternary_matvec(&all.model.embed, NULL, all.state.logits);
    atome_ternary_matvec(&all.model.embed, x, NULL);
    atome_layer_norm(NULL, ATOME_D_MODEL, &all.model.final_norm);
    atome_layer_norm(all.scores, ATOME_MAX_CLASSES, NULL);
    atome_layer_norm(all.scores, 0, &all.model.final_norm);
    expect("get_logits, NULL", 1, atome_get_logits(NULL) == NULL);
    expect("router_entropy, NULL", 1, atome_router_entropy(NULL, 0) == -1.0f);
    expect("router_entropy, layer -1", 1, atome_router_entropy(&all.state, -1) == -1.0f);
    expect("router_entropy, one layer too many", 1, atome_router_entropy(&all.state, ATOME_N_LAYERS) == -1.0f);
}

/* A header that does not fit --------------------------------------------------------------------------------------- */

static void refused(void)
{
    const int code = ATOME_ERR_CONFIG;

    expect("load, wrong header", code, atome_load(&all.model, blob, MODEL_BYTES));
    expect("classifier_load, wrong header", code,
           atome_classifier_load(&all.classifier, classifier_blob, CLASSIFIER_BYTES(CLASSES)));
    atome_init(&all.state);
    expect("predict_next, wrong header", code, atome_predict_next(&all.model, &all.state, tokens, 4));
    expect("classify, wrong header", code, atome_classify(&all.classifier, &all.state, tokens, 4, all.scores));
    expect("generate, wrong header", 0, atome_generate(&all.model, &all.state, tokens, 2, all.output, 2));
    expect("generate_sampled, wrong header", 0,
           atome_generate_sampled(&all.model, &all.state, &all.sampler, tokens, 2, all.output, 2));
    expect("sliding, wrong header", 0, atome_generate_sliding(&all.model, &all.state, tokens, 2, all.output, 2));
    expect("step, wrong header", code, atome_step(&all.model, &all.state, 1));
    atome_restart(&all.state);
    expect("sample, wrong header", code, atome_sample(&all.state, &all.sampler));
}

static void wrong_headers(void)
{
    static const struct {
        uint8_t word;
        uint32_t value;
    } changes[] = {
        {0, 0}, {0, ATOME_ABI_VERSION + 1}, {1, 0}, {1, sizeof(atome_model_t) - 4}, {1, sizeof(atome_model_t) + 4},
        {2, 0}, {2, sizeof(atome_state_t) - 3}, {2, UINT32_MAX}, {3, 0}, {3, 4}, {3, UINT32_MAX},
        {3, ATOME_PLAN == ATOME_PLAN_LEAN ? ATOME_PLAN_CACHED : ATOME_PLAN_LEAN},
#if ATOME_PLAN != ATOME_PLAN_PARTIAL /* which makes use of any size */
        {2, sizeof(atome_state_t) - 4}, {2, sizeof(atome_state_t) + 4},
#endif
    };
    size_t i, word;

    for (i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        config_words[changes[i].word] = changes[i].value;
        refused();
        config_words[changes[i].word] = right_config[changes[i].word];
    }
    /* The shape: nothing, one more, and so much that sizes leave 32 bits. */
    for (word = 4; word < 12; word++) {
        const uint32_t values[] = {0, 0x10001, 0x7fffffff, UINT32_MAX,
                                   ATOME_PLAN == ATOME_PLAN_PARTIAL ? 0 : right_config[word] + 1};
        for (i = 0; i < sizeof values / sizeof values[0]; i++) {
            config_words[word] = values[i];
            refused();
        }
        config_words[word] = right_config[word];
    }
}

/* ------------------------------------------------------------------------------------------------------------------ */

static uint64_t results(void)
{
    digest_t digest = digest_start();
    float scores[ATOME_MAX_CLASSES];

    digest_int(&digest, atome_predict_next(&all.model, &all.state, tokens, 4));
    digest_floats(&digest, all.state.logits, ATOME_VOCAB_SIZE);
    digest_int(&digest, atome_classify(&all.classifier, &all.state, tokens, 4, scores));
    digest_floats(&digest, scores, CLASSES);
    return digest.value;
}

static void prepare(void)
{
    int i;

    memcpy(config_words, right_config, sizeof right_config);
    config_words[FORMATS] = (uint32_t)(uintptr_t)&atome_formats;
    config_words[CACHE] = (uint32_t)(uintptr_t)(ATOME_PLAN == ATOME_PLAN_CACHED    ? &atome_cache
                                                : ATOME_PLAN == ATOME_PLAN_PARTIAL ? &atome_partial
                                                                                   : NULL);
    blob = board_memory(MODEL_BYTES + SPARE);
    classifier_blob = board_memory(CLASSIFIER_BYTES(CLASSES) + SPARE);
    write_model(blob, 5, 0);
    write_model(classifier_blob, 6, CLASSES);
    atome_init(&all.state);
    /* Bytes behind the end are allowed. */
    if (atome_load(&all.model, blob, MODEL_BYTES + SPARE) != ATOME_OK ||
        atome_classifier_load(&all.classifier, classifier_blob, CLASSIFIER_BYTES(CLASSES) + SPARE) != ATOME_OK ||
        atome_sampler_init(&all.sampler, 1.0f, 5, 0.5f, 1) != ATOME_OK) {
        board_write("wrong: good blobs or settings are refused\n");
        board_exit(1);
    }
    for (i = 0; i < ATOME_MAX_SEQ; i++) {
        all.output[i] = UNTOUCHED;
    }
    for (i = 0; i < ATOME_MAX_CLASSES; i++) {
        all.scores[i] = (float)UNTOUCHED;
    }
}

int main(void)
{
    uint64_t first;

    prepare();
    first = results();
    memcpy(&before, &all, sizeof all);

    models();
    other_formats();
    classifiers();
    predictions();
    generations();
    slidings();
    streams();
    kernels();
    classifications();
    samplers();
    the_rest();
    wrong_headers();

    if (results() != first) {
        board_write("wrong: other results after all that was refused\n");
        return 1;
    }
    write_result("checks", checks);
    return 0;
}
