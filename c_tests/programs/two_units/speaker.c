/* The second unit of the program in main.c: a model of its own, on whatever state it is handed. */
#include "speaker.h"

#include <stdio.h>

static atome_model_t own_model;

size_t speaker_state_size(void) { return ATOME_STATE_SIZE; }

size_t speaker_model_size(void) { return sizeof own_model; }

int speaker_load(const uint8_t *blob, size_t len) { return atome_load(&own_model, blob, len); }

void speaker_say(const atome_model_t *model, atome_state_t *state, int first_token)
{
    int words[ATOME_MAX_SEQ];
    int i, n;

    n = atome_generate(model != NULL ? model : &own_model, state, &first_token, 1, words, ATOME_MAX_SEQ);
    printf("%d:", first_token);
    for (i = 0; i < n; i++) {
        printf(" %d", words[i]);
    }
    printf(" trit %d\n", atome_unpack_trit(own_model.unembed.packed, first_token));
}
