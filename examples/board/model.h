/* The model file as the linker puts it into flash (model.S). It needs no alignment. */
#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

extern const uint8_t model_start[], model_end[];

#define MODEL_LENGTH ((size_t)(model_end - model_start))

#endif
