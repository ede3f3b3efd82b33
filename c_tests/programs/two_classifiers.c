/* shape: -DATOME_D_MODEL=24 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=6 -DATOME_VOCAB_SIZE=128 -DATOME_MAX_SEQ=20 -DATOME_MAX_CLASSES=7 */
/*
 * Habit: two classifiers stay loaded from two buffers and judge every message in turn, on a state each and on one for
 * both; scores are asked for, or only the class.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

static atome_classifier_t topic, urgency;
static atome_state_t state_topic, state_urgency, state_both;

static int read_tokens(const char *text, int *tokens)
{
    int n = 0;

    while (text[n] != '\0') {
        tokens[n] = text[n];
        n++;
    }
    return n;
}

int main(void)
{
    static const char *messages[] = {"pump 3 is hot", "pump 3 is hot!", "door open", "d",
                                     "a message of more than twenty bytes"};
    size_t len_topic, len_urgency, i;
    uint8_t *blob_topic = make_classifier(201, 7, &len_topic);
    uint8_t *blob_urgency = make_classifier(202, 1, &len_urgency);
    float scores[ATOME_MAX_CLASSES];
    int tokens[64];

    printf("load %d %d\n", atome_classifier_load(&topic, blob_topic, len_topic),
           atome_classifier_load(&urgency, blob_urgency, len_urgency));
    printf("classes %d %d, rows %d %d\n", topic.n_classes, urgency.n_classes, topic.head.rows, urgency.head.rows);
    atome_init(&state_topic);
    atome_init(&state_urgency);
    atome_init(&state_both);
    for (i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        int n = read_tokens(messages[i], tokens);

        printf("%s\n", messages[i]);
        printf("topic %d\n", atome_classify(&topic, &state_topic, tokens, n, scores));
        show_floats("scores", scores, topic.n_classes);
        printf("urgency %d\n", atome_classify(&urgency, &state_urgency, tokens, n, scores));
        show_floats("scores", scores, urgency.n_classes);
        printf("without scores: %d", atome_classify(&topic, &state_both, tokens, n, NULL));
        printf(" %d\n", atome_classify(&urgency, &state_both, tokens, n, NULL));
    }
    free(blob_topic);
    free(blob_urgency);
    return 0;
}
