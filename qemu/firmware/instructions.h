/*
 * Counting instructions. Under `-icount shift=0` the emulator's clock moves on by one nanosecond with each instruction, so
 * any timer of the machine counts them, in steps of INSTRUCTIONS_A_TICK (a number, or a quotient of two). The runner names
 * the timer: -DCMSDK_TIMER=<address> or -DNRF51_TIMER=<address>; RISC-V has a counter in the core.
 */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

static inline void timer_start(void)
{
#if defined(CMSDK_TIMER)
    /* Counts down from its reload value. Source: "Cortex-M System Design Kit Technical Reference Manual", Arm. */
    REGISTER(CMSDK_TIMER + 0x8) = 0xffffffffu; /* RELOAD */
    REGISTER(CMSDK_TIMER + 0x4) = 0xffffffffu; /* VALUE */
    REGISTER(CMSDK_TIMER + 0x0) = 1;           /* CTRL: enable */
#elif defined(NRF51_TIMER)
    /* 32 bits at 16 MHz. Source: "nRF51 Series Reference Manual", Nordic Semiconductor. */
    REGISTER(NRF51_TIMER + 0x508) = 3; /* BITMODE */
    REGISTER(NRF51_TIMER + 0x510) = 0; /* PRESCALER */
    REGISTER(NRF51_TIMER + 0x000) = 1; /* TASKS_START */
#elif !defined(__riscv)
#error "name a timer"
#endif
}

/* Moves on by one a tick, and from the last 32-bit number to 0. */
static inline uint32_t timer_now(void)
{
#if defined(CMSDK_TIMER)
    return 0xffffffffu - REGISTER(CMSDK_TIMER + 0x4);
#elif defined(NRF51_TIMER)
    REGISTER(NRF51_TIMER + 0x040) = 1; /* TASKS_CAPTURE */
    return REGISTER(NRF51_TIMER + 0x540);
#else
    uint32_t count;

    /* The assembler takes the CSR instructions for an extension of their own. */
    __asm__ volatile(".option push\n .option arch, +zicsr\n csrr %0, minstret\n .option pop" : "=r"(count)::"memory");
    return count;
#endif
}

static inline uint64_t instructions_since(uint32_t start)
{
    return (uint64_t)(timer_now() - start) * INSTRUCTIONS_A_TICK;
}

/* Two instructions a round, whatever the compiler thinks. */
static inline void known_instructions(uint32_t count)
{
    uint32_t rounds = count / 2;

#if defined(__riscv)
    __asm__ volatile("1: addi %0, %0, -1\n bnez %0, 1b" : "+r"(rounds));
#else
    __asm__ volatile(".syntax unified\n 1: subs %0, %0, #1\n bne 1b" : "+l"(rounds)::"cc");
#endif
}

#endif
