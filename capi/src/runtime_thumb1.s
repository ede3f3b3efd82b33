@ Arithmetic of binary32 for ARMv6-M: some 48 instructions for a * b, 36 for a + b and a - b, and 10 for a > b, where
@ the C library takes 114, 62 and 35; and 23 for a product of 64-bit integers, where it takes 41. What is not between two ordinary numbers with an ordinary result goes to
@ __atome_multiply_any and __atome_add_any.

    .syntax unified
    .section .text.__aeabi_fmul, "ax", %progbits
    .global __aeabi_fmul
    .type   __aeabi_fmul, %function
    .p2align 2
@   r0  upper 16 bits of a's significand, then the product's upper 32    r4  a's field, then the result's
@   r1  those of b                                                       r5, r6  lower parts of the product
@   r2  sum of both fields, each with its sign ahead of it: the result's sign ends up in bit 31
@   r3  b's lower 8 bits
    .thumb_func
__aeabi_fmul:
    push    {r4-r6, lr}
    lsrs    r2, r0, #23
    lsrs    r3, r1, #23
    uxtb    r4, r2
    uxtb    r5, r3
    adds    r2, r3
    subs    r4, #1
    cmp     r4, #254
    bhs     .Lfmul_any
    subs    r5, #1
    cmp     r5, #254
    bhs     .Lfmul_any
    @ Whether the product is below 2 or not, its field has to be ordinary.
    adds    r4, r5
    subs    r4, #126
    cmp     r4, #252
    bhs     .Lfmul_any
    movs    r6, #128
    lsls    r6, #8
    uxtb    r5, r0
    lsls    r0, #8
    lsrs    r0, #16
    orrs    r0, r6
    uxtb    r3, r1
    lsls    r1, #8
    lsrs    r1, #16
    orrs    r1, r6
    movs    r6, r5
    muls    r6, r3, r6
    muls    r5, r1, r5
    muls    r3, r0, r3
    adds    r5, r3
    muls    r0, r1, r0
    lsrs    r1, r6, #8
    adds    r5, r1
    lsrs    r1, r5, #8
    adds    r0, r1
    bpl     .Lfmul_below_two
    @ What lies below these 32 bits matters only where the lowest of them are 0.
    lsls    r1, r0, #25
    beq     .Lfmul_all_bits
.Lfmul_round:
    @ To nearest: half of the last place less 1, and 1 more where the last place is 1.
    lsrs    r1, r0, #9
    movs    r3, #0x7f
    adcs    r0, r3
    bcs     .Lfmul_up
    lsrs    r0, #8
    subs    r2, #127            @ the leading bit adds 1
    lsls    r2, #23
    adds    r0, r2
    pop     {r4-r6, pc}
.Lfmul_up:
    subs    r2, #125
    lsls    r0, r2, #23
    pop     {r4-r6, pc}
.Lfmul_below_two:
    subs    r2, #1
    lsls    r0, #1
    lsls    r1, r0, #25
    bne     .Lfmul_round
.Lfmul_all_bits:
    orrs    r5, r6
    lsls    r5, #24
    beq     .Lfmul_round
    adds    r0, #1
    b       .Lfmul_round
@ Nothing times a finite number is nothing.
.Lfmul_any:
    lsls    r4, r0, #1
    lsls    r5, r1, #1
    cmp     r4, #0
    beq     1f
    cmp     r5, #0
    bne     .Lfmul_neither_zero
1:
    lsrs    r4, #24
    cmp     r4, #255
    beq     .Lfmul_neither_zero
    lsrs    r5, #24
    cmp     r5, #255
    beq     .Lfmul_neither_zero
    eors    r0, r1
    lsrs    r0, #31
    lsls    r0, #31
    pop     {r4-r6, pc}
.Lfmul_neither_zero:
    bl      __atome_multiply_any
    pop     {r4-r6, pc}
    .size   __aeabi_fmul, . - __aeabi_fmul

    .section .text.__aeabi_fadd, "ax", %progbits
    .global __aeabi_fadd
    .global __aeabi_fsub
    .type   __aeabi_fadd, %function
    .type   __aeabi_fsub, %function
    .p2align 2
@   r0  the larger operand            r2  its exponent field             r4  scratch
@   r1  the smaller one, then scratch r3  their distance, then the sum with bit 31 leading
    .thumb_func
__aeabi_fsub:
    movs    r2, #1
    lsls    r2, #31
    eors    r1, r2
    .thumb_func
__aeabi_fadd:
    push    {r4, lr}
    lsls    r2, r0, #1
    lsls    r3, r1, #1
    cmp     r2, r3
    blo     .Lfadd_swap
.Lfadd_ordered:
    lsrs    r2, #24
    lsrs    r3, #24
    beq     .Lfadd_small
    cmp     r2, #254            @ the sum may overflow
    bhs     .Lfadd_any
    subs    r3, r2, r3
    cmp     r3, #8
    bhi     .Lfadd_far
    movs    r4, r0
    eors    r4, r1
    bmi     .Lfadd_difference
    movs    r4, #128
    lsls    r4, #24
    lsls    r1, #8
    orrs    r1, r4
    lsrs    r1, r3
.Lfadd_sum:
    lsls    r3, r0, #8
    orrs    r3, r4
    adds    r3, r1
    bcs     .Lfadd_carry
.Lfadd_round:
    lsrs    r1, r3, #9
    movs    r4, #0x7f
    adcs    r3, r4
    bcs     .Lfadd_up
    lsrs    r3, #8
    lsrs    r0, #23
    subs    r0, #1              @ the leading bit adds it again
    lsls    r0, #23
    adds    r0, r3
    pop     {r4, pc}
.Lfadd_up:
    lsrs    r0, #23
    adds    r0, #1
    lsls    r0, #23
    pop     {r4, pc}
@ The leading bit is the one that was carried out.
.Lfadd_carry:
    lsrs    r1, r3, #10
    movs    r4, #0xff
    adcs    r3, r4
    bcs     .Lfadd_carry_up
    lsrs    r3, #9
    lsrs    r0, #23
    adds    r0, #1
    lsls    r0, #23
    adds    r0, r3
    pop     {r4, pc}
.Lfadd_carry_up:
    lsrs    r0, #23
    adds    r0, #2
    lsls    r0, #23
    pop     {r4, pc}

.Lfadd_swap:
    movs    r4, r0
    movs    r0, r1
    movs    r1, r4
    lsls    r2, r0, #1
    lsls    r3, r1, #1
    b       .Lfadd_ordered

.Lfadd_difference:
    movs    r4, #128
    lsls    r4, #24
    mov     r12, r1
    lsls    r1, #8
    orrs    r1, r4
    lsrs    r1, r3
.Lfadd_less:
    lsls    r3, r0, #8
    orrs    r3, r4
    subs    r3, r1
    bmi     .Lfadd_round
    beq     .Lfadd_zero
    lsrs    r1, r0, #31
    lsls    r1, #31
    lsrs    r4, r3, #24
    beq     .Lfadd_much_less
1:
    subs    r2, #1
    beq     .Lfadd_subnormal
    lsls    r3, #1
    bpl     1b
    lsls    r2, #23
    orrs    r1, r2
    movs    r0, r1
    b       .Lfadd_round
@ Distances up to 1: the difference is exact, and its 24 bits need no rounding.
.Lfadd_much_less:
    cmp     r2, #8
    ble     .Lfadd_subnormal
    subs    r2, #8
    lsls    r3, #8
    bmi     2f
    lsrs    r4, r3, #24
    beq     .Lfadd_much_less
    b       1b
2:
    lsls    r2, #23
    orrs    r1, r2
    movs    r0, r1
    b       .Lfadd_round
.Lfadd_zero:
    movs    r0, #0
    pop     {r4, pc}

@ Bits are lost when the smaller one is lined up: one is set instead of them.
.Lfadd_far:
    cmp     r3, #26
    bhs     .Lfadd_same
    mov     r12, r1
    lsls    r1, #8
    movs    r4, #128
    lsls    r4, #24
    orrs    r1, r4
    movs    r4, #32
    subs    r4, r3
    mov     lr, r2
    movs    r2, r1
    lsrs    r1, r3
    lsls    r2, r4
    beq     1f
    movs    r2, #1
    orrs    r1, r2
1:
    mov     r2, lr
    movs    r4, #128
    lsls    r4, #24
    mov     r3, r12
    eors    r3, r0
    bmi     .Lfadd_less
    b       .Lfadd_sum
@ Nothing is what sums begin with.
.Lfadd_small:
    lsls    r3, r1, #1
    bne     .Lfadd_any
    subs    r2, #1
    cmp     r2, #254
    blo     .Lfadd_same
    lsls    r3, r0, #1
    bne     .Lfadd_any
    ands    r0, r1
.Lfadd_same:
    pop     {r4, pc}
.Lfadd_subnormal:
    mov     r1, r12
.Lfadd_any:
    bl      __atome_add_any
    pop     {r4, pc}
    .size   __aeabi_fadd, . - __aeabi_fadd

    .section .text.__aeabi_fcmpgt, "ax", %progbits
    .global __aeabi_fcmpgt
    .global __aeabi_fcmplt
    .type   __aeabi_fcmpgt, %function
    .type   __aeabi_fcmplt, %function
    .p2align 2
    .thumb_func
__aeabi_fcmplt:
    movs    r2, r0
    movs    r0, r1
    movs    r1, r2
    .thumb_func
__aeabi_fcmpgt:
    movs    r2, r0
    orrs    r2, r1
    bmi     1f
    @ Both are above zero, and as integers in the same order; a NaN would be above all else.
    cmp     r0, r1
    ble     .Lfcmp_no
    movs    r2, #255
    lsls    r2, #23
    cmp     r0, r2
    bhi     .Lfcmp_no
    movs    r0, #1
    bx      lr
1:
    movs    r2, #255
    lsls    r2, #24
    lsls    r3, r1, #1
    cmp     r3, r2
    bhi     .Lfcmp_no
    cmp     r0, #0
    bpl     2f
    cmp     r1, #0
    bpl     .Lfcmp_no
    @ Both are below zero: the integers run the other way.
    cmp     r0, r1
    bhs     .Lfcmp_no
    movs    r0, #1
    bx      lr
2:
    lsls    r0, #1
    cmp     r0, r2
    bhi     .Lfcmp_no
    orrs    r0, r3
    beq     .Lfcmp_no
    movs    r0, #1
    bx      lr
.Lfcmp_no:
    movs    r0, #0
    bx      lr
    .size   __aeabi_fcmpgt, . - __aeabi_fcmpgt

    .section .text.__aeabi_lmul, "ax", %progbits
    .global __aeabi_lmul
    .type   __aeabi_lmul, %function
    .p2align 2
    .thumb_func
@ The lower 64 bits of a product of 64-bit integers.
__aeabi_lmul:
    push    {r4, r5, lr}
    muls    r1, r2, r1
    muls    r3, r0, r3
    adds    r1, r3
    uxth    r3, r0
    lsrs    r0, #16
    uxth    r4, r2
    lsrs    r2, #16
    movs    r5, r3
    muls    r5, r4, r5
    muls    r4, r0, r4
    muls    r3, r2, r3
    muls    r0, r2, r0
    adds    r1, r0
    adds    r3, r4
    bcc     1f
    movs    r0, #1
    lsls    r0, #16
    adds    r1, r0
1:
    lsls    r0, r3, #16
    lsrs    r3, #16
    adds    r0, r5
    adcs    r1, r3
    pop     {r4, r5, pc}
    .size   __aeabi_lmul, . - __aeabi_lmul
    .text
