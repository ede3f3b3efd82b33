/* The second file of the program in header_main.c. */
#include "atome.h"
#include "atome.h"

#ifdef __cplusplus
#define NOTHING nullptr
#else
#define NOTHING NULL
#endif

size_t other_state_size(void);
int other_predict(const atome_model_t *m, atome_state_t *s);

size_t other_state_size(void) { return ATOME_STATE_SIZE; }

int other_predict(const atome_model_t *m, atome_state_t *s) { return atome_predict_next(m, s, NOTHING, 0); }
