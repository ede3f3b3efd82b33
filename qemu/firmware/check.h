/*
 * Checks that are counted. The first that fails is written with its number, and ends the program.
 */
#ifndef CHECK_H
#define CHECK_H

#include "board.h"
#include "text.h"

static uint32_t checks;

static void begin_failure(const char *what)
{
    board_write("wrong: ");
    board_write(what);
}

static void end_failure(void)
{
    write_result(", check", checks);
    board_exit(1);
}

static inline void fail(const char *what, const char *why)
{
    begin_failure(what);
    board_write(why);
    end_failure();
}

static void expect_code(const char *what, int wanted, int got)
{
    checks++;
    if (wanted != got) {
        begin_failure(what);
        board_write(": expected ");
        write_decimal(wanted);
        board_write(", got ");
        write_decimal(got);
        end_failure();
    }
}

#endif
