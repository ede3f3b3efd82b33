/* Opens the shared libraries that the arguments name, all of them for everybody to see, then calls the function that is
 * named behind each: several_libraries FILE FUNCTION [FILE FUNCTION...]. */
#include <dlfcn.h>
#include <stdio.h>

enum { MOST = 8 };

int main(int argc, char **argv)
{
    void *libraries[MOST];
    int i, failed = 0;

    for (i = 0; 2 * i + 2 < argc && i < MOST; i++) {
        libraries[i] = dlopen(argv[2 * i + 1], RTLD_NOW | RTLD_GLOBAL);
        if (libraries[i] == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 2;
        }
    }
    for (i = 0; 2 * i + 2 < argc && i < MOST; i++) {
        int (*part)(void);

        /* As POSIX asks for: C has no cast from an object to a function. */
        *(void **)&part = dlsym(libraries[i], argv[2 * i + 2]);
        if (part == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 2;
        }
        failed += part();
    }
    return failed;
}
