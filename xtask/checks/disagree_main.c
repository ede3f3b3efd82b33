/*
 * A program of two files with different shapes that a linker let through. Only the file whose shape the linker kept may
 * use the library: in the other one, calls do nothing and say so. Prints what a prediction without a model returns in each:
 * -1 where the file's shape is the library's, -3 where it is not.
 */
#include "atome.h"

#include <stdio.h>

extern int other_is_untouched(void);
extern int other_prediction(void);

static atome_model_t model;
static atome_state_t state;

int main(void)
{
    static const int tokens[] = {1};
    int own, other;

    atome_init(&state);
    own = atome_predict_next(&model, &state, tokens, 1);
    other = other_prediction();
    printf("main %d, other %d, %s\n", own, other, other_is_untouched() ? "untouched" : "OVERWRITTEN");
    return 0;
}
