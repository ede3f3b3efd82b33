/* Semihosting: calls that a debugger, here the emulator, answers. Source: "Semihosting for AArch32 and AArch64", Arm. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

enum { SYS_WRITE0 = 0x04, SYS_GET_CMDLINE = 0x15, SYS_EXIT_EXTENDED = 0x20 };

/* ADP_Stopped_ApplicationExit: the reason that comes with an exit status. */
#define STOPPED_APPLICATION_EXIT 0x20026u

/* argument is an address or a number, depending on the operation. */
static inline uintptr_t semihosting(uintptr_t operation, uintptr_t argument)
{
#if defined(__arm__)
    register uintptr_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#elif defined(__riscv)
    register uintptr_t a0 __asm__("a0") = operation;
    register uintptr_t a1 __asm__("a1") = argument;

    /* The marker is these three instructions, none compressed and all on one page. */
    __asm__ volatile(".balign 16\n"
                     ".option push\n"
                     ".option norvc\n"
                     "slli zero, zero, 0x1f\n"
                     "ebreak\n"
                     "srai zero, zero, 7\n"
                     ".option pop\n"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
#else
#error "no semihosting call known for this architecture"
#endif
}

#endif
