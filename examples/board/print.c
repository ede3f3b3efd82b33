#include "print.h"

#include "board.h"

void print_text(const char *text)
{
    while (*text != '\0') {
        board_putchar(*text++);
    }
}

void print_number(unsigned long number)
{
    char digits[20];
    int n = 0;

    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (n > 0) {
        board_putchar(digits[--n]);
    }
}

void print_decimal(float value)
{
    unsigned long thousandths;

    if (value < 0.0f) {
        board_putchar('-');
        value = -value;
    }
    thousandths = (unsigned long)(value * 1000.0f);
    print_number(thousandths / 1000);
    board_putchar('.');
    board_putchar((char)('0' + thousandths / 100 % 10));
    board_putchar((char)('0' + thousandths / 10 % 10));
    board_putchar((char)('0' + thousandths % 10));
}

void print_byte(int byte)
{
    static const char hexadecimal[] = "0123456789abcdef";

    if (byte == '\n' || (byte >= ' ' && byte <= '~')) {
        board_putchar((char)byte);
    } else {
        print_text("\\x");
        board_putchar(hexadecimal[byte >> 4 & 15]);
        board_putchar(hexadecimal[byte & 15]);
    }
}
