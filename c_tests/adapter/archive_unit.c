/*
 * The archive as a program sees it: our header with a shape's flags, the real names, and the adapter's table. Built with
 * the archive into one shared object a shape, since a program image has one shape.
 */
#define ATOME_FORMATS
#define ATOME_CONTAINERS
#include "atome.h"

#if ATOME_ARITHMETIC == ATOME_INTEGER
/* The one function that it has not, and the plan: nobody asks for them there. */
#undef atome_sparse_attn
#define atome_sparse_attn no_sparse_attn
static void no_sparse_attn(const float (*x)[ATOME_D_MODEL], int n, const atome_attn_t *attn, atome_state_t *state,
                           float (*out)[ATOME_D_MODEL])
{
    (void)x, (void)n, (void)attn, (void)state, (void)out;
}
#define ATOME_STATE_SIZE_PARTIAL 0
#endif

#include "adapter.h"

static uint64_t archive_sampler_state(const void *sampler) { return ((const atome_sampler_t *)sampler)->state; }

static int archive_sampler_init(void *sampler, float temperature, int top_k, float top_p, uint64_t seed)
{
    return atome_sampler_init((atome_sampler_t *)sampler, temperature, top_k, top_p, seed);
}

static int archive_sample(void *state, void *sampler)
{
    return atome_sample((atome_state_t *)state, (atome_sampler_t *)sampler);
}

static int archive_generate_sampled(const void *model, void *state, void *sampler, const int *prompt, int prompt_len,
                                    int *output, int max_tokens)
{
    return atome_generate_sampled((const atome_model_t *)model, (atome_state_t *)state, (atome_sampler_t *)sampler,
                                  prompt, prompt_len, output, max_tokens);
}

static float archive_router_entropy(void *state, int layer)
{
    return atome_router_entropy((atome_state_t *)state, layer);
}

static int archive_generate_sliding(const void *model, void *state, const int *prompt, int prompt_len, int *output,
                                    int max_tokens)
{
    return atome_generate_sliding((const atome_model_t *)model, (atome_state_t *)state, prompt, prompt_len, output,
                                  max_tokens);
}

static int archive_step(const void *model, void *state, int token)
{
    return atome_step((const atome_model_t *)model, (atome_state_t *)state, token);
}

static void archive_restart(void *state) { atome_restart((atome_state_t *)state); }

static const struct engine_extras extras = {sizeof(atome_sampler_t),  ATOME_STATE_SIZE_LEAN, ATOME_STATE_SIZE_PARTIAL,
                                            ATOME_STATE_SIZE_CACHED,  ATOME_STATE_SIZE_C99,
                                            atome_version,            atome_mode,
                                            atome_kernel,             atome_select_kernel,
                                            atome_error_text,         archive_sampler_init,  archive_sampler_state,
                                            archive_sample,           archive_generate_sampled,
                                            archive_router_entropy,   archive_generate_sliding,
                                            archive_step,             archive_restart};

extern const struct engine_api archive_api;
const struct engine_api archive_api = ENGINE_API(&extras);
