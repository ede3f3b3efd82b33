/* Vector table, reset and faults of the Cortex-M cores. Source: Armv6-M, Armv7-M and Armv8-M Architecture Reference Manuals. */
#include "startup.h"

extern uint32_t stack_top[], stack_limit[];

/* A fault may come from a stack that has run out: the report gets its own. */
static uint32_t fault_stack[128] __attribute__((aligned(8), used));

#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xe000ed88)
#define CONFIGURATION_AND_CONTROL (*(volatile uint32_t *)0xe000ed14)
#define FAULT_STATUS (*(volatile uint32_t *)0xe000ed28)
#define HARD_FAULT_STATUS (*(volatile uint32_t *)0xe000ed2c)
#define MEMORY_FAULT_ADDRESS (*(volatile uint32_t *)0xe000ed34)
#define BUS_FAULT_ADDRESS (*(volatile uint32_t *)0xe000ed38)

static void reset(void) __attribute__((noreturn));

static void reset(void)
{
#if defined(TRAP_UNALIGNED)
    /* UNALIGN_TRP: a halfword or word at an address that is no multiple of its size faults. On Armv6-M it always does. */
    CONFIGURATION_AND_CONTROL |= 1u << 3;
#endif
#if defined(__ARM_FP)
    /* Coprocessors 10 and 11, the FPU, before the first instruction that needs them. Left off where the code is built
     * without an FPU, so that one that slips in faults. */
    COPROCESSOR_ACCESS |= 0xfu << 20;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    startup_run();
}

/* frame: what the core pushed. exc_return: bit 2 is 0 as all code here runs on the main stack. */
__attribute__((noreturn, used)) static void report_fault(const uint32_t *frame, uint32_t exc_return)
{
    const int readable = frame >= stack_limit && frame + 8 <= stack_top;
    const struct startup_register registers[] = {
        {"pc", readable ? frame[6] : 0},   {"lr", readable ? frame[5] : 0},
        {"xpsr", readable ? frame[7] : 0}, {"r0", readable ? frame[0] : 0},
        {"r1", readable ? frame[1] : 0},   {"r2", readable ? frame[2] : 0},
        {"r3", readable ? frame[3] : 0},   {"r12", readable ? frame[4] : 0},
        {"sp", (uint32_t)(uintptr_t)frame}, {"exc_return", exc_return},
#if __ARM_ARCH_6M__
    };
#else
        {"cfsr", FAULT_STATUS},            {"hfsr", HARD_FAULT_STATUS},
        {"mmfar", MEMORY_FAULT_ADDRESS},   {"bfar", BUS_FAULT_ADDRESS},
    };
#endif

    startup_fault(readable ? "HardFault" : "HardFault, with a stack pointer outside the stack", registers,
                  (int)(sizeof registers / sizeof registers[0]));
}

__attribute__((naked)) static void hard_fault(void)
{
    __asm__ volatile("mrs r0, msp\n"
                     "mov r1, lr\n"
                     "ldr r2, =fault_stack + 4 * 128\n"
                     "mov sp, r2\n"
                     "ldr r2, =report_fault\n"
                     "bx r2\n"
                     ".ltorg\n");
}

/* The other faults are not enabled and become HardFaults; no interrupt is enabled either. */
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top,
    (const void *)reset,
    (const void *)hard_fault, /* NMI */
    (const void *)hard_fault,
    (const void *)hard_fault, /* MemManage */
    (const void *)hard_fault, /* BusFault */
    (const void *)hard_fault, /* UsageFault */
    (const void *)hard_fault, /* SecureFault */
    0,
    0,
    0,
    (const void *)hard_fault, /* SVCall */
    (const void *)hard_fault, /* DebugMonitor */
    0,
    (const void *)hard_fault, /* PendSV */
    (const void *)hard_fault, /* SysTick */
};
