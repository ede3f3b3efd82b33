/*
 * Feed-forward sublayers: "Constants 6" and step 9.1 of docs/integer.md. Included by integer.c, behind the norm.
 */
#ifndef INTEGER_FEED_FORWARD_H
#define INTEGER_FEED_FORWARD_H

/* Step 9.1: hidden values with one shift, which is returned; z are the sums with the sign of Wup's scale. */
static int hidden_of(integer_state_t *state, const atome_ternary_t *up, const int64_t *u, int64_t *z)
{
    int sign = float_at(&up->scale, 0).m < 0 ? -1 : 1, i, shift;

    for (i = 0; i < D; i++) {
        z[i] = check(state, INTEGER_Z, greatest(0, sign * row_sum(state, up, i, u)));
    }
    shift = (int)check(state, INTEGER_HIDDEN_SHIFT, greatest(0, orlen(z, D) - 15));
    for (i = 0; i < D; i++) {
        z[i] = least(32767, rsh(z[i], shift));
    }
    return shift;
}

/* Step 9.1, one sublayer on one position. */
static void feed_forward(integer_state_t *state, const integer_sublayer_t *sublayer, int64_t *x)
{
    integer_factor_t up = factor_of(float_at(&sublayer->up.scale, 0)), factor;
    int64_t u[D], h[D];
    integer_norm_t inputs;
    int shift, c;

    load_norm(&inputs, &sublayer->norm);
    up.sign *= up.sign;
    factor = times(up, factor_of(float_at(&sublayer->down.scale, 0)));
    factor.exponent -= inputs.unit;
    norm(state, &inputs, x, u);
    shift = hidden_of(state, &sublayer->up, u, h);
    for (c = 0; c < D; c++) {
        int64_t product = row_sum(state, &sublayer->down, c, h) * factor.mantissa;
        check(state, INTEGER_HIDDEN_PRODUCT, product);
        product = rsh(factor.sign * product, -(factor.exponent + shift + state->constants->residual_unit));
        x[c] = check(state, INTEGER_X_BEHIND, x[c] + check(state, INTEGER_SUBLAYER, product));
    }
}

#endif
