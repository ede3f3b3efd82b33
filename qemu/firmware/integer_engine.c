/*
 * The naive reference of the integer arithmetic (c_tests/reference/integer.c) as an engine of a differential run: the
 * floating-point reference's table, which loads models, with the calls that the arithmetic has to do with.
 */
#include "integer_engine.h"

#include <stdlib.h>
#include <string.h>

#include "board.h"

extern const struct engine_api reference_api;
extern const struct engine_integers integer_integers;

const struct engine_api *integer_engine(void)
{
    static struct engine_api engine;

    engine = reference_api;
    engine.load = integer_integers.calls_load;
    engine.classifier_load = integer_integers.calls_classifier_load;
    engine.predict_next = integer_integers.calls_predict_next;
    engine.generate = integer_integers.calls_generate;
    engine.classify = integer_integers.calls_classify;
    return &engine;
}

/*
 * The reference's calloc and free (integer_unit.c is compiled with these names for them): a board has memory and no heap. A few
 * blocks of sizes that repeat, which are given out again.
 */
void *integer_calloc(size_t count, size_t size);
void integer_free(void *block);

enum { BLOCKS = 6 };

static struct {
    void *memory;
    size_t bytes;
    int is_taken;
} blocks[BLOCKS];

void *integer_calloc(size_t count, size_t size)
{
    const size_t bytes = count * size;
    int i;

    for (i = 0; i < BLOCKS; i++) {
        if (blocks[i].memory == NULL) {
            blocks[i].memory = board_memory(bytes);
            blocks[i].bytes = bytes;
        }
        if (!blocks[i].is_taken && bytes <= blocks[i].bytes) {
            blocks[i].is_taken = 1;
            return memset(blocks[i].memory, 0, bytes);
        }
    }
    return NULL;
}

void integer_free(void *block)
{
    int i;

    for (i = 0; i < BLOCKS; i++) {
        if (block != NULL && blocks[i].memory == block) {
            blocks[i].is_taken = 0;
        }
    }
}
