@ Partial sums of four ternary weights, looked up by their byte (tables.rs), for ARMv6-M: 6.5 instructions for a row's byte,
@ 13 for one in halves, and 370 for a table.

    .syntax unified

    .section .text.__atome_engine_integer_fill, "ax", %progbits
    .p2align 1
    .global __atome_engine_integer_fill
    .hidden __atome_engine_integer_fill
    .type __atome_engine_integer_fill, %function
    .thumb_func
@ void f(const i16 inputs[4], i32 table[256]): as in thumb2.s.
@
@   r0  next sum that there is, r1, r2 and r3 next ones for codes 1, 2 and 3
@   r8  inputs      r9  table       r10 bytes of the sums that there are        r11 their end
@   r12 input       lr  -2 times that       r4-r7 sums
__atome_engine_integer_fill:
    push    {r4-r7, lr}
    mov     r4, r8
    mov     r5, r9
    mov     r6, r10
    mov     r7, r11
    push    {r4-r7}
    mov     r8, r0
    mov     r9, r1
    movs    r4, #0
    ldrsh   r5, [r0, r4]
    movs    r6, #0
    rsbs    r7, r5, #0
    stm     r1!, {r4-r7}
    movs    r4, #16
    mov     r10, r4
1:  mov     r4, r8
    adds    r4, #2
    mov     r8, r4
    movs    r5, #0
    ldrsh   r4, [r4, r5]
    mov     r12, r4
    lsls    r4, #1
    rsbs    r4, r4, #0
    mov     lr, r4
    mov     r0, r9
    mov     r4, r10
    adds    r1, r0, r4
    adds    r2, r1, r4
    adds    r3, r2, r4
    mov     r11, r1
2:  ldm     r0!, {r4-r7}
    stm     r2!, {r4-r7}
    add     r4, r12
    add     r5, r12
    add     r6, r12
    add     r7, r12
    stm     r1!, {r4-r7}
    add     r4, lr
    add     r5, lr
    add     r6, lr
    add     r7, lr
    stm     r3!, {r4-r7}
    cmp     r0, r11
    bne     2b
    mov     r4, r10
    lsls    r4, #2
    mov     r10, r4
    lsrs    r4, #10
    beq     1b
    pop     {r4-r7}
    mov     r8, r4
    mov     r9, r5
    mov     r10, r6
    mov     r11, r7
    pop     {r4-r7, pc}
    .size   __atome_engine_integer_fill, . - __atome_engine_integer_fill

    .section .text.__atome_engine_integer_add_rows, "ax", %progbits
    .p2align 1
    .global __atome_engine_integer_add_rows
    .hidden __atome_engine_integer_add_rows
    .type __atome_engine_integer_add_rows, %function
    .thumb_func
    @ The next two rows' sums.
    .macro rows
    ldrb    r4, [r0]
    ldrb    r5, [r0, r1]
    lsls    r4, #2
    lsls    r5, #2
    ldr     r4, [r2, r4]
    ldr     r5, [r2, r5]
    ldr     r6, [r3]
    adds    r4, r6
    ldr     r6, [r3, #4]
    adds    r5, r6
    stm     r3!, {r4, r5}
    add     r0, r12
    .endm
@ void f(const u8 *codes, usize stride, const i32 table[256], i32 *sums, i32 *end): four rows a round, then one by one.
@
@   r0  next code       r1  bytes from row to row, r12 twice as many     r2  table       r3  next sum
@   r7  end of whole rounds, then of all sums       r4-r6  sums
__atome_engine_integer_add_rows:
    push    {r4-r7, lr}
    adds    r4, r1, r1
    mov     r12, r4
    ldr     r7, [sp, #20]
    subs    r7, r7, r3
    lsrs    r7, #4
    lsls    r7, #4
    adds    r7, r7, r3
    cmp     r3, r7
    beq     2f
1:  rows
    rows
    cmp     r3, r7
    bne     1b
2:  ldr     r7, [sp, #20]
3:  cmp     r3, r7
    beq     4f
    ldrb    r4, [r0]
    lsls    r4, #2
    ldr     r4, [r2, r4]
    ldr     r5, [r3]
    adds    r4, r5
    stm     r3!, {r4}
    adds    r0, r0, r1
    b       3b
4:  pop     {r4-r7, pc}
    .size   __atome_engine_integer_add_rows, . - __atome_engine_integer_add_rows

    .section .text.__atome_engine_integer_add_halves, "ax", %progbits
    .p2align 1
    .global __atome_engine_integer_add_halves
    .hidden __atome_engine_integer_add_halves
    .type __atome_engine_integer_add_halves, %function
    .thumb_func
    @ The next row's sum, at so many bytes from r3: the upper half of the byte, then the lower one.
    .macro row place
    ldrb    r4, [r0]
    add     r0, r1
    lsrs    r5, r4, #4
    lsls    r5, #2
    ldr     r5, [r6, r5]
    lsls    r4, #28
    lsrs    r4, #26
    ldr     r4, [r2, r4]
    adds    r4, r5
    ldr     r5, [r3, #\place]
    adds    r4, r5
    str     r4, [r3, #\place]
    .endm
@ void f(const u8 *codes, usize stride, const i32 halves[2][16], i32 *sums, i32 *end): four rows a round, then one by one.
@
@   r0  next code       r1  bytes from row to row       r2  sums of the lower halves, r6 of the upper ones
@   r3  next sum        r7  end of whole rounds, then of all sums       r4, r5 sums
__atome_engine_integer_add_halves:
    push    {r4-r7, lr}
    mov     r6, r2
    adds    r6, #64
    ldr     r7, [sp, #20]
    subs    r7, r7, r3
    lsrs    r7, #4
    lsls    r7, #4
    adds    r7, r7, r3
    cmp     r3, r7
    beq     2f
1:  row     0
    row     4
    row     8
    row     12
    adds    r3, #16
    cmp     r3, r7
    bne     1b
2:  ldr     r7, [sp, #20]
3:  cmp     r3, r7
    beq     4f
    row     0
    adds    r3, #4
    b       3b
4:  pop     {r4-r7, pc}
    .size   __atome_engine_integer_add_halves, . - __atome_engine_integer_add_halves

@ Other assembly may follow in the same object.
    .purgem rows
    .purgem row
    .text
