/* From reset to main(), the part that all cores share. */
#ifndef STARTUP_H
#define STARTUP_H

#include "board.h"

/* Fills .data from flash, zeroes .bss, paints the stack, runs main() and exits with its result. */
void startup_run(void) __attribute__((noreturn));

/* Reports a fault: a title, then names and values of registers. Exits with a status that no check uses. */
struct startup_register {
    const char *name;
    uint32_t value;
};
void startup_fault(const char *title, const struct startup_register *registers, int count) __attribute__((noreturn));

#endif
