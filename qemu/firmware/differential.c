/*
 * The C reference and the archive in one image, on the same random models, tokens and calls, all made on the target. What
 * they return and write is compared bit by bit.
 *
 * One case: one or two random models (sometimes with hostile numbers in them), perhaps a classifier, states zeroed at the
 * start, and a few calls in random order. Everything in a case follows from its seed. Settings: seed (of the first case), cases.
 *
 * WITH_SCOUT: the reference is somebody else's and is spared what the published C99 engine cannot do. Where a call would
 * lead that one out of its arrays, which our own reference tells as a scout, the archive alone makes it; models are ATOME01,
 * and lie such that every float is aligned if the shape allows it.
 *
 * WITH_INTEGERS: the archive computes in integers, and the reference is the naive one of that arithmetic. A case ends where both
 * refuse its model.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "board.h"
#include "engine_api.h"
#include "float_bits.h"
#include "integer_engine.h"
#include "random.h"
#include "random_model.h"
#include "text.h"

extern const struct engine_api archive_api, reference_api;

/* The reference and the archive are compared. Calls are made from the last engine to the first. */
#ifdef WITH_SCOUT
extern const struct engine_api scout_api;
unsigned scout_heard(void);
enum { REFERENCE, ARCHIVE, SCOUT, ENGINES };
enum { IS_CAREFUL = 1 };
static const enum packing last_packing = ATOME01;
static const struct engine_api *const engines[ENGINES] = {&reference_api, &archive_api, &scout_api};
#else
static unsigned scout_heard(void) { return 0; }
enum { REFERENCE, ARCHIVE, ENGINES, SCOUT = REFERENCE };
enum { IS_CAREFUL = 0 };
static const enum packing last_packing = ATOMEP3;
static const struct engine_api *engines[ENGINES] = {&reference_api, &archive_api};
#endif
#ifdef WITH_INTEGERS
enum { HAS_INTEGERS = 1 };
#else
enum { HAS_INTEGERS = 0 };
#endif

enum { MODELS = 2, MAX_SEQ = 16 };

static struct {
    void *models[MODELS], *classifier, *state;
    float *values, *carried; /* outputs of one call: most_values() floats, and d_model floats */
} side[ENGINES];

static uint8_t *blobs[MODELS + 1]; /* the last is the classifier's */
static float *activations;
static int n_models, has_classifier, is_over; /* of this case: what is loaded, whether it ends here */
static int tokens[MAX_SEQ + 3], n_tokens;
static uint32_t seed, calls, values_compared, left_out, refused;
static const char *call;

static const struct engine_shape *shape(void) { return &archive_api.shape; }

static int greater_of(int a, int b) { return a > b ? a : b; }

/* Rows of the largest matrix, or what a pathway gives for a whole sequence. */
static int most_rows(void) { return greater_of(shape()->vocab_size, greater_of(shape()->d_model, shape()->d_head)); }
static int most_values(void) { return greater_of(most_rows(), shape()->max_seq * shape()->d_model); }

/* Comparison ------------------------------------------------------------------------------------------------------- */

static void fail(const char *what, int index)
{
    board_write("differs: ");
    board_write(call);
    board_write(", ");
    board_write(what);
    board_write(" ");
    write_decimal(index);
    board_write(" in the case of ");
    write_result("seed", seed);
}

static int same_int(const char *what, int reference, int archive)
{
    if (reference == archive) {
        return 1;
    }
    fail(what, 0);
    write_result("reference", (uint32_t)reference);
    write_result("archive", (uint32_t)archive);
    return 0;
}

static int same_floats(const char *what, const float *reference, const float *archive, int count)
{
    int i;

    values_compared += (uint32_t)count;
    for (i = 0; i < count; i++) {
        if (float_bits(reference[i]) != float_bits(archive[i])) {
            fail(what, i);
            board_write("reference 0x");
            write_hex32(float_bits(reference[i]));
            board_write("\narchive 0x");
            write_hex32(float_bits(archive[i]));
            board_write("\n");
            return 0;
        }
    }
    return 1;
}

static int same_values(const char *what, int count)
{
    return same_floats(what, side[REFERENCE].values, side[ARCHIVE].values, count);
}

static int same_logits(void)
{
    return same_floats("logit", engines[REFERENCE]->get_logits(side[REFERENCE].state),
                       engines[ARCHIVE]->get_logits(side[ARCHIVE].state), shape()->vocab_size);
}

static int same_router(int positions)
{
    return same_floats("router weight", engines[REFERENCE]->router_w(side[REFERENCE].state),
                       engines[ARCHIVE]->router_w(side[ARCHIVE].state), positions * shape()->n_pathways);
}

/* Calls: each makes the call on both sides and says whether they agree --------------------------------------------- */

static int counted(int n) { return n < shape()->max_seq ? n : shape()->max_seq; }

static int random_token(random_t *random)
{
    return random_below(random, 16) == 0 ? random_between(random, -3, shape()->vocab_size + 3)
                                         : (int)random_below(random, (uint32_t)shape()->vocab_size);
}

/* Firmware's habits: a longer, an edited, a shorter or another sequence. */
static void next_tokens(random_t *random)
{
    const int most = shape()->max_seq + 3;
    int i;

    switch (random_below(random, 6)) {
    case 0:
        n_tokens = random_between(random, 1, shape()->max_seq);
        for (i = 0; i < n_tokens; i++) {
            tokens[i] = random_token(random);
        }
        break;
    case 1:
        tokens[random_below(random, (uint32_t)n_tokens)] = random_token(random);
        break;
    case 2:
        n_tokens = random_between(random, 1, n_tokens);
        break;
    default:
        for (i = random_between(random, 1, 2); i > 0 && n_tokens < most; i--) {
            tokens[n_tokens++] = random_token(random);
        }
    }
}

/* Whether the reference makes the call that the scout has just made on the reference's own state. */
static int is_asked(void)
{
    if (IS_CAREFUL) {
        engines[REFERENCE]->init(side[REFERENCE].state);
    }
    if (scout_heard() != 0) {
        left_out++;
        return 0;
    }
    return 1;
}

static int predict(random_t *random)
{
    const int model = (int)random_below(random, (uint32_t)n_models);
    int e, token[ENGINES];

    call = "predict_next";
    for (e = ENGINES - 1; e >= 0; e--) {
        if (e == REFERENCE && !is_asked()) {
            return 1;
        }
        token[e] = engines[e]->predict_next(side[e].models[model], side[e].state, tokens, n_tokens);
    }
    return same_int("the token", token[REFERENCE], token[ARCHIVE]) && same_logits() && same_router(counted(n_tokens));
}

static int generate(random_t *random)
{
    const int model = (int)random_below(random, (uint32_t)n_models);
    const int most = random_between(random, 1, shape()->max_seq + 1);
    int output[ENGINES][MAX_SEQ + 3], written[ENGINES];
    int e, i;

    call = "generate";
    for (e = ENGINES - 1; e >= 0; e--) {
        if (e == REFERENCE && !is_asked()) {
            return 1;
        }
        written[e] = engines[e]->generate(side[e].models[model], side[e].state, tokens, n_tokens, output[e], most);
    }
    if (!same_int("the number of tokens", written[REFERENCE], written[ARCHIVE])) {
        return 0;
    }
    for (i = 0; i < written[ARCHIVE]; i++) {
        if (!same_int("a token", output[REFERENCE][i], output[ARCHIVE][i])) {
            return 0;
        }
    }
    return written[ARCHIVE] == 0 || (same_logits() && same_router(n_tokens + written[ARCHIVE] - 1));
}

/* Writes and loads random model m, or the classifier where m is MODELS. */
static int load(random_t *random, int m)
{
    const int n_classes = m < MODELS ? 0 : random_between(random, 1, shape()->max_classes);
    const size_t length = random_model(random, shape(), n_classes, last_packing, blobs[m]);
    int e, codes[ENGINES];

    call = "load";
    for (e = 0; e < ENGINES; e++) {
        codes[e] = m < MODELS ? engines[e]->load(side[e].models[m], blobs[m], length)
                              : engines[e]->classifier_load(side[e].classifier, blobs[m], length);
    }
    if (HAS_INTEGERS && codes[REFERENCE] == INTEGER_REFUSED && codes[ARCHIVE] == INTEGER_REFUSED) {
        is_over = 1;
        refused++;
        return 1;
    }
    return same_int("the code", 0, codes[ARCHIVE]) && same_int("the code", codes[REFERENCE], codes[ARCHIVE]);
}

static int classify(random_t *random)
{
    int e, class[ENGINES];

    if (!has_classifier && (!load(random, MODELS) || is_over)) {
        return is_over;
    }
    has_classifier = 1;
    call = "classify";
    for (e = ENGINES - 1; e >= 0; e--) {
        if (e == REFERENCE && !is_asked()) {
            return 1;
        }
        class[e] = engines[e]->classify(side[e].classifier, side[e].state, tokens, n_tokens, side[e].values);
    }
    return same_int("the class", class[REFERENCE], class[ARCHIVE]) &&
           same_values("score", engines[ARCHIVE]->n_classes(side[ARCHIVE].classifier)) &&
           same_router(counted(n_tokens));
}

/* Activations, the same for both. */
static const float *random_activations(random_t *random, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        activations[i] = random_float(random, 64);
    }
    return activations;
}

static int matvec(random_t *random)
{
    const int matrices = ENGINE_FIRST_LAYER + shape()->n_layers * ENGINE_LAYER_MATRICES;
    const float *x = random_activations(random, shape()->d_model);
    int matrix = (int)random_below(random, (uint32_t)matrices);
    int e, i;

    call = "ternary_matvec";
    if (matrix >= ENGINE_FIRST_LAYER && (matrix - ENGINE_FIRST_LAYER) % ENGINE_LAYER_MATRICES == ENGINE_CONV) {
        matrix++; /* the convolution is no matrix */
    }
    for (e = 0; e <= ARCHIVE; e++) {
        for (i = 0; i < most_rows(); i++) {
            side[e].values[i] = 1234.5f; /* what the matrix has no row for stays */
        }
        engines[e]->matvec(side[e].models[0], matrix, x, side[e].values);
    }
    return same_values("row", most_rows());
}

static int layer_norm(random_t *random)
{
    const size_t bytes = sizeof(float) * (size_t)shape()->d_model;
    const float *x = random_activations(random, shape()->d_model);
    const int norm = (int)random_below(random, (uint32_t)shape()->n_layers + 1);
    int e;

    call = "layer_norm";
    for (e = 0; e <= ARCHIVE; e++) {
        memcpy(side[e].values, x, bytes);
        engines[e]->layer_norm(side[e].models[0], norm, side[e].values);
    }
    return same_values("value", shape()->d_model);
}

static int pathway(random_t *random)
{
    /* Sparse attention works in the state, and is there for the exact arithmetic alone. */
    const int d = shape()->d_model, which = (int)random_below(random, HAS_INTEGERS ? 2 : 3);
    const int n = random_between(random, 1, shape()->max_seq);
    const int layer = (int)random_below(random, (uint32_t)shape()->n_layers);
    const float *x = random_activations(random, n * d);
    int e, c;

    call = which == 0 ? "causal_conv" : which == 1 ? "ssm_forward" : "sparse_attn";
    for (e = ENGINES - 1; e >= 0; e--) {
        if (e == REFERENCE && !is_asked()) {
            return 1;
        }
        for (c = 0; c < d; c++) {
            side[e].carried[c] = 0.25f * (float)c;
        }
        if (which == 0) {
            engines[e]->causal_conv(side[e].models[0], layer, x, n, side[e].values);
        } else if (which == 1) {
            engines[e]->ssm_forward(side[e].models[0], layer, x, n, side[e].carried, side[e].values);
        } else {
            engines[e]->sparse_attn(side[e].models[0], layer, x, n, side[e].state, side[e].values);
        }
    }
    return same_values("value", n * d) && same_floats("carried state", side[REFERENCE].carried, side[ARCHIVE].carried, d);
}

/* The archive may keep fewer positions than the shape allows, never more. */
static int lower_top_k(random_t *random)
{
    const int layer = (int)random_below(random, (uint32_t)shape()->n_layers);
    const int top_k = random_between(random, 1, shape()->top_k);
    int e;

    for (e = 0; e < ENGINES; e++) {
        engines[e]->set_top_k(side[e].models[0], layer, top_k);
    }
    return predict(random);
}

static int one_call(random_t *random)
{
    calls++;
    switch (random_below(random, 16)) {
    case 0:
        return generate(random);
    case 1:
    case 2:
        return classify(random);
    case 3:
        return matvec(random);
    case 4:
        return layer_norm(random);
    case 5:
    case 6:
        return pathway(random);
    case 7:
        return lower_top_k(random);
    default:
        next_tokens(random);
        return predict(random);
    }
}

/* Cases ------------------------------------------------------------------------------------------------------------ */

static int run_case(void)
{
    random_t random = random_start(seed);
    int e, m, left;

    for (e = 0; e < ENGINES; e++) {
        engines[e]->init(side[e].state);
    }
    has_classifier = is_over = 0;
    n_models = random_between(&random, 1, MODELS);
    for (m = 0; m < n_models; m++) {
        if (!load(&random, m) || is_over) {
            return is_over;
        }
    }
    n_tokens = 1;
    tokens[0] = random_token(&random);
    for (left = random_between(&random, 1, 4); left > 0 && !is_over; left--) {
        if (!one_call(&random)) {
            return 0;
        }
    }
    return 1;
}

/* A blob whose first float, behind so many bytes, is aligned where the reference may need that. */
static uint8_t *blob(size_t bytes, size_t before_floats)
{
    const size_t start = IS_CAREFUL ? (4 - before_floats % 4) % 4 : 0;

    return (uint8_t *)board_memory(bytes + start) + start;
}

/* The scout works in the reference's. */
static size_t state_bytes(int e)
{
    const size_t own = engines[e]->state_size, scouts = engines[SCOUT]->state_size;

    return e == REFERENCE && scouts > own ? scouts : own;
}

static void allocate(void)
{
    const size_t longest = random_model_bytes(shape(), shape()->max_classes, last_packing);
    int m, e;

    for (m = 0; m <= MODELS; m++) {
        blobs[m] = blob(longest, m < MODELS ? 7 : 13);
    }
    for (e = 0; e < ENGINES; e++) {
        for (m = 0; m < MODELS; m++) {
            side[e].models[m] = board_memory(engines[e]->model_size);
        }
        side[e].classifier = board_memory(engines[e]->classifier_size);
        if (e > ARCHIVE) {
            side[e].state = side[REFERENCE].state;
            side[e].values = side[REFERENCE].values;
            side[e].carried = side[REFERENCE].carried;
            continue;
        }
        side[e].state = board_memory(state_bytes(e));
        side[e].values = board_memory(sizeof(float) * (size_t)most_values());
        side[e].carried = board_memory(sizeof(float) * (size_t)shape()->d_model);
    }
    activations = board_memory(sizeof(float) * (size_t)most_values());
}

int main(void)
{
    const uint32_t first = setting("seed", 1), cases = setting("cases", 100);

    if (shape()->max_seq > MAX_SEQ || engines[REFERENCE]->address_of_load == engines[ARCHIVE]->address_of_load) {
        board_write("fault: a sequence beyond this program's arrays, or the same engine twice\n");
        return 2;
    }
#ifdef WITH_INTEGERS
    engines[REFERENCE] = integer_engine();
#endif
    allocate();
    for (seed = first; seed - first < cases; seed++) {
        if (!run_case()) {
            return 1;
        }
    }
    board_write("mode ");
    board_write(archive_api.extras->mode());
    board_write("\n");
    write_result("cases", cases);
    write_result("calls", calls);
    write_result("values", values_compared);
    write_result("left_out", left_out);
    write_result("refused", refused);
    write_result("stack", (uint32_t)stack_used());
    return 0;
}
