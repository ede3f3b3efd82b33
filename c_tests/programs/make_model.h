/*
 * Models made in memory from a seed, for the shape that atome.h was included with. Include it after atome.h.
 *
 * Weights, scales and floats come from a xorshift generator and exact arithmetic only, so every compiler makes the same
 * bytes.
 */
#ifndef MAKE_MODEL_H
#define MAKE_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    uint8_t *bytes; /* NULL while only the length is wanted */
    size_t len;
    uint32_t random;
} model_writer;

static inline uint32_t writer_random(model_writer *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 17;
    w->random ^= w->random << 5;
    return w->random;
}

static inline void write_bytes(model_writer *w, const void *bytes, size_t n)
{
    if (w->bytes != NULL) {
        memcpy(w->bytes + w->len, bytes, n);
    }
    w->len += n;
}

/* n floats in steps of 1/1024 from base on, below base + range / 1024. */
static inline void write_floats(model_writer *w, int n, float base, unsigned range)
{
    int i;

    for (i = 0; i < n; i++) {
        float value = base + (float)(writer_random(w) % range) / 1024.0f;
        write_bytes(w, &value, sizeof value);
    }
}

/* A section Q(rows, cols): a scale, then 2-bit weights without gaps. */
static inline void write_quantised(model_writer *w, int rows, int cols)
{
    static const unsigned codes[3] = {0, 1, 3};
    unsigned filled = 0, byte = 0;
    long i;

    write_floats(w, 1, 0.0625f, 256);
    for (i = 0; i < (long)rows * cols; i++) {
        byte |= codes[writer_random(w) % 3] << (2 * filled);
        filled++;
        if (filled == 4 || i + 1 == (long)rows * cols) {
            uint8_t out = (uint8_t)byte;
            write_bytes(w, &out, 1);
            filled = 0;
            byte = 0;
        }
    }
}

static inline void write_norm(model_writer *w)
{
    write_floats(w, ATOME_D_MODEL, 0.75f, 512);
    write_floats(w, ATOME_D_MODEL, -0.125f, 256);
}

static inline void write_body(model_writer *w)
{
    int l;

    write_quantised(w, ATOME_VOCAB_SIZE, ATOME_D_MODEL);
    for (l = 0; l < ATOME_N_LAYERS; l++) {
        write_norm(w);
        write_quantised(w, ATOME_D_MODEL, ATOME_KERNEL_SIZE);
        write_floats(w, ATOME_D_MODEL, -2.0f, 4096);
        write_floats(w, ATOME_D_MODEL, -0.5f, 1024);
        write_floats(w, ATOME_D_MODEL, -0.5f, 1024);
        write_quantised(w, ATOME_D_HEAD, ATOME_D_MODEL);
        write_quantised(w, ATOME_D_HEAD, ATOME_D_MODEL);
        write_quantised(w, ATOME_D_MODEL, ATOME_D_MODEL);
        write_quantised(w, ATOME_N_PATHWAYS, ATOME_D_MODEL);
    }
    write_norm(w);
    write_quantised(w, ATOME_VOCAB_SIZE, ATOME_D_MODEL);
}

/* Writes an ATOME01 blob, or with n_classes > 0 an ATOMECL01 one, to out (which may be NULL); returns its length. */
static inline size_t write_model(uint8_t *out, uint32_t seed, int n_classes)
{
    model_writer w;

    w.bytes = out;
    w.len = 0;
    w.random = seed * 2654435761u + 1u;
    if (n_classes > 0) {
        int32_t count = n_classes;
        write_bytes(&w, "ATOMECL01", 9);
        write_bytes(&w, &count, sizeof count);
    } else {
        write_bytes(&w, "ATOME01", 7);
    }
    write_body(&w);
    if (n_classes > 0) {
        write_quantised(&w, n_classes, ATOME_D_MODEL);
    }
    return w.len;
}

/* A blob in a heap block of exactly its length, so that a memory checker sees any read past its end. */
static inline uint8_t *make_blob(uint32_t seed, int n_classes, size_t *len)
{
    uint8_t *blob;

    *len = write_model(NULL, seed, n_classes);
    blob = (uint8_t *)malloc(*len);
    if (blob == NULL) {
        fprintf(stderr, "no memory for a blob of %lu bytes\n", (unsigned long)*len);
        exit(2);
    }
    write_model(blob, seed, n_classes);
    return blob;
}

static inline uint8_t *make_model(uint32_t seed, size_t *len) { return make_blob(seed, 0, len); }

static inline uint8_t *make_classifier(uint32_t seed, int n_classes, size_t *len)
{
    return make_blob(seed, n_classes, len);
}

#endif
