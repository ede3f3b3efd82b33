/*
 * A program that needs the C toolchain's own helpers: memcpy, float and double arithmetic, 64-bit division, expf, tanhf
 * and sqrtf. The runner links it with the archive in several places of the command line and reads in the map file whose
 * functions it got. Two lines of results: of the model, and of the C library's functions.
 *
 * -DWITH_OTHER_ARCHIVE: also calls a second Rust library (other_archive/lib.rs). Such a library, which hides nothing, puts
 * its own expf in the place of the C library's: only the model's results in portable mode do not depend on it.
 */
#include "atome.h"

#include <math.h>

#include "blob_size.h"
#include "board.h"
#include "digest.h"
#include "make_model.h"
#include "text.h"

#ifdef WITH_OTHER_ARCHIVE
/* The sum of bytes, in floats and by a table; see other_archive/lib.rs. */
uint32_t other_checksum(const uint8_t *bytes, size_t length);
#endif

static atome_model_t model;
static atome_state_t state;
static int output[ATOME_MAX_SEQ];

/* volatile: the compiler must leave the work to the run. */
static volatile float single = 1.75f;
static volatile double wide = 3.5;
static volatile int64_t large = 1234567890123456789;
static volatile size_t bytes_to_copy = sizeof output;

/* Compilers put an instruction in the place of a call where the core has one. */
static float (*const volatile square_root)(float) = sqrtf;

static void use_the_c_library(digest_t *digest)
{
    static int copy[ATOME_MAX_SEQ];
    const float values[] = {single + 1.5f, single * single, single / 3.0f,
                            expf(single),  tanhf(single),   square_root(single)};

    memcpy(copy, output, bytes_to_copy);
    digest_int(digest, copy[0]);
    digest_floats(digest, values, (int)(sizeof values / sizeof values[0]));
    digest_int(digest, (int)(wide * wide + 0.5));
    digest_int(digest, (int)(large / 1000003));
}

static void write_digest(const char *name, const digest_t *digest)
{
    board_write(name);
    write_hex64(digest->value);
    board_write("\n");
}

int main(void)
{
    static const int prompt[] = {1, 2, 3};
    digest_t digest = digest_start(), library = digest_start();
    uint8_t *blob = board_memory(MODEL_BYTES);

    write_model(blob, 9, 0);
    atome_init(&state);
    if (atome_load(&model, blob, MODEL_BYTES) != ATOME_OK) {
        return 1;
    }
    if (atome_generate(&model, &state, prompt, 3, output, ATOME_MAX_SEQ) < 1) {
        return 1;
    }
    digest_floats(&digest, state.logits, ATOME_VOCAB_SIZE);
    use_the_c_library(&library);
#ifdef WITH_OTHER_ARCHIVE
    if (other_checksum(blob, 64) == 0) {
        return 1;
    }
#endif
    write_digest("model ", &digest);
    write_digest("library ", &library);
    return 0;
}
