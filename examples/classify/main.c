/*
 * An intent classifier without an operating system: what a short message to a thermostat is about, or that it is better to ask
 * back.
 */
#include "atome.h"

#include "board.h"
#include "model.h"
#include "print.h"

/* In the order of the rows of the model's head. */
static const char *const intents[] = {"question", "temperature", "switch", "time", "reading"};

#define INTENTS ((int)(sizeof intents / sizeof intents[0]))

/*
 * When to act: how far the best logit must be above the second; its class is then exp(LEAST_MARGIN) times as probable. With
 * this number, 2 % of the messages that the model was trained with count as unsure.
 */
#define LEAST_MARGIN 2.32f

/* Messages; in your firmware, what comes from the UART. */
static const char *const messages[] = {
#ifdef PROMPT
    PROMPT
#else
    "Set the heat to 19!", "turn on eco mode", "what does e2 mean", "off in 20 minutes", "who painted the mona lisa"
#endif
};

/* From the model's header: the text around a message, its form, and how surprising one may be. */
static const atome_dialogue_t how = DIALOGUE;

static atome_classifier_t classifier;
static atome_state_t state;

/* What is known of a message. */
struct verdict {
    int intent;       /* Index of the best class, or an error code. */
    float margin;     /* Best logit minus the second. */
    int unfamiliar;   /* Whether the message is unlike what the model knows. */
    float logits[ATOME_MAX_CLASSES];
};

static float margin_of(const float *logits, int best)
{
    float margin = 0.0f;
    int seen = 0, i;

    for (i = 0; i < INTENTS; i++) {
        const float distance = logits[best] - logits[i];

        if (i != best && (seen++ == 0 || distance < margin)) {
            margin = distance;
        }
    }
    return margin;
}

/* A head knows its classes and nothing else: a foreign message gets one of them, often by a wide margin. The model below the
 * head tells it by its surprise. Without room for an answer, only the message is read. */
static int is_unfamiliar(const char *message)
{
    char none[1];
    atome_answer_info_t info;

    return atome_answer(&classifier.base, &state, &how, message, none, sizeof none, &info) < 0 ||
           info.doubt == ATOME_DOUBT_UNFAMILIAR;
}

static struct verdict judge(const char *message)
{
    struct verdict verdict = {0, 0.0f, 0, {0.0f}};
    int tokens[ATOME_MAX_SEQ];
    const int n = atome_prompt(&how, message, tokens, ATOME_MAX_SEQ);

    verdict.intent = atome_classify(&classifier, &state, tokens, n, verdict.logits);
    if (verdict.intent >= 0) {
        verdict.margin = margin_of(verdict.logits, verdict.intent);
        verdict.unfamiliar = is_unfamiliar(message);
    }
    return verdict;
}

static void show(const char *message, const struct verdict *verdict)
{
    int i;

    print_text("\n> ");
    print_text(message);
    print_text("\n");
    if (verdict->unfamiliar) {
        print_text("unsure: unlike what the model knows; ask back. A guess: ");
    } else if (!(verdict->margin >= LEAST_MARGIN)) {
        print_text("unsure: a close call; ask back. A guess: ");
    }
    print_text(intents[verdict->intent]);
    print_text("\n ");
    for (i = 0; i < INTENTS; i++) {
        print_text(" ");
        print_text(intents[i]);
        print_text(" ");
        print_decimal(verdict->logits[i]);
    }
    print_text("; margin ");
    print_decimal(verdict->margin);
    print_text("\n");
}

/* Returns ATOME_OK or the code of what failed. */
static int run(void)
{
    size_t i;
    int code = atome_classifier_load_exact(&classifier, model_start, MODEL_LENGTH);

    if (code == ATOME_OK && classifier.n_classes != INTENTS) {
        code = ATOME_ERR_INVALID;
    }
    if (code != ATOME_OK) {
        return code;
    }
    atome_init(&state);
    print_text("RAM for the state: ");
    print_number(sizeof state);
    print_text(" bytes\nRAM for the model struct: ");
    print_number(sizeof classifier);
    print_text(" bytes\nFlash for the model: ");
    print_number(MODEL_LENGTH);
    print_text(" bytes\n");

    for (i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        const struct verdict verdict = judge(messages[i]);

        if (verdict.intent < 0) {
            return verdict.intent;
        }
        show(messages[i], &verdict);
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
