/*
 * What a machine is doing, from four numbers of its sensors: a classifier that was trained on a table of them, or that says that
 * it is better not to act. Your own table becomes such a model by `atome train --classes`: see README.md.
 */
#include "atome.h"

#include "board.h"
#include "model.h"
#include "print.h"

/* From the model's header (`atome export --name sensor`): names, how numbers become text, how a row is asked. */
static const char *const classes[] = SENSOR_CLASS_NAMES;
static const atome_dialogue_t how = SENSOR_DIALOGUE;

/* Readings; in your firmware, what comes from the sensors. */
static const float readings[][SENSOR_COLUMNS] = {
#ifdef ROW
    {ROW}
#else
    {0.03f, 12.0f, 0.2f, 227.0f}, {0.52f, 130.0f, 1.4f, 224.5f}, {1.75f, 810.0f, 3.1f, 225.0f}, {2.3f, 290.0f, 6.2f, 211.0f}
#endif
};

static atome_classifier_t classifier;
static atome_state_t state;

/* How far the best logit is above the second. */
static float margin_of(const float *logits, int best)
{
    float margin = 0.0f;
    int seen = 0, i;

    for (i = 0; i < SENSOR_CLASSES; i++) {
        const float distance = logits[best] - logits[i];

        if (i != best && (seen++ == 0 || distance < margin)) {
            margin = distance;
        }
    }
    return margin;
}

/* The class of a row, or the code of what failed. */
static int judge(const float *row, float *margin)
{
    char text[SENSOR_COLUMNS + 1];
    int tokens[ATOME_MAX_SEQ], n, best;
    float logits[SENSOR_CLASSES];

    sensor_row(row, text);
    n = atome_prompt(&how, text, tokens, ATOME_MAX_SEQ);
    best = n < 0 ? n : atome_classify(&classifier, &state, tokens, n, logits);
    if (best >= 0) {
        *margin = margin_of(logits, best);
    }
    return best;
}

static void show(const float *row, int best, float margin)
{
    int i;

    for (i = 0; i < SENSOR_COLUMNS; i++) {
        print_text(i == 0 ? "> " : ", ");
        print_decimal(row[i]);
    }
    print_text("\n");
    if (!(margin >= SENSOR_LEAST_MARGIN)) {
        print_text("unsure: a close call; do not act. A guess: ");
    }
    print_text(classes[best]);
    print_text("\n");
}

int main(void)
{
    size_t i;
    int code = atome_classifier_load_exact(&classifier, model_start, MODEL_LENGTH);

    if (code == ATOME_OK && classifier.n_classes != SENSOR_CLASSES) {
        code = ATOME_ERR_INVALID;
    }
    if (code == ATOME_OK) {
        atome_init(&state);
    }
    for (i = 0; code >= 0 && i < sizeof readings / sizeof readings[0]; i++) {
        float margin = 0.0f;

        code = judge(readings[i], &margin);
        if (code >= 0) {
            show(readings[i], code, margin);
        }
    }
    if (code < 0) {
        print_text("error: ");
        print_text(atome_error_text(code));
        print_text("\n");
        return 1;
    }
    return 0;
}
