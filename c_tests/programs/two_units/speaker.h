#ifndef SPEAKER_H
#define SPEAKER_H

#include "atome.h"

size_t speaker_state_size(void);
size_t speaker_model_size(void);
int speaker_load(const uint8_t *blob, size_t len);

/* Prints what the model says after one token; NULL stands for the speaker's own model. */
void speaker_say(const atome_model_t *model, atome_state_t *state, int first_token);

#endif
