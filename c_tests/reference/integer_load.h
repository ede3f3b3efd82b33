/*
 * The constants of docs/integer.md, "Constants". Included by integer.c.
 */
#ifndef INTEGER_LOAD_H
#define INTEGER_LOAD_H

#include "integer_tables.h"
#include "integer_words.h"

#include <limits.h>

/* Limits ----------------------------------------------------------------------------------------------------------- */

#define MOST_D 1024
#define MOST_S 4096
#define MOST_H 256
#define MOST_TAPS 16
#define MOST_KEPT 16
#define MOST_PATHWAYS 16

int integer_is_inside_limits(const int sizes[6])
{
    return sizes[0] <= MOST_D && sizes[1] <= MOST_S && sizes[2] <= MOST_H && sizes[3] <= MOST_TAPS &&
           sizes[4] <= MOST_KEPT && sizes[5] <= MOST_PATHWAYS;
}

static int is_inside_limits(const atome_model_t *model)
{
    int l;

    for (l = 0; l < L; l++) {
        const int sizes[6] = {D, S, H, K, model->blocks[l].attn.top_k, P};
        if (!integer_is_inside_limits(sizes)) {
            return 0;
        }
    }
    return 1;
}

static int are_finite(const void *floats, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        if (!float_at(floats, i).is_finite) {
            return 0;
        }
    }
    return 1;
}

static int is_finite_model(const atome_model_t *model)
{
    int l;

    for (l = 0; l < L; l++) {
        const atome_block_t *b = &model->blocks[l];
        if (!are_finite(b->norm.gamma, D) || !are_finite(b->norm.beta, D) || !are_finite(&b->local_conv.scale, 1) ||
            !are_finite(b->ssm.a, D) || !are_finite(b->ssm.b, D) || !are_finite(b->ssm.c_out, D) ||
            !are_finite(&b->attn.Wq.scale, 1) || !are_finite(&b->attn.Wk.scale, 1) ||
            !are_finite(&b->attn.Wv.scale, 1) || !are_finite(&b->router.scale, 1)) {
            return 0;
        }
    }
    return are_finite(&model->embed.scale, 1) && are_finite(model->final_norm.gamma, D) &&
           are_finite(model->final_norm.beta, D) && are_finite(&model->unembed.scale, 1);
}

/* The parts of a layer --------------------------------------------------------------------------------------------- */

/* The float of the greatest size. */
static integer_float_t largest_of(const void *floats)
{
    integer_float_t largest = from_bits(0);
    int i;

    for (i = 0; i < D; i++) {
        integer_float_t f = float_at(floats, i);
        f.m = magnitude(f.m);
        /* Of equal exponents the greater m; subnormals have the exponent of the least normal numbers. */
        if (f.e > largest.e || (f.e == largest.e && f.m > largest.m)) {
            largest = f;
        }
    }
    return largest;
}

/* Constants 1. */
static void load_norm(integer_norm_t *out, const atome_norm_t *norm)
{
    integer_float_t gamma = largest_of(norm->gamma), beta = largest_of(norm->beta);
    int fraction = 15, unit = 170, i;

    while ((uint64_t)1 << (2 * (15 - fraction)) < (uint64_t)D) {
        fraction--;
    }
    while (unit > -170 && (fix(gamma, unit) > 1 << 14 || fix(beta, unit + fraction) > 1 << 29)) {
        unit--;
    }
    out->fraction = fraction;
    out->unit = unit + fraction - 15;
    for (i = 0; i < D; i++) {
        out->gamma[i] = fix(float_at(norm->gamma, i), unit);
        out->beta[i] = fix(float_at(norm->beta, i), unit + fraction);
    }
}

/* Constants 2: 2^15 * tanh(a), rounded. */
static int64_t gate_of(integer_float_t a)
{
    uint64_t q = (uint64_t)least(magnitude(fix(a, 24)), 1 << 28);
    uint64_t t = q * 3098164010u >> 22; /* 2 |a| log2(e), Q32 */
    uint64_t whole = t >> 32, e = (uint64_t)1 << 32;
    int64_t g;
    int i;

    for (i = 1; i <= 30; i++) {
        if (t >> (32 - i) & 1) {
            e = e * integer_halvings[i] >> 32;
        }
    }
    e = whole > 32 ? 0 : e >> whole;
    g = (int64_t)(((((uint64_t)1 << 32) - e) * 65536 + (((uint64_t)1 << 32) + e)) / (2 * (((uint64_t)1 << 32) + e)));
    g = least(g, 32767);
    return a.m < 0 ? -g : g;
}

/* Constants 3. */
static void load_state(integer_block_t *out, const atome_ssm_t *ssm)
{
    int c;

    out->largest_output = INTEGER_NOTHING;
    for (c = 0; c < D; c++) {
        integer_factor_t cf = times(factor_of(float_at(ssm->b, c)), factor_of(float_at(ssm->c_out, c)));
        out->gate[c] = gate_of(float_at(ssm->a, c));
        if (cf.mantissa != 0) {
            out->largest_output = (int)greatest(out->largest_output, cf.exponent + 16);
        }
    }
    out->output_unit = out->largest_output == INTEGER_NOTHING ? 0 : 15 - out->largest_output;
    for (c = 0; c < D; c++) {
        integer_factor_t cf = times(factor_of(float_at(ssm->b, c)), factor_of(float_at(ssm->c_out, c)));
        out->output[c] = clamp(rsh(cf.sign * cf.mantissa, -(cf.exponent + out->output_unit)), 32767);
    }
}

static integer_factor_t scale_of(const float *scale)
{
    return factor_of(float_at(scale, 0));
}

/* Constants 4. */
static void load_factors(integer_block_t *out, const atome_block_t *block)
{
    const integer_factor_t log2e = {1, -15, 47274};
    integer_factor_t root = normalised(((int64_t)1 << 44) / isqrt((uint64_t)H << 24), -32);
    int unit = out->norm.unit;

    out->router = times(scale_of(&block->router.scale), log2e);
    out->router.exponent -= unit;
    out->conv = scale_of(&block->local_conv.scale);
    out->conv.exponent -= unit;
    out->values = scale_of(&block->attn.Wv.scale);
    out->values.exponent -= unit;
    out->scores = times(times(times(scale_of(&block->attn.Wq.scale), scale_of(&block->attn.Wk.scale)), log2e), root);
    out->scores.exponent -= 2 * unit;
    out->top_k = block->attn.top_k;
}

static void load_block(integer_block_t *out, const atome_block_t *block)
{
    load_norm(&out->norm, &block->norm);
    load_state(out, &block->ssm);
    load_factors(out, block);
}

/* The residual stream ---------------------------------------------------------------------------------------------- */

/* t_l: what the layer adds to x is less than 2^t_l. */
static int top_of_layer(const integer_constants_t *constants, int l)
{
    const integer_block_t *in = &constants->blocks[l];
    const atome_block_t *block = &constants->model->blocks[l];
    int eu = 15 - in->norm.unit, om = constants->weight_bits, c;
    int64_t fastest = 0, most, slow;

    for (c = 0; c < D; c++) {
        fastest = greatest(fastest, magnitude(in->gate[c]));
    }
    slow = least(12, 16 - len((uint64_t)(32768 - fastest)));
    most = greatest(bits_up(K) + om + eu + top(float_at(&block->local_conv.scale, 0)),
                    bits_up(D) + om + eu + top(float_at(&block->attn.Wv.scale, 0)));
    return (int)greatest(most, in->largest_output + eu + slow);
}

/* t_lg: what a sublayer adds to x is less than 2^t_lg and 2^-5 of that. */
static int top_of_sublayer(const integer_constants_t *constants, const integer_sublayer_t *sublayer)
{
    int inputs = (int)greatest(top(largest_of(sublayer->norm.gamma)), top(largest_of(sublayer->norm.beta)));

    return 2 * (bits_up(D) + constants->weight_bits) + 1 + inputs + top(float_at(&sublayer->up.scale, 0)) +
           top(float_at(&sublayer->down.scale, 0));
}

/* Constants 5. */
static void load_residual(integer_constants_t *constants)
{
    integer_float_t scale = float_at(&constants->model->embed.scale, 0);
    int tops[L * (1 + INTEGER_SUBLAYERS) + 1], n = 0, largest = INT_MIN, l, g;
    int64_t sum = 0;

    tops[n++] = top(scale) + constants->weight_bits;
    for (l = 0; l < L; l++) {
        tops[n++] = top_of_layer(constants, l);
        for (g = 0; g < constants->sublayers; g++) {
            tops[n++] = top_of_sublayer(constants, &constants->feed_forward[l][g]);
        }
    }
    for (l = 0; l < n; l++) {
        largest = (int)greatest(largest, tops[l]);
    }
    for (l = 0; l < n; l++) {
        int exponent = 16 + tops[l] - largest;
        sum += exponent <= 0 ? 1 : (int64_t)1 << exponent;
    }
    constants->residual_unit = largest <= -500 ? 0 : (int)least(40, 29 - (largest + bits_up((uint64_t)sum) - 16));
    constants->step = clamp(fix(scale, constants->residual_unit), 1 << 30);
}

/* Feed-forward sublayers ------------------------------------------------------------------------------------------- */

static atome_ternary_t matrix_at(const uint8_t **at, int packing)
{
    atome_ternary_t W;

    memset(&W, 0, sizeof W);
    memcpy(&W.scale, *at, sizeof W.scale);
    W.packed = *at + sizeof W.scale;
    W.rows = W.cols = (uint16_t)D;
    W.packing = packing;
    *at += 4 + packed_length((uint64_t)D * D, packing);
    return W;
}

/* A pointer only: floats are read byte by byte. */
static const float *vector_at(const uint8_t **at)
{
    const void *floats = *at;

    *at += 4 * (size_t)D;
    return (const float *)floats;
}

/* Where the sublayers of a part lie. */
static void find_sublayers(integer_constants_t *out, const uint8_t *part, int packing)
{
    const uint8_t *at = part + 4;
    int l, g;

    out->sublayers = part[0];
    for (l = 0; l < L; l++) {
        for (g = 0; g < out->sublayers; g++) {
            integer_sublayer_t *sublayer = &out->feed_forward[l][g];
            sublayer->norm.gamma = vector_at(&at);
            sublayer->norm.beta = vector_at(&at);
            sublayer->up = matrix_at(&at, packing);
            sublayer->down = matrix_at(&at, packing);
        }
    }
}

static int are_finite_sublayers(const integer_constants_t *constants)
{
    int l, g;

    for (l = 0; l < L; l++) {
        for (g = 0; g < constants->sublayers; g++) {
            const integer_sublayer_t *sublayer = &constants->feed_forward[l][g];
            if (!are_finite(sublayer->norm.gamma, D) || !are_finite(sublayer->norm.beta, D) ||
                !are_finite(&sublayer->up.scale, 1) || !are_finite(&sublayer->down.scale, 1)) {
                return 0;
            }
        }
    }
    return 1;
}

/* Loads ------------------------------------------------------------------------------------------------------------ */

/* `part` is NULL for a model without feed-forward sublayers. */
static int load(integer_constants_t *out, const atome_model_t *model, const atome_ternary_t *head, int outputs,
                const uint8_t *part)
{
    int l;

    if (!is_inside_limits(model)) {
        return INTEGER_SHAPE;
    }
    out->sublayers = 0;
    if (part != NULL) {
        find_sublayers(out, part, model->embed.packing);
    }
    if (!is_finite_model(model) || !are_finite(&head->scale, 1) || !are_finite_sublayers(out)) {
        return INTEGER_NOT_FINITE;
    }
    out->model = model;
    out->head = head;
    out->outputs = outputs;
    out->weight_bits = model->embed.packing == POWERS_OF_3 ? 4 : 0;
    out->local_bits = 15 - bits_up(K) - out->weight_bits;
    out->root_bits = 0;
    while ((uint64_t)D << 2 * (out->root_bits + 1) < (uint64_t)1 << 32) {
        out->root_bits++;
    }
    out->root = isqrt((uint64_t)D << 2 * out->root_bits);
    for (l = 0; l < L; l++) {
        load_block(&out->blocks[l], &model->blocks[l]);
    }
    load_norm(&out->final_norm, &model->final_norm);
    load_residual(out);
    if (magnitude(out->step) < 1 << 6 && float_at(&model->embed.scale, 0).m != 0) {
        return INTEGER_DWARFED;
    }
    return INTEGER_OK;
}

int integer_load(integer_constants_t *constants, const atome_model_t *model)
{
    return load(constants, model, &model->unembed, V, NULL);
}

int integer_load_whole(integer_constants_t *constants, const atome_model_t *model, const uint8_t *part)
{
    return load(constants, model, &model->unembed, V, part);
}

int integer_load_classifier(integer_constants_t *constants, const atome_classifier_t *classifier)
{
    return load(constants, &classifier->base, &classifier->head, classifier->n_classes, NULL);
}

#endif
