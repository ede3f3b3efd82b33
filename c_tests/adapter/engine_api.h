/*
 * One engine as a table of functions, so that the harness can hold many of them side by side: references compiled for
 * one shape each under renamed symbols, and shared objects around the archive. Models, states and classifiers are
 * untyped here because their sizes differ between shapes; the table tells them.
 */
#ifndef ENGINE_API_H
#define ENGINE_API_H

#include <stddef.h>
#include <stdint.h>

/* What the engine was compiled for. plan is 0 where the engine knows no memory plans. */
struct engine_shape {
    int d_model, max_seq, n_layers, n_pathways, vocab_size, d_head, kernel_size, top_k, max_classes, plan;
};

/* Numbers of a model's matrices: 0 embed, 1 unembed, then ENGINE_LAYER_MATRICES a layer. */
enum {
    ENGINE_EMBED = 0,
    ENGINE_UNEMBED = 1,
    ENGINE_FIRST_LAYER = 2,
    ENGINE_CONV = 0,
    ENGINE_WQ = 1,
    ENGINE_WK = 2,
    ENGINE_WV = 3,
    ENGINE_ROUTER = 4,
    ENGINE_LAYER_MATRICES = 5
};

/* What a scout (scout_unit.c) heard: an index in attention that was kept for no position; a top_k of 0, or above the
 * shape's, with as many positions. */
enum { ENGINE_EMPTY_SLOT = 1, ENGINE_TOP_K_OUT_OF_RANGE = 2 };

/* What only the archive has. Codes and units are those of atome.h; a sampler takes sampler_size bytes. */
struct engine_extras {
    size_t sampler_size;
    size_t lean_state_size, partial_state_size, cached_state_size, c99_state_size; /* by the header's sums */
    const char *(*version)(void);
    const char *(*mode)(void);
    const char *(*kernel)(void);
    int (*select_kernel)(const char *name);
    const char *(*error_text)(int code);
    int (*sampler_init)(void *sampler, float temperature, int top_k, float top_p, uint64_t seed);
    uint64_t (*sampler_state)(const void *sampler);
    int (*sample)(void *state, void *sampler);
    int (*generate_sampled)(const void *model, void *state, void *sampler, const int *prompt, int prompt_len,
                            int *output, int max_tokens);
    float (*router_entropy)(void *state, int layer);
    int (*generate_sliding)(const void *model, void *state, const int *prompt, int prompt_len, int *output,
                            int max_tokens);
    int (*step)(const void *model, void *state, int token);
    void (*restart)(void *state);
};

struct engine_api {
    struct engine_shape shape;
    size_t model_size, classifier_size, state_size;

    /* Where the engine's own functions lie, not the adapter's. */
    void (*address_of_load)(void);
    void (*address_of_predict_next)(void);

    void (*init)(void *state);
    int (*load)(void *model, const uint8_t *data, size_t len);
    int (*classifier_load)(void *classifier, const uint8_t *data, size_t len);
    int (*predict_next)(const void *model, void *state, const int *tokens, int n_tokens);
    const float *(*get_logits)(void *state);
    int (*generate)(const void *model, void *state, const int *prompt, int prompt_len, int *output, int max_tokens);
    int (*classify)(const void *classifier, void *state, const int *tokens, int n_tokens, float *class_logits);

    /* Building blocks on the weights of a loaded model. matvec takes any matrix but a convolution; norm is a layer's,
     * or the final one from n_layers on. Activations are rows of d_model floats. */
    int (*unpack_trit)(const uint8_t *packed, int idx);
    void (*matvec)(const void *model, int matrix, const float *x, float *out);
    void (*layer_norm)(const void *model, int norm, float *x);
    void (*causal_conv)(const void *model, int layer, const float *x, int seq_len, float *out);
    void (*ssm_forward)(const void *model, int layer, const float *x, int seq_len, float *h, float *out);
    void (*sparse_attn)(const void *model, int layer, const float *x, int seq_len, void *state, float *out);

    /* The members that firmware reads and changes. */
    float *(*logits)(void *state);
    float *(*router_w)(void *state);
    void *(*classifier_base)(void *classifier);
    int (*n_classes)(const void *classifier);
    void (*set_top_k)(void *model, int layer, int top_k);
    void (*set_scale)(void *model, int matrix, float scale);

    const struct engine_extras *extras; /* NULL in a reference */
};

/* What a load of the integer reference answers (integer.h). */
enum { ENGINE_INTEGER_OK = 0, ENGINE_INTEGER_SHAPE = -1, ENGINE_INTEGER_NOT_FINITE = -2, ENGINE_INTEGER_DWARFED = -3 };

/* The greatest size of a quantity that a state has met, and its bounds for weights of at most 1 and of at most 9. */
struct engine_integer_bound {
    const char *name;
    int64_t largest, ternary, powers_of_3;
};

/* The integer reference (integer.h) of one shape, for models that the floating-point reference of that shape has loaded. */
struct engine_integers {
    size_t constants_size, state_size;
    int quantities;
    int (*is_inside_limits)(const int sizes[6]); /* d, S, h, k, K, P */
    int (*load)(void *constants, const void *model);
    int (*load_whole)(void *constants, const void *model, const uint8_t *part); /* with feed-forward sublayers */
    int (*load_classifier)(void *constants, const void *classifier);
    void (*init)(void *state);
    int (*predict)(const void *constants, void *state, const int *tokens, int n, int from, int32_t *accumulators);
    uint32_t (*logit)(const void *constants, int32_t accumulator);
    int64_t (*share)(const void *state, int layer, int pathway);
    int (*residual_unit)(const void *constants);
    int (*norm_unit)(const void *constants, int norm);
    uint32_t (*bounds_exceeded)(const void *state);
    struct engine_integer_bound (*bound)(const void *state, int quantity);
    /* The calls of struct engine_api that the arithmetic has to do with (integer_calls.h); the other ones are the loader's. */
    int (*calls_load)(void *model, const uint8_t *data, size_t len);
    int (*calls_classifier_load)(void *classifier, const uint8_t *data, size_t len);
    int (*calls_predict_next)(const void *model, void *state, const int *tokens, int n_tokens);
    int (*calls_generate)(const void *model, void *state, const int *prompt, int prompt_len, int *output, int max_tokens);
    int (*calls_classify)(const void *classifier, void *state, const int *tokens, int n_tokens, float *class_logits);
};

#endif
