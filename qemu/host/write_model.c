/*
 * Writes a random model of the shape that it was compiled for. Usage: write_model <file> <format>
 *
 * The format is atome01, atome02 or atomep3. It is the same model in all; in atomep3, weights that are not 0 become 1, 3
 * and 9 by turns.
 */
#include "atome.h"

#include "make_model.h"
#include "repack.h"

/* The model in a heap block of its length. */
static uint8_t *model(const char *format, size_t *length)
{
    const enum repack_as as = strcmp(format, "atomep3") == 0 ? REPACK_AS_POWERS_OF_3 : REPACK_AS_BASE_3;
    uint8_t *blob = make_model(1, length), *repacked;

    if (strcmp(format, "atome01") == 0) {
        return blob;
    }
    *length = repack(blob, NULL, as);
    repacked = malloc(*length);
    if (repacked != NULL) {
        repack(blob, repacked, as);
    }
    free(blob);
    return repacked;
}

int main(int argc, char **argv)
{
    size_t length;
    uint8_t *blob = argc == 3 ? model(argv[2], &length) : NULL;
    FILE *file = blob != NULL ? fopen(argv[1], "wb") : NULL;

    if (file == NULL || fwrite(blob, 1, length, file) != length || fclose(file) != 0) {
        fprintf(stderr, "usage: write_model <file> atome01 | atome02 | atomep3, a file that can be written\n");
        return 1;
    }
    free(blob);
    return 0;
}
