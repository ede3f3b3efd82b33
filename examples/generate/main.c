/*
 * A text generator without an operating system: a trained model in flash, two static structs in RAM, and text that appears
 * token by token. A model that answers gets its prompt as a question, and stops where the answer ends.
 */
#include "atome.h"

#include "board.h"
#include "model.h"
#include "print.h"

/* What this firmware can spare, checked when it is compiled. */
#ifndef RAM_FOR_STATE
#define RAM_FOR_STATE (96 * 1024)
#endif
#if (ATOME_PLAN == ATOME_PLAN_CACHED    ? ATOME_STATE_SIZE_CACHED                                                     \
     : ATOME_PLAN == ATOME_PLAN_PARTIAL ? ATOME_STATE_SIZE_PARTIAL                                                    \
                                        : ATOME_STATE_SIZE_LEAN) > RAM_FOR_STATE
#error "the state takes more RAM than is set aside: try -DATOME_PLAN=ATOME_PLAN_LEAN or a smaller ATOME_MAX_SEQ"
#endif

#ifndef PROMPT
#define PROMPT "what does e2 mean"
#endif

#ifdef DIALOGUE
/* From the model's header: the text around a question, its form, and the token that ends an answer. */
static const atome_dialogue_t how = DIALOGUE;
#else
/* A model that continues text: nothing around the prompt, and no end. */
static const atome_dialogue_t how = {"", 0, "", 0, 0, -1, ATOME_MAX_SEQ, 0.0f, 0.0f};
#endif

static atome_model_t model;
static atome_state_t state;

/*
 * Continues the prompt until the text ends or the model's longest sequence is full, showing each token as soon as it is known.
 * sampler: NULL takes the most probable token. Returns ATOME_OK or an error code.
 */
static int generate(atome_sampler_t *sampler)
{
    int tokens[ATOME_MAX_SEQ];
    int n = atome_prompt(&how, PROMPT, tokens, ATOME_MAX_SEQ);

    if (n < 0) {
        return n;
    }
    print_text(PROMPT "|");
    while (n < ATOME_MAX_SEQ) {
        int token = atome_predict_next(&model, &state, tokens, n);

        if (token >= 0 && sampler != NULL) {
            token = atome_sample(&state, sampler);
        }
        if (token < 0) {
            return token;
        }
        if (token == how.stop) {
            break;
        }
        print_byte(token);
        tokens[n++] = token;
    }
    print_text("\n");
    return ATOME_OK;
}

static void report(void)
{
    print_text("atome ");
    print_text(atome_version());
    print_text(", ");
    print_text(atome_mode());
    print_text(" mode\nRAM for the state: ");
    print_number(sizeof state);
    print_text(ATOME_PLAN == ATOME_PLAN_CACHED    ? " bytes (cached plan)"
               : ATOME_PLAN == ATOME_PLAN_PARTIAL ? " bytes (partial plan)"
                                                  : " bytes (lean plan)");
    print_text("\nRAM for the model struct: ");
    print_number(sizeof model);
    print_text(" bytes\nFlash for the model: ");
    print_number(MODEL_LENGTH);
    print_text(" bytes\n");
}

/* Returns ATOME_OK or the code of what failed. */
static int run(void)
{
    atome_sampler_t sampler;
    int code = atome_load_exact(&model, model_start, MODEL_LENGTH);

    if (code != ATOME_OK) {
        return code;
    }
    atome_init(&state);
    report();

    print_text("\nThe most probable tokens:\n");
    code = generate(NULL);
    if (code != ATOME_OK) {
        return code;
    }

    /* Firmware takes the seed from a random source: the same seed draws the same text. */
    code = atome_sampler_init(&sampler, 0.8f, 40, 0.95f, 2026);
    if (code != ATOME_OK) {
        return code;
    }
    print_text("\nTokens drawn at temperature 0.8:\n");
    return generate(&sampler);
}

int main(void)
{
    const int code = run();

    if (code != ATOME_OK) {
        print_text("error: ");
        print_text(atome_error_text(code));
        print_text("\n");
        return 1;
    }
    return 0;
}
