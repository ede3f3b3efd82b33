/* shape: -DATOME_D_MODEL=10 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=3 -DATOME_VOCAB_SIZE=23 -DATOME_MAX_SEQ=8 -DATOME_KERNEL_SIZE=3 */
/*
 * Habit: the blob sits wherever the linker or a file system put it. Every offset from 0 to 7 gives the same bits, and
 * bytes behind the end are allowed (a padded flash sector), but nothing may depend on them.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

enum { PADDING = 61 };

static atome_model_t model;
static atome_classifier_t clf;
static atome_state_t state;

int main(void)
{
    static const int tokens[] = {22, 1, 0, 13, 13, 5, 8, 2};
    size_t len_model = write_model(NULL, 9, 0), len_clf = write_model(NULL, 9, 4);
    float scores[ATOME_MAX_CLASSES];
    size_t offset;

    for (offset = 0; offset < 8; offset++) {
        uint8_t *block = (uint8_t *)malloc(offset + len_model);
        uint8_t *block_clf = (uint8_t *)malloc(offset + len_clf);

        if (block == NULL || block_clf == NULL) {
            return 2;
        }
        write_model(block + offset, 9, 0);
        write_model(block_clf + offset, 9, 4);
        printf("offset %u: load %d", (unsigned)offset, atome_load(&model, block + offset, len_model));
        printf(" %d", atome_classifier_load(&clf, block_clf + offset, len_clf));
        printf(", next %d", atome_predict_next(&model, &state, tokens, 8));
        printf(", class %d\n", atome_classify(&clf, &state, tokens, 8, scores));
        show_floats("logits", state.logits, ATOME_VOCAB_SIZE);
        show_floats("scores", scores, 4);
        free(block);
        block = (uint8_t *)malloc(offset + len_model + PADDING);
        if (block == NULL) {
            return 2;
        }
        /* The padding stays uninitialised: a memory checker reports whoever looks at it. */
        write_model(block + offset, 9, 0);
        printf("with bytes behind: %d", atome_load(&model, block + offset, len_model + PADDING));
        printf(", next %d\n", atome_predict_next(&model, &state, tokens, 8));
        free(block);
        free(block_clf);
    }
    return 0;
}
