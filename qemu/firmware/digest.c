/*
 * A fixed battery of calls, digested: every logit bit, router weight, token, class and draw. The same source runs on
 * every core and on the host, and the digest must be the same everywhere.
 *
 * The model is made from seeds in RAM, or with -DBLOB_FILE taken from flash (blob.S). Neither the memory plan nor the
 * core shows in the digest. What goes beyond the window has digests of its own: `sliding`, and in the cached plan `stream`;
 * so have the same models as ATOME02 and others as ATOMEP3: `formats`.
 * Settings: seeds (models made), generate (tokens), sliding=1, stream=1 and formats=1 (whether these run).
 */
#define ATOME_FORMATS
#include "atome.h"

#include "blob_size.h"
#include "board.h"
#include "digest.h"
#include "make_model.h"
#include "random.h"
#include "text.h"
#ifndef BLOB_FILE
#include "repack.h"
#endif

static atome_model_t model;
static atome_state_t state;
static int tokens[ATOME_MAX_SEQ + 3];
static int output[ATOME_MAX_SEQ + 1];

typedef struct {
    digest_t all, sliding, stream, formats;
} digests_t;

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

/* Text that grows beyond the window: the last two tokens are computed from whole windows. */
static void slide(digest_t *digest, int prompt)
{
    const int most = ATOME_MAX_SEQ + 3 - prompt;
    int i, written;

    if (!setting("sliding", 0)) {
        return;
    }
    written = atome_generate_sliding(&model, &state, tokens, prompt, output, most);
    check(written == most, "the number of tokens of a sliding generation");
    for (i = 0; i < written; i++) {
        digest_int(digest, output[i]);
    }
    absorb_state(digest, ATOME_MAX_SEQ);
}

/* One token in, one position of work, on the sequence that is in the state. Each takes the token that the one before gave,
 * or where `given` is not NULL the next of those. */
static void steps(digest_t *digest, const int *given, int token, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        token = atome_step(&model, &state, given != NULL ? given[i % ATOME_MAX_SEQ] : token);
        check(token >= 0 && token < ATOME_VOCAB_SIZE, "the token of a step");
        digest_int(digest, token);
        digest_floats(digest, state.logits, ATOME_VOCAB_SIZE);
    }
    digest_floats(digest, state.router_w[0], ATOME_N_PATHWAYS);
}

#ifdef BLOB_FILE

extern const uint8_t blob_start[], blob_end[];

static void battery(digests_t *digests)
{
    static const char prompt[] = "Once upon a time";
    const int length = (int)sizeof prompt - 1;
    int i;

    check(atome_load(&model, blob_start, (size_t)(blob_end - blob_start)) == ATOME_OK, "atome_load");
    for (i = 0; i < length && i < ATOME_MAX_SEQ; i++) {
        tokens[i] = (unsigned char)prompt[i];
    }
    if (length < ATOME_MAX_SEQ) {
        generate(&digests->all, length, (int)setting("generate", 4));
    } else {
        predict(&digests->all, ATOME_MAX_SEQ / 2);
        generate(&digests->all, ATOME_MAX_SEQ / 2, (int)setting("generate", 4));
        sample(&digests->all, 1, ATOME_MAX_SEQ / 2, 2);
    }
    if (setting("stream", 0)) {
        /* Continues what was generated, until attention has forgotten the first tokens. */
        steps(&digests->stream, NULL, output[setting("generate", 4) - 1], ATOME_MAX_SEQ - length + 1);
    }
    slide(&digests->sliding, ATOME_MAX_SEQ - 1);
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
    digest_t before = digest_start(), after = digest_start();
    int class;

    digest_floats(&before, state.logits, ATOME_VOCAB_SIZE);
    class = atome_classify(classifier, &state, tokens, count, scores);
    digest_floats(&after, state.logits, ATOME_VOCAB_SIZE);
    check(before.value == after.value, "state->logits after atome_classify");
    check(class >= 0 && class < CLASSES, "the class");
    digest_int(digest, class);
    digest_floats(digest, scores, CLASSES);
    absorb_state(digest, count);
}

static void within_the_window(digests_t *digests, uint8_t *blob)
{
    static atome_classifier_t classifier;
    uint32_t seed, seeds = setting("seeds", 3);

    for (seed = 1; seed <= seeds; seed++) {
        random_t random = random_start(seed);

        check(write_model(blob, seed, 0) == MODEL_BYTES, "the model's length");
        check(atome_load(&model, blob, MODEL_BYTES) == ATOME_OK, "atome_load");
        make_prompt(&random);
        predictions(&digests->all, &random);
        generate(&digests->all, 2, ATOME_MAX_SEQ);
        sample(&digests->all, seed, 1, ATOME_MAX_SEQ / 2);

        check(write_model(blob, seed + 1000, CLASSES) == CLASSIFIER_BYTES(CLASSES), "the classifier's length");
        check(atome_classifier_load(&classifier, blob, CLASSIFIER_BYTES(CLASSES)) == ATOME_OK, "atome_classifier_load");
        classify(&digests->all, &classifier, 1);
        classify(&digests->all, &classifier, ATOME_MAX_SEQ);
    }
}

static void stream(digest_t *digest)
{
    if (!setting("stream", 0)) {
        return;
    }
    atome_restart(&state);
    steps(digest, tokens, 0, ATOME_MAX_SEQ + ATOME_MAX_SEQ / 2);
    /* On from a prediction. */
    steps(digest, NULL, atome_predict_next(&model, &state, tokens, ATOME_MAX_SEQ - 1), 3);
}

static void beyond_the_window(digests_t *digests, uint8_t *blob)
{
    uint32_t seed, seeds = setting("seeds", 3);

    for (seed = 1; seed <= seeds; seed++) {
        random_t random = random_start(seed);

        write_model(blob, seed, 0);
        check(atome_load(&model, blob, MODEL_BYTES) == ATOME_OK, "atome_load");
        make_prompt(&random);
        slide(&digests->sliding, 2);
        stream(&digests->stream);
    }
}

static void predictions_of(digest_t *digest, const uint8_t *blob, size_t bytes, uint32_t seed)
{
    random_t random = random_start(seed);

    check(atome_load(&model, blob, bytes) == ATOME_OK, "atome_load of another format");
    make_prompt(&random);
    predictions(digest, &random);
}

/* ATOME02 gives what the same weights give as ATOME01; ATOMEP3 has weights of its own. */
static void other_formats(digest_t *digest, uint8_t *blob)
{
    uint32_t seed, seeds = setting("seeds", 3);
    uint8_t *other;

    if (!setting("formats", 0)) {
        return;
    }
    other = board_memory(repack(blob, NULL, REPACK_AS_POWERS_OF_3));
    for (seed = 1; seed <= seeds; seed++) {
        digest_t plain = digest_start(), base_3 = digest_start();

        write_model(blob, seed, 0);
        predictions_of(&plain, blob, MODEL_BYTES, seed);
        predictions_of(&base_3, other, repack(blob, other, REPACK_AS_BASE_3), seed);
        check(plain.value == base_3.value, "ATOME02, whose logits are not those of ATOME01");
        digest_word(digest, (uint32_t)base_3.value);
        predictions_of(digest, other, repack(blob, other, REPACK_AS_POWERS_OF_3), seed);
    }
}

static void battery(digests_t *digests)
{
    uint8_t *blob = board_memory(CLASSIFIER_BYTES(CLASSES));

    within_the_window(digests, blob);
    beyond_the_window(digests, blob);
    other_formats(&digests->formats, blob);
}

#endif

static void write_digest(const char *name, const digest_t *digest)
{
    if (digest->words > 0) {
        board_write(name);
        board_write(" ");
        write_hex64(digest->value);
        board_write("\n");
    }
}

int main(void)
{
    digests_t digests = {digest_start(), digest_start(), digest_start(), digest_start()};

    check(strcmp(atome_mode(), "portable") == 0, "atome_mode: the archive is not the portable one");
    atome_init(&state);
    stack_paint();
    battery(&digests);
    write_digest("digest", &digests.all);
    write_digest("sliding", &digests.sliding);
    write_digest("stream", &digests.stream);
    write_digest("formats", &digests.formats);
    write_result("words",
                 digests.all.words + digests.sliding.words + digests.stream.words + digests.formats.words);
    write_result("state", sizeof state);
    write_result("stack", (uint32_t)stack_used());
    return 0;
}
