/*
 * Containers (ATOMEBOX) around model files, for the shape that atome.h was included with: written from docs/container.md
 * alone, with a bitwise CRC-32. Include it after atome.h.
 */
#ifndef MAKE_CONTAINER_H
#define MAKE_CONTAINER_H

#include <string.h>

enum { CONTAINER_HEAD = 96, CONTAINER_TAIL = 68, CONTAINER_ALIGNMENT = 16 };

static inline uint32_t container_crc(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0xffffffffu;
    size_t i;
    int bit;

    for (i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (bit = 0; bit < 8; bit++) {
            crc = (crc & 1u) != 0 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
        }
    }
    return ~crc;
}

static inline void put_number(uint8_t *at, uint32_t value, int bytes)
{
    int i;

    for (i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* Where the payload begins: its sections, behind `magic` bytes, are aligned. */
static inline size_t container_payload_at(size_t notes, size_t magic)
{
    const size_t body = CONTAINER_HEAD + notes + magic;

    return (body + CONTAINER_ALIGNMENT - 1) / CONTAINER_ALIGNMENT * CONTAINER_ALIGNMENT - magic;
}

/* Makes the checksum right. */
static inline void seal_container(uint8_t *out, size_t len)
{
    put_number(out + len - 4, container_crc(out, len - 4), 4);
}

/* Writes a container of one note around a model file to out (which may be NULL); returns its length. */
static inline size_t write_container(uint8_t *out, const uint8_t *plain, size_t len, int n_classes)
{
    static const uint8_t note[] = {4, 0, 'n', 'a', 'm', 'e', 2, 0, 'm', 'e'};
    const size_t payload = container_payload_at(sizeof note, n_classes > 0 ? 13 : 7);
    const size_t total = payload + len + CONTAINER_TAIL;
    const uint32_t sizes[] = {ATOME_D_MODEL,     ATOME_N_LAYERS,   ATOME_D_HEAD, ATOME_KERNEL_SIZE,
                              ATOME_N_PATHWAYS,  ATOME_VOCAB_SIZE, ATOME_TOP_K,  ATOME_MAX_SEQ,
                              (uint32_t)n_classes, 1 /* 2-bit */,  0 /* tokenizer */, CONTAINER_ALIGNMENT};
    size_t i;

    if (out == NULL) {
        return total;
    }
    memset(out, 0, total);
    memcpy(out, "ATOMEBOX", 8);
    put_number(out + 8, 1, 2);
    put_number(out + 12, (uint32_t)total, 4);
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put_number(out + 16 + 2 * i, sizes[i], 2);
    }
    put_number(out + 40, sizeof note, 4);
    put_number(out + 44, (uint32_t)payload, 4);
    put_number(out + 48, (uint32_t)len, 4);
    memcpy(out + CONTAINER_HEAD, note, sizeof note);
    memcpy(out + payload, plain, len);
    seal_container(out, total);
    return total;
}

#endif
