/*
 * A part of a process with a model of its own shape: -DPART=lamp, and the shape in -D flags, make lamp(), which prints what
 * its model predicts. Several parts may be in one program, with archives of different prefixes, or in shared libraries.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

#define TEXT_(word) #word
#define TEXT(word) TEXT_(word)

#ifdef __cplusplus
extern "C" {
#endif
__attribute__((visibility("default"))) int PART(void);
#ifdef __cplusplus
}
#endif

static atome_model_t model;
static atome_classifier_t clf;
static atome_state_t state;

int PART(void)
{
    static const int tokens[] = {3, 1, 4, 1, 5};
    size_t len, len_clf;
    uint8_t *blob = make_model(ATOME_D_MODEL, &len), *blob_clf = make_classifier(ATOME_D_MODEL, 3, &len_clf);
    float scores[3];
    int class_of, next;

    atome_init(&state);
    if (atome_load_exact(&model, blob, len) != ATOME_OK || atome_classifier_load_exact(&clf, blob_clf, len_clf) != ATOME_OK) {
        printf("%s: not loaded\n", TEXT(PART));
        return 1;
    }
    next = atome_predict_next(&model, &state, tokens, 5);
    printf("%s: next %d\n", TEXT(PART), next);
    show_floats("logits", atome_get_logits(&state), ATOME_VOCAB_SIZE);
    class_of = atome_classify(&clf, &state, tokens, 5, scores);
    printf("%s: class %d\n", TEXT(PART), class_of);
    show_floats("scores", scores, 3);
    free(blob);
    free(blob_clf);
    return 0;
}
