/* The integer reference as an engine of a differential run. */
#ifndef INTEGER_ENGINE_H
#define INTEGER_ENGINE_H

#include "engine_api.h"

/* What a load says of a model that the arithmetic does not take: ATOME_ERR_ARITHMETIC. */
enum { INTEGER_REFUSED = -11 };

const struct engine_api *integer_engine(void);

#endif
