/*
 * Calls in random order with random arguments, each kernel of the processor in its turn: every struct, file, array and text
 * ends or begins where memory does that may be touched. Every sequence has to give the same results with every kernel.
 *
 * Arguments: the seed of the first sequence, and how many there are. A sequence that breaks something is run again by its seed.
 */
#define _GNU_SOURCE
#define ATOME_FORMATS
#define ATOME_CONTAINERS
#include "atome.h"

#include "guarded.h"
#include "make_container.h"
#include "make_model.h"
#include "repack.h"

#include <signal.h>

enum { CALLS = 24, FILES = 5, CLASSIFIERS = 2, CLASSES = 3, MOST_TOKENS = 2 * ATOME_MAX_SEQ + 4, MOST_TEXT = 600 };

typedef struct {
    uint8_t *bytes;
    size_t len;
} file_t;

/* Models in each format and in a container; classifiers alike. */
static file_t files[FILES], judges[CLASSIFIERS];

static guarded_t of_model[2], of_judge[2], of_structs[6], of_tokens, of_output, of_text, of_words[3], of_rows[3];
static guarded_t *const all[] = {&of_model[0],   &of_model[1],   &of_judge[0],   &of_judge[1],   &of_structs[0],
                                 &of_structs[1], &of_structs[2], &of_structs[3], &of_structs[4], &of_structs[5],
                                 &of_tokens,     &of_output,     &of_text,       &of_words[0],   &of_words[1],
                                 &of_words[2],   &of_rows[0],    &of_rows[1],    &of_rows[2]};

static atome_model_t *model;
static atome_classifier_t *judge;
static atome_state_t *states[2];
static atome_sampler_t *sampler;
static atome_container_info_t *about;
static int model_in, judge_in, is_loaded, has_classes;
static uint64_t random_state, digest, answered;

static unsigned below(unsigned end)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 33) % end);
}

static int rarely(void) { return below(32) == 0; }

static void add(uint64_t value) { digest = (digest ^ value) * 0x100000001b3u; }

/* What a call with a model returns: a token, a class, a number of tokens, or a code below 0. */
static void add_answer(int result)
{
    answered += result >= 0;
    add((uint64_t)result);
}

/* A result that is no number is one like any other: which one it is, nobody promises. */
static void add_floats(const float *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        uint32_t bits = 0x7fc00000u;
        if (values[i] == values[i]) {
            memcpy(&bits, &values[i], sizeof bits);
        }
        add(bits);
    }
}

static float any_float(void)
{
    const uint32_t bits = (below(0x10000) << 16) | below(0x10000);
    float value;

    memcpy(&value, &bits, sizeof value);
    return below(4) == 0 ? value : (float)below(4096) / 1024.0f - 2.0f;
}

static const float *floats(guarded_t *g, size_t count)
{
    float *values = (float *)place(g, count * sizeof *values, (int)below(2), 0);
    size_t i;

    for (i = 0; i < count; i++) {
        values[i] = any_float();
    }
    return values;
}

static const int *some_tokens(int *count)
{
    int *tokens, i;

    *count = rarely() ? -1 : (int)below(MOST_TOKENS);
    tokens = (int *)place(&of_tokens, (size_t)(*count < 0 ? 0 : *count) * sizeof *tokens, (int)below(2), 0);
    for (i = 0; i < *count; i++) {
        tokens[i] = rarely() ? (int)below(1u << 31) - (1 << 30) : (int)below(ATOME_VOCAB_SIZE);
    }
    return rarely() ? NULL : tokens;
}

static atome_state_t *a_state(void) { return rarely() ? NULL : states[below(2)]; }

static void add_state(const atome_state_t *state)
{
    if (state != NULL) {
        add_floats(state->logits, ATOME_VOCAB_SIZE);
    }
}

/* A text of so many bytes, and its end where it has one. */
static char *letters(guarded_t *g, size_t len, int has_end)
{
    char *text = (char *)place(g, len + (size_t)has_end, (int)below(2), 0);
    size_t i;

    for (i = 0; i < len; i++) {
        text[i] = rarely() ? (char)(1 + below(255)) : "a Q?\t."[below(6)];
    }
    return text;
}

/* A copy of a file as it is, cut, longer or with other bytes: none of them may be read beyond its end. */
static const uint8_t *a_file(guarded_t *g, const file_t *from, size_t *len)
{
    const unsigned way = below(8);
    uint8_t *to;
    unsigned changes;

    *len = way == 0 ? below((unsigned)from->len) : way == 1 ? from->len + below(64) : from->len;
    to = (uint8_t *)place(g, *len, (int)below(2), 0);
    memcpy(to, from->bytes, *len < from->len ? *len : from->len);
    for (changes = way == 2 && *len > 0 ? 1 + below(4) : 0; changes > 0; changes--) {
        to[below((unsigned)*len)] = (uint8_t)below(256);
    }
    if (way == 2 && below(2) == 0 && *len > 8 && memcmp(to, "ATOMEBOX", 8) == 0) {
        seal_container(to, *len);
    }
    return to;
}

/* Into the file's room that no model lies in: one that is refused leaves the model as it was. */
static void load(void)
{
    size_t len;
    const uint8_t *file = a_file(&of_model[1 - model_in], &files[below(FILES)], &len);
    const int code = below(2) == 0 ? atome_load(model, file, len) : atome_load_exact(model, file, len);

    add((uint64_t)code);
    if (code == ATOME_OK) {
        model_in = 1 - model_in;
        is_loaded = 1;
    }
}

static void load_judge(void)
{
    size_t len;
    const uint8_t *file = a_file(&of_judge[1 - judge_in], &judges[below(CLASSIFIERS)], &len);
    const int code = below(2) == 0 ? atome_classifier_load(judge, file, len) : atome_classifier_load_exact(judge, file, len);

    add((uint64_t)code);
    if (code == ATOME_OK) {
        judge_in = 1 - judge_in;
        has_classes = judge->n_classes;
    }
}

static void predict(void)
{
    atome_state_t *state = a_state();
    int count;
    const int *tokens = some_tokens(&count);

    add_answer(atome_predict_next(rarely() ? NULL : model, state, tokens, count));
    add_state(state);
}

static void generate(void)
{
    atome_state_t *state = a_state();
    int count, most = (int)below(MOST_TOKENS), made = 0, i;
    const int *prompt = some_tokens(&count);
    int *output = (int *)place(&of_output, (size_t)most * sizeof *output, (int)below(2), 0);

    switch (below(3)) {
    case 0: made = atome_generate(model, state, prompt, count, output, most); break;
    case 1: made = atome_generate_sliding(model, state, prompt, count, output, most % 6); break;
    default: made = atome_generate_sampled(model, state, rarely() ? NULL : sampler, prompt, count, output, most);
    }
    add((uint64_t)made);
    for (i = 0; i < made; i++) {
        add((uint64_t)output[i]);
    }
    add_state(state);
}

static void step(void)
{
    atome_state_t *state = a_state();

    add_answer(atome_step(model, state, rarely() ? -1 : (int)below(ATOME_VOCAB_SIZE)));
    add_state(state);
}

static void classify(void)
{
    int count, winner;
    const int *tokens = some_tokens(&count);
    float *logits = (float *)place(&of_output, (size_t)has_classes * sizeof *logits, (int)below(2), 0);

    winner = atome_classify(judge, a_state(), tokens, count, rarely() ? NULL : logits);
    add_answer(winner);
    if (winner >= 0) {
        add_floats(logits, (size_t)has_classes);
    }
}

static void sample(void)
{
    const float temperature = any_float(), top_p = any_float();
    const int top_k = (int)below(ATOME_VOCAB_SIZE + 4) - 1;

    add((uint64_t)atome_sampler_init(sampler, temperature, top_k, top_p, below(1000)));
    add((uint64_t)atome_sample(a_state(), sampler));
}

static void look(void)
{
    atome_state_t *state = a_state();
    const float entropy = atome_router_entropy(state, (int)below(ATOME_N_LAYERS + 2) - 1);

    add_floats(&entropy, 1);
    if (state != NULL && below(2) == 0) { /* a program may write into both */
        memset(state->logits, 0, sizeof state->logits);
        memset(state->router_w, 0, sizeof state->router_w);
    }
}

static void begin_anew(void) { below(2) == 0 ? atome_init(a_state()) : atome_restart(a_state()); }

static void ask(void)
{
    const size_t size = below(80);
    const char *question = letters(&of_words[2], below(2 * ATOME_MAX_SEQ), 1);
    char *text = (char *)place(&of_text, size, (int)below(2), 0);
    atome_dialogue_t how;
    atome_answer_info_t info;
    int *tokens, count;

    memset(&how, 0, sizeof how);
    memset(&info, 0, sizeof info);
    how.before_len = below(12);
    how.before = letters(&of_words[0], how.before_len, 0);
    how.after_len = below(12);
    how.after = letters(&of_words[1], how.after_len, 0);
    how.normalise = below(17);
    how.stop = (int)below(300) - 10;
    how.longest_answer = (int)below(ATOME_MAX_SEQ + 2) - 1;
    how.most_question_nats = any_float();
    how.least_probability = any_float();
    add_answer(atome_answer(model, a_state(), &how, rarely() ? NULL : question, text, size, &info));
    add((uint64_t)info.doubt);
    add(size > 0 ? strlen(text) : 0);
    count = (int)below(ATOME_MAX_SEQ + 2);
    tokens = (int *)place(&of_output, (size_t)count * sizeof *tokens, (int)below(2), 0);
    add((uint64_t)atome_prompt(&how, question, tokens, count));
}

static void read_container(void)
{
    size_t len, payload_len, size = below(MOST_TEXT);
    const uint8_t *payload, *file = a_file(&of_text, &files[FILES - 1 - below(2)], &len);
    char *text = (char *)place(&of_words[2], size, (int)below(2), 0);
    atome_dialogue_t how;

    add((uint64_t)atome_container_info(file, len, about));
    add((uint64_t)atome_container_payload(file, len, &payload, &payload_len));
    add((uint64_t)atome_container_dialogue(file, len, &how));
    add((uint64_t)atome_container_explain(file, len, text, size));
    add(size > 0 ? strlen(text) : 0);
}

static void blocks(void)
{
    const int n = (int)below(ATOME_MAX_SEQ + 1);
    const size_t d = ATOME_D_MODEL, count = (size_t)n * d;
    const atome_block_t *block = &model->blocks[below(ATOME_N_LAYERS)];
    const float (*x)[ATOME_D_MODEL], *input;
    float (*out)[ATOME_D_MODEL], *hidden, *products;

    if (!is_loaded) {
        return;
    }
    x = (const float (*)[ATOME_D_MODEL])floats(&of_rows[0], count);
    out = (float (*)[ATOME_D_MODEL])place(&of_rows[1], count * sizeof(float), (int)below(2), 0);
    hidden = (float *)place(&of_rows[2], d * sizeof(float), (int)below(2), 0);
    atome_causal_conv(x, n, &block->local_conv, out);
    add_floats(out[0], count);
    atome_ssm_forward(x, n, &block->ssm, hidden, out);
    add_floats(out[0], count);
#if ATOME_ARITHMETIC == ATOME_EXACT
    atome_sparse_attn(x, n, &block->attn, a_state(), out);
#endif
    add_floats(out[0], count);
    atome_layer_norm(hidden, ATOME_D_MODEL, &model->final_norm);
    add_floats(hidden, d);
    input = floats(&of_rows[0], d);
    products = (float *)place(&of_rows[1], ATOME_VOCAB_SIZE * sizeof(float), (int)below(2), 0);
    atome_ternary_matvec(&model->unembed, input, products);
    add_floats(products, ATOME_VOCAB_SIZE);
}

static void (*const calls[])(void) = {load,   load,       predict, predict,        predict, generate, step,
                                      step,   load_judge, classify, sample,        look,    begin_anew, ask,
                                      blocks, read_container};

/* Said where memory is touched that must not be: nothing can be said afterwards. */
static char where[80];

static void fault(int signal)
{
    const ssize_t said = write(STDERR_FILENO, where, strlen(where));

    (void)said;
    _exit(128 + signal);
}

static int run(uint64_t seed)
{
    size_t i;

    random_state = seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
    digest = 0xcbf29ce484222325u;
    model = (atome_model_t *)place(&of_structs[0], sizeof *model, (int)below(2), 0);
    judge = (atome_classifier_t *)place(&of_structs[1], sizeof *judge, (int)below(2), 0);
    states[0] = (atome_state_t *)place(&of_structs[2], sizeof *states[0], 0, MARK);
    states[1] = (atome_state_t *)place(&of_structs[3], sizeof *states[1], 1, MARK);
    sampler = (atome_sampler_t *)place(&of_structs[4], sizeof *sampler, (int)below(2), 0);
    about = (atome_container_info_t *)place(&of_structs[5], sizeof *about, (int)below(2), 0);
    is_loaded = has_classes = 0;
    atome_init(states[0]);
    atome_init(states[1]);
    load();
    for (i = 0; i < CALLS; i++) {
        calls[below(sizeof calls / sizeof *calls)]();
    }
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        if (!marks_are_whole(all[i])) {
            return 0;
        }
    }
    return 1;
}

static void make_files(void)
{
    size_t i;

    files[0].bytes = make_model(7, &files[0].len);
    for (i = 1; i < 3; i++) {
        const enum repack_as as = i == 1 ? REPACK_AS_BASE_3 : REPACK_AS_POWERS_OF_3;
        files[i].len = repack(files[0].bytes, NULL, as);
        files[i].bytes = (uint8_t *)malloc(files[i].len);
        repack(files[0].bytes, files[i].bytes, as);
    }
    judges[0].bytes = make_classifier(8, CLASSES, &judges[0].len);
    files[3].len = write_container(NULL, files[0].bytes, files[0].len, 0);
    files[3].bytes = (uint8_t *)malloc(files[3].len);
    write_container(files[3].bytes, files[0].bytes, files[0].len, 0);
    judges[1].len = write_container(NULL, judges[0].bytes, judges[0].len, CLASSES);
    judges[1].bytes = (uint8_t *)malloc(judges[1].len);
    write_container(judges[1].bytes, judges[0].bytes, judges[0].len, CLASSES);
    files[4] = judges[1]; /* no model: refused by its name */
}

static void make_all_room(void)
{
    const size_t longest = judges[1].len + files[3].len + 64, rows = ATOME_MAX_SEQ * ATOME_D_MODEL * sizeof(float);
    size_t i;

    for (i = 0; i < 2; i++) {
        make_room(&of_model[i], longest);
        make_room(&of_judge[i], longest);
    }
    for (i = 0; i < 6; i++) {
        make_room(&of_structs[i], i < 2 ? sizeof(atome_classifier_t) : sizeof(atome_state_t) + sizeof *about);
    }
    make_room(&of_tokens, MOST_TOKENS * sizeof(int));
    make_room(&of_output, MOST_TOKENS * sizeof(int) + ATOME_MAX_CLASSES * sizeof(float));
    make_room(&of_text, longest);
    for (i = 0; i < 3; i++) {
        make_room(&of_words[i], MOST_TEXT + 2 * ATOME_MAX_SEQ);
        make_room(&of_rows[i], rows + ATOME_VOCAB_SIZE * sizeof(float));
    }
}

int main(int argc, char **argv)
{
    static const char *const kernels[] = {"portable", "sse2", "avx2", "avx512", "neon"};
    const uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    uint64_t seed, expected = 0;
    int tried = 0;
    size_t i;

    make_files();
    make_all_room();
    signal(SIGSEGV, fault);
    signal(SIGBUS, fault);
    for (seed = first; seed < first + count; seed++) {
        for (i = 0, tried = 0; i < sizeof kernels / sizeof *kernels; i++) {
            if (atome_select_kernel(kernels[i]) != 0) {
                continue;
            }
            sprintf(where, "seed %llu, %s: memory is touched that must not be\n", (unsigned long long)seed, kernels[i]);
            if (!run(seed)) {
                printf("seed %llu, %s: written beside what a call was given\n", (unsigned long long)seed, kernels[i]);
                return 1;
            }
            if (tried++ > 0 && digest != expected) {
                printf("seed %llu, %s: other results than with %s\n", (unsigned long long)seed, kernels[i], kernels[0]);
                return 1;
            }
            expected = digest;
        }
    }
    printf("%llu sequences of %d calls with %d kernels, %llu calls answered\n", (unsigned long long)count, CALLS + 1, tried,
           (unsigned long long)answered);
    return tried > 0 && answered > 0 ? 0 : 1;
}
