/* Two public keys and signed containers, one behind the other in flash (blob.S), as the runner puts them together. */
#ifndef SIGNED_MODELS_H
#define SIGNED_MODELS_H

#include <stddef.h>
#include <stdint.h>

/* For linker/microbit.ld, whose usual stack is too small for checking a signature. */
__asm__(".global wanted_stack_size\n.set wanted_stack_size, 6144 + 1024");

extern const uint8_t blob_start[], blob_end[];

enum { PUBLIC_KEYS = 2, PUBLIC_KEY_BYTES = 32, CONTAINER_LENGTH_AT = 12 };

typedef struct {
    const uint8_t *data;
    size_t length;
} container_t;

static inline const uint8_t *public_key(int index) { return blob_start + PUBLIC_KEY_BYTES * index; }

/* Both, from `first` on, as a list of keys. */
static inline const uint8_t (*public_keys(int first))[PUBLIC_KEY_BYTES]
{
    return (const uint8_t(*)[PUBLIC_KEY_BYTES])public_key(first);
}

/* The container number `index`: each says how long it is. */
static inline container_t signed_container(int index)
{
    container_t found = {blob_start + PUBLIC_KEYS * PUBLIC_KEY_BYTES, 0};
    int i;

    for (;;) {
        found.length = 0;
        for (i = 3; i >= 0; i--) {
            found.length = found.length << 8 | found.data[CONTAINER_LENGTH_AT + i];
        }
        if (index-- == 0) {
            return found;
        }
        found.data += found.length;
    }
}

#endif
