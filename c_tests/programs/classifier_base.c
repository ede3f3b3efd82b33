/* shape: -DATOME_D_MODEL=24 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=6 -DATOME_VOCAB_SIZE=40 -DATOME_MAX_SEQ=10 -DATOME_MAX_CLASSES=7 */
/* reference: ours */
/*
 * Habit: one blob both judges a text and continues it. The base of a classifier is a model like any other, which takes turns
 * with the classifier on one state. (The C99 engine's loader leaves the base without its output matrix.)
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

static atome_classifier_t topic;
static atome_state_t state;

int main(void)
{
    int tokens[ATOME_MAX_SEQ] = {7, 39, 0};
    float scores[ATOME_MAX_CLASSES];
    size_t len;
    uint8_t *blob = make_classifier(201, 7, &len);
    int n, output[2], written;

    printf("load %d\n", atome_classifier_load(&topic, blob, len));
    for (n = 3; n < ATOME_MAX_SEQ; n++) {
        printf("%d tokens: topic %d", n, atome_classify(&topic, &state, tokens, n, scores));
        printf(", next %d\n", tokens[n] = atome_predict_next(&topic.base, &state, tokens, n));
        show_floats("scores", scores, topic.n_classes);
        show_hash("logits", atome_get_logits(&state), ATOME_VOCAB_SIZE);
    }
    written = atome_generate(&topic.base, &state, tokens, 5, output, 2);
    printf("generated %d: %d %d\n", written, output[0], output[1]);
    free(blob);
    return 0;
}
