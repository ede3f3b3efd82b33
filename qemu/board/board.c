/* board.h on an emulated core: output, arguments and exit by semihosting, memory by the linker script's symbols. */
#include "board.h"

#include "semihosting.h"

extern uint32_t stack_limit[], stack_top[];
extern uint8_t ram_free[], ram_end[];

#define STACK_PATTERN 0x5ac3e1d7u

void board_write(const char *text) { semihosting(SYS_WRITE0, (uintptr_t)text); }

void board_exit(int status)
{
    uintptr_t block[2];

    if (status == 0 && stack_limit[0] != STACK_PATTERN) {
        board_write("fault: the stack is full to its last word: it has overflowed or is about to\n");
        status = 4;
    }
    block[0] = STOPPED_APPLICATION_EXIT;
    block[1] = (uintptr_t)status;
    for (;;) {
        semihosting(SYS_EXIT_EXTENDED, (uintptr_t)block);
    }
}

void board_arguments(char *buffer, size_t size)
{
    uintptr_t block[2];

    block[0] = (uintptr_t)buffer;
    block[1] = size;
    buffer[0] = '\0';
    if (semihosting(SYS_GET_CMDLINE, (uintptr_t)block) != 0) {
        board_write("fault: the emulator gave no arguments, or more than the buffer holds\n");
        board_exit(4);
    }
}

void *board_memory(size_t bytes)
{
    static uint8_t *next = ram_free;
    uint8_t *start = next;

    bytes = (bytes + 7) & ~(size_t)7;
    if (bytes > (size_t)(ram_end - next)) {
        board_write("fault: the image leaves too little RAM free\n");
        board_exit(4);
    }
    next += bytes;
    return start;
}

/* volatile: the compiler must neither drop the stores nor make a call of them, whose frame they would overwrite. */
void stack_paint(void)
{
    volatile uint32_t *word = stack_limit;
    const uint32_t *frame = (const uint32_t *)__builtin_frame_address(0) - 16;

    while (word < frame) {
        *word++ = STACK_PATTERN;
    }
}

size_t stack_used(void)
{
    const volatile uint32_t *word = stack_limit;

    while (word < stack_top && *word == STACK_PATTERN) {
        word++;
    }
    return 4 * (size_t)(stack_top - word);
}
