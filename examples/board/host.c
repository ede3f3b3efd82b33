/* The computer as a board, to try a program before it is flashed (make HOST=1). */
#include "board.h"

#include <stdio.h>

void board_putchar(char c) { putchar((unsigned char)c); }
