/*
 * Our own reference as a scout: it makes a call before somebody else's engine does, and tells whether that call would lead
 * an engine with the published one's arrays out of them. Built as reference_unit.c is, with our reference's folder on the
 * include path.
 */
#include "rename.h"

#include "atome.h"

#include "engine_api.h"

/* ENGINE_EMPTY_SLOT and ENGINE_TOP_K_OUT_OF_RANGE, of all calls since it was last asked. */
static unsigned heard;

static void listen(const int *positions, int n)
{
    int i;

    if (n < 1 || n > ATOME_TOP_K) {
        heard |= ENGINE_TOP_K_OUT_OF_RANGE;
    }
    for (i = 0; i < n; i++) {
        if (positions[i] < 0) {
            heard |= ENGINE_EMPTY_SLOT;
        }
    }
}

#define REFERENCE_KEEPS listen
#include "reference_unit.c"

unsigned RENAMED(heard)(void);

unsigned RENAMED(heard)(void)
{
    const unsigned all = heard;

    heard = 0;
    return all;
}
