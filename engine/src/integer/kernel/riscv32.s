# Partial sums of four ternary weights, looked up by their byte (tables.rs), for RV32I: 8.5 instructions for a row's byte.

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
# void f(const u8 *codes, usize stride, const i32 table[256], i32 *sums, i32 *end): four rows a round, then one by one.
#
#   a0  next code       a1  bytes from row to row       a2  table       a3  next sum        a4  end of the sums
#   a6  end of whole rounds
__atome_engine_integer_add_rows:
    sub     a6, a4, a3
    andi    a6, a6, -16
    add     a6, a6, a3
    beq     a3, a6, 2f
1:  row     0
    row     4
    row     8
    row     12
    addi    a3, a3, 16
    bne     a3, a6, 1b
2:  beq     a3, a4, 3f
    row     0
    addi    a3, a3, 4
    j       2b
3:  ret
    .size   __atome_engine_integer_add_rows, . - __atome_engine_integer_add_rows

# Other assembly may follow in the same object.
    .purgem row
    .text
