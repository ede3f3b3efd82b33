/*
 * What a firmware program may ask of the board that it runs on. The same functions exist on the host (host/host_board.c),
 * so that one source gives a firmware image and a host program.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Sends text to whoever runs the emulator. */
void board_write(const char *text);

/* Ends the run. 0: passed. */
void board_exit(int status) __attribute__((noreturn));

/* The arguments of the run, words separated by spaces, as a NUL-terminated string. */
void board_arguments(char *buffer, size_t size);

/* bytes of the RAM that the image leaves free, aligned to 8 and never given back. Too little left ends the run. */
void *board_memory(size_t bytes);

/* Fills the unused part of the stack with a pattern, so that stack_used() counts from here on. Reset calls it first. */
void stack_paint(void);

/* The most bytes of stack in use at any time since stack_paint(), counted from the top; 0 on the host. */
size_t stack_used(void);

/* The firmware's program. */
int main(void);

#endif
