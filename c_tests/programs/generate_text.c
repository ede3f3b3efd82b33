/* shape: -DATOME_D_MODEL=256 -DATOME_N_LAYERS=8 -DATOME_D_HEAD=64 -DATOME_MAX_SEQ=128 */
/* arguments: MODEL-FILE PROMPT N */
/*
 * Habit: the text generator on real weights. Up to N bytes after PROMPT, one atome_predict_next each; per step the byte
 * and a hash of the 256 logits' bits, then the text.
 */
#include "atome.h"

#include "show.h"

#include <stdlib.h>

static atome_model_t model;
static atome_state_t state;

static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size;

    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = (uint8_t *)malloc((size_t)size);
        if (bytes != NULL && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
            free(bytes);
            bytes = NULL;
        }
        *len = (size_t)size;
    }
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    int tokens[ATOME_MAX_SEQ];
    int n = 0, start, code, max;
    uint8_t *blob;
    size_t len = 0;

    if (argc != 4 || argv[2][0] == '\0') {
        fprintf(stderr, "usage: %s MODEL-FILE PROMPT N (the prompt must not be empty)\n", argv[0]);
        return 2;
    }
    blob = read_file(argv[1], &len);
    if (blob == NULL) {
        fprintf(stderr, "%s: cannot be read\n", argv[1]);
        return 2;
    }
    code = atome_load(&model, blob, len);
    if (code != 0) {
        fprintf(stderr, "%s: atome_load returned %d for %lu bytes\n", argv[1], code, (unsigned long)len);
        free(blob);
        return 2;
    }
    atome_init(&state);
    while (n < ATOME_MAX_SEQ && argv[2][n] != '\0') {
        tokens[n] = (unsigned char)argv[2][n];
        n++;
    }
    start = n;
    max = atoi(argv[3]);
    while (n < ATOME_MAX_SEQ && n - start < max) {
        tokens[n] = atome_predict_next(&model, &state, tokens, n);
        printf("step %d: byte %d, logits %016" PRIx64 "\n", n - start, tokens[n],
               hash_floats(atome_get_logits(&state), ATOME_VOCAB_SIZE));
        n++;
    }
    while (start < n) {
        putchar(tokens[start++]);
    }
    putchar('\n');
    free(blob);
    return 0;
}
