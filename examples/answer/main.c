/*
 * Questions and answers without an operating system: a trained model in flash, two static structs in RAM, and answers that
 * say whether to act on them.
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
#error "the state takes more RAM than is set aside: try -DATOME_PLAN=ATOME_PLAN_LEAN"
#endif

/* What is asked; in your firmware, what comes from the UART. */
static const char *const questions[] = {
#ifdef PROMPT
    PROMPT
#else
    "make it 21 degrees", "How do I unlock it?", "set night mode at 10 pm"
#endif
};

/* From the model's header: the text around a question, its form, where an answer ends, and when it is unsure. */
static const atome_dialogue_t how = DIALOGUE;

static atome_model_t model;
static atome_state_t state;

static void print_answer(const char *text)
{
    while (*text != '\0') {
        print_byte((unsigned char)*text++);
    }
    print_text("\n");
}

/* Returns ATOME_SURE, ATOME_UNSURE or an error code. */
static int ask(const char *question)
{
    char text[65];
    atome_answer_info_t info;
    const int result = atome_answer(&model, &state, &how, question, text, sizeof text, &info);

    if (result < 0) {
        return result;
    }
    print_text("\n> ");
    print_text(question);
    print_text("\n");
    if (result == ATOME_SURE) {
        /* Firmware acts here: a text that begins with a brace is a command. */
        print_answer(text);
    } else {
        print_text("unsure: ");
        print_text(atome_doubt_text(info.doubt));
        print_text("; ask again. A guess: ");
        print_answer(text);
    }
    return result;
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
    size_t i;
    int code = atome_load_exact(&model, model_start, MODEL_LENGTH);

    if (code != ATOME_OK) {
        return code;
    }
    atome_init(&state);
    report();
    for (i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        code = ask(questions[i]);
        if (code < 0) {
            return code;
        }
    }
    return ATOME_OK;
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
