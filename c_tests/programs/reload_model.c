/* shape: -DATOME_D_MODEL=19 -DATOME_N_LAYERS=3 -DATOME_D_HEAD=7 -DATOME_KERNEL_SIZE=3 -DATOME_VOCAB_SIZE=37 -DATOME_MAX_SEQ=12 */
/* reference: ours */
/*
 * Habit: one model struct, loaded from several blobs in turn, as a device does that swaps its model over the air. The
 * state is never told. The last blobs overwrite each other in one buffer, at one address.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

static atome_model_t model;
static atome_state_t state;

static const int tokens[] = {3, 1, 4, 1, 5, 9, 2, 6};
enum { N_TOKENS = sizeof tokens / sizeof tokens[0] };

static void predict(const char *name, const atome_model_t *m)
{
    int next = atome_predict_next(m, &state, tokens, N_TOKENS);

    printf("%s predicts %d\n", name, next);
    show_floats("logits", atome_get_logits(&state), ATOME_VOCAB_SIZE);
}

int main(void)
{
    static const uint32_t order[] = {1, 2, 1, 3, 3, 2, 1};
    atome_model_t copy;
    uint8_t *blobs[4];
    size_t len = 0, i;
    uint32_t seed;
    char name[32];

    for (seed = 1; seed < 4; seed++) {
        blobs[seed] = make_model(seed, &len);
    }
    atome_init(&state);
    for (i = 0; i < sizeof order / sizeof order[0]; i++) {
        snprintf(name, sizeof name, "blob %u", (unsigned)order[i]);
        printf("load: %d\n", atome_load(&model, blobs[order[i]], len));
        predict(name, &model);
    }

    copy = model;
    printf("load: %d\n", atome_load(&model, blobs[3], len));
    predict("a copy of the struct with blob 1", &copy);

    for (seed = 4; seed < 7; seed++) {
        write_model(blobs[2], seed, 0);
        snprintf(name, sizeof name, "overwritten by %u", (unsigned)seed);
        printf("load: %d\n", atome_load(&model, blobs[2], len));
        predict(name, &model);
    }

    printf("a load that fails: %d\n", atome_load(&model, blobs[1], len - 1));
    predict("the model from before it", &model);

    for (seed = 1; seed < 4; seed++) {
        free(blobs[seed]);
    }
    return 0;
}
