/* shape: -DATOME_D_MODEL=12 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=4 -DATOME_VOCAB_SIZE=33 -DATOME_MAX_SEQ=14 */
/*
 * Habit: several files of one firmware include atome.h with the same flags, and hand models and states to each other.
 * All .c files of this folder make one program.
 */
#include "atome.h"

#include "../make_model.h"
#include "../show.h"
#include "speaker.h"

static atome_model_t model;
static atome_state_t state;

int main(void)
{
    static const int tokens[] = {1, 2, 3, 4, 5};
    size_t len;
    uint8_t *blob = make_model(55, &len);

    printf("sizes agree: %d %d\n", speaker_state_size() == sizeof(atome_state_t),
           speaker_model_size() == sizeof(atome_model_t));
    printf("load %d %d\n", atome_load(&model, blob, len), speaker_load(blob, len));
    printf("main predicts %d\n", atome_predict_next(&model, &state, tokens, 5));
    show_hash("logits", state.logits, ATOME_VOCAB_SIZE);
    speaker_say(&model, &state, 3);
    speaker_say(NULL, &state, 4);
    printf("main predicts %d\n", atome_predict_next(&model, &state, tokens, 5));
    show_hash("logits", state.logits, ATOME_VOCAB_SIZE);
    printf("trit %d\n", atome_unpack_trit(model.embed.packed, 7));
    free(blob);
    return 0;
}
