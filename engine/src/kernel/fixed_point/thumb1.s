@ Running sum of one row of ternary weights over one level of tables (tables.rs), for ARMv6-M.
@
@ Four columns a round. Each half of a byte of weights jumps, through a table of its own for each sign of the sum, to
@ code for just these two weights. A sum that changes sign swaps the tables. No binade is kept: the top bits of every
@ exact sum find the place of rounding anew, in a table where other cores count zeros.
@
@   r0  magnitude of the sum         r4  0x7f           r7   tables of the sum's sign     r10  end of the entries
@   r1  exact sum, shifted           r5  scratch        r9   next weights                 r12  a term's place
@   r2  entries                      r6  four weights   lr   return address
@   r3  how far it is shifted left

    .syntax unified

@ Where rounding begins: 2^25.
    .equ    .Lfp_ROUNDED_EXPONENT, 25
@ In the tables of one sign: shifts, where the other sign's tables are, the sign's bit of a binary32, addresses for bits
@ 0-3 of the weights, then for bits 4-7.
    .equ    .Lfp_OTHER_SIGN, 128
    .equ    .Lfp_SIGN, 132
    .equ    .Lfp_FIRST_HALF, 136
    .equ    .Lfp_SECOND_HALF, 200
    .equ    .Lfp_TABLES, 264

@ As in tables.rs.
@ Bytes from level to level, and from group to group.
    .equ    .Lfp_NEXT_LEVEL, 16
    .equ    .Lfp_NEXT_GROUP, 48
    .equ    .Lfp_LEVELS, 3
    .equ    .Lfp_STEP, 4
@ Where things lie in what the function is called with, whose address is on top of the stack.
    .equ    .Lfp_END, 16
    .equ    .Lfp_LEVEL, 20
    .equ    .Lfp_ROWS, 24
    .equ    .Lfp_FIELDS, 28
    .equ    .Lfp_SCALE_HIGH, 32
    .equ    .Lfp_SCALE_LOW, 36
    .equ    .Lfp_OUT, 40
    .equ    .Lfp_STRIDE, 44
    .equ    .Lfp_FIRST, 48
@ Is added to a term's place.
    .equ    .Lfp_IS_SUBTRACTED, 4

    .section .text.__atome_engine_fixed_point_groups, "ax", %progbits
    .p2align 2

    @ Rounds the exact sum in r1. Out of the window, or below 2^25, the shift is 32, which leaves bit 31 clear; so does
    @ a carry out of the rounding.
    .macro settle otherwise
    lsls    r1, r3
    lsrs    r5, r1, #9
    adcs    r1, r4
    bpl     \otherwise
    lsrs    r0, r1, #8
    lsls    r0, #8
    lsrs    r0, r3
    .endm

    @ Adds or subtracts the column at `place`.
    .macro term op, place, otherwise
    ldr     r1, [r2, #4 * \place]
    \op     r1, r0, r1
    lsrs    r3, r1, #.Lfp_ROUNDED_EXPONENT
    ldrb    r3, [r7, r3]
    settle  \otherwise
    .endm

    @ How far into its group the term lies, in bytes.
    .macro place_of to
    mov     \to, r12
    lsls    \to, #30
    lsrs    \to, #28
    .endm

    @ Gives the term in r1 its sign.
    .macro signed_term scratch
    mov     \scratch, r12
    lsrs    \scratch, #3
    bcc     1f
    negs    r1, r1
1:
    .endm

    @ Units 2^STEP times as large.
    .macro coarse to, from
    lsrs    \to, \from, #.Lfp_STEP + 1
    lsls    \to, #1
    lsls    r5, \from, #32 - (.Lfp_STEP + 1)
    beq     1f
    adds    \to, #1
1:
    .endm

    .macro one_coarser
    ldr     r5, [sp]
    ldr     r3, [r5, #.Lfp_LEVEL]
    adds    r3, #1
    str     r3, [r5, #.Lfp_LEVEL]
    movs    r5, #.Lfp_NEXT_LEVEL
    adds    r2, r5
    add     r10, r5
    .endm

    @ What to do where `term` cannot: slowly, or not at all.
    .macro otherwise name, slow, place, same_sign, other_sign
.Lfp_\name:
    movs    r5, #\place
    bl      \slow
    b.n     \same_sign
    b.n     \other_sign
    .endm

    @ The nine pairs of weights of one half: z, p and m for 0, +1 and -1. What they branch to stands in their middle.
    .macro half h, place0, place1
.Lfp_\h\()pz:
    term    adds, \place0, .Lfp_\h\()_p0
    b.n     .Lfp_\h\()zz
.Lfp_\h\()mz:
    term    subs, \place0, .Lfp_\h\()_m0
    b.n     .Lfp_\h\()zz
.Lfp_\h\()pp:
    term    adds, \place0, .Lfp_\h\()_p0p
.Lfp_\h\()zp:
    term    adds, \place1, .Lfp_\h\()_p1
    b.n     .Lfp_\h\()zz
.Lfp_\h\()pm:
    term    adds, \place0, .Lfp_\h\()_p0m
.Lfp_\h\()zm:
    term    subs, \place1, .Lfp_\h\()_m1
    b.n     .Lfp_\h\()zz
    otherwise \h\()_p0, .Lfp_added, \place0, .Lfp_\h\()zz, .Lfp_\h\()zz
    otherwise \h\()_m0, .Lfp_subtracted, \place0, .Lfp_\h\()zz, .Lfp_\h\()zz
    otherwise \h\()_p1, .Lfp_added, \place1, .Lfp_\h\()zz, .Lfp_\h\()zz
    otherwise \h\()_m1, .Lfp_subtracted, \place1, .Lfp_\h\()zz, .Lfp_\h\()zz
    otherwise \h\()_p0p, .Lfp_added, \place0, .Lfp_\h\()zp, .Lfp_\h\()zm
    otherwise \h\()_p0m, .Lfp_added, \place0, .Lfp_\h\()zm, .Lfp_\h\()zp
    otherwise \h\()_m0p, .Lfp_subtracted, \place0, .Lfp_\h\()zp, .Lfp_\h\()zm
    otherwise \h\()_m0m, .Lfp_subtracted, \place0, .Lfp_\h\()zm, .Lfp_\h\()zp
.Lfp_\h\()mp:
    term    subs, \place0, .Lfp_\h\()_m0p
    term    adds, \place1, .Lfp_\h\()_p1
    b.n     .Lfp_\h\()zz
.Lfp_\h\()mm:
    term    subs, \place0, .Lfp_\h\()_m0m
    term    subs, \place1, .Lfp_\h\()_m1
    @ The last pair goes on to what follows.
.Lfp_\h\()zz:
    .endm

.Lfp_group:
    mov     r1, r9
    ldrb    r6, [r1]
    adds    r1, #1
    mov     r9, r1
    lsls    r1, r6, #28
    lsrs    r1, #26
    adds    r1, #.Lfp_FIRST_HALF
    ldr     r1, [r7, r1]
    mov     pc, r1
    half    a, 0, 1
    lsrs    r1, r6, #4
    lsls    r1, #2
    adds    r1, #.Lfp_SECOND_HALF
    ldr     r1, [r7, r1]
    mov     pc, r1
    half    b, 2, 3
    adds    r2, #.Lfp_NEXT_GROUP
    cmp     r2, r10
    beq     .Lfp_done
    b.n     .Lfp_group
.Lfp_done:
    ldr     r5, [sp]
    ldr     r1, [r5, #.Lfp_ROWS]
    cmp     r1, #0
    bne     .Lfp_times_scale
    b.n     .Lfp_return

@ The end of a row of many: normalises the sum, multiplies and rounds as __aeabi_fmul does, and goes on with the next
@ row. A sum below 2^25 or of 2^31 and a product that may be no normal number end the run.
.Lfp_times_scale:
    lsrs    r3, r0, #.Lfp_ROUNDED_EXPONENT
    ldrb    r3, [r7, r3]
    lsls    r0, r3
    beq     .Lfp_no_product
    ldr     r1, [r5, #.Lfp_FIELDS]
    subs    r1, r3
    ldr     r3, [r5, #.Lfp_LEVEL]
    lsls    r3, #2              @ STEP times
    adds    r1, r3
    subs    r1, #127
    subs    r3, r1, #1
    cmp     r3, #252
    bhs     .Lfp_no_product
    lsls    r4, r0, #16
    lsrs    r4, #24
    lsrs    r0, #16
    ldr     r2, [r5, #.Lfp_SCALE_HIGH]
    ldr     r3, [r5, #.Lfp_SCALE_LOW]
    movs    r6, r3
    muls    r6, r4, r6
    muls    r4, r2, r4
    muls    r3, r0, r3
    muls    r0, r2, r0
    adds    r4, r3
    lsrs    r3, r6, #8
    adds    r4, r3
    lsrs    r3, r4, #8
    adds    r0, r3
    bpl     .Lfp_below_two
.Lfp_normal:
    @ What lies below these 32 bits matters only where the lowest of them are 0.
    lsls    r3, r0, #25
    beq     .Lfp_all_bits
.Lfp_round:
    lsrs    r3, r0, #9
    movs    r4, #0x7f
    adcs    r0, r4
    bcs     .Lfp_round_up
    lsrs    r0, #8
.Lfp_pack:
    lsls    r1, #23
    adds    r0, r1
    movs    r2, #.Lfp_SIGN
    ldr     r2, [r7, r2]
    orrs    r0, r2
    ldr     r1, [r5, #.Lfp_OUT]
    str     r0, [r1]
    ldr     r2, [r5, #.Lfp_STRIDE]
    adds    r1, r2
    str     r1, [r5, #.Lfp_OUT]
    ldr     r1, [r5, #.Lfp_ROWS]
    subs    r1, #1
    str     r1, [r5, #.Lfp_ROWS]
    beq     .Lfp_no_product
    movs    r1, #1
    str     r1, [r5, #.Lfp_LEVEL]
    ldr     r1, [r5, #.Lfp_END]
    mov     r10, r1
    ldr     r2, [r5, #.Lfp_FIRST]
    ldr     r7, .Lfp_tables_address
    movs    r0, #0
    b.n     .Lfp_group
.Lfp_below_two:
    subs    r1, #1
    lsls    r0, #1
    b.n     .Lfp_normal
.Lfp_all_bits:
    orrs    r4, r6
    lsls    r4, #24
    beq     .Lfp_round
    adds    r0, #1
    b.n     .Lfp_round
.Lfp_round_up:
    movs    r0, #2
    lsls    r0, #23
    b.n     .Lfp_pack
.Lfp_no_product:
    b.n     .Lfp_return

@ Takes the term's place in r5. Returns behind the call, or one branch further where the sum's sign is another. A sum
@ for which the units are too coarse or too fine goes on in others.
.Lfp_subtracted:
    movs    r1, r5
    adds    r1, #.Lfp_IS_SUBTRACTED
    mov     r12, r1
    lsls    r5, #2
    ldr     r1, [r2, r5]
    negs    r1, r1
    b.n     .Lfp_slow
.Lfp_added:
    mov     r12, r5
    lsls    r5, #2
    ldr     r1, [r2, r5]
.Lfp_slow:
    adds    r3, r0, r1
    bmi     .Lfp_beyond
    @ From 2^25 on, it is the rounding that carried: too rare to be worth code.
    lsrs    r5, r3, #.Lfp_ROUNDED_EXPONENT
    bne     .Lfp_unfit
    @ An even sum below 2^25 is what it is.
    lsrs    r5, r3, #1
    bcs     .Lfp_finer
    movs    r0, r3
    bx      lr

@ Too large, a misfit, or below zero.
.Lfp_beyond:
    cmp     r1, #0
    bge     .Lfp_coarser
    lsls    r5, r1, #1
    beq     .Lfp_coarser_term
.Lfp_below_zero:
    negs    r1, r3
    lsrs    r3, r1, #.Lfp_ROUNDED_EXPONENT
    beq     .Lfp_small_swapped
    ldrb    r3, [r7, r3]
    settle  .Lfp_unfit
.Lfp_swap:
    movs    r1, #.Lfp_OTHER_SIGN
    ldr     r7, [r7, r1]
    mov     r1, lr
    adds    r1, #2
    bx      r1
.Lfp_small_swapped:
    lsrs    r5, r1, #1
    bcs     .Lfp_finer_swapped
    movs    r0, r1
    b.n     .Lfp_swap

@ An odd sum below 2^25 needs finer units, in which the sum so far has to fit.
.Lfp_finer_swapped:
    negs    r1, r1
    subs    r1, r0              @ the term
.Lfp_finer:
    lsrs    r5, r0, #31 - .Lfp_STEP
    bne     .Lfp_unfit
    ldr     r5, [sp]
    ldr     r3, [r5, #.Lfp_LEVEL]
    subs    r3, #1
    bmi     .Lfp_unfit
    movs    r5, #.Lfp_NEXT_LEVEL
    subs    r2, r5
    place_of r5
    ldr     r1, [r2, r5]
    signed_term r5
    lsls    r5, r1, #1
    beq     .Lfp_misfit
    ldr     r5, [sp]
    str     r3, [r5, #.Lfp_LEVEL]
    movs    r5, #.Lfp_NEXT_LEVEL
    negs    r5, r5
    add     r10, r5
    lsls    r0, #.Lfp_STEP
    adds    r3, r0, r1
    bmi     .Lfp_below_zero
    lsrs    r5, r3, #.Lfp_ROUNDED_EXPONENT
    beq     .Lfp_small_finer
    movs    r1, r3
    ldrb    r3, [r7, r5]
    settle  .Lfp_unfit
    bx      lr
.Lfp_small_finer:
    lsrs    r5, r3, #1
    bcs     .Lfp_finer
    movs    r0, r3
    bx      lr
.Lfp_misfit:
    movs    r5, #.Lfp_NEXT_LEVEL
    adds    r2, r5
.Lfp_unfit:
    b.n     .Lfp_stop

@ A sum of 2^31 or more: its units get coarser. It is 2^27 of them, or more.
.Lfp_coarser:
    ldr     r5, [sp]
    ldr     r5, [r5, #.Lfp_LEVEL]
    cmp     r5, #.Lfp_LEVELS - 1
    beq     .Lfp_unfit
    coarse  r1, r3
    lsrs    r3, r1, #.Lfp_ROUNDED_EXPONENT
    ldrb    r3, [r7, r3]
    settle  .Lfp_unfit
    one_coarser
    bx      lr

@ A term too large for the level: both it and the sum so far get coarser.
.Lfp_coarser_term:
    ldr     r5, [sp]
    ldr     r5, [r5, #.Lfp_LEVEL]
    cmp     r5, #.Lfp_LEVELS - 1
    beq     .Lfp_unfit
    place_of r5
    movs    r3, #.Lfp_NEXT_LEVEL
    adds    r3, r5
    ldr     r1, [r2, r3]
    signed_term r5
    lsls    r5, r1, #1
    beq     .Lfp_unfit
    coarse  r3, r0
    @ Two odd numbers have no known sum.
    movs    r5, r3
    ands    r5, r1
    lsls    r5, #31
    bne     .Lfp_stop
    adds    r3, r1
    bmi     .Lfp_coarser_swapped
    movs    r1, r3
    lsrs    r3, #.Lfp_ROUNDED_EXPONENT
    beq     .Lfp_stop
    ldrb    r3, [r7, r3]
    settle  .Lfp_stop
    one_coarser
    bx      lr
.Lfp_coarser_swapped:
    cmp     r1, #0
    bge     .Lfp_stop
    negs    r1, r3
    lsrs    r3, r1, #.Lfp_ROUNDED_EXPONENT
    beq     .Lfp_stop
    ldrb    r3, [r7, r3]
    settle  .Lfp_stop
    one_coarser
    b.n     .Lfp_swap

.Lfp_stop:
    mov     r1, r9
    subs    r1, #1
    mov     r9, r1
    mov     r1, r12
    movs    r3, #3
    ands    r1, r3
.Lfp_return:
    ldr     r4, .Lfp_tables_address
    subs    r7, r7, r4
    mov     r3, r9
    mov     r6, r10
    pop     {r4}
    str     r0, [r4]
    str     r7, [r4, #4]
    str     r2, [r4, #8]
    str     r3, [r4, #12]
    movs    r0, r1
    pop     {r5, r6}
    mov     r9, r5
    mov     r10, r6
    pop     {r4-r7, pc}

    .global __atome_engine_fixed_point_groups
    .hidden __atome_engine_fixed_point_groups
    .type __atome_engine_fixed_point_groups, %function
    .p2align 1
    .thumb_func
@ u32 f(struct { u32 magnitude, is_negative; u32 *entries; u8 *row; u32 *end; u32 level; u32 rows; ... } *): adds terms
@ until `end` (returns 0), or until one does not fit (returns its place, 0 to 3, in the group that `entries` and `row`
@ then point at). Where `rows` is not 0, it goes on from row to row and writes what the sums come to, times a scale,
@ until that would be too hard; `rows` is then the number of rows that are left.
__atome_engine_fixed_point_groups:
    push    {r4-r7, lr}
    mov     r5, r9
    mov     r6, r10
    push    {r0, r5, r6}
    ldr     r7, .Lfp_tables_address
    ldr     r1, [r0, #4]
    cmp     r1, #0
    beq     1f
    adds    r7, #.Lfp_TABLES / 2
    adds    r7, #.Lfp_TABLES / 2
1:
    ldr     r1, [r0, #12]
    mov     r9, r1
    ldr     r1, [r0, #16]
    mov     r10, r1
    ldr     r2, [r0, #8]
    ldr     r0, [r0]
    movs    r4, #0x7f
    movs    r1, #0
    cmp     r2, r10
    beq     .Lfp_return
    b.n     .Lfp_group
    .size   __atome_engine_fixed_point_groups, . - __atome_engine_fixed_point_groups

    .p2align 2
.Lfp_tables_address:
    .word   .Lfp_tables

    @ Bits 0-3, bits 4-7; then both with the signs swapped.
    .macro row h, p, m
    .word   .Lfp_\h\()zz+1, .Lfp_\h\()\p\()z+1, .Lfp_\h\()zz+1, .Lfp_\h\()\m\()z+1
    .word   .Lfp_\h\()z\p\()+1, .Lfp_\h\()\p\p\()+1, .Lfp_\h\()z\p\()+1, .Lfp_\h\()\m\p\()+1
    .word   .Lfp_\h\()zz+1, .Lfp_\h\()\p\()z+1, .Lfp_\h\()zz+1, .Lfp_\h\()\m\()z+1
    .word   .Lfp_\h\()z\m\()+1, .Lfp_\h\()\p\m\()+1, .Lfp_\h\()z\m\()+1, .Lfp_\h\()\m\m\()+1
    .endm
    @ By the top bits: shifts for sums from 2^25 to 2^31.
    .macro shifts
    .byte   32, 6
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
    .rept   64
    .byte   32
    .endr
    .endm

    .p2align 2
.Lfp_tables:
    shifts
    .word   .Lfp_tables_below_zero
    .word   0
    row     a, p, m
    row     b, p, m
.Lfp_tables_below_zero:
    shifts
    .word   .Lfp_tables
    .word   1 << 31
    row     a, m, p
    row     b, m, p

@ Other assembly may follow in the same object.
    .purgem settle
    .purgem term
    .purgem otherwise
    .purgem half
    .purgem place_of
    .purgem signed_term
    .purgem coarse
    .purgem one_coarser
    .purgem row
    .purgem shifts
    .text
