/*
 * An intent classifier without an operating system: which of three things a short message asks for, or that it is better to
 * ask back.
 */
#include "atome.h"

#include "board.h"
#include "model.h"
#include "print.h"

/* In the order of the rows of the model's head. */
static const char *const intents[] = {"light", "music", "timer"};

#define INTENTS ((int)(sizeof intents / sizeof intents[0]))

/*
 * When to act. Set both on messages that the model was not trained with: the first so that few of the answers above it are
 * wrong, the second so that most messages of a foreign kind lie above it.
 */

/* How far the best logit must be above the second: its class is then exp(LEAST_MARGIN) times as probable. */
#define LEAST_MARGIN 0.5f

/* The router's entropy, as a share of the highest possible, above which the model is unsure of the input itself. */
#define MOST_ENTROPY 0.95f

/* ln(ATOME_N_PATHWAYS): the entropy of a router that finds all pathways alike. */
static const float highest_entropy[] = {1.0986123f, 1.3862944f, 1.6094379f, 1.7917595f, 1.9459101f, 2.0794415f};

static atome_classifier_t classifier;
static atome_state_t state;

/* What is known of a message. */
struct verdict {
    int intent;    /* Index of the best class, or an error code. */
    float margin;  /* Best logit minus the second. */
    float entropy; /* Mean over the layers, 0 to 1. */
    float logits[ATOME_MAX_CLASSES];
};

static float mean_entropy(void)
{
    float sum = 0.0f;
    int layer;

    for (layer = 0; layer < ATOME_N_LAYERS; layer++) {
        sum += atome_router_entropy(&state, layer);
    }
    return sum / (float)ATOME_N_LAYERS / highest_entropy[ATOME_N_PATHWAYS - 3];
}

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

static struct verdict judge(const char *message)
{
    struct verdict verdict;
    int tokens[ATOME_MAX_SEQ];
    int n = 0;

    while (n < ATOME_MAX_SEQ && message[n] != '\0') {
        tokens[n] = (unsigned char)message[n];
        n++;
    }
    verdict.intent = atome_classify(&classifier, &state, tokens, n, verdict.logits);
    if (verdict.intent >= 0) {
        verdict.margin = margin_of(verdict.logits, verdict.intent);
        verdict.entropy = mean_entropy();
    }
    return verdict;
}

/* Written so that a margin or entropy that is not a number is unsure, too. */
static int is_sure(const struct verdict *verdict)
{
    return verdict->margin >= LEAST_MARGIN && verdict->entropy <= MOST_ENTROPY;
}

static void show(const char *message, const struct verdict *verdict)
{
    int i;

    print_text("\n\"");
    print_text(message);
    print_text("\"\n ");
    for (i = 0; i < INTENTS; i++) {
        print_text(" ");
        print_text(intents[i]);
        print_text(" ");
        print_decimal(verdict->logits[i]);
    }
    print_text("; margin ");
    print_decimal(verdict->margin);
    print_text(", entropy ");
    print_decimal(verdict->entropy);
    print_text("\n  ");
    print_text(is_sure(verdict) ? "do: " : "unsure, ask back; best guess: ");
    print_text(intents[verdict->intent]);
    print_text("\n");
}

/* Returns ATOME_OK or the code of what failed. */
static int run(void)
{
    static const char *const messages[] = {"lamp on please", "play the next song", "wake me at seven", "turn it down",
                                           "hello?"};
    size_t i;
    int code = atome_classifier_load(&classifier, model_start, MODEL_LENGTH);

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
