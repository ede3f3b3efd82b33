/*
 * A Cortex-M as QEMU emulates it: vector table, start, and text through semihosting. Machines mps2-an385 (Cortex-M3),
 * mps2-an386 (M4) and mps2-an500 (M7).
 *
 * On a real chip the startup file and the linker script of your SDK take the place of this file and mps2.ld. All that
 * the examples need of them: .data copied, .bss zeroed, main() called, and board_putchar().
 */
#include "board.h"

#include <stdint.h>

/* From the linker script. */
extern uint32_t stack_top[], data_source[], data_start[], data_end[], bss_start[], bss_end[];

int main(void);

/* Semihosting is a request to the debugger, which the emulator answers. Operations and reasons: "Semihosting for AArch32 and
 * AArch64", Arm. */
enum { SYS_WRITEC = 0x03, SYS_EXIT = 0x18 };
enum { RUN_TIME_ERROR = 0x20023, APPLICATION_EXIT = 0x20026 };

static void semihosting(uint32_t operation, uint32_t argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uint32_t r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void board_putchar(char c) { semihosting(SYS_WRITEC, (uint32_t)(uintptr_t)&c); }

/* The emulator ends with status 0 or 1. */
static void stop(int failed)
{
    for (;;) {
        semihosting(SYS_EXIT, failed ? RUN_TIME_ERROR : APPLICATION_EXIT);
    }
}

#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xe000ed88)

static void reset(void)
{
    const uint32_t *from = data_source;
    uint32_t *to;

#if defined(__ARM_FP)
    /* The FPU is off after reset. */
    COPROCESSOR_ACCESS |= 0xfu << 20;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    for (to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    stop(main() != 0);
}

static __attribute__((noinline)) void report_fault(void)
{
    const char *text = "fault: the core stopped at an instruction that it cannot carry out, or the stack ran out\n";

    while (*text != '\0') {
        board_putchar(*text++);
    }
    stop(1);
}

static void fault(void)
{
    /* The stack may be what ran out: the report needs one. */
    __asm__ volatile("mov sp, %0" ::"r"(stack_top));
    report_fault();
}

/* The processor's own exceptions; no interrupt is enabled. MemManage, BusFault and UsageFault become HardFault. */
__attribute__((section(".vectors"), used)) static const void *const vectors[4] = {
    stack_top,
    (const void *)reset,
    (const void *)fault, /* NMI */
    (const void *)fault, /* HardFault */
};
