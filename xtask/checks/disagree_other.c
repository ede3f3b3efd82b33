/* The second file of the program in disagree_main.c: every call that writes, on memory with a guard behind it. */
#include "atome.h"

enum { GUARD = 65536, MARK = 0x5a };

int other_is_untouched(void);
int other_prediction(void);

static struct {
    atome_state_t state;
    uint8_t behind_state[GUARD];
    atome_model_t model;
    atome_classifier_t classifier;
    uint8_t behind_models[GUARD];
} memory;

static atome_model_t never_loaded;

static void set_guards(void)
{
    int i;

    for (i = 0; i < GUARD; i++) {
        memory.behind_state[i] = MARK;
        memory.behind_models[i] = MARK;
    }
}

int other_is_untouched(void)
{
    int i;

    for (i = 0; i < GUARD; i++) {
        if (memory.behind_state[i] != MARK || memory.behind_models[i] != MARK) {
            return 0;
        }
    }
    return 1;
}

int other_prediction(void)
{
    static const uint8_t blob[1000000] = {'A', 'T', 'O', 'M', 'E', '0', '1'};
    static const uint8_t classifier[1000000] = {'A', 'T', 'O', 'M', 'E', 'C', 'L', '0', '1', 2, 0, 0, 0};
    static const int tokens[] = {1};
    atome_sampler_t sampler;
    int output[4];

    set_guards();
    atome_init(&memory.state);
    (void)atome_load(&memory.model, blob, sizeof blob);
    (void)atome_load_exact(&memory.model, blob, ATOME_BLOB_SIZE_ATOME01);
    (void)atome_classifier_load(&memory.classifier, classifier, sizeof classifier);
    (void)atome_classifier_load_exact(&memory.classifier, classifier, ATOME_BLOB_SIZE_ATOMECL01(2));
    (void)atome_generate(&memory.model, &memory.state, tokens, 1, output, 4);
    (void)atome_generate_sliding(&memory.model, &memory.state, tokens, 1, output, 4);
    if (atome_sampler_init(&sampler, 1.0f, 3, 0.9f, 7) == ATOME_OK) {
        (void)atome_generate_sampled(&memory.model, &memory.state, &sampler, tokens, 1, output, 4);
        (void)atome_sample(&memory.state, &sampler);
    }
    (void)atome_step(&memory.model, &memory.state, 1);
    (void)atome_classify(&memory.classifier, &memory.state, tokens, 1, NULL);
    (void)atome_router_entropy(&memory.state, ATOME_N_LAYERS - 1);
    atome_restart(&memory.state);
    return atome_predict_next(&never_loaded, &memory.state, tokens, 1);
}
