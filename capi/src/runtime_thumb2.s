@ a + b and a - b of binary32 for ARMv7-M without an FPU: some 33 instructions where the C library takes 58. What is
@ not between two ordinary numbers with an ordinary result goes to __atome_add_any.
@
@   r0  the larger operand            r2  its exponent field
@   r1  the smaller one, then scratch r3  their distance, then the sum with bit 31 leading     ip  the smaller one

    .syntax unified
    .section .text.__aeabi_fadd, "ax", %progbits
    .global __aeabi_fadd
    .global __aeabi_fsub
    .type   __aeabi_fadd, %function
    .type   __aeabi_fsub, %function
    .p2align 2
.Lfadd_swap:
    mov     ip, r0
    mov     r0, r1
    mov     r1, ip
    lsls    r3, r1, #1
    lsls    r2, r0, #1
    b       .Lfadd_ordered
    .thumb_func
__aeabi_fsub:
    eor     r1, r1, #0x80000000
    .thumb_func
__aeabi_fadd:
    lsls    r2, r0, #1
    lsls    r3, r1, #1
    cmp     r2, r3
    blo     .Lfadd_swap
.Lfadd_ordered:
    lsrs    r2, r2, #24
    lsrs    r3, r3, #24
    beq     .Lfadd_small
    cmp     r2, #254            @ the sum may overflow
    bhs     .Lfadd_any
    subs    r3, r2, r3
    cmp     r3, #7
    bhi     .Lfadd_far
    teq     r0, r1
    bmi     .Lfadd_difference
    lsls    r1, r1, #8
    orr     r1, r1, #0x80000000
    lsr     r1, r1, r3
.Lfadd_sum:
    lsls    r3, r0, #8
    orr     r3, r3, #0x80000000
    adds    r3, r3, r1
    bcs     .Lfadd_carry
    @ To nearest: half of the last place less 1, and 1 more where the last place is 1.
.Lfadd_round:
    lsrs    r1, r3, #9
    adcs    r3, r3, #0x7f
    bcs     .Lfadd_up
    lsrs    r0, r0, #23
    subs    r0, #1              @ the leading bit adds it again
    lsls    r0, r0, #23
    add     r0, r0, r3, lsr #8
    bx      lr
.Lfadd_up:
    lsrs    r0, r0, #23
    adds    r0, #1
    lsls    r0, r0, #23
    bx      lr
.Lfadd_carry:
    rrxs    r3, r3
    it      cs
    orrcs   r3, r3, #1
    lsrs    r1, r3, #9
    adcs    r3, r3, #0x7f
    bcs     .Lfadd_carry_up
    lsrs    r0, r0, #23
    lsls    r0, r0, #23
    add     r0, r0, r3, lsr #8
    bx      lr
.Lfadd_carry_up:
    lsrs    r0, r0, #23
    adds    r0, #2
    lsls    r0, r0, #23
    bx      lr

.Lfadd_difference:
    mov     ip, r1
    lsls    r1, r1, #8
    orr     r1, r1, #0x80000000
    lsr     r1, r1, r3
.Lfadd_less:
    lsls    r3, r0, #8
    orr     r3, r3, #0x80000000
    subs    r3, r3, r1
    bmi     .Lfadd_round
    beq     .Lfadd_zero
    clz     r1, r3
    cmp     r2, r1
    ble     .Lfadd_subnormal
    lsl     r3, r3, r1
    sub     r0, r0, r1, lsl #23
    b       .Lfadd_round
.Lfadd_zero:
    movs    r0, #0
    bx      lr

@ Bits are lost when the smaller one is lined up: one is set instead of them.
.Lfadd_far:
    cmp     r3, #26
    bhs     .Lfadd_same
    mov     ip, r1
    lsls    r1, r1, #8
    orr     r1, r1, #0x80000000
    rsb     r2, r3, #32
    lsls    r2, r1, r2
    lsr     r1, r1, r3
    it      ne
    orrne   r1, r1, #1
    ubfx    r2, r0, #23, #8
    teq     r0, ip
    bmi     .Lfadd_less
    b       .Lfadd_sum
@ Nothing is what sums begin with.
.Lfadd_small:
    lsls    r3, r1, #1
    bne     .Lfadd_any
    subs    r2, r2, #1
    cmp     r2, #254
    bhs     .Lfadd_any
.Lfadd_same:
    bx      lr
.Lfadd_subnormal:
    mov     r1, ip
.Lfadd_any:
    b.w     __atome_add_any
    .size   __aeabi_fadd, . - __aeabi_fadd
    .text
