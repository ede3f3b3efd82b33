/*
 * The least program that uses the engine, for the linker's map: it is never run. Without macros it uses nothing;
 * -DUSE_PREDICT loads and predicts, with -DATOME_SIGNED signed models; -DUSE_ALL generates and classifies as well;
 * -DUSE_SAMPLER samples, which the C engine cannot.
 */
#include "atome.h"

#include "board.h"

/* volatile: nothing may be known of the arguments. */
static const uint8_t *volatile blob;
static volatile size_t length;
static int *volatile tokens;
static void *volatile memory;

int main(void)
{
    int result = (int)length + (blob != NULL) + (tokens != NULL) + (memory != NULL);

#ifdef USE_PREDICT
    atome_init(memory);
#ifdef ATOME_SIGNED
    result += atome_load_signed(memory, blob, length, memory);
#else
    result += atome_load(memory, blob, length);
#endif
    result += atome_predict_next(memory, memory, tokens, (int)length);
#endif
#ifdef USE_ALL
    result += atome_generate(memory, memory, tokens, (int)length, tokens, (int)length);
    result += atome_classifier_load(memory, blob, length);
    result += atome_classify(memory, memory, tokens, (int)length, memory);
#endif
#ifdef USE_SAMPLER
    result += atome_sampler_init(memory, 0.5f, (int)length, 0.5f, 1);
    result += atome_sample(memory, memory);
    result += atome_generate_sampled(memory, memory, memory, tokens, (int)length, tokens, (int)length);
#endif
    return result;
}
