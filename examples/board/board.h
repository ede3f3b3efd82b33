/* What the examples ask of a board: somewhere to put text. Your board has a UART; give its function this name. */
#ifndef BOARD_H
#define BOARD_H

/* Shows one byte. */
void board_putchar(char c);

#endif
