# Running sum of one row of ternary weights over one level of tables (tables.rs), for RV32I with C.
#
# Four columns a round. Each half of a byte of weights jumps, through a table of its own for each sign of the sum, to
# code for just these two weights. A sum that changes sign swaps the tables. No binade is kept: the top bits of every
# exact sum find the place of rounding anew, in a table where other cores count zeros.
#
#   a1  magnitude of the sum       a5  four weights        t1  jump tables of the sum's sign
#   a2  exact sum, shifted         a6  entries             t2  shifts by top bits               t5  a term's place
#   a3  how far it is shifted left a7  next weights        t3  term                             t6  scratch
#   a4  scratch                    t0  end of the entries

# Where rounding begins: 2^25.
    .equ    .Lsf_ROUNDED_EXPONENT, 25
# As in tables.rs: bytes from group to group.
    .equ    .Lsf_NEXT_GROUP, 48
# In the tables of one sign: addresses for bits 0-3 of the weights, then for bits 4-7, then where the other sign's are.
    .equ    .Lsf_OTHER_SIGN, 128
    .equ    .Lsf_TABLES, 132
# Is added to a term's place.
    .equ    .Lsf_IS_SUBTRACTED, 4

    .section .text.__atome_engine_soft_float_groups, "ax", @progbits
    .p2align 2

    # Rounds the exact sum in a2, below 2^31. Below 2^25 it is not shifted, which leaves bit 31 clear; so does a carry
    # out of the rounding.
    .macro settle otherwise
    srli    a3, a2, .Lsf_ROUNDED_EXPONENT
    add     a3, a3, t2
    lbu     a3, 0(a3)
    sll     a2, a2, a3
    srli    a4, a2, 8
    andi    a4, a4, 1
    add     a2, a2, a4
    addi    a2, a2, 0x7f
    bgez    a2, \otherwise
    andi    a2, a2, -256
    srl     a1, a2, a3
    .endm

    # Adds or subtracts the column at `place`.
    .macro term op, place, otherwise
    lw      t3, 4 * \place(a6)
    \op     a2, a1, t3
    bltz    a2, \otherwise
    settle  \otherwise
    .endm

    # What to do where `term` cannot: slowly, or not at all.
    .macro otherwise name, place
.Lsf_\name:
    li      t5, \place
    j       .Lsf_slow
    .endm

    # The nine pairs of weights of one half: z, p and m for 0, +1 and -1. A pair that begins with another weight than 0 goes on
    # with the code for its second one, and the last pair with what follows.
    .macro half h, place0, place1
.Lsf_\h\()pp:
    term    add, \place0, .Lsf_\h\()_p0
.Lsf_\h\()zp:
    term    add, \place1, .Lsf_\h\()_p1
    j       .Lsf_\h\()zz
.Lsf_\h\()pm:
    term    add, \place0, .Lsf_\h\()_p0
.Lsf_\h\()zm:
    term    sub, \place1, .Lsf_\h\()_m1
    j       .Lsf_\h\()zz
    otherwise \h\()_p0, \place0
    otherwise \h\()_m0, .Lsf_IS_SUBTRACTED + \place0
    otherwise \h\()_p1, \place1
    otherwise \h\()_m1, .Lsf_IS_SUBTRACTED + \place1
.Lsf_\h\()mp:
    term    sub, \place0, .Lsf_\h\()_m0
    j       .Lsf_\h\()zp
.Lsf_\h\()mm:
    term    sub, \place0, .Lsf_\h\()_m0
    j       .Lsf_\h\()zm
.Lsf_\h\()pz:
    term    add, \place0, .Lsf_\h\()_p0
    j       .Lsf_\h\()zz
.Lsf_\h\()mz:
    term    sub, \place0, .Lsf_\h\()_m0
.Lsf_\h\()zz:
    .endm

    .global __atome_engine_soft_float_groups
    .hidden __atome_engine_soft_float_groups
    .type __atome_engine_soft_float_groups, @function
# u32 f(struct { u32 magnitude, is_negative; u32 *entries; u8 *row; u32 *end; u32 level; } *): adds terms until `end`
# (returns 0), or until one does not fit (returns its place, 0 to 3, in the group that `entries` and `row` then point
# at).
__atome_engine_soft_float_groups:
    lw      a1, 0(a0)
    lw      t6, 4(a0)
    lw      a6, 8(a0)
    lw      a7, 12(a0)
    lw      t0, 16(a0)
    la      t1, .Lsf_tables
    addi    t2, t1, 2 * .Lsf_TABLES
    beqz    t6, .Lsf_loop
    addi    t1, t1, .Lsf_TABLES
.Lsf_loop:
    li      t5, 0
    beq     a6, t0, .Lsf_return
.Lsf_group:
    lbu     a5, 0(a7)
    addi    a7, a7, 1
    andi    t6, a5, 15
.Lsf_first_half:
    slli    t6, t6, 2
    add     t6, t6, t1
    lw      t6, 0(t6)
    jr      t6
    half    a, 0, 1
    srli    t6, a5, 2
    andi    t6, t6, 60
.Lsf_second_half:
    add     t6, t6, t1
    lw      t6, 64(t6)
    jr      t6
    half    b, 2, 3
    addi    a6, a6, .Lsf_NEXT_GROUP
    bne     a6, t0, .Lsf_group
    li      t5, 0
.Lsf_return:
    la      t6, .Lsf_tables
    sub     t1, t1, t6
    sw      a1, 0(a0)
    sw      t1, 4(a0)
    sw      a6, 8(a0)
    sw      a7, 12(a0)
    andi    a0, t5, 3
    ret

# Takes in t5 the place of a term that cannot be added fast, and goes on behind it. The sum is what it was before.
.Lsf_slow:
    andi    t6, t5, 3
    slli    t6, t6, 2
    add     t6, t6, a6
    lw      t3, 0(t6)
    andi    t6, t5, .Lsf_IS_SUBTRACTED
    beqz    t6, .Lsf_signed
    neg     t3, t3
.Lsf_signed:
    add     a2, a1, t3
    bltz    a2, .Lsf_beyond
    # From 2^25 on, it is the rounding that carried: too rare to be worth code.
    srli    a4, a2, .Lsf_ROUNDED_EXPONENT
    bnez    a4, .Lsf_stop
    # An even sum below 2^25 is what it is; of an odd one, too little is known.
    andi    a4, a2, 1
    bnez    a4, .Lsf_stop
    mv      a1, a2
# What is left of the group: the second weight of this half, or the next half.
.Lsf_go_on:
    andi    t6, t5, 1
    andi    t5, t5, 2
    bnez    t6, .Lsf_half_is_done
    bnez    t5, .Lsf_in_second_half
    andi    t6, a5, 12
    j       .Lsf_first_half
.Lsf_in_second_half:
    srli    t6, a5, 2
    andi    t6, t6, 48
    j       .Lsf_second_half
.Lsf_half_is_done:
    beqz    t5, .Lsf_azz
    j       .Lsf_bzz

# Too large, a misfit, or below zero.
.Lsf_beyond:
    bgez    t3, .Lsf_stop
    slli    t6, t3, 1
    beqz    t6, .Lsf_stop
    neg     a2, a2
    srli    t6, a2, .Lsf_ROUNDED_EXPONENT
    beqz    t6, .Lsf_small
    settle  .Lsf_stop
.Lsf_swap:
    lw      t1, .Lsf_OTHER_SIGN(t1)
    j       .Lsf_go_on
.Lsf_small:
    andi    t6, a2, 1
    bnez    t6, .Lsf_stop
    mv      a1, a2
    j       .Lsf_swap

.Lsf_stop:
    addi    a7, a7, -1
    j       .Lsf_return
    .size   __atome_engine_soft_float_groups, . - __atome_engine_soft_float_groups

    .section .rodata.__atome_engine_soft_float_groups, "a", @progbits
    .macro row h, p, m
    .word   .Lsf_\h\()zz, .Lsf_\h\()\p\()z, .Lsf_\h\()zz, .Lsf_\h\()\m\()z
    .word   .Lsf_\h\()z\p, .Lsf_\h\()\p\p, .Lsf_\h\()z\p, .Lsf_\h\()\m\p
    .word   .Lsf_\h\()zz, .Lsf_\h\()\p\()z, .Lsf_\h\()zz, .Lsf_\h\()\m\()z
    .word   .Lsf_\h\()z\m, .Lsf_\h\()\p\m, .Lsf_\h\()z\m, .Lsf_\h\()\m\m
    .endm
    .p2align 2
.Lsf_tables:
    row     a, p, m
    row     b, p, m
    .word   .Lsf_tables_below_zero
.Lsf_tables_below_zero:
    row     a, m, p
    row     b, m, p
    .word   .Lsf_tables
# Shifts for sums from 2^25 to 2^31.
    .byte   0, 6
    .rept   2
    .byte   5
    .endr
    .rept   4
    .byte   4
    .endr
    .rept   8
    .byte   3
    .endr
    .rept   16
    .byte   2
    .endr
    .rept   32
    .byte   1
    .endr

# Other assembly may follow in the same object.
    .purgem settle
    .purgem term
    .purgem otherwise
    .purgem half
    .purgem row
    .text
