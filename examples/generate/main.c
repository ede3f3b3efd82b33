/*
 * A text generator without an operating system: a model in flash, two static structs in RAM, and text that appears token by
 * token.
 */
#include "atome.h"

#include "board.h"
#include "model.h"
#include "print.h"

/* What this firmware can spare, checked when it is compiled. */
#define RAM_FOR_STATE (64 * 1024)
#if (ATOME_PLAN == ATOME_PLAN_CACHED ? ATOME_STATE_SIZE_CACHED : ATOME_STATE_SIZE_LEAN) > RAM_FOR_STATE
#error "the state takes more RAM than is set aside: try -DATOME_PLAN=ATOME_PLAN_LEAN or a smaller ATOME_MAX_SEQ"
#endif

static atome_model_t model;
static atome_state_t state;

/* Fills tokens with the bytes of text, at most ATOME_MAX_SEQ; returns how many. */
static int read_prompt(const char *text, int *tokens)
{
    int n = 0;

    while (n < ATOME_MAX_SEQ && text[n] != '\0') {
        tokens[n] = (unsigned char)text[n];
        n++;
    }
    return n;
}

/*
 * Continues prompt until the model's longest sequence is full, showing each token as soon as it is known. sampler: NULL takes
 * the most probable token. Returns ATOME_OK or an error code.
 */
static int generate(const char *prompt, atome_sampler_t *sampler)
{
    int tokens[ATOME_MAX_SEQ];
    int n = read_prompt(prompt, tokens);

    print_text(prompt);
    while (n < ATOME_MAX_SEQ) {
        int token = atome_predict_next(&model, &state, tokens, n);

        if (token >= 0 && sampler != NULL) {
            token = atome_sample(&state, sampler);
        }
        if (token < 0) {
            return token;
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
    print_text(ATOME_PLAN == ATOME_PLAN_CACHED ? " bytes (cached plan)" : " bytes (lean plan)");
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
    int code = atome_load(&model, model_start, MODEL_LENGTH);

    if (code != ATOME_OK) {
        return code;
    }
    atome_init(&state);
    report();

    print_text("\nThe most probable tokens:\n");
    code = generate("Once upon", NULL);
    if (code != ATOME_OK) {
        return code;
    }

    /* Firmware takes the seed from a random source: the same seed draws the same text. */
    code = atome_sampler_init(&sampler, 0.8f, 40, 0.95f, 2026);
    if (code != ATOME_OK) {
        return code;
    }
    print_text("\nTokens drawn at temperature 0.8:\n");
    return generate("Once upon", &sampler);
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
