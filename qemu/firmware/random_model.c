#include "random_model.h"

#include <string.h>

#include "float_bits.h"

/* Zeros, infinities, NaN, the edges of binary32, the attention's "none" score, and the limits of exp and tanh. */
static const uint32_t hostile[] = {
    0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f7fffff, 0xff7fffff, 0x00800000,
    0x00000001, 0x80000001, 0x007fffff, 0xf149f2ca, 0x7149f2ca, 0xf1c9f2ca, 0x42b10000, 0xc2d00000,
    0x411051ec, 0x3f800000, 0xbf800000, 0x4b800000, 0x1e3ce508, 0x60ad78ec, 0x3727c5ac, 0x39800000,
};

float random_float(random_t *random, uint32_t hostile_in)
{
    const uint32_t kinds = sizeof hostile / sizeof hostile[0];
    uint32_t bits;

    if (hostile_in != 0 && random_below(random, hostile_in) == 0) {
        const uint32_t kind = random_below(random, kinds + 8);
        return float_of_bits(kind < kinds ? hostile[kind] : random_bits(random));
    }
    /* Multiples of 2^-22 between -2 and 2: exact, so that every core draws the same. */
    bits = random_bits(random);
    return (float)((int32_t)bits >> 8) * 0x1p-22f;
}

struct writer {
    random_t *random;
    uint8_t *at; /* NULL while only bytes are counted */
    size_t bytes;
    uint32_t hostile_in;
    enum packing packing;
};

static void put(struct writer *w, const void *bytes, size_t count)
{
    if (w->at != NULL) {
        memcpy(w->at, bytes, count);
        w->at += count;
    }
    w->bytes += count;
}

/* Around mean, as far as deviation times 2. */
static void floats(struct writer *w, int count, float mean, float deviation)
{
    int i;

    if (w->at == NULL) {
        w->bytes += 4 * (size_t)count;
        return;
    }
    for (i = 0; i < count; i++) {
        float value = random_float(w->random, w->hostile_in);
        /* A hostile value stays what it is as far as the sum allows: infinities and NaN do. */
        value = mean + deviation * value;
        put(w, &value, sizeof value);
    }
}

/* Base 3, five weights to a byte; those behind the last one are 0, whose digit is 1. */
static void base_3(struct writer *w, size_t weights)
{
    while (weights > 0) {
        uint8_t byte = 0, place = 1;
        int i;

        for (i = 0; i < 5; i++) {
            byte = (uint8_t)(byte + place * (weights > 0 ? random_below(w->random, 3) : 1));
            place = (uint8_t)(place * 3);
            weights -= weights > 0;
        }
        put(w, &byte, 1);
    }
}

/* Codes of three bits, eight to three bytes; 111 is none, and those behind the last weight are 0. */
static void powers_of_3(struct writer *w, size_t weights)
{
    while (weights > 0) {
        uint32_t word = 0;
        uint8_t bytes[3];
        int i;

        for (i = 0; i < 8 && weights > 0; i++, weights--) {
            word |= random_below(w->random, 7) << (3 * i);
        }
        for (i = 0; i < 3; i++) {
            bytes[i] = (uint8_t)(word >> (8 * i));
        }
        put(w, bytes, sizeof bytes);
    }
}

/* All four codes, 10 (which reads as 0) and the unused ones behind the last weight included. */
static void quantised(struct writer *w, int rows, int cols, float scale)
{
    const size_t weights = (size_t)rows * (size_t)cols;
    const size_t bytes = w->packing == ATOMEP3 ? (weights + 7) / 8 * 3 : (weights + 3) / 4;
    size_t i;

    floats(w, 1, scale, 0.25f * scale);
    if (w->at == NULL) {
        w->bytes += bytes;
        return;
    }
    if (w->packing == ATOME02) {
        base_3(w, weights);
        return;
    }
    if (w->packing == ATOMEP3) {
        powers_of_3(w, weights);
        return;
    }
    for (i = 0; i < bytes; i++) {
        /* The upper bits: the lowest ones of this generator are its weakest. */
        const uint8_t byte = (uint8_t)(random_bits(w->random) >> 24);
        put(w, &byte, 1);
    }
}

static void body(struct writer *w, const struct engine_shape *shape)
{
    const int d = shape->d_model, h = shape->d_head;
    int layer;

    quantised(w, shape->vocab_size, d, 1.0f);
    for (layer = 0; layer < shape->n_layers; layer++) {
        floats(w, d, 1.0f, 0.125f);
        floats(w, d, 0.0f, 0.125f);
        quantised(w, d, shape->kernel_size, 0.5f);
        floats(w, d, 0.5f, 0.5f);
        floats(w, d, 0.0f, 0.5f);
        floats(w, d, 0.0f, 0.5f);
        quantised(w, h, d, 0.375f);
        quantised(w, h, d, 0.375f);
        quantised(w, d, d, 0.375f);
        quantised(w, shape->n_pathways, d, 0.375f);
    }
    floats(w, d, 1.0f, 0.125f);
    floats(w, d, 0.0f, 0.125f);
    quantised(w, shape->vocab_size, d, 0.25f);
}

static size_t write(struct writer *w, const struct engine_shape *shape, int n_classes)
{
    if (n_classes > 0) {
        const int32_t count = n_classes;
        put(w, "ATOMECL01", 9);
        put(w, &count, sizeof count);
    } else {
        static const char magics[3][8] = {"ATOME01", "ATOME02", "ATOMEP3"};
        put(w, magics[w->packing], 7);
    }
    body(w, shape);
    if (n_classes > 0) {
        quantised(w, n_classes, shape->d_model, 0.25f);
    }
    return w->bytes;
}

size_t random_model_bytes(const struct engine_shape *shape, int n_classes, enum packing last)
{
    /* The later a format, the wider; ATOME02, which is not, is never last. */
    struct writer classifier = {NULL, NULL, 0, 0, ATOME01}, widest = {NULL, NULL, 0, 0, last};
    const size_t bytes = write(&classifier, shape, n_classes), most = write(&widest, shape, 0);

    return bytes > most ? bytes : most;
}

size_t random_model(random_t *random, const struct engine_shape *shape, int n_classes, enum packing last, uint8_t *out)
{
    const uint32_t character = random_below(random, 8);
    struct writer w = {NULL, NULL, 0, 0, ATOME01};

    w.random = random;
    w.at = out;
    w.hostile_in = character == 0 ? 4 : character < 3 ? 64 : 0;
    if (n_classes == 0) {
        w.packing = (enum packing)random_below(random, (uint32_t)last + 1);
    }
    return write(&w, shape, n_classes);
}
