#include "startup.h"

extern uint32_t data_start[], data_end[], data_source[], bss_start[], bss_end[];

/* gcc makes calls of such loops, to memcpy and memset, which need neither .data nor .bss. */
void startup_run(void)
{
    uint32_t *to;
    const uint32_t *from = data_source;

    stack_paint();
    for (to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    board_exit(main());
}

static void write_register(const struct startup_register *reg)
{
    static const char digits[] = "0123456789abcdef";
    char text[] = "0x00000000\n";
    int i;

    for (i = 0; i < 8; i++) {
        text[2 + i] = digits[(reg->value >> (28 - 4 * i)) & 15];
    }
    board_write("  ");
    board_write(reg->name);
    board_write(" ");
    board_write(text);
}

void startup_fault(const char *title, const struct startup_register *registers, int count)
{
    int i;

    board_write("fault: ");
    board_write(title);
    board_write("\n");
    for (i = 0; i < count; i++) {
        write_register(&registers[i]);
    }
    board_exit(3);
}
