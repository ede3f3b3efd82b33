/* Reset and traps of a RISC-V core in machine mode. Source: The RISC-V Instruction Set Manual, Volume II. */
#include "startup.h"

extern uint32_t stack_top[], stack_limit[];

/* A trap may come from a stack that has run out: the report gets its own. */
static uint32_t fault_stack[128] __attribute__((aligned(16), used));

/* The CSR instructions are an extension of their own for the assembler; naming it for the whole file would lose gcc's
 * match with the C library's folders. */
#define READ_CSR(name, variable) \
    __asm__ volatile(".option push\n .option arch, +zicsr\n csrr %0, " name "\n .option pop" : "=r"(variable))

__attribute__((noreturn, used)) static void report_trap(uint32_t sp, uint32_t ra)
{
    uint32_t cause, pc, value;

    READ_CSR("mcause", cause);
    READ_CSR("mepc", pc);
    READ_CSR("mtval", value);
    {
        const struct startup_register registers[] = {
            {"mcause", cause}, {"mepc", pc}, {"mtval", value}, {"sp", sp}, {"ra", ra},
        };
        startup_fault("trap", registers, (int)(sizeof registers / sizeof registers[0]));
    }
}

/* mtvec needs an address that is a multiple of 4. */
__attribute__((naked, aligned(4), used)) static void trap(void)
{
    __asm__ volatile("mv a0, sp\n"
                     "mv a1, ra\n"
                     "la sp, fault_stack + 4 * 128\n"
                     "j report_trap\n");
}

/* An FPU is off at reset: mstatus.FS is 0. */
#if defined(__riscv_flen)
#define SWITCH_FPU_ON "li t0, 0x2000\n csrs mstatus, t0\n"
#else
#define SWITCH_FPU_ON ""
#endif

/* tp: the C library keeps errno in thread-local memory. */
__attribute__((naked, section(".vectors"), used)) void reset(void);
__attribute__((naked, section(".vectors"), used)) void reset(void)
{
    __asm__ volatile(".option push\n"
                     ".option norelax\n"
                     "la gp, __global_pointer$\n"
                     ".option pop\n"
                     "la sp, stack_top\n"
                     "la tp, tls_start\n"
                     "la t0, trap\n"
                     ".option push\n"
                     ".option arch, +zicsr\n"
                     "csrw mtvec, t0\n" SWITCH_FPU_ON
                     ".option pop\n"
                     "j startup_run\n");
}
