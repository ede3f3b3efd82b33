/* shape: */
/*
 * Habit: the growing token list goes to atome_predict_next once per generated token; between texts an earlier token is
 * edited, the list is shortened, and tokens run out of range or past ATOME_MAX_SEQ. Default shape, byte vocabulary.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

static atome_model_t model;
static atome_state_t state;
static int tokens[ATOME_MAX_SEQ + 8];

/* Generates until n_end tokens stand in the list; returns the new length. */
static int grow(int n, int n_end)
{
    while (n < n_end) {
        int next = atome_predict_next(&model, &state, tokens, n);
        printf("%d tokens -> %d, logits %016" PRIx64 "\n", n, next, hash_floats(state.logits, ATOME_VOCAB_SIZE));
        tokens[n++] = next;
    }
    return n;
}

int main(void)
{
    static const char prompt[] = "sensor:";
    size_t len;
    uint8_t *blob = make_model(77, &len);
    int n = 0;

    printf("load %d\n", atome_load(&model, blob, len));
    atome_init(&state);
    while (prompt[n] != '\0') {
        tokens[n] = (unsigned char)prompt[n];
        n++;
    }
    n = grow(n, ATOME_MAX_SEQ + 4);

    puts("an earlier token edited, the list cut behind it");
    tokens[5] = 'R';
    n = grow(6, 14);

    puts("the first token edited, the length unchanged");
    tokens[0] = 'S';
    n = grow(n, n + 2);

    puts("shortened to three");
    grow(3, 9);

    puts("tokens out of range count as 0");
    tokens[1] = -1;
    tokens[2] = ATOME_VOCAB_SIZE;
    grow(4, 6);
    tokens[1] = 0;
    tokens[2] = 0;
    grow(4, 6);

    free(blob);
    return 0;
}
