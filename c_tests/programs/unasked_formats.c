/* shape: -DATOME_D_MODEL=8 -DATOME_N_LAYERS=1 -DATOME_D_HEAD=4 -DATOME_VOCAB_SIZE=11 -DATOME_MAX_SEQ=8 -DATOME_KERNEL_SIZE=3 -DATOME_ONLY_ATOME01 */
/*
 * Habit: a program that was written for the C99 engine, and asks for nothing. It loads ATOME01 and no other format, as before,
 * and atome_explain names the macro that it would need. ATOME_ONLY_ATOME01, of earlier headers, changes nothing.
 */
#include "atome.h"

#include "make_container.h"
#include "make_model.h"
#include "repack.h"
#include "show.h"

static atome_model_t model;
static atome_state_t state;
static const int prompt[3] = {1, 5, 9};

static void expect_refused(const char *name, const uint8_t *file, size_t length, const char *macro)
{
    const int code = atome_load(&model, file, length);
#ifdef ATOME_ABI_VERSION
    char why[512];

    if (atome_explain(file, length, why, sizeof why) != code || strstr(why, macro) == NULL) {
        fprintf(stderr, "%s: expected a word of %s, got: %s\n", name, macro, why);
        exit(1);
    }
#else
    (void)macro;
#endif
    printf("%s: %d\n", name, code);
}

int main(void)
{
    size_t length;
    uint8_t *blob = make_model(3, &length);
    const size_t size = write_container(NULL, blob, length, 0);
    uint8_t *other = (uint8_t *)malloc(size > 3 * length ? size : 3 * length);

    if (other == NULL || atome_load(&model, blob, length) != 0) {
        return 1;
    }
    expect_refused("ATOME02", other, repack(blob, other, REPACK_AS_BASE_3), "ATOME_FORMATS");
    expect_refused("ATOMEP3", other, repack(blob, other, REPACK_AS_POWERS_OF_3), "ATOME_FORMATS");
    expect_refused("container", other, write_container(other, blob, length, 0), "ATOME_CONTAINERS");
    atome_init(&state);
    printf("token: %d\n", atome_predict_next(&model, &state, prompt, 3));
    show_floats("logits", state.logits, ATOME_VOCAB_SIZE);
    free(other);
    free(blob);
    return 0;
}
