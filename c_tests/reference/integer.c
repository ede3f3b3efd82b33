/*
 * The forward pass of docs/integer.md, position by position. See integer.h.
 */
#include "integer.h"
#include "packings.h"

enum { D = ATOME_D_MODEL, S = ATOME_MAX_SEQ, L = ATOME_N_LAYERS, P = ATOME_N_PATHWAYS, V = ATOME_VOCAB_SIZE,
       H = ATOME_D_HEAD, K = ATOME_KERNEL_SIZE };

#include "integer_load.h"

/* Bounds ----------------------------------------------------------------------------------------------------------- */

#define POWER(n) ((int64_t)1 << (n))
#define BOTH(n) (n), (n)
/* The table of docs/integer.md, "Bounds", for the greatest shape. */
const integer_quantity_t integer_quantities[INTEGER_QUANTITIES] = {
    {"gamma'", BOTH(POWER(14))},
    {"beta'", BOTH(POWER(29))},
    {"x", POWER(29) + POWER(21), POWER(29) + POWER(23)},
    {"xs", BOTH(POWER(14))},
    {"sum of xs", BOTH(POWER(24))},
    {"ss", BOTH(POWER(38) + 256)},
    {"T", BOTH(POWER(62) - 1)},
    {"R", BOTH(POWER(15))},
    {"D * R and its half", BOTH(POWER(30) + POWER(28))},
    {"n before its clamp", BOTH(POWER(15) + 4)},
    {"gamma' * n + beta' and its half", BOTH(POWER(30) + POWER(14))},
    {"u before its clamp", BOTH(POWER(15))},
    {"acc", 1024 * 32767, 9 * 1024 * 32767},
    {"shift of q, k, v", 18, 22},
    {"router product", POWER(42), POWER(46)},
    {"softmax product", BOTH(POWER(31) + POWER(15))},
    {"share", BOTH(POWER(15))},
    {"loc", 16 * 32767, 9 * 16 * 32767},
    {"s", BOTH(4096 * 8 * 32767 + 2048)},
    {"dot", BOTH(POWER(22))},
    {"score", POWER(40), POWER(44)},
    {"score product", POWER(57), POWER(61)},
    {"a2 * M_i and its half", BOTH(POWER(31) + POWER(15))},
    {"sum of m v", BOTH((POWER(15) + 16) * 128)},
    {"loc * ML", BOTH(POWER(30))},
    {"s * wc", BOTH(POWER(45))},
    {"a term of x", POWER(29) + POWER(20), POWER(29) + POWER(22)},
    {"z", 1024 * 32767, 9 * 1024 * 32767},
    {"sh", 10, 14},
    {"y * M", POWER(41), POWER(45)},
    {"a sublayer's term of x", BOTH(POWER(29) + POWER(24))},
    {"x with sublayers", POWER(29) + POWER(24) + POWER(21), POWER(29) + POWER(24) + POWER(23)},
};

/* Notes the size of a value and whether it is beyond its bound; gives the value back. */
static int64_t check(integer_state_t *state, int quantity, int64_t value)
{
    const integer_quantity_t *bounds = &integer_quantities[quantity];
    int64_t size = magnitude(value);

    if (size > state->largest[quantity]) {
        state->largest[quantity] = size;
    }
    if (size > (state->constants->weight_bits > 0 ? bounds->powers_of_3 : bounds->ternary)) {
        state->bounds_exceeded++;
    }
    return value;
}

/* Sums ------------------------------------------------------------------------------------------------------------- */

/* Step 3, one row: the sum of weight * u, without a scale. Here and below, the sum of the terms' sizes is what is
 * compared: then no part of the sum, in whatever order, is beyond the bound. */
static int64_t row_sum(integer_state_t *state, const atome_ternary_t *W, int row, const int64_t *u)
{
    int64_t acc = 0, size = 0;
    int col;

    for (col = 0; col < W->cols; col++) {
        size_t index = (size_t)row * W->cols + (size_t)col;
        int64_t term = weight_at(W->packed, W->packing, index) * u[col];
        acc += term;
        size += magnitude(term);
    }
    check(state, INTEGER_ACC, size);
    return acc;
}

/* Step 4: `rows` sums as 8-bit numbers with one shift, which is returned. */
static int to_bytes(integer_state_t *state, const atome_ternary_t *W, const int64_t *u, int64_t *out)
{
    int row, shift;

    for (row = 0; row < W->rows; row++) {
        out[row] = row_sum(state, W, row, u);
    }
    shift = (int)greatest(0, orlen(out, W->rows) - 7);
    check(state, INTEGER_SHIFT, shift);
    for (row = 0; row < W->rows; row++) {
        out[row] = least(127, rsh(out[row], shift));
    }
    return shift;
}

/* Steps 5 and 8: z[n], powers of two below the best in Q16, become shares in Q15. */
static void softmax(integer_state_t *state, int64_t *z, int n)
{
    int64_t sum = 0, reciprocal;
    int i;

    for (i = 0; i < n; i++) {
        z[i] = z[i] >= 31 * 65536 ? 0 : rsh(integer_exponentials[(z[i] & 65535) >> 8], (int)(z[i] >> 16));
        sum += z[i];
    }
    reciprocal = POWER(31) / sum;
    for (i = 0; i < n; i++) {
        z[i] = check(state, INTEGER_SOFTMAX_PRODUCT, z[i] * reciprocal + POWER(15)) >> 16;
        check(state, INTEGER_SHARE, z[i]);
    }
}

/* Step 2: the norm ------------------------------------------------------------------------------------------------- */

/* T: d times the variance and the epsilon, in units of 2^-2(FX - sh). */
static int64_t spread(integer_state_t *state, const int64_t *centred, int unit)
{
    int es = (int)greatest(-20, 48 - 2 * (int64_t)unit), i;
    int64_t epsilon = (int64_t)D * 2814749767, ss = 0;

    for (i = 0; i < D; i++) {
        ss += centred[i] * centred[i];
    }
    check(state, INTEGER_SQUARES, ss);
    if (es > 63) {
        epsilon = 0;
    } else {
        epsilon = es >= 0 ? epsilon >> es : epsilon * POWER(-es);
    }
    ss = check(state, INTEGER_T, ss + epsilon);
    return ss == 0 ? 1 : ss;
}

/* x less its mean, as blocks of 15 bits and a sign; returns the shift sh that brought x there. */
static int centre(integer_state_t *state, const int64_t *x, int64_t *centred)
{
    int sh = orlen(x, D) - 14, i;
    int64_t sum = 0, size = 0, mean;

    for (i = 0; i < D; i++) {
        centred[i] = check(state, INTEGER_XS, rsh(x[i], sh));
        sum += centred[i];
        size += magnitude(centred[i]);
    }
    check(state, INTEGER_SUM_XS, size);
    mean = 2 * sum + D;
    mean = mean >= 0 ? mean / (2 * D) : -((-mean + 2 * D - 1) / (2 * D));
    for (i = 0; i < D; i++) {
        centred[i] -= mean;
    }
    return sh;
}

static void norm(integer_state_t *state, const integer_norm_t *norm, const int64_t *x, int64_t *u)
{
    const integer_constants_t *constants = state->constants;
    int64_t centred[D], t, q, r;
    int sh = centre(state, x, centred), s2, rs, i;

    t = spread(state, centred, constants->residual_unit - sh);
    s2 = len((uint64_t)t) - 32;
    s2 += s2 & 1;
    q = isqrt(s2 >= 0 ? (uint64_t)t >> s2 : (uint64_t)t << -s2);
    r = check(state, INTEGER_R, (constants->root * 16384 + q / 2) / q);
    rs = 14 + constants->root_bits + s2 / 2 - norm->fraction;
    for (i = 0; i < D; i++) {
        int64_t gamma = check(state, INTEGER_GAMMA, norm->gamma[i]), beta = check(state, INTEGER_BETA, norm->beta[i]);
        int64_t product = centred[i] * r, n, affine;
        check(state, INTEGER_NORM_PRODUCT, rs >= 1 ? magnitude(product) + POWER(rs - 1) : product);
        n = clamp(check(state, INTEGER_N, rsh(product, rs)), 32767);
        affine = gamma * n + beta;
        check(state, INTEGER_AFFINE, magnitude(affine) + POWER(14));
        u[i] = clamp(check(state, INTEGER_U, rsh(affine, 15)), 32767);
    }
}

#include "integer_feed_forward.h"

/* Steps 5 to 9: the pathways --------------------------------------------------------------------------------------- */

/* Step 5: p, of P pathways. */
static void route(integer_state_t *state, const atome_ternary_t *router, const integer_factor_t *factor,
                  const int64_t *u, int64_t *p)
{
    int64_t best = 0;
    int r;

    for (r = 0; r < P; r++) {
        p[r] = row_sum(state, router, r, u) * factor->sign;
        best = r == 0 ? p[r] : greatest(best, p[r]);
    }
    for (r = 0; r < P; r++) {
        int64_t product = check(state, INTEGER_ROUTER_PRODUCT, (best - p[r]) * factor->mantissa);
        p[r] = least(POWER(21), rsh(product, -(factor->exponent + 16)));
    }
    softmax(state, p, P);
}

/* Step 6: the sum of channel c over the taps. */
static int64_t local_sum(integer_state_t *state, const atome_conv_t *conv, int t, int c)
{
    int64_t sum = 0, size = 0;
    int j;

    for (j = 0; j < K && j <= t; j++) {
        int64_t term = weight_at(conv->packed, conv->packing, (size_t)c * K + (size_t)j) * state->u[t - j][c];
        sum += term;
        size += magnitude(term);
    }
    check(state, INTEGER_LOC, size);
    return sum;
}

/* Step 8: the best positions for the query of position t, best first, and their weights. Returns how many. */
static int attend(integer_state_t *state, const integer_block_t *in, int t, int *positions, int64_t *weights)
{
    int kept = (int)least(in->top_k, t + 1), i, j, e, filled = 0;
    int64_t best;

    for (j = 0; j <= t && kept > 0; j++) {
        int64_t dot = 0, size = 0, score;
        for (e = 0; e < H; e++) {
            dot += state->q[e] * state->k[j][e];
            size += magnitude(state->q[e] * state->k[j][e]);
        }
        check(state, INTEGER_DOT, size);
        score = check(state, INTEGER_SCORE, rsh(in->scores.sign * dot, -state->k_shift[j]));
        if (filled == kept && score <= weights[kept - 1]) {
            continue;
        }
        filled += filled < kept;
        for (i = filled - 1; i > 0 && weights[i - 1] < score; i--) {
            weights[i] = weights[i - 1];
            positions[i] = positions[i - 1];
        }
        weights[i] = score;
        positions[i] = j;
    }
    best = kept > 0 ? weights[0] : 0;
    for (i = 0; i < kept; i++) {
        int64_t product = check(state, INTEGER_SCORE_PRODUCT, (best - weights[i]) * in->scores.mantissa);
        weights[i] = least(POWER(21), rsh(product, -(in->scores.exponent + state->q_shift + 16)));
    }
    if (kept > 0) {
        softmax(state, weights, kept);
    }
    return kept;
}

/* Step 9, the third pathway: the multipliers m of the kept values; returns their common shift smx. */
static int multipliers(integer_state_t *state, const integer_block_t *in, int64_t share, const int *positions, int kept,
                       int64_t *weights)
{
    int64_t a2 = (in->values.mantissa * share + POWER(14)) >> 15;
    int smx = 0, i;

    for (i = 0; i < kept; i++) {
        smx = (int)greatest(smx, state->v_shift[positions[i]]);
    }
    for (i = 0; i < kept; i++) {
        int64_t product = a2 * rsh(weights[i], smx - state->v_shift[positions[i]]);
        check(state, INTEGER_VALUE_PRODUCT, product + POWER(15));
        weights[i] = rsh(product, 16);
    }
    return smx;
}

/* Step 9: adds what the pathways found to x of position t. */
static void mix(integer_state_t *state, int l, int t, const int64_t *p)
{
    const integer_constants_t *constants = state->constants;
    const integer_block_t *in = &constants->blocks[l];
    const atome_conv_t *conv = &constants->model->blocks[l].local_conv;
    int fx = constants->residual_unit, nl = constants->local_bits, positions[MOST_KEPT], kept, smx, c, i;
    int64_t m[MOST_KEPT], ml = rsh(in->conv.mantissa * p[0], 31 - nl);

    kept = attend(state, in, t, positions, m);
    smx = multipliers(state, in, p[2], positions, kept, m);
    for (c = 0; c < D; c++) {
        int64_t local = in->conv.sign * local_sum(state, conv, t, c) * ml;
        int64_t weight = floor_shift(in->output[c] * p[1] + POWER(14), 15);
        int64_t carried = check(state, INTEGER_STATE_PRODUCT, state->s[c] * weight), values = 0;
        int64_t size = 0;
        check(state, INTEGER_LOCAL_PRODUCT, local);
        for (i = 0; i < kept; i++) {
            values += m[i] * state->v[positions[i]][c];
            size += magnitude(m[i] * state->v[positions[i]][c]);
        }
        check(state, INTEGER_VALUES, size);
        local = rsh(local, -(in->conv.exponent + 16 - nl + fx));
        carried = rsh(carried, in->output_unit + in->norm.unit + 3 - fx);
        values = rsh(in->values.sign * values, -(in->values.exponent + smx + 1 + fx));
        state->x[t][c] += check(state, INTEGER_DELTA, local) + check(state, INTEGER_DELTA, carried) +
                          check(state, INTEGER_DELTA, values);
        check(state, constants->sublayers > 0 ? INTEGER_X_BEHIND : INTEGER_X, state->x[t][c]);
    }
}

/* The whole pass --------------------------------------------------------------------------------------------------- */

/* Step 1. */
static void embed(integer_state_t *state, const int *tokens, int n)
{
    const integer_constants_t *constants = state->constants;
    const atome_ternary_t *table = &constants->model->embed;
    int t, i;

    for (t = 0; t < n; t++) {
        int token = tokens[t] >= 0 && tokens[t] < V ? tokens[t] : 0;
        for (i = 0; i < D; i++) {
            int weight = weight_at(table->packed, table->packing, (size_t)token * D + (size_t)i);
            state->x[t][i] = check(state, INTEGER_X, weight * constants->step);
        }
    }
}

/* Layer l on n positions; the shares of the last one stay. */
static void layer(integer_state_t *state, int l, int n)
{
    const integer_block_t *in = &state->constants->blocks[l];
    const atome_block_t *block = &state->constants->model->blocks[l];
    int64_t *p = state->shares[l];
    int t, c, g;

    for (c = 0; c < D; c++) {
        state->s[c] = 0;
    }
    for (t = 0; t < n; t++) {
        norm(state, &in->norm, state->x[t], state->u[t]);
        state->k_shift[t] = to_bytes(state, &block->attn.Wk, state->u[t], state->k[t]);
        state->v_shift[t] = to_bytes(state, &block->attn.Wv, state->u[t], state->v[t]);
        state->q_shift = to_bytes(state, &block->attn.Wq, state->u[t], state->q);
        route(state, &block->router, &in->router, state->u[t], p);
        memcpy(state->rows[t], p, sizeof state->rows[t]);
        for (c = 0; c < D; c++) { /* step 7 */
            state->s[c] = check(state, INTEGER_S, rsh(in->gate[c] * state->s[c], 15) + 8 * state->u[t][c]);
        }
        mix(state, l, t, p);
        for (g = 0; g < state->constants->sublayers; g++) {
            feed_forward(state, &state->constants->feed_forward[l][g], state->x[t]);
        }
    }
}

void integer_init(integer_state_t *state)
{
    memset(state, 0, sizeof *state);
}

/* A number for each float, greater for a greater one; 0 for both zeros. */
static int64_t order(uint32_t bits)
{
    int64_t size = bits & 0x7fffffff;
    return bits >> 31 ? -size : size;
}

int integer_predict(const integer_constants_t *constants, integer_state_t *state, const int *tokens, int n, int from,
                    int32_t *accumulators)
{
    int t, l, r, best = 0;
    int64_t u[D];

    state->constants = constants;
    embed(state, tokens, n);
    for (l = 0; l < L; l++) {
        layer(state, l, n);
    }
    for (t = from; t < n; t++) { /* step 10 */
        int32_t *sums = accumulators + (size_t)(t - from) * (size_t)constants->outputs;
        norm(state, &constants->final_norm, state->x[t], u);
        best = 0;
        for (r = 0; r < constants->outputs; r++) {
            sums[r] = (int32_t)row_sum(state, constants->head, r, u);
            if (order(integer_logit(constants, sums[r])) > order(integer_logit(constants, sums[best]))) {
                best = r;
            }
        }
    }
    return best;
}

uint32_t integer_logit(const integer_constants_t *constants, int32_t accumulator)
{
    integer_float_t scale = float_at(&constants->head->scale, 0);
    int64_t product = scale.m * accumulator;
    uint64_t size = (uint64_t)magnitude(product), whole, rest, half;
    int e = scale.e - constants->final_norm.unit, s;
    /* The place of the last bit: 24 bits stay, and none below 2^-149. */
    s = (int)greatest(len(size) - 24, -149 - e);
    whole = s > 63 ? 0 : s > 0 ? size >> s : size << -s;
    if (s > 0 && s <= 63) {
        rest = size - (whole << s);
        half = (uint64_t)1 << (s - 1);
        whole += rest > half || (rest == half && (whole & 1));
    }
    if (whole == 1 << 24) {
        whole >>= 1;
        s++;
    }
    if (whole >= 1 << 23) {
        s = e + s + 150; /* the exponent's field */
        whole = s >= 255 ? 255u << 23 : (uint64_t)s << 23 | (whole & 0x7fffff);
    }
    return (uint32_t)(whole | (product < 0 ? (uint64_t)1 << 31 : 0));
}
