/*
 * Signed models with the archive that checks signatures: what the owner of the key signed loads and gives the bits of the
 * plain file; what was changed, cut, signed by somebody else or put under another model's signature gives the documented
 * code, and nothing is written. Reports how much stack a check takes.
 */
#define ATOME_SIGNED
#include "atome.h"

#include <string.h>

#include "check.h"
#include "make_container.h"
#include "signed_models.h"

/* The containers, in the runner's order. */
enum { OURS, OUR_OTHER, THEIRS, OUR_CLASSIFIER, OUR_NEWER, THEIR_NEWER_CLASSIFIER };
/* Of the newer two. */
#define PRODUCT 0x80000007u
#define VERSION 300u
/* Where things are in a container: docs/container.md. */
enum { FLAGS = 10, D_MODEL = 16, WINDOW = 30, PAYLOAD = 44, PRODUCT_AT = 52, VERSION_AT = 56, KEY_ID = 60, DIGEST = 64 };
enum { NOTES = 96, SIGNATURE = 64 };
enum { TOKENS = 4 };

/* All that a call may write to, so that one comparison finds what changed. */
static struct {
    atome_model_t model;
    atome_classifier_t classifier;
} all, before;

static atome_model_t plain_model;
static atome_classifier_t plain_classifier;
static atome_state_t state;
static const int tokens[TOKENS] = {3, 1, 4, 1};
/* A container to damage, and the right one. */
static uint8_t *copy;
static container_t ours;

static void expect_refusal(const char *what, int wanted, int got)
{
    expect_code(what, wanted, got);
    if (memcmp(&all, &before, sizeof all) != 0) {
        fail(what, ": something was written");
    }
}

static int load(const uint8_t *data, size_t length) { return atome_load_signed(&all.model, data, length, public_key(0)); }

/* What loads ------------------------------------------------------------------------------------------------------- */

static container_t payload(container_t container)
{
    container_t plain;

    expect_code("atome_container_payload", ATOME_OK,
                atome_container_payload(container.data, container.length, &plain.data, &plain.length));
    return plain;
}

static void same_predictions(const atome_model_t *one, const atome_model_t *other)
{
    float logits[ATOME_VOCAB_SIZE];
    int n, token;

    for (n = 1; n <= TOKENS; n++) {
        token = atome_predict_next(one, &state, tokens, n);
        memcpy(logits, state.logits, sizeof logits);
        expect_code("the token of a signed model", atome_predict_next(other, &state, tokens, n), token);
        if (token < 0 || memcmp(logits, state.logits, sizeof logits) != 0) {
            fail("a signed model", ": other logits than the plain one");
        }
    }
}

static void same_classes(const atome_classifier_t *one, const atome_classifier_t *other)
{
    float scores[2][ATOME_MAX_CLASSES];
    const int class = atome_classify(one, &state, tokens, TOKENS, scores[0]);

    memset(scores[1], 0, sizeof scores[1]);
    expect_code("the class of a signed classifier", atome_classify(other, &state, tokens, TOKENS, scores[1]), class);
    if (class < 0 || memcmp(scores[0], scores[1], sizeof(float) * (size_t)other->n_classes) != 0) {
        fail("a signed classifier", ": other scores than the plain one");
    }
}

static void loads(int index, int key)
{
    const container_t container = signed_container(index), plain = payload(container);
    atome_model_t model;

    expect_code("a signed model", ATOME_OK,
                atome_load_signed(&model, container.data, container.length, public_key(key)));
    expect_code("its plain file", ATOME_OK, atome_load(&plain_model, plain.data, plain.length));
    same_predictions(&model, &plain_model);
    expect_code("a container loaded without a key", ATOME_OK, atome_load(&model, container.data, container.length));
    same_predictions(&model, &plain_model);
}

static void classifier_loads(void)
{
    const container_t container = signed_container(OUR_CLASSIFIER), plain = payload(container);

    expect_code("a signed classifier", ATOME_OK,
                atome_classifier_load_signed(&all.classifier, container.data, container.length, public_key(0)));
    expect_code("its plain file", ATOME_OK, atome_classifier_load(&plain_classifier, plain.data, plain.length));
    same_classes(&all.classifier, &plain_classifier);
}

static void measure_stack(void)
{
    size_t used;

    stack_paint();
    used = stack_used();
    expect_code("a signed model", ATOME_OK, load(ours.data, ours.length));
    write_result("stack", (uint32_t)(stack_used() - used));
}

static int load_at_least(int index, int first_key, size_t n_keys, uint32_t product, uint32_t min_version)
{
    const container_t container = signed_container(index);

    return atome_load_signed_at_least(&all.model, container.data, container.length, public_keys(first_key), n_keys,
                                      product, min_version);
}

static int classifier_load_at_least(int first_key, size_t n_keys, uint32_t product, uint32_t min_version)
{
    const container_t container = signed_container(THEIR_NEWER_CLASSIFIER);

    return atome_classifier_load_signed_at_least(&all.classifier, container.data, container.length,
                                                 public_keys(first_key), n_keys, product, min_version);
}

/* Of the product, recent enough, and signed by one of the keys; the container tells its three numbers. */
static void newer_loads(void)
{
    const container_t newer = signed_container(OUR_NEWER);
    atome_container_info_t info;

    expect_code("what a container says", ATOME_OK, atome_container_info(newer.data, newer.length, &info));
    if (info.product != PRODUCT || info.model_version != VERSION || memcmp(info.key_id, public_key(0), 4) != 0) {
        fail("a container", ": another product, version or key than it was given");
    }
    expect_code("a model of this version", ATOME_OK, load_at_least(OUR_NEWER, 0, 1, PRODUCT, VERSION));
    same_predictions(&all.model, &plain_model);
    expect_code("a model of a later version", ATOME_OK, load_at_least(OUR_NEWER, 0, 2, PRODUCT, 0));
    expect_code("an old container", ATOME_OK, load_at_least(THEIRS, 0, 2, 0, 0));
    expect_code("a classifier by the second key", ATOME_OK, classifier_load_at_least(0, 2, PRODUCT, VERSION));
    same_classes(&all.classifier, &plain_classifier);
}

/* What does not ---------------------------------------------------------------------------------------------------- */

static void wrong_arguments(void)
{
    const container_t classifier = signed_container(OUR_CLASSIFIER);
    const container_t plain = payload(ours);

    expect_refusal("load into NULL", ATOME_ERR_INVALID, atome_load_signed(NULL, ours.data, ours.length, public_key(0)));
    expect_refusal("load of NULL", ATOME_ERR_INVALID, load(NULL, ours.length));
    expect_refusal("load with no key", ATOME_ERR_INVALID, atome_load_signed(&all.model, ours.data, ours.length, NULL));
    expect_refusal("load of a plain file", ATOME_ERR_INVALID, load(plain.data, plain.length));
    expect_refusal("load of a classifier", ATOME_ERR_INVALID, load(classifier.data, classifier.length));
    expect_refusal("classifier_load into NULL", ATOME_ERR_INVALID,
                   atome_classifier_load_signed(NULL, classifier.data, classifier.length, public_key(0)));
    expect_refusal("classifier_load of a model", ATOME_ERR_INVALID,
                   atome_classifier_load_signed(&all.classifier, ours.data, ours.length, public_key(0)));
    expect_refusal("classifier_load with another key", ATOME_ERR_SIGNATURE,
                   atome_classifier_load_signed(&all.classifier, classifier.data, classifier.length, public_key(1)));
}

static void outdated_or_of_another_product(void)
{
    expect_refusal("an older model", ATOME_ERR_OUTDATED, load_at_least(OUR_NEWER, 0, 2, PRODUCT, VERSION + 1));
    expect_refusal("an old container", ATOME_ERR_OUTDATED, load_at_least(OURS, 0, 2, 0, 1));
    expect_refusal("another product's model", ATOME_ERR_PRODUCT, load_at_least(OUR_NEWER, 0, 2, PRODUCT - 1, 0));
    expect_refusal("a model of no product", ATOME_ERR_PRODUCT, load_at_least(OURS, 0, 2, PRODUCT, 0));
    expect_refusal("a newer model by another key", ATOME_ERR_SIGNATURE, load_at_least(OUR_NEWER, 1, 1, PRODUCT, VERSION));
    expect_refusal("no key", ATOME_ERR_INVALID, load_at_least(OUR_NEWER, 0, 0, PRODUCT, VERSION));
    expect_refusal("too many keys", ATOME_ERR_INVALID, load_at_least(OUR_NEWER, 0, ATOME_MAX_KEYS + 1, PRODUCT, VERSION));
    expect_refusal("an older classifier", ATOME_ERR_OUTDATED, classifier_load_at_least(0, 2, PRODUCT, VERSION + 1));
    expect_refusal("another product's classifier", ATOME_ERR_PRODUCT, classifier_load_at_least(0, 2, 0, VERSION));
    expect_refusal("a classifier by another key", ATOME_ERR_SIGNATURE, classifier_load_at_least(0, 1, PRODUCT, VERSION));
}

static void truncated(void)
{
    size_t n;

    for (n = 0; n < ours.length; n++) {
        expect_refusal("a truncated model", n < 8 ? ATOME_ERR_INVALID : ATOME_ERR_TRUNCATED, load(ours.data, n));
    }
}

/* One bit of every byte behind magic, version and length, with the checksum as it was. */
static void flipped_bits(void)
{
    size_t i;

    memcpy(copy, ours.data, ours.length);
    for (i = D_MODEL; i < ours.length; i++) {
        copy[i] ^= (uint8_t)(1 << (i % 8));
        expect_refusal("a flipped bit", ATOME_ERR_DAMAGED, load(copy, ours.length));
        copy[i] ^= (uint8_t)(1 << (i % 8));
    }
}

/* The bits at one place flipped, and a checksum made to fit. */
static void tampered(const char *what, size_t at, uint8_t bits, int wanted)
{
    memcpy(copy, ours.data, ours.length);
    copy[at] ^= bits;
    seal_container(copy, ours.length);
    expect_refusal(what, wanted, load(copy, ours.length));
}

static void tampered_everywhere(void)
{
    const size_t tail = ours.length - CONTAINER_TAIL;
    const size_t file = (size_t)(payload(ours).data - ours.data);

    tampered("another magic", 0, 1, ATOME_ERR_INVALID);
    tampered("another shape", D_MODEL, 1, ATOME_ERR_SHAPE);
    tampered("another payload offset", PAYLOAD, 1, ATOME_ERR_DAMAGED);
    tampered("no flag of a signature", FLAGS, 1, ATOME_ERR_SIGNATURE);
    tampered("another product", PRODUCT_AT, 7, ATOME_ERR_SIGNATURE);
    tampered("another version", VERSION_AT + 3, 0x80, ATOME_ERR_SIGNATURE);
    tampered("another key's name", KEY_ID, 1, ATOME_ERR_SIGNATURE);
    tampered("another window", WINDOW, 1, ATOME_ERR_SIGNATURE);
    tampered("another training digest", DIGEST, 0x80, ATOME_ERR_SIGNATURE);
    tampered("another note", NOTES + 8, 1, ATOME_ERR_SIGNATURE);
    tampered("another scale", file + 7, 1, ATOME_ERR_SIGNATURE);
    tampered("another weight", (file + tail) / 2, 4, ATOME_ERR_SIGNATURE);
    tampered("another last byte", tail - 1, 0x80, ATOME_ERR_SIGNATURE);
    tampered("another first half of the signature", tail, 1, ATOME_ERR_SIGNATURE);
    tampered("another second half of the signature", tail + SIGNATURE / 2, 1, ATOME_ERR_SIGNATURE);
    tampered("another end of the signature", tail + SIGNATURE - 1, 0x80, ATOME_ERR_SIGNATURE);
}

/* The model of one container with the signature of another by the same key. */
static void swapped(void)
{
    const container_t other = signed_container(OUR_OTHER);

    if (other.length != ours.length || memcmp(other.data, ours.data, ours.length) == 0) {
        fail("the containers", " should be two models of one shape");
    }
    memcpy(copy, ours.data, ours.length);
    memcpy(copy + ours.length - CONTAINER_TAIL, other.data + ours.length - CONTAINER_TAIL, SIGNATURE);
    seal_container(copy, ours.length);
    expect_refusal("a swapped signature", ATOME_ERR_SIGNATURE, load(copy, ours.length));
}

/* The same signature in other numbers: the second half, s, plus the order of the curve's group (RFC 8032, 5.1.7). */
static void other_numbers(void)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                      0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    uint8_t *s = copy + ours.length - CONTAINER_TAIL + SIGNATURE / 2;
    unsigned i, carry = 0;

    memcpy(copy, ours.data, ours.length);
    for (i = 0; i < sizeof order; i++) {
        carry += (unsigned)s[i] + order[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
    seal_container(copy, ours.length);
    expect_refusal("a signature in other numbers", ATOME_ERR_SIGNATURE, load(copy, ours.length));
}

/* With the neutral element as key and first half, and 0 as second half, the equation holds for every message. */
static void weak_key(void)
{
    static const uint8_t neutral[PUBLIC_KEY_BYTES] = {1};
    uint8_t *signature = copy + ours.length - CONTAINER_TAIL;

    memcpy(copy, ours.data, ours.length);
    memset(signature, 0, SIGNATURE);
    signature[0] = 1;
    seal_container(copy, ours.length);
    expect_refusal("a key that verifies everything", ATOME_ERR_SIGNATURE,
                   atome_load_signed(&all.model, copy, ours.length, neutral));
    expect_refusal("a signature for such a key", ATOME_ERR_SIGNATURE, load(copy, ours.length));
}

static void other_signers(void)
{
    const container_t theirs = signed_container(THEIRS);
    const size_t tail = ours.length - CONTAINER_TAIL;

    if (theirs.length != ours.length || memcmp(theirs.data, ours.data, tail) != 0) {
        fail("the containers", " should be one model, signed by two");
    }
    expect_refusal("a model signed again by another key", ATOME_ERR_SIGNATURE, load(theirs.data, theirs.length));
    expect_refusal("our model under their key", ATOME_ERR_SIGNATURE,
                   atome_load_signed(&all.model, ours.data, ours.length, public_key(1)));
}

int main(void)
{
    ours = signed_container(OURS);
    copy = board_memory(ours.length);
    atome_init(&state);
    memset(&all, 0xa5, sizeof all);

    loads(OURS, 0);
    loads(OUR_OTHER, 0);
    loads(THEIRS, 1);
    classifier_loads();
    newer_loads();
    measure_stack();

    memset(&all, 0xa5, sizeof all);
    before = all;
    wrong_arguments();
    outdated_or_of_another_product();
    truncated();
    flipped_bits();
    tampered_everywhere();
    swapped();
    other_numbers();
    weak_key();
    other_signers();

    /* All this left nothing behind. */
    loads(OURS, 0);
    write_result("checks", checks);
    return 0;
}
