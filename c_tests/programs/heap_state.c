/* shape: -DATOME_D_MODEL=21 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=5 -DATOME_VOCAB_SIZE=61 -DATOME_MAX_SEQ=9 -DATOME_N_PATHWAYS=5 -DATOME_TOP_K=20 */
/* arithmetic: exact */
/*
 * Habit: the state comes from malloc with sizeof, atome_init is called once, and then many models run on it, each loaded
 * into a model struct on the heap that is freed before the next one is made (often at the same address). top_k is larger
 * than the sequence and the router has rows that are not mixed.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

int main(void)
{
    static const int tokens[] = {60, 0, 17, 17, 17, 42, 8, 1, 59, 30, 31};
    atome_state_t *state = (atome_state_t *)malloc(sizeof(atome_state_t));
    uint32_t seed;

    if (state == NULL) {
        return 2;
    }
    atome_init(state);
    for (seed = 100; seed < 112; seed++) {
        atome_model_t *model = (atome_model_t *)malloc(sizeof *model);
        size_t len;
        uint8_t *blob = make_model(seed, &len);
        int n;

        if (model == NULL) {
            return 2;
        }
        printf("seed %u: load %d\n", (unsigned)seed, atome_load(model, blob, len));
        for (n = 1; n <= 11; n += 5) { /* 11 tokens are more than fit: the first 9 count */
            printf("%d tokens: %d\n", n, atome_predict_next(model, state, tokens, n));
            show_hash("logits", atome_get_logits(state), ATOME_VOCAB_SIZE);
        }
        show_floats("router", state->router_w[ATOME_MAX_SEQ - 1], ATOME_N_PATHWAYS);
        free(model);
        free(blob);
    }
    free(state);
    return 0;
}
