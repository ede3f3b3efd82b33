/*
 * What the engine costs while it runs: memory, stack and instructions, for the model in flash (blob.S). Only functions
 * that the C engine has, too: the same source measures either, whichever atome.h it finds. With -DATOME_SIGNED, what
 * loading a signed model costs, and nothing else.
 */
#include "atome.h"

#include "board.h"
#include "instructions.h"
#include "text.h"

#if defined(ATOME_SIGNED)
#include "signed_models.h"
#else
extern const uint8_t blob_start[], blob_end[];
#endif

extern uint32_t stack_top[];

#if defined(__riscv)
#define MOVE "mv"
#else
#define MOVE "mov"
#endif

enum { PROMPT = 4, LATER = 8, ROOM = ATOME_MAX_SEQ - PROMPT };

static atome_model_t model;
static atome_state_t state;
static int tokens[ATOME_MAX_SEQ];

#if defined(ATOME_SIGNED)
static int load(void)
{
    const container_t container = signed_container(0);

    return atome_load_signed(&model, container.data, container.length, public_key(0));
}
#else
static int load(void) { return atome_load(&model, blob_start, (size_t)(blob_end - blob_start)); }
#endif

/* A whole sequence takes the archive the most stack: then nothing is free in the state, and what the partial plan holds does not
 * stay as a whole. The C engine takes as much for any. */
#if defined(ATOME_PLAN_PARTIAL)
#define DEEPEST ATOME_MAX_SEQ
#else
#define DEEPEST (LATER + 1)
#endif

static int predict(void) { return atome_predict_next(&model, &state, tokens, DEEPEST); }

/* Where the caller's frame ends: a call's own begins there. */
__attribute__((always_inline)) static inline uintptr_t stack_pointer(void)
{
    uintptr_t value;

    __asm__ volatile(MOVE " %0, sp" : "=r"(value));
    return value;
}

/* stack_paint() leaves a gap below its caller's frame. The room keeps the measured call out of it: what the call does not
 * touch must not count. */
__attribute__((noinline)) static size_t stack_below_here(int (*call)(void))
{
    volatile uint8_t room[256];

    room[0] = 0;
    if (call() < room[0]) {
        board_write("the measured call failed\n");
        board_exit(1);
    }
    return stack_used() - (size_t)((uintptr_t)stack_top - stack_pointer());
}

static size_t stack_of(int (*call)(void))
{
    stack_paint();
    return stack_below_here(call);
}

static uint64_t instructions_of_calibration(uint32_t count)
{
    const uint32_t start = timer_now();

    known_instructions(count);
    return instructions_since(start);
}

static uint64_t instructions_of_prediction(int n_tokens)
{
    const uint32_t start = timer_now();

    atome_predict_next(&model, &state, tokens, n_tokens);
    return instructions_since(start);
}

/* Of one more token after so many, for an engine that remembers them: each is one position. */
static void write_growth(void)
{
    static const struct {
        const char *name;
        int prefix;
    } after[] = {{"after-1", 1}, {"after-8", 8}, {"after-16", 16}, {"after-23", 23}};
    unsigned i;

    for (i = 0; i < sizeof after / sizeof after[0]; i++) {
        if (after[i].prefix < ATOME_MAX_SEQ) {
            instructions_of_prediction(after[i].prefix);
            write_result(after[i].name, (uint32_t)instructions_of_prediction(after[i].prefix + 1));
        }
    }
}

static uint64_t instructions_of_generation(int count)
{
    static int output[ROOM];
    const uint32_t start = timer_now();

    if (atome_generate(&model, &state, tokens, PROMPT, output, count) != count) {
        board_write("atome_generate stopped early\n");
        board_exit(1);
    }
    return instructions_since(start);
}

#if defined(ATOME_SIGNED)
/* The container's checksum without its signature, then with it. */
static void write_loading(void)
{
    const container_t container = signed_container(0);
    uint32_t start = timer_now();

    if (atome_load(&model, container.data, container.length) != ATOME_OK) {
        board_exit(1);
    }
    write_result("load-container", (uint32_t)instructions_since(start));
    start = timer_now();
    if (load() != ATOME_OK) {
        board_exit(1);
    }
    write_result("load-signed", (uint32_t)instructions_since(start));
}
#else
static void write_loading(void) {}
#endif

int main(void)
{
    const uint32_t generated = setting("generate", 0);
    int i;

    for (i = 0; i < ATOME_MAX_SEQ; i++) {
        tokens[i] = (i * 37 + 11) % ATOME_VOCAB_SIZE;
    }
    timer_start();
    write_result("calibration", (uint32_t)instructions_of_calibration(setting("calibrate", 2)));
    write_result("state", sizeof state);
    write_result("model", sizeof model);

    atome_init(&state);
    write_result("stack-load", stack_of(load));
    write_loading();
#if defined(ATOME_SIGNED)
    return 0;
#endif
    write_result("first", (uint32_t)instructions_of_prediction(1));
    /* The position behind LATER others, for an engine that remembers them. */
    instructions_of_prediction(LATER);
    write_result("next", (uint32_t)instructions_of_prediction(LATER + 1));
    /* From the start: nothing of the sequence is known to the state. */
    atome_init(&state);
    write_result("stack-predict", stack_of(predict));
    if (setting("growth", 0)) {
        atome_init(&state);
        write_growth();
    }
    if (generated > 0) {
        atome_init(&state);
        write_result("token", (uint32_t)(instructions_of_generation((int)generated) / generated));
    }
    return 0;
}
