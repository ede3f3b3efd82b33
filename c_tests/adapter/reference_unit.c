/*
 * The C99 engine of one shape under a prefix of its own: -DREFERENCE_PREFIX=ref0_ and the shape's -DATOME_... flags,
 * with the engine's folder on the include path.
 */
#include "rename.h"

#include <math.h>

/* exp and tanh are not standardised to the bit. In portable mode the engine under test rounds them correctly, and the
 * reference gets functions that do the same from somebody else's hands; system mode leaves the C library's. */
#ifdef REFERENCE_ROUNDS_CORRECTLY
float atome_test_expf(float x);
float atome_test_tanhf(float x);
#define expf atome_test_expf
#define tanhf atome_test_tanhf
#endif

#include "atome.c"

#include "adapter.h"

extern const struct engine_api RENAMED(api);
const struct engine_api RENAMED(api) = ENGINE_API(NULL);
