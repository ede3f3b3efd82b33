/*
 * A fixed battery of calls, digested: every logit bit, router weight, token, class and draw. The same source runs on
 * every core and on the host, and the digest must be the same everywhere.
 *
 * The model is made from seeds in RAM, or with -DBLOB_FILE taken from flash (blob.S). Neither the memory plan nor the
 * core shows in the digest. Settings: seeds (models made), generate (tokens).
 */
#include "atome.h"

#include "blob_size.h"
#include "board.h"
#include "digest.h"
#include "make_model.h"
#include "random.h"
#include "text.h"

static atome_model_t model;
static atome_state_t state;
static int tokens[ATOME_MAX_SEQ + 3];
static int output[ATOME_MAX_SEQ];

static void check(int is_right, const char *what)
{
    if (!is_right) {
        board_write("wrong: ");
        board_write(what);
        board_write("\n");
        board_exit(1);
    }
}

static void absorb_state(digest_t *digest, int positions)
{
    int layer;

    digest_floats(digest, state.logits, ATOME_VOCAB_SIZE);
    digest_floats(digest, state.router_w[0], positions * ATOME_N_PATHWAYS);
    for (layer = 0; layer < ATOME_N_LAYERS; layer++) {
        digest_word(digest, float_bits(atome_router_entropy(&state, layer)));
    }
}

static void predict(digest_t *digest, int count)
{
    int token = atome_predict_next(&model, &state, tokens, count);

    check(token >= 0 && token < ATOME_VOCAB_SIZE, "the predicted token");
    digest_int(digest, token);
    absorb_state(digest, count < ATOME_MAX_SEQ ? count : ATOME_MAX_SEQ);
}

static void generate(digest_t *digest, int prompt, int max_tokens)
{
    int written = atome_generate(&model, &state, tokens, prompt, output, max_tokens);
    int i;

    check(written > 0, "the number of generated tokens");
    digest_int(digest, written);
    for (i = 0; i < written; i++) {
        digest_int(digest, output[i]);
    }
    absorb_state(digest, prompt + written - 1);
}

static void sample(digest_t *digest, uint32_t seed, int prompt, int max_tokens)
{
    atome_sampler_t sampler;
    int i, written;

    check(atome_sampler_init(&sampler, 0.75f, 1 + ATOME_VOCAB_SIZE / 2, 0.9f, seed) == ATOME_OK, "atome_sampler_init");
    written = atome_generate_sampled(&model, &state, &sampler, tokens, prompt, output, max_tokens);
    check(written > 0, "the number of sampled tokens");
    for (i = 0; i < written; i++) {
        digest_int(digest, output[i]);
    }
    for (i = 0; i < 4; i++) {
        digest_int(digest, atome_sample(&state, &sampler));
    }
    digest_word(digest, (uint32_t)sampler.state);
    digest_word(digest, (uint32_t)(sampler.state >> 32));
    absorb_state(digest, prompt + written - 1);
}

#ifdef BLOB_FILE

extern const uint8_t blob_start[], blob_end[];

static void battery(digest_t *digest)
{
    static const char prompt[] = "Once upon a time";
    const int length = (int)sizeof prompt - 1;
    int i;

    check(atome_load(&model, blob_start, (size_t)(blob_end - blob_start)) == ATOME_OK, "atome_load");
    for (i = 0; i < length && i < ATOME_MAX_SEQ; i++) {
        tokens[i] = (unsigned char)prompt[i];
    }
    if (length < ATOME_MAX_SEQ) {
        generate(digest, length, (int)setting("generate", 4));
    } else {
        predict(digest, ATOME_MAX_SEQ / 2);
        generate(digest, ATOME_MAX_SEQ / 2, (int)setting("generate", 4));
        sample(digest, 1, ATOME_MAX_SEQ / 2, 2);
    }
}

#else

enum { CLASSES = 3 };

/* Some tokens are no tokens: they count as 0. */
static void make_prompt(random_t *random)
{
    size_t i;

    for (i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        tokens[i] = random_between(random, -1, ATOME_VOCAB_SIZE);
    }
}

/* Growing, edited, cut, too long, and grown again: what a cache may get wrong. */
static void predictions(digest_t *digest, random_t *random)
{
    int n;

    for (n = 1; n <= ATOME_MAX_SEQ && n <= 4; n++) {
        predict(digest, n);
    }
    predict(digest, ATOME_MAX_SEQ);
    tokens[ATOME_MAX_SEQ / 2] = (int)random_below(random, ATOME_VOCAB_SIZE);
    predict(digest, ATOME_MAX_SEQ);
    predict(digest, 1 + ATOME_MAX_SEQ / 2);
    predict(digest, ATOME_MAX_SEQ + 3);
}

static void classify(digest_t *digest, const atome_classifier_t *classifier, int count)
{
    float scores[CLASSES];
    int class = atome_classify(classifier, &state, tokens, count, scores);

    check(class >= 0 && class < CLASSES, "the class");
    digest_int(digest, class);
    digest_floats(digest, scores, CLASSES);
    absorb_state(digest, count);
}

static void battery(digest_t *digest)
{
    static atome_classifier_t classifier;
    uint8_t *blob = board_memory(CLASSIFIER_BYTES(CLASSES));
    uint32_t seed, seeds = setting("seeds", 3);

    for (seed = 1; seed <= seeds; seed++) {
        random_t random = random_start(seed);

        check(write_model(blob, seed, 0) == MODEL_BYTES, "the model's length");
        check(atome_load(&model, blob, MODEL_BYTES) == ATOME_OK, "atome_load");
        make_prompt(&random);
        predictions(digest, &random);
        generate(digest, 2, ATOME_MAX_SEQ);
        sample(digest, seed, 1, ATOME_MAX_SEQ / 2);

        check(write_model(blob, seed + 1000, CLASSES) == CLASSIFIER_BYTES(CLASSES), "the classifier's length");
        check(atome_classifier_load(&classifier, blob, CLASSIFIER_BYTES(CLASSES)) == ATOME_OK, "atome_classifier_load");
        classify(digest, &classifier, 1);
        classify(digest, &classifier, ATOME_MAX_SEQ);
    }
}

#endif

int main(void)
{
    digest_t digest = digest_start();

    check(strcmp(atome_mode(), "portable") == 0, "atome_mode: the archive is not the portable one");
    atome_init(&state);
    stack_paint();
    battery(&digest);
    board_write("digest ");
    write_hex64(digest.value);
    board_write("\n");
    write_result("words", digest.words);
    write_result("state", sizeof state);
    write_result("stack", (uint32_t)stack_used());
    return 0;
}
