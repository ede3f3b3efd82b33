/* Random model files and numbers for the differential run. */
#ifndef RANDOM_MODEL_H
#define RANDOM_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "engine_api.h"
#include "random.h"

/* The formats of plain models, by how the weights lie in bytes. */
enum packing { ATOME01, ATOME02, ATOMEP3 };

/* A float of about -2 to 2; one in hostile_in (0: none) is an edge case or any 32 bits. */
float random_float(random_t *random, uint32_t hostile_in);

/* The most bytes of a model file in a format up to `last`, or of a classifier's with n_classes above 0. */
size_t random_model_bytes(const struct engine_shape *shape, int n_classes, enum packing last);

/* Writes such a file, a plain model in a format up to `last`, and returns its bytes. Most are tame, some hold a
 * few hostile numbers, a few many. */
size_t random_model(random_t *random, const struct engine_shape *shape, int n_classes, enum packing last, uint8_t *out);

#endif
