# Partial sums of four ternary weights, looked up by their byte (tables.rs), for RV32I: 8.3 instructions for a row's byte, and
# 640 for a table.

    .section .text.__atome_engine_integer_fill, "ax", @progbits
    .p2align 2
    .global __atome_engine_integer_fill
    .hidden __atome_engine_integer_fill
    .type __atome_engine_integer_fill, @function
    # The sums that follow from the one at so many bytes from a3.
    .macro sums place
    lw      t1, \place(a3)
    add     t2, t1, t0
    sub     t3, t1, t0
    sw      t2, \place(a4)
    sw      t1, \place(a5)
    sw      t3, \place(a6)
    .endm
# void f(const i16 inputs[4], i32 table[256]): the sums of one weight; then, with each input more, those that there are are the
# sums for code 0, and behind them come those for codes 1, 2 and 3, which stand for +1, 0 and -1.
#
#   a0  inputs      a1  table       a2  bytes of the sums that there are        a7  their end       t0  input
#   a3  next of these, a4, a5 and a6 next ones for codes 1, 2 and 3             t1-t3 sums
__atome_engine_integer_fill:
    lh      t0, 0(a0)
    neg     t1, t0
    sw      zero, 0(a1)
    sw      t0, 4(a1)
    sw      zero, 8(a1)
    sw      t1, 12(a1)
    li      a2, 16
1:  addi    a0, a0, 2
    lh      t0, 0(a0)
    mv      a3, a1
    add     a4, a3, a2
    add     a5, a4, a2
    add     a6, a5, a2
    mv      a7, a4
2:  sums    0
    sums    4
    sums    8
    sums    12
    addi    a3, a3, 16
    addi    a4, a4, 16
    addi    a5, a5, 16
    addi    a6, a6, 16
    bne     a3, a7, 2b
    slli    a2, a2, 2
    li      t1, 1024
    bne     a2, t1, 1b
    ret
    .size   __atome_engine_integer_fill, . - __atome_engine_integer_fill

    .section .text.__atome_engine_integer_add_rows, "ax", @progbits
    .p2align 2
    .global __atome_engine_integer_add_rows
    .hidden __atome_engine_integer_add_rows
    .type __atome_engine_integer_add_rows, @function
    # The next row's sum, at so many bytes from a3.
    .macro row place
    lbu     a5, 0(a0)
    add     a0, a0, a1
    slli    a5, a5, 2
    add     a5, a5, a2
    lw      a5, 0(a5)
    lw      a7, \place(a3)
    add     a5, a5, a7
    sw      a5, \place(a3)
    .endm
# void f(const u8 *codes, usize stride, const i32 table[256], i32 *sums, i32 *end): eight rows a round, then one by one.
#
#   a0  next code       a1  bytes from row to row       a2  table       a3  next sum        a4  end of the sums
#   a6  end of whole rounds
__atome_engine_integer_add_rows:
    sub     a6, a4, a3
    andi    a6, a6, -32
    add     a6, a6, a3
    beq     a3, a6, 2f
1:  row     0
    row     4
    row     8
    row     12
    row     16
    row     20
    row     24
    row     28
    addi    a3, a3, 32
    bne     a3, a6, 1b
2:  beq     a3, a4, 3f
    row     0
    addi    a3, a3, 4
    j       2b
3:  ret
    .size   __atome_engine_integer_add_rows, . - __atome_engine_integer_add_rows

# Other assembly may follow in the same object.
    .purgem row
    .purgem sums
    .text
