@ Partial sums of four ternary weights, looked up by their byte (tables.rs), for ARMv7-M and later: some four instructions for a
@ row's byte, 8.3 for one in halves, and 330 for a table.

    .syntax unified

    .section .text.__atome_engine_integer_fill, "ax", %progbits
    .p2align 2
    .global __atome_engine_integer_fill
    .hidden __atome_engine_integer_fill
    .type __atome_engine_integer_fill, %function
    .thumb_func
@ void f(const i16 inputs[4], i32 table[256]): the sums of one weight; then, with each input more, those that there are are the
@ sums for code 0, and behind them come those for codes 1, 2 and 3, which stand for +1, 0 and -1.
@
@   r0  inputs      r2  next sum that there is, r3 and r8 and r9 next ones for codes 1 to 3
@   r1  table       r12 end of those that there are        r10 bytes of these        r11 input       r4-r7 sums
__atome_engine_integer_fill:
    push    {r4-r11, lr}
    ldrsh   r11, [r0], #2
    movs    r4, #0
    mov     r5, r11
    movs    r6, #0
    rsb     r7, r11, #0
    stm     r1, {r4-r7}
    movs    r10, #16
1:  ldrsh   r11, [r0], #2
    mov     r2, r1
    add     r3, r1, r10
    add     r8, r3, r10
    add     r9, r8, r10
    mov     r12, r3
2:  ldm     r2!, {r4-r7}
    stm     r8!, {r4-r7}
    add     r4, r4, r11
    add     r5, r5, r11
    add     r6, r6, r11
    add     r7, r7, r11
    stm     r3!, {r4-r7}
    sub     r4, r4, r11, lsl #1
    sub     r5, r5, r11, lsl #1
    sub     r6, r6, r11, lsl #1
    sub     r7, r7, r11, lsl #1
    stm     r9!, {r4-r7}
    cmp     r2, r12
    bne     2b
    lsl     r10, r10, #2
    cmp     r10, #1024
    bne     1b
    pop     {r4-r11, pc}
    .size   __atome_engine_integer_fill, . - __atome_engine_integer_fill

    .section .text.__atome_engine_integer_add_rows, "ax", %progbits
    .p2align 2
    .global __atome_engine_integer_add_rows
    .hidden __atome_engine_integer_add_rows
    .type __atome_engine_integer_add_rows, %function
    .thumb_func
    @ The next four rows' sums.
    .macro four_rows
    ldm     r3, {r4-r7}
    ldrb    r8, [r0]
    ldrb    r9, [r0, r1]
    ldr     r8, [r2, r8, lsl #2]
    ldr     r9, [r2, r9, lsl #2]
    add     r4, r4, r8
    add     r5, r5, r9
    ldrb    r8, [r0, r10]
    ldrb    r9, [r0, r11]
    ldr     r8, [r2, r8, lsl #2]
    ldr     r9, [r2, r9, lsl #2]
    add     r6, r6, r8
    add     r7, r7, r9
    add     r0, r0, r1, lsl #2
    stm     r3!, {r4-r7}
    .endm
@ void f(const u8 *codes, usize stride, const i32 table[256], i32 *sums, i32 *end): eight rows a round, then one by one.
@
@   r0  code of the first row       r1  bytes from row to row, r10 twice, r11 three times as many
@   r2  table       r3  next sums, lr the end of eights, r12 of all       r4-r7 sums        r8, r9 codes and what they look up
__atome_engine_integer_add_rows:
    push    {r4-r11, lr}
    ldr     r12, [sp, #36]
    add     r10, r1, r1
    add     r11, r10, r1
    sub     r6, r12, r3
    and     r6, r6, #28
    sub     lr, r12, r6
    cmp     r3, lr
    beq     2f
1:  four_rows
    four_rows
    cmp     r3, lr
    bne     1b
2:  cmp     r3, r12
    beq     3f
    ldrb    r8, [r0]
    add     r0, r0, r1
    ldr     r8, [r2, r8, lsl #2]
    ldr     r4, [r3]
    add     r4, r4, r8
    str     r4, [r3], #4
    b       2b
3:  pop     {r4-r11, pc}
    .size   __atome_engine_integer_add_rows, . - __atome_engine_integer_add_rows

    .section .text.__atome_engine_integer_add_halves, "ax", %progbits
    .p2align 2
    .global __atome_engine_integer_add_halves
    .hidden __atome_engine_integer_add_halves
    .type __atome_engine_integer_add_halves, %function
    .thumb_func
    @ Adds what the halves of a code look up.
    .macro halves sum, code:vararg
    ldrb    r8, [\code]
    and     r9, r8, #15
    lsr     r8, r8, #4
    ldr     r9, [r2, r9, lsl #2]
    ldr     r8, [r12, r8, lsl #2]
    add     \sum, \sum, r9
    add     \sum, \sum, r8
    .endm
@ void f(const u8 *codes, usize stride, const i32 halves[2][16], i32 *sums, i32 *end): four rows a round, then one by one.
@
@   r0  code of the first row       r1  bytes from row to row, r10 twice, r11 three times as many
@   r2  sums of the lower halves, r12 of the upper ones     r3  next sums, lr the end of fours, then of all     r4-r7 sums
@   r8, r9 codes and what they look up
__atome_engine_integer_add_halves:
    push    {r4-r11, lr}
    ldr     lr, [sp, #36]
    add     r12, r2, #64
    add     r10, r1, r1
    add     r11, r10, r1
    sub     r6, lr, r3
    and     r6, r6, #12
    sub     lr, lr, r6
    cmp     r3, lr
    beq     2f
1:  ldm     r3, {r4-r7}
    halves  r4, r0
    halves  r5, r0, r1
    halves  r6, r0, r10
    halves  r7, r0, r11
    add     r0, r0, r1, lsl #2
    stm     r3!, {r4-r7}
    cmp     r3, lr
    bne     1b
2:  ldr     lr, [sp, #36]
3:  cmp     r3, lr
    beq     4f
    ldr     r4, [r3]
    halves  r4, r0
    add     r0, r0, r1
    str     r4, [r3], #4
    b       3b
4:  pop     {r4-r11, pc}
    .size   __atome_engine_integer_add_halves, . - __atome_engine_integer_add_halves

@ Other assembly may follow in the same object.
    .purgem halves
    .purgem four_rows
    .text
