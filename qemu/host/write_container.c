/*
 * Writes a random model of the shape that it was compiled for, in a container that says it is signed, with zeros where the
 * signature goes. With classes it is a classifier. Usage: write_container <file> <seed> <classes>
 */
#include "atome.h"

#include "make_container.h"
#include "make_model.h"

enum { FLAGS = 10, SIGNED = 1 };

int main(int argc, char **argv)
{
    uint8_t *model, *container;
    size_t length, total;
    int classes;
    FILE *file;

    if (argc != 4) {
        fprintf(stderr, "usage: write_container <file> <seed> <classes>\n");
        return 1;
    }
    classes = atoi(argv[3]);
    model = make_blob((uint32_t)atoi(argv[2]), classes, &length);
    container = malloc(write_container(NULL, model, length, classes));
    if (container == NULL) {
        fprintf(stderr, "write_container: no memory\n");
        return 1;
    }
    total = write_container(container, model, length, classes);
    container[FLAGS] = SIGNED;
    seal_container(container, total);
    file = fopen(argv[1], "wb");
    if (file == NULL || fwrite(container, 1, total, file) != total || fclose(file) != 0) {
        fprintf(stderr, "write_container: cannot write %s\n", argv[1]);
        return 1;
    }
    free(container);
    free(model);
    return 0;
}
