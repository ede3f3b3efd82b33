/*
 * make_model FILE SEED [CLASSES]: writes a model with RANDOM weights for the shape that this program was compiled with.
 *
 * It stands in for a trained model, so that the examples run before you have one: what such a model says means nothing. It
 * runs on the computer, and no firmware needs it. With CLASSES the file is a classifier (ATOMECL01), else a generator
 * (ATOME01). The same seed and shape give the same bytes everywhere.
 */
#include "atome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *file;
static uint32_t generator;

/* xorshift32 (Marsaglia, 2003); below limit. */
static uint32_t random_below(uint32_t limit)
{
    generator ^= generator << 13;
    generator ^= generator >> 17;
    generator ^= generator << 5;
    return generator % limit;
}

static void write_word(uint32_t word)
{
    int byte;

    for (byte = 0; byte < 4; byte++) {
        fputc((int)(word >> (8 * byte) & 255u), file);
    }
}

static void write_float(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    write_word(bits);
}

/* From low to high, in steps of 1/1024 of the way. */
static void write_floats(int count, float low, float high)
{
    while (count-- > 0) {
        write_float(low + (high - low) * ((float)random_below(1024) / 1024.0f));
    }
}

/* One scale for all weights, then weights of -1, 0 or +1 in two bits each. */
static void write_matrix(int rows, int columns, float scale)
{
    static const unsigned codes[3] = {0, 1, 3};
    const long count = (long)rows * columns;
    unsigned byte = 0;
    long i;

    write_float(scale);
    for (i = 0; i < count; i++) {
        byte |= codes[random_below(3)] << (2 * (i % 4));
        if (i % 4 == 3 || i == count - 1) {
            fputc((int)byte, file);
            byte = 0;
        }
    }
}

static void write_norm(void)
{
    write_floats(ATOME_D_MODEL, 0.5f, 1.5f);
    write_floats(ATOME_D_MODEL, -0.25f, 0.25f);
}

static void write_layer(void)
{
    write_norm();
    write_matrix(ATOME_D_MODEL, ATOME_KERNEL_SIZE, 0.5f);
    write_floats(ATOME_D_MODEL, -2.0f, 2.0f);
    write_floats(ATOME_D_MODEL, -1.0f, 1.0f);
    write_floats(ATOME_D_MODEL, -1.0f, 1.0f);
    write_matrix(ATOME_D_HEAD, ATOME_D_MODEL, 0.25f);
    write_matrix(ATOME_D_HEAD, ATOME_D_MODEL, 0.25f);
    write_matrix(ATOME_D_MODEL, ATOME_D_MODEL, 0.25f);
    write_matrix(ATOME_N_PATHWAYS, ATOME_D_MODEL, 0.125f);
}

static void write_model(int classes)
{
    int layer;

    if (classes > 0) {
        fputs("ATOMECL01", file);
        write_word((uint32_t)classes);
    } else {
        fputs("ATOME01", file);
    }
    write_matrix(ATOME_VOCAB_SIZE, ATOME_D_MODEL, 0.5f);
    for (layer = 0; layer < ATOME_N_LAYERS; layer++) {
        write_layer();
    }
    write_norm();
    write_matrix(ATOME_VOCAB_SIZE, ATOME_D_MODEL, 0.25f);
    if (classes > 0) {
        write_matrix(classes, ATOME_D_MODEL, 0.25f);
    }
}

int main(int argc, char **argv)
{
    const int classes = argc == 4 ? atoi(argv[3]) : 0;

    if (argc < 3 || argc > 4 || (argc == 4 && (classes < 1 || classes > ATOME_MAX_CLASSES))) {
        fprintf(stderr, "usage: %s FILE SEED [CLASSES, 1 to %d]\n", argv[0], ATOME_MAX_CLASSES);
        return 2;
    }
    /* The generator stands still at 0. */
    generator = (uint32_t)strtoul(argv[2], NULL, 10) * 2654435761u | 1u;
    file = fopen(argv[1], "wb");
    if (file == NULL) {
        perror(argv[1]);
        return 1;
    }
    write_model(classes);
    if (ferror(file) || fclose(file) != 0) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
