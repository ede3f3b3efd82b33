#include "text.h"

#include <string.h>

#include "board.h"

static void write_unsigned(uint32_t value)
{
    char digits[11];
    int at = (int)sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    board_write(digits + at);
}

void write_decimal(int32_t value)
{
    if (value < 0) {
        board_write("-");
    }
    write_unsigned(value < 0 ? 0u - (uint32_t)value : (uint32_t)value);
}

void write_hex32(uint32_t value)
{
    char text[9];
    int i;

    for (i = 0; i < 8; i++) {
        text[i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15];
    }
    text[8] = '\0';
    board_write(text);
}

void write_hex64(uint64_t value)
{
    write_hex32((uint32_t)(value >> 32));
    write_hex32((uint32_t)value);
}

void write_result(const char *name, uint32_t value)
{
    board_write(name);
    board_write(" ");
    write_unsigned(value);
    board_write("\n");
}

uint32_t setting(const char *name, uint32_t otherwise)
{
    char arguments[160];
    const size_t length = strlen(name);
    const char *word = arguments;

    board_arguments(arguments, sizeof arguments);
    while (*word != '\0') {
        if (strncmp(word, name, length) == 0 && word[length] == '=') {
            uint32_t value = 0;
            for (word += length + 1; *word >= '0' && *word <= '9'; word++) {
                value = 10 * value + (uint32_t)(*word - '0');
            }
            return value;
        }
        while (*word != '\0' && *word != ' ') {
            word++;
        }
        while (*word == ' ') {
            word++;
        }
    }
    return otherwise;
}
