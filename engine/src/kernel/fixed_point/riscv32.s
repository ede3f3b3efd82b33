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
    .equ    .Lfp_ROUNDED_EXPONENT, 25
# As in tables.rs: bytes from group to group.
    .equ    .Lfp_NEXT_GROUP, 48
# In the tables of one sign: addresses for bits 0-3 of the weights, then for bits 4-7, then where the other sign's are.
    .equ    .Lfp_OTHER_SIGN, 128
    .equ    .Lfp_TABLES, 132
# Is added to a term's place.
    .equ    .Lfp_IS_SUBTRACTED, 4

    .section .text.__atome_engine_fixed_point_groups, "ax", @progbits
    .p2align 2

    # Rounds the exact sum in a2, below 2^31. Below 2^25 it is not shifted, which leaves bit 31 clear; so does a carry
    # out of the rounding.
    .macro settle otherwise
    srli    a3, a2, .Lfp_ROUNDED_EXPONENT
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
.Lfp_\name:
    li      t5, \place
    j       .Lfp_slow
    .endm

    # The nine pairs of weights of one half: z, p and m for 0, +1 and -1. A pair that begins with another weight than 0 goes on
    # with the code for its second one, and the last pair with what follows.
    .macro half h, place0, place1
.Lfp_\h\()pp:
    term    add, \place0, .Lfp_\h\()_p0
.Lfp_\h\()zp:
    term    add, \place1, .Lfp_\h\()_p1
    j       .Lfp_\h\()zz
.Lfp_\h\()pm:
    term    add, \place0, .Lfp_\h\()_p0
.Lfp_\h\()zm:
    term    sub, \place1, .Lfp_\h\()_m1
    j       .Lfp_\h\()zz
    otherwise \h\()_p0, \place0
    otherwise \h\()_m0, .Lfp_IS_SUBTRACTED + \place0
    otherwise \h\()_p1, \place1
    otherwise \h\()_m1, .Lfp_IS_SUBTRACTED + \place1
.Lfp_\h\()mp:
    term    sub, \place0, .Lfp_\h\()_m0
    j       .Lfp_\h\()zp
.Lfp_\h\()mm:
    term    sub, \place0, .Lfp_\h\()_m0
    j       .Lfp_\h\()zm
.Lfp_\h\()pz:
    term    add, \place0, .Lfp_\h\()_p0
    j       .Lfp_\h\()zz
.Lfp_\h\()mz:
    term    sub, \place0, .Lfp_\h\()_m0
.Lfp_\h\()zz:
    .endm

    .global __atome_engine_fixed_point_groups
    .hidden __atome_engine_fixed_point_groups
    .type __atome_engine_fixed_point_groups, @function
# u32 f(struct { u32 magnitude, is_negative; u32 *entries; u8 *row; u32 *end; u32 level; } *): adds terms until `end`
# (returns 0), or until one does not fit (returns its place, 0 to 3, in the group that `entries` and `row` then point
# at).
__atome_engine_fixed_point_groups:
    lw      a1, 0(a0)
    lw      t6, 4(a0)
    lw      a6, 8(a0)
    lw      a7, 12(a0)
    lw      t0, 16(a0)
    la      t1, .Lfp_tables
    addi    t2, t1, 2 * .Lfp_TABLES
    beqz    t6, .Lfp_loop
    addi    t1, t1, .Lfp_TABLES
.Lfp_loop:
    li      t5, 0
    beq     a6, t0, .Lfp_return
.Lfp_group:
    lbu     a5, 0(a7)
    addi    a7, a7, 1
    andi    t6, a5, 15
.Lfp_first_half:
    slli    t6, t6, 2
    add     t6, t6, t1
    lw      t6, 0(t6)
    jr      t6
    half    a, 0, 1
    srli    t6, a5, 2
    andi    t6, t6, 60
.Lfp_second_half:
    add     t6, t6, t1
    lw      t6, 64(t6)
    jr      t6
    half    b, 2, 3
    addi    a6, a6, .Lfp_NEXT_GROUP
    bne     a6, t0, .Lfp_group
    li      t5, 0
.Lfp_return:
    la      t6, .Lfp_tables
    sub     t1, t1, t6
    sw      a1, 0(a0)
    sw      t1, 4(a0)
    sw      a6, 8(a0)
    sw      a7, 12(a0)
    andi    a0, t5, 3
    ret

# Takes in t5 the place of a term that cannot be added fast, and goes on behind it. The sum is what it was before.
.Lfp_slow:
    andi    t6, t5, 3
    slli    t6, t6, 2
    add     t6, t6, a6
    lw      t3, 0(t6)
    andi    t6, t5, .Lfp_IS_SUBTRACTED
    beqz    t6, .Lfp_signed
    neg     t3, t3
.Lfp_signed:
    add     a2, a1, t3
    bltz    a2, .Lfp_beyond
    # From 2^25 on, it is the rounding that carried: too rare to be worth code.
    srli    a4, a2, .Lfp_ROUNDED_EXPONENT
    bnez    a4, .Lfp_stop
    # An even sum below 2^25 is what it is; of an odd one, too little is known.
    andi    a4, a2, 1
    bnez    a4, .Lfp_stop
    mv      a1, a2
# What is left of the group: the second weight of this half, or the next half.
.Lfp_go_on:
    andi    t6, t5, 1
    andi    t5, t5, 2
    bnez    t6, .Lfp_half_is_done
    bnez    t5, .Lfp_in_second_half
    andi    t6, a5, 12
    j       .Lfp_first_half
.Lfp_in_second_half:
    srli    t6, a5, 2
    andi    t6, t6, 48
    j       .Lfp_second_half
.Lfp_half_is_done:
    beqz    t5, .Lfp_azz
    j       .Lfp_bzz

# Too large, a misfit, or below zero.
.Lfp_beyond:
    bgez    t3, .Lfp_stop
    slli    t6, t3, 1
    beqz    t6, .Lfp_stop
    neg     a2, a2
    srli    t6, a2, .Lfp_ROUNDED_EXPONENT
    beqz    t6, .Lfp_small
    settle  .Lfp_stop
.Lfp_swap:
    lw      t1, .Lfp_OTHER_SIGN(t1)
    j       .Lfp_go_on
.Lfp_small:
    andi    t6, a2, 1
    bnez    t6, .Lfp_stop
    mv      a1, a2
    j       .Lfp_swap

.Lfp_stop:
    addi    a7, a7, -1
    j       .Lfp_return
    .size   __atome_engine_fixed_point_groups, . - __atome_engine_fixed_point_groups

    .section .rodata.__atome_engine_fixed_point_groups, "a", @progbits
    .macro row h, p, m
    .word   .Lfp_\h\()zz, .Lfp_\h\()\p\()z, .Lfp_\h\()zz, .Lfp_\h\()\m\()z
    .word   .Lfp_\h\()z\p, .Lfp_\h\()\p\p, .Lfp_\h\()z\p, .Lfp_\h\()\m\p
    .word   .Lfp_\h\()zz, .Lfp_\h\()\p\()z, .Lfp_\h\()zz, .Lfp_\h\()\m\()z
    .word   .Lfp_\h\()z\m, .Lfp_\h\()\p\m, .Lfp_\h\()z\m, .Lfp_\h\()\m\m
    .endm
    .p2align 2
.Lfp_tables:
    row     a, p, m
    row     b, p, m
    .word   .Lfp_tables_below_zero
.Lfp_tables_below_zero:
    row     a, m, p
    row     b, m, p
    .word   .Lfp_tables
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
