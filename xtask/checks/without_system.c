/*
 * Linked for systems whose C library is not at hand: every function of atome.h that a program calls is taken from the archive,
 * and the archive finds all that it asks for here and in no_c_library.c. Nobody runs it.
 */
#include "atome.h"

static atome_model_t model;
static atome_classifier_t clf;
static atome_state_t state;

int start(void);
int start(void)
{
    static const uint8_t blob[64];
    static const int tokens[] = {1, 2};
    float scores[ATOME_MAX_CLASSES];
    int out[2];

    atome_init(&state);
    if (atome_load(&model, blob, sizeof blob) != ATOME_OK || atome_classifier_load(&clf, blob, sizeof blob) != ATOME_OK) {
        return atome_self_test();
    }
    atome_generate(&model, &state, tokens, 2, out, 2);
    return atome_predict_next(&model, &state, tokens, 2) + atome_classify(&clf, &state, tokens, 2, scores);
}

#if defined(_WIN32)
/* What Microsoft's run-time library has. */
int _fltused = 1;
void __chkstk(void);
void __chkstk(void) {}
void _chkstk(void);
void _chkstk(void) {}
#elif defined(__APPLE__)
#include <stddef.h>
void *memset(void *to, int value, size_t count);
void bzero(void *to, size_t count);
void bzero(void *to, size_t count) { memset(to, 0, count); }
void __bzero(void *to, size_t count);
void __bzero(void *to, size_t count) { memset(to, 0, count); }
void memset_pattern16(void *to, const void *pattern, size_t count);
void memset_pattern16(void *to, const void *pattern, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        ((char *)to)[i] = ((const char *)pattern)[i % 16];
    }
}
#endif
