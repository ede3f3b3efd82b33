/* board.h on the host: stdout, the heap, and FIRMWARE_ARGUMENTS in place of the emulator's arguments. */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void board_write(const char *text) { fputs(text, stdout); }

void board_exit(int status) { exit(status); }

void board_arguments(char *buffer, size_t size)
{
    const char *arguments = getenv("FIRMWARE_ARGUMENTS");

    if (arguments == NULL) {
        arguments = "";
    }
    if (strlen(arguments) >= size) {
        board_write("fault: FIRMWARE_ARGUMENTS is longer than the program's buffer\n");
        board_exit(4);
    }
    strcpy(buffer, arguments);
}

void *board_memory(size_t bytes)
{
    void *memory = malloc(bytes);

    if (memory == NULL) {
        board_write("fault: out of memory\n");
        board_exit(4);
    }
    return memory;
}

void stack_paint(void) {}

size_t stack_used(void) { return 0; }
