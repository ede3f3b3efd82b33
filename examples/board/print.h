/* Text and numbers through board_putchar(), without the kilobytes that printf takes. */
#ifndef PRINT_H
#define PRINT_H

/* A NUL-terminated string. */
void print_text(const char *text);

/* A number from 0 on, in decimal. */
void print_number(unsigned long number);

/* A value with three digits after the point, the rest cut off; its size must be below 2 million. */
void print_decimal(float value);

/* A byte that a model made: as it is when it is printable ASCII or a line end, else as \xNN. */
void print_byte(int byte);

#endif
