@ Partial sums of four ternary weights, looked up by their byte (tables.rs), for ARMv6-M: 6.5 instructions for a row's byte.

    .syntax unified

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

@ Other assembly may follow in the same object.
    .purgem rows
    .text
