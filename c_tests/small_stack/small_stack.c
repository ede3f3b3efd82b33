/*
 * Every call in a thread that has exactly 16 KB of stack for it, with memory below that nobody may touch: the least that
 * POSIX threads have on most systems. Each kernel that the processor has, each format of a model, for the shape of the -D flags.
 * Prints the most that any call took, and fails where results differ from those on a large stack.
 */
#define _GNU_SOURCE
#define ATOME_FORMATS
#define ATOME_CONTAINERS
#include "atome.h"

#include "make_container.h"
#include "make_model.h"
#include "repack.h"

#include <pthread.h>
#include <sys/mman.h>

#define STACK 16384
#define LARGE (1024 * 1024)
#define GUARD (256 * 1024)
#define MARK 0xa5

static atome_model_t model;
static atome_classifier_t classifier;
static atome_state_t state;
static atome_sampler_t sampler;
static const uint8_t *blob, *judge;
static uint8_t *box;
static size_t blob_len, judge_len, box_len;
static int tokens[ATOME_MAX_SEQ], out[2 * ATOME_MAX_SEQ];
static float logits[ATOME_MAX_CLASSES], rows[2][ATOME_MAX_SEQ][ATOME_D_MODEL], products[ATOME_VOCAB_SIZE];
static float hidden[ATOME_D_MODEL];
static uint32_t digest;

static void add(const void *bytes, size_t count)
{
    const uint8_t *at = (const uint8_t *)bytes;

    while (count-- > 0) {
        digest = (digest ^ *at++) * 16777619u;
    }
}

static void add_int(int value) { add(&value, sizeof value); }

static void add_logits(int result)
{
    add_int(result);
    add(atome_get_logits(&state), ATOME_VOCAB_SIZE * sizeof(float));
}

static const float (*input(void))[ATOME_D_MODEL] { return (const float (*)[ATOME_D_MODEL])rows[0]; }

static void load(void) { add_int(atome_load(&model, blob, blob_len)); }
static void load_exact(void) { add_int(atome_load_exact(&model, blob, blob_len)); }
static void load_classifier(void) { add_int(atome_classifier_load(&classifier, judge, judge_len)); }
static void predict(void) { add_logits(atome_predict_next(&model, &state, tokens, ATOME_MAX_SEQ)); }
static void predict_some(void) { add_logits(atome_predict_next(&model, &state, tokens, 2 * ATOME_MAX_SEQ / 3)); }
static void predict_more(void) { add_logits(atome_predict_next(&model, &state, tokens, 2 * ATOME_MAX_SEQ / 3 + 3)); }
static void predict_one(void) { add_logits(atome_predict_next(&model, &state, tokens + 1, 1)); }
static void step(void) { add_logits(atome_step(&model, &state, 7)); }
static void restart(void) { atome_restart(&state); }
static void init(void) { atome_init(&state); }
static void generate(void)
{
    add_int(atome_generate(&model, &state, tokens, ATOME_MAX_SEQ / 2, out, ATOME_MAX_SEQ));
    add(out, sizeof out);
}
static void generate_sliding(void)
{
    add_int(atome_generate_sliding(&model, &state, tokens, ATOME_MAX_SEQ, out, 3));
    add(out, sizeof out);
}
static void generate_sampled(void)
{
    add_int(atome_sampler_init(&sampler, 0.8f, 20, 0.9f, 1));
    add_int(atome_generate_sampled(&model, &state, &sampler, tokens, ATOME_MAX_SEQ / 2, out, ATOME_MAX_SEQ));
    add(out, sizeof out);
}
static void classify(void) { add_int(atome_classify(&classifier, &state, tokens, ATOME_MAX_SEQ, logits)); }
static void answer(void)
{
    static const char before[] = "Q: ", after[] = "\nA: ";
    static char text[65];
    atome_dialogue_t how;
    atome_answer_info_t info;

    memset(&how, 0, sizeof how);
    how.before = before;
    how.before_len = sizeof before - 1;
    how.after = after;
    how.after_len = sizeof after - 1;
    how.normalise = ATOME_NORMALISE_BLANKS | ATOME_NORMALISE_LOWER;
    how.stop = 10;
    how.longest_answer = 8;
    how.most_question_nats = 100.0f;
    add_int(atome_answer(&model, &state, &how, "  How\tIS it? ", text, sizeof text, &info));
    add(text, strlen(text));
}
static void container(void)
{
    static char text[256];
    atome_container_info_t about;

    add_int(atome_load(&model, box, box_len));
    add_int(atome_container_info(box, box_len, &about));
    add_int(atome_container_explain(box, box_len, text, sizeof text));
    add(text, strlen(text));
}
static void explain(void)
{
    static char text[512];

    add_int(atome_explain(blob, blob_len, text, sizeof text));
    add_int(atome_explain(blob, blob_len - 1, text, sizeof text));
    add(text, strlen(text));
}
static void multiply(void)
{
    atome_ternary_matvec(&model.embed, rows[0][0], products);
    add(products, sizeof products);
}
static void norm(void) { atome_layer_norm(rows[1][0], ATOME_D_MODEL, &model.final_norm); }
static void convolve(void) { atome_causal_conv(input(), ATOME_MAX_SEQ, &model.blocks[0].local_conv, rows[1]); }
static void recur(void) { atome_ssm_forward(input(), ATOME_MAX_SEQ, &model.blocks[0].ssm, hidden, rows[1]); }
#if ATOME_ARITHMETIC == ATOME_EXACT
static void self_test(void) { add_int(atome_self_test()); }
static void attend(void)
{
    atome_sparse_attn(input(), ATOME_MAX_SEQ, &model.blocks[0].attn, &state, rows[1]);
    add(rows[1], sizeof rows[1]);
}
#endif

/* Models are loaded first, and each call finds what the one before it left behind. */
static const struct {
    const char *name;
    void (*run)(void);
} calls[] = {
    {"load", load}, {"load_exact", load_exact}, {"classifier_load", load_classifier}, {"init", init},
    {"predict_next, a window", predict}, {"predict_next, one", predict_one}, {"predict_next, some", predict_some},
    {"predict_next, some more", predict_more}, {"step", step}, {"predict_next, another window", predict},
    {"step round the window", step}, {"restart", restart}, {"step from the start", step}, {"generate", generate},
    {"generate_sliding", generate_sliding}, {"generate_sampled", generate_sampled}, {"classify", classify},
    {"ternary_matvec", multiply}, {"layer_norm", norm}, {"causal_conv", convolve}, {"ssm_forward", recur},
#if ATOME_ARITHMETIC == ATOME_EXACT
    /* The self-test of integers has a whole model on its stack. */
    {"sparse_attn", attend}, {"self_test", self_test},
#endif
    {"answer", answer}, {"explain", explain}, {"container", container},
};

static uintptr_t start;

static void nothing(void) {}

static void *in_thread(void *run)
{
    char here;

    start = (uintptr_t)&here;
    (*(void (**)(void))run)();
    return NULL;
}

/* Runs it on this stack; returns how much of it lies below the frame that calls it, or with `taken` how much of that was used. */
static size_t run_on(char *stack, size_t size, void (*run)(void), int taken)
{
    pthread_attr_t attributes;
    pthread_t thread;
    size_t left = 0;

    memset(stack, MARK, size);
    if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstack(&attributes, stack, size) != 0 ||
        pthread_create(&thread, &attributes, in_thread, &run) != 0 || pthread_join(thread, NULL) != 0) {
        puts("there is no such thread");
        exit(2);
    }
    pthread_attr_destroy(&attributes);
    while (taken && left < size && (unsigned char)stack[left] == MARK) {
        left++;
    }
    return (size_t)(start - (uintptr_t)stack) - left;
}

/* All calls on this stack; the digest of their results. */
static uint32_t run_all(char *stack, size_t size, const char *kernel, size_t *most)
{
    size_t i;

    digest = 2166136261u;
    for (i = 0; i < sizeof calls / sizeof *calls; i++) {
        const size_t taken = run_on(stack, size, calls[i].run, 1);
        if (taken > *most) {
            *most = taken;
        }
        if (taken > STACK) { /* on the large stack: say so, where the small one would end the process */
            printf("%s: %s takes %lu bytes of stack\n", kernel, calls[i].name, (unsigned long)taken);
            exit(1);
        }
    }
    return digest;
}

/* Of what the calls before have left behind. */
static void clear(void)
{
    memset(&state, 0, sizeof state);
    memset(out, 0, sizeof out);
    memset(hidden, 0, sizeof hidden);
    memset(rows[1], 0, sizeof rows[1]);
}

int main(void)
{
    static const char *const kernels[] = {"portable", "sse2", "avx2", "avx512", "neon"};
    char *memory = (char *)mmap(NULL, GUARD + LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *const stack = memory + GUARD;
    uint8_t *files[3];
    size_t lengths[3], of_thread, most = 0, i;
    int format, tried = 0;

    if (memory == (char *)MAP_FAILED || mprotect(memory, GUARD, PROT_NONE) != 0) {
        return 2;
    }
    files[0] = make_model(5, &lengths[0]);
    judge = make_classifier(6, 4, &judge_len);
    box_len = write_container(NULL, files[0], lengths[0], 0);
    box = (uint8_t *)malloc(box_len);
    if (box == NULL) {
        return 2;
    }
    write_container(box, files[0], lengths[0], 0);
    for (format = 1; format < 3; format++) {
        const enum repack_as as = format == 1 ? REPACK_AS_BASE_3 : REPACK_AS_POWERS_OF_3;
        lengths[format] = repack(files[0], NULL, as);
        files[format] = (uint8_t *)malloc(lengths[format]);
        if (files[format] == NULL) {
            return 2;
        }
        repack(files[0], files[format], as);
    }
    for (i = 0; i < ATOME_MAX_SEQ; i++) {
        size_t column;
        tokens[i] = (int)(i * 37 % ATOME_VOCAB_SIZE);
        for (column = 0; column < ATOME_D_MODEL; column++) {
            rows[0][i][column] = (float)((i * 31 + column * 17) % 101) / 64.0f - 0.75f;
        }
    }
    /* What the thread itself keeps there: what pthread_create puts on top, and the function that makes the call. */
    of_thread = LARGE - run_on(stack, LARGE, nothing, 0);
    for (i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (atome_select_kernel(kernels[i]) != 0) {
            continue;
        }
        tried++;
        for (format = 0; format < 3; format++) {
            uint32_t expected;
            blob = files[format];
            blob_len = lengths[format];
            clear();
            expected = run_all(stack, LARGE, kernels[i], &most);
            clear();
            if (run_all(stack, (STACK + of_thread + 15) & ~(size_t)15, kernels[i], &most) != expected) {
                printf("%s: other results on a small stack\n", kernels[i]);
                return 1;
            }
        }
    }
    printf("%d kernels, at most %lu bytes\n", tried, (unsigned long)most);
    return tried > 0 ? 0 : 1;
}
