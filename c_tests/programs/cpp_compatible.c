/* shape: -DATOME_D_MODEL=18 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=9 -DATOME_VOCAB_SIZE=40 -DATOME_MAX_SEQ=10 -DATOME_N_PATHWAYS=4 */
/* languages: c c++ */
/*
 * Habit: a source that is C and C++ alike (Arduino sketches, mbed). It reads state->router_w and logits directly, and
 * scales state.logits in place for a temperature before it predicts again.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

static atome_model_t model;
static atome_state_t state;

/* Temperature in place, the way a sampler without a buffer of its own does it. */
static int colder(atome_state_t *s, float factor)
{
    int i, best = 0;

    for (i = 0; i < ATOME_VOCAB_SIZE; i++) {
        s->logits[i] *= factor;
        if (s->logits[i] > s->logits[best]) {
            best = i;
        }
    }
    return best;
}

int main(void)
{
    size_t len;
    uint8_t *blob = make_model(404, &len);
    int tokens[ATOME_MAX_SEQ] = {7, 8};
    int n, t;

    printf("load %d\n", atome_load(&model, blob, len));
    atome_init(&state);
    for (n = 2; n <= ATOME_MAX_SEQ; n++) {
        int next = atome_predict_next(&model, &state, tokens, n);
        printf("%d tokens -> %d, after scaling %d\n", n, next, colder(&state, 0.75f));
        show_hash("scaled", atome_get_logits(&state), ATOME_VOCAB_SIZE);
        /* The same question again: the scaled values must not have been kept. */
        printf("again %d\n", atome_predict_next(&model, &state, tokens, n));
        show_floats("logits", state.logits, ATOME_VOCAB_SIZE);
        for (t = 0; t < n; t++) {
            show_floats("router", state.router_w[t], ATOME_N_PATHWAYS);
        }
        if (n < ATOME_MAX_SEQ) {
            tokens[n] = next;
        }
    }
    free(blob);
    return 0;
}
