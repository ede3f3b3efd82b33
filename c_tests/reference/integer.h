/*
 * A naive reference of the integer arithmetic. "Step N" in the comments is step N of docs/integer.md.
 *
 * It computes every position of a sequence anew, in words of 64 bits wherever the page says less, and compares every
 * value with the bound that the page gives for it. No operation on floats is in it: of floats it reads the bits.
 */
#ifndef INTEGER_H
#define INTEGER_H

#include "atome.h"

/* What a load answers: the shape is beyond the limits; a float is infinite or NaN; the layers' outputs dwarf the
 * embedding. */
enum { INTEGER_OK = 0, INTEGER_SHAPE = -1, INTEGER_NOT_FINITE = -2, INTEGER_DWARFED = -3 };

/* sign * mantissa * 2^exponent; 2^15 <= mantissa < 2^16, or 0. */
typedef struct {
    int sign, exponent;
    int64_t mantissa;
} integer_factor_t;

typedef struct {
    int fraction;                        /* FN: one unit of n is 2^-FN */
    int unit;                            /* EU: one unit of u is 2^-EU */
    int64_t gamma[ATOME_D_MODEL];        /* 2^-EG */
    int64_t beta[ATOME_D_MODEL];         /* 2^-(EG + FN) */
} integer_norm_t;

/* A feed-forward sublayer, where it lies. */
typedef struct {
    atome_norm_t norm;
    atome_ternary_t up, down;
} integer_sublayer_t;

/* The most feed-forward sublayers of a layer. */
#define INTEGER_SUBLAYERS 16

typedef struct {
    integer_norm_t norm;
    int64_t gate[ATOME_D_MODEL];         /* g', Q15 */
    int64_t output[ATOME_D_MODEL];       /* cb, 2^-output_unit */
    int output_unit;                     /* ecb */
    int largest_output;                  /* ec: |b c| < 2^ec; INTEGER_NOTHING where all are 0 */
    integer_factor_t router, conv, values, scores;
    int top_k;
} integer_block_t;

/* The model as integers; the weights stay where they are. */
typedef struct {
    const atome_model_t *model;
    const atome_ternary_t *head;         /* unembed, or a classifier's head */
    int outputs;                         /* rows of the head */
    int weight_bits;                     /* om: 0, or 4 where weights reach 9 */
    int local_bits;                      /* nl */
    int root_bits;                       /* dj */
    int64_t root;                        /* sd */
    int residual_unit;                   /* FX */
    int64_t step;                        /* e0 */
    integer_block_t blocks[ATOME_N_LAYERS];
    integer_norm_t final_norm;
    int sublayers;                       /* F */
    integer_sublayer_t feed_forward[ATOME_N_LAYERS][INTEGER_SUBLAYERS];
} integer_constants_t;

/* What is compared with a bound; integer_quantities[] holds name and bound. */
enum {
    INTEGER_GAMMA, INTEGER_BETA, INTEGER_X, INTEGER_XS, INTEGER_SUM_XS, INTEGER_SQUARES, INTEGER_T, INTEGER_R,
    INTEGER_NORM_PRODUCT, INTEGER_N, INTEGER_AFFINE, INTEGER_U, INTEGER_ACC, INTEGER_SHIFT, INTEGER_ROUTER_PRODUCT,
    INTEGER_SOFTMAX_PRODUCT, INTEGER_SHARE, INTEGER_LOC, INTEGER_S, INTEGER_DOT, INTEGER_SCORE, INTEGER_SCORE_PRODUCT,
    INTEGER_VALUE_PRODUCT, INTEGER_VALUES, INTEGER_LOCAL_PRODUCT, INTEGER_STATE_PRODUCT, INTEGER_DELTA,
    INTEGER_Z, INTEGER_HIDDEN_SHIFT, INTEGER_HIDDEN_PRODUCT, INTEGER_SUBLAYER, INTEGER_X_BEHIND,
    INTEGER_QUANTITIES
};

/* A bound: the greatest size with weights of at most 1, and with weights of at most 9. */
typedef struct {
    const char *name;
    int64_t ternary, powers_of_3;
} integer_quantity_t;

extern const integer_quantity_t integer_quantities[INTEGER_QUANTITIES];

typedef struct {
    int64_t x[ATOME_MAX_SEQ][ATOME_D_MODEL];
    int64_t u[ATOME_MAX_SEQ][ATOME_D_MODEL];
    int64_t s[ATOME_D_MODEL];                        /* of the position that is being computed */
    int64_t v[ATOME_MAX_SEQ][ATOME_D_MODEL];         /* 8 bits each */
    int64_t k[ATOME_MAX_SEQ][ATOME_D_HEAD];
    int64_t q[ATOME_D_HEAD];
    int v_shift[ATOME_MAX_SEQ], k_shift[ATOME_MAX_SEQ], q_shift;
    int64_t shares[ATOME_N_LAYERS][ATOME_N_PATHWAYS]; /* p, Q15, of the last position */
    int64_t rows[ATOME_MAX_SEQ][ATOME_N_PATHWAYS];   /* p of every position in the last layer */
    int64_t largest[INTEGER_QUANTITIES];             /* the greatest size of each quantity so far */
    const integer_constants_t *constants;            /* of the call that is being answered */
    uint32_t bounds_exceeded;                        /* how many values were beyond their bound so far */
} integer_state_t;

/* Whether d, S, h, k, K and P are sizes for which the bounds hold. */
int integer_is_inside_limits(const int sizes[6]);

/* Computes the constants of a loaded model, whose head is unembed: INTEGER_OK, or why it is refused. The model has to
 * stay. */
int integer_load(integer_constants_t *constants, const atome_model_t *model);

/* integer_load of a model with feed-forward sublayers: `part` is the part of its container (docs/container.md), of the
 * right length, with 1 to INTEGER_SUBLAYERS of them. It has to stay, too. */
int integer_load_whole(integer_constants_t *constants, const atome_model_t *model, const uint8_t *part);

/* integer_load for a classifier: the head is its own. */
int integer_load_classifier(integer_constants_t *constants, const atome_classifier_t *classifier);

/* Zeroes the state, counters included. A prediction leaves nothing else of an earlier one. */
void integer_init(integer_state_t *state);

/* Computes the sequence of n tokens, 1 <= n <= ATOME_MAX_SEQ, and writes `outputs` sums for each of the positions
 * from..n-1 to accumulators. Returns the greedy token (or class) of the last one. */
int integer_predict(const integer_constants_t *constants, integer_state_t *state, const int *tokens, int n, int from,
                    int32_t *accumulators);

/* The bits of the binary32 number that stands for a sum of the head: acc * scale * 2^-EU, rounded once. */
uint32_t integer_logit(const integer_constants_t *constants, int32_t accumulator);

#endif
