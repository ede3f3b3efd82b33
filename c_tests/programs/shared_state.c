/* shape: -DATOME_D_MODEL=16 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=8 -DATOME_VOCAB_SIZE=50 -DATOME_MAX_SEQ=16 -DATOME_TOP_K=3 */
/*
 * Habit: two models and one classifier take turns on one static state. atome_init is never called: static memory is
 * zero anyway. The turns share prefixes, so whatever a state might remember of the last call is tempting and wrong.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

static atome_model_t first, second;
static atome_classifier_t judge;
static atome_state_t state;

int main(void)
{
    int tokens[ATOME_MAX_SEQ];
    float scores[ATOME_MAX_CLASSES];
    size_t len_first, len_second, len_judge;
    uint8_t *blob_first = make_model(11, &len_first);
    uint8_t *blob_second = make_model(12, &len_second);
    uint8_t *blob_judge = make_classifier(13, 5, &len_judge);
    int n, turn;

    printf("load: %d %d %d\n", atome_load(&first, blob_first, len_first), atome_load(&second, blob_second, len_second),
           atome_classifier_load(&judge, blob_judge, len_judge));
    for (n = 0; n < ATOME_MAX_SEQ; n++) {
        tokens[n] = (n * 7 + 3) % ATOME_VOCAB_SIZE;
    }
    for (n = 1; n <= ATOME_MAX_SEQ; n += 3) {
        for (turn = 0; turn < 2; turn++) {
            printf("%d tokens, turn %d: first %d", n, turn, atome_predict_next(&first, &state, tokens, n));
            printf(" (%016" PRIx64 ")", hash_floats(state.logits, ATOME_VOCAB_SIZE));
            printf(", second %d", atome_predict_next(&second, &state, tokens, n));
            printf(" (%016" PRIx64 ")", hash_floats(state.logits, ATOME_VOCAB_SIZE));
            printf(", judge %d", atome_classify(&judge, &state, tokens, n, scores));
            printf(" (%016" PRIx64 ")", hash_floats(scores, 5));
            printf(", logits after judge %016" PRIx64 "\n", hash_floats(state.logits, ATOME_VOCAB_SIZE));
            show_floats("router", state.router_w[n - 1], ATOME_N_PATHWAYS);
        }
    }
    free(blob_first);
    free(blob_second);
    free(blob_judge);
    return 0;
}
