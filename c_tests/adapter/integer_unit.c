/*
 * The integer reference of one shape, as a table of functions under a prefix of its own. Built as reference_unit.c is,
 * with our reference's folder on the include path.
 */
#include "integer.c"

#include "engine_api.h"
#include "rename.h"
#include "integer_calls.h"

static int unit_load(void *constants, const void *model)
{
    return integer_load((integer_constants_t *)constants, (const atome_model_t *)model);
}

static int unit_load_whole(void *constants, const void *model, const uint8_t *part)
{
    return integer_load_whole((integer_constants_t *)constants, (const atome_model_t *)model, part);
}

static int unit_load_classifier(void *constants, const void *classifier)
{
    return integer_load_classifier((integer_constants_t *)constants, (const atome_classifier_t *)classifier);
}

static void unit_init(void *state) { integer_init((integer_state_t *)state); }

static int unit_predict(const void *constants, void *state, const int *tokens, int n, int from, int32_t *accumulators)
{
    return integer_predict((const integer_constants_t *)constants, (integer_state_t *)state, tokens, n, from,
                           accumulators);
}

static uint32_t unit_logit(const void *constants, int32_t accumulator)
{
    return integer_logit((const integer_constants_t *)constants, accumulator);
}

static int64_t unit_share(const void *state, int layer, int pathway)
{
    return ((const integer_state_t *)state)->shares[layer][pathway];
}

static int unit_residual_unit(const void *constants) { return ((const integer_constants_t *)constants)->residual_unit; }

static int unit_norm_unit(const void *constants, int norm)
{
    const integer_constants_t *c = (const integer_constants_t *)constants;

    return norm < ATOME_N_LAYERS ? c->blocks[norm].norm.unit : c->final_norm.unit;
}

static uint32_t unit_bounds_exceeded(const void *state) { return ((const integer_state_t *)state)->bounds_exceeded; }

static struct engine_integer_bound unit_bound(const void *state, int quantity)
{
    const integer_state_t *s = (const integer_state_t *)state;
    const integer_quantity_t *q = &integer_quantities[quantity];
    struct engine_integer_bound found = {q->name, s->largest[quantity], q->ternary, q->powers_of_3};

    return found;
}

extern const struct engine_integers RENAMED(integers);
const struct engine_integers RENAMED(integers) = {
    sizeof(integer_constants_t), sizeof(integer_state_t), INTEGER_QUANTITIES, integer_is_inside_limits,
    unit_load, unit_load_whole, unit_load_classifier, unit_init, unit_predict, unit_logit, unit_share,
    unit_residual_unit, unit_norm_unit, unit_bounds_exceeded, unit_bound,
    calls_load, calls_classifier_load, calls_predict_next, calls_generate, calls_classify,
};
