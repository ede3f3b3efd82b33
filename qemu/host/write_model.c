/* Writes a random model of the shape that it was compiled for. Usage: write_model <file> */
#include "atome.h"

#include "make_model.h"

int main(int argc, char **argv)
{
    size_t length;
    uint8_t *blob = make_model(1, &length);
    FILE *file = argc == 2 ? fopen(argv[1], "wb") : NULL;

    if (file == NULL || fwrite(blob, 1, length, file) != length || fclose(file) != 0) {
        fprintf(stderr, "usage: write_model <file>, which must be writable\n");
        return 1;
    }
    free(blob);
    return 0;
}
