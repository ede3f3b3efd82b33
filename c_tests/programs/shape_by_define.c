/* shape: */
/* engine-shape: -DATOME_D_MODEL=13 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=3 -DATOME_KERNEL_SIZE=2 -DATOME_VOCAB_SIZE=29 -DATOME_MAX_SEQ=18 -DATOME_TOP_K=2 */
/*
 * Habit: the shape is set by #define before the include, without any -D flag for this file. (An engine that is compiled
 * for one shape gets the flags above.) A text generator with atome_generate that stops at ATOME_MAX_SEQ.
 */
#define ATOME_D_MODEL 13
#define ATOME_N_LAYERS 2
#define ATOME_D_HEAD 3
#define ATOME_KERNEL_SIZE 2
#define ATOME_VOCAB_SIZE 29
#define ATOME_MAX_SEQ 18
#define ATOME_TOP_K 2
#include "atome.h"

#include "make_model.h"
#include "show.h"

static atome_model_t model;
static atome_state_t state;

static void generate(const int *prompt, int prompt_len, int max_tokens)
{
    int output[2 * ATOME_MAX_SEQ];
    int i, n;

    for (i = 0; i < 2 * ATOME_MAX_SEQ; i++) {
        output[i] = -99;
    }
    n = atome_generate(&model, &state, prompt, prompt_len, output, max_tokens);
    printf("prompt of %d, at most %d: %d written:", prompt_len, max_tokens, n);
    for (i = 0; i < n; i++) {
        printf(" %d", output[i]);
    }
    printf(" then %d\n", output[n]); /* the place behind the last token is not written */
    show_hash("logits", state.logits, ATOME_VOCAB_SIZE);
}

int main(void)
{
    static const int prompt[] = {5, 4, 3, 2, 1, 0, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14};
    size_t len;
    uint8_t *blob = make_model(5, &len);
    int max;

    printf("inner %d, state size known: %d\n", ATOME_D_INNER, ATOME_STATE_SIZE == sizeof(atome_state_t));
    printf("load %d\n", atome_load(&model, blob, len));
    printf("d_head %d top_k %d rows %d cols %d taps %d\n", model.blocks[1].attn.d_head, model.blocks[1].attn.top_k,
           model.embed.rows, model.embed.cols, model.blocks[0].local_conv.kernel_size);
    atome_init(&state);
    for (max = 0; max < 24; max += 4) {
        generate(prompt, 3, max);
    }
    generate(prompt, 17, 5);
    generate(prompt, 18, 5);
    generate(prompt, 21, 5);
    generate(prompt, 1, 100); /* output has room for 2 * ATOME_MAX_SEQ, which can never fill */
    free(blob);
    return 0;
}
