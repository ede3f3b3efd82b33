/* How large a state may be for its shape: compiled over a grid of shapes, never run. */
#include "atome.h"

#define D ((size_t)ATOME_D_MODEL)
#define H ((size_t)ATOME_D_HEAD)
#define S ((size_t)ATOME_MAX_SEQ)

/* The C99 engine's state: its activations, router weights, SSM state, logits and attention row, all floats. */
#define C99_BYTES                                                                                                      \
    (4 * (S * (6 * D + H + ATOME_N_PATHWAYS + 1) + (size_t)ATOME_N_LAYERS * D + ATOME_VOCAB_SIZE + H))

#ifdef PERCENT
_Static_assert(100 * sizeof(atome_state_t) <= PERCENT * C99_BYTES, "the lean plan takes more than it promises");
#else
/* Fewer channels than pathways is no model that anybody trains: there, the router weights that every layer keeps count. */
#define ROOM (ATOME_D_MODEL < ATOME_N_PATHWAYS ? 4 * ATOME_N_LAYERS * ATOME_N_PATHWAYS : 0)
_Static_assert(sizeof(atome_state_t) <= C99_BYTES + 64 + ROOM, "a relink would need more RAM than the C99 engine");
#endif
