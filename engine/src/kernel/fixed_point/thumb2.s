@ Running sum of one row of ternary weights over one level of tables (tables.rs), for ARMv7-M and later.
@
@ Four columns a round. Each half of a byte of weights jumps, through a byte for each of its 16 values and each sign of the sum,
@ to code for just these two weights. A sum that changes sign swaps the tables. No binade is kept: counting zeros finds the
@ place of rounding anew for every term.
@
@   r0-r3  entries of four columns      r8   jump table for bits 0-3 of the weights
@   r4     exact sum, shifted           lr   jump table for bits 4-7, behind the other
@   r5     how far it is shifted left   r9   four weights
@   r6     scratch, or a term's place   r10  next entries        r12  their end
@   r7     magnitude of the sum         r11  next weights        sp   what to shift by, for every count of zeros

    .syntax unified

@ As in tables.rs and groups.rs.
@ Bytes from level to level, and from group to group.
    .equ    .Lfp_NEXT_LEVEL, 16
    .equ    .Lfp_NEXT_GROUP, 48
    .equ    .Lfp_LEVELS, 3
    .equ    .Lfp_STEP, 4
    .equ    .Lfp_MISFIT, 0x80000000
    .equ    .Lfp_FIRST_ROUNDED, 1 << 25
@ On the stack, behind the shifts: a term's place and the level.
    .equ    .Lfp_PLACE, 36
    .equ    .Lfp_LEVEL, 40
@ Bytes of a jump table, and of both for one sign.
    .equ    .Lfp_TABLE, 16
    .equ    .Lfp_TABLES, 2 * .Lfp_TABLE
@ Is added to a term's place.
    .equ    .Lfp_IS_SUBTRACTED, 4

    .section .text.__atome_engine_fixed_point_groups, "ax", %progbits
    .p2align 2

    @ Rounds the exact sum in r4. Out of the window, or below 2^25, the shift is 32, which leaves bit 31 clear; so does a
    @ carry out of the rounding.
    .macro settle otherwise
    clz     r5, r4
    ldrb    r5, [sp, r5]
    lsls    r4, r5
    lsrs    r6, r4, #9
    adcs    r4, r4, #0x7f
    bpl     \otherwise
    bic     r4, r4, #0xff
    lsr     r7, r4, r5
    .endm

    @ The same, but where it cannot, the sum stays in r4.
    .macro settle_or_keep otherwise
    clz     r5, r4
    ldrb    r5, [sp, r5]
    lsl     r6, r4, r5
    lsrs    r3, r6, #9
    adcs    r6, r6, #0x7f
    bpl     \otherwise
    bic     r6, r6, #0xff
    lsr     r7, r6, r5
    .endm

    @ Adds or subtracts a column.
    .macro term op, entry, otherwise
    \op     r4, r7, \entry
    settle  \otherwise
    .endm

    @ What to do where `term` cannot: slowly, or not at all.
    .macro otherwise name, place
.Lfp_\name:
    movs    r6, #\place
    b       .Lfp_slow
    .endm

    @ The nine pairs of weights of one half: z, p and m for 0, +1 and -1. A pair that begins with another weight than 0 goes on
    @ with the code for its second one.
    .macro half h, e0, e1, place, then
.Lfp_\h\()_base:
.Lfp_\h\()pp:
    term    adds, \e0, .Lfp_\h\()_p0
.Lfp_\h\()zp:
    term    adds, \e1, .Lfp_\h\()_p1
    b       \then
.Lfp_\h\()pm:
    term    adds, \e0, .Lfp_\h\()_p0
.Lfp_\h\()zm:
    term    subs, \e1, .Lfp_\h\()_m1
    b       \then
    otherwise \h\()_p0, \place
    otherwise \h\()_m0, \place + .Lfp_IS_SUBTRACTED
    otherwise \h\()_p1, \place + 1
    otherwise \h\()_m1, \place + 1 + .Lfp_IS_SUBTRACTED
.Lfp_\h\()mp:
    term    subs, \e0, .Lfp_\h\()_m0
    b       .Lfp_\h\()zp
.Lfp_\h\()mm:
    term    subs, \e0, .Lfp_\h\()_m0
    b       .Lfp_\h\()zm
.Lfp_\h\()pz:
    term    adds, \e0, .Lfp_\h\()_p0
    b       \then
.Lfp_\h\()mz:
    term    subs, \e0, .Lfp_\h\()_m0
.Lfp_\h\()zz:
    .endm

    .global __atome_engine_fixed_point_groups
    .hidden __atome_engine_fixed_point_groups
    .type __atome_engine_fixed_point_groups, %function
    .thumb_func
@ u32 f(struct { u32 magnitude, is_negative; u32 *entries; u8 *row; u32 *end; u32 level; } *): adds terms until `end`
@ (returns 0), or until one does not fit (returns its place, 0 to 3, in the group that `entries` and `row` then point
@ at).
__atome_engine_fixed_point_groups:
    push    {r0, r4-r11, lr}
    sub     sp, #48
    adr.w   r1, .Lfp_shifts
    ldm     r1, {r2-r10}
    stm     sp, {r2-r10}
    ldm     r0, {r7, r8, r10, r11, r12, lr}
    str     lr, [sp, #.Lfp_LEVEL]
    cmp     r8, #0
    adr.w   r8, .Lfp_tables
    it      ne
    addne   r8, r8, #.Lfp_TABLES
    add     lr, r8, #.Lfp_TABLE

.Lfp_next_group:
    cmp     r10, r12
    beq     .Lfp_done
    ldrb    r9, [r11], #1
    ldm     r10, {r0-r3}
    add     r10, r10, #.Lfp_NEXT_GROUP
    and     r4, r9, #15
.Lfp_first_half:
    tbb     [r8, r4]
    half    a, r0, r1, 0, .Lfp_next_half
.Lfp_next_half:
    lsr     r4, r9, #4
.Lfp_second_half:
    tbb     [lr, r4]
    half    b, r2, r3, 2, .Lfp_next_group
    b       .Lfp_next_group

    @ r1 becomes the term that the four columns at r0 have at r6's place.
    .macro term_of misfit
    and     r1, r6, #3
    ldr     r1, [r0, r1, lsl #2]
    cmp     r1, #.Lfp_MISFIT
    beq     \misfit
    tst     r6, #.Lfp_IS_SUBTRACTED
    it      ne
    negne   r1, r1
    .endm

    @ In units of the next level; odd where something lies below.
    .macro coarse to, from
    lsls    r2, \from, #31 - .Lfp_STEP
    lsr     \to, \from, #.Lfp_STEP + 1
    lsl     \to, \to, #1
    it      ne
    addne   \to, \to, #1
    .endm

@ Takes in r6 the place of a term that cannot be added fast. The sum is what it was before.
.Lfp_slow:
    str     r6, [sp, #.Lfp_PLACE]
    and     r0, r6, #3
    sub     r1, r10, #.Lfp_NEXT_GROUP
    ldr     r1, [r1, r0, lsl #2]
    tst     r6, #.Lfp_IS_SUBTRACTED
    it      ne
    negne   r1, r1
    adds    r4, r7, r1
    bmi     .Lfp_beyond
.Lfp_small:
    @ From 2^25 on, it is the rounding that carried: too rare to be worth code.
    cmp     r4, #.Lfp_FIRST_ROUNDED
    bhs     .Lfp_stop
    lsls    r5, r4, #31
    bne     .Lfp_finer
    mov     r7, r4
@ What is left of the group: the second weight of this half, or the next half.
.Lfp_go_on:
    sub     r4, r10, #.Lfp_NEXT_GROUP
    ldm     r4, {r0-r3}
    ldr     r6, [sp, #.Lfp_PLACE]
    lsls    r6, r6, #31
    bcs     .Lfp_in_second_half
    bne     .Lfp_next_half
    and     r4, r9, #12
    b       .Lfp_first_half
.Lfp_in_second_half:
    bne     .Lfp_next_group
    lsr     r4, r9, #4
    and     r4, r4, #12
    b       .Lfp_second_half

@ Too large, a misfit, or below zero.
.Lfp_beyond:
    cmp     r1, #0
    bge     .Lfp_coarser
    cmp     r1, #.Lfp_MISFIT
    beq     .Lfp_coarser_term
    negs    r4, r4
    settle_or_keep .Lfp_small_swapped
.Lfp_swap:
    adr.w   r5, .Lfp_tables
    cmp     r8, r5
    ite     eq
    addeq   r8, r8, #.Lfp_TABLES
    subne   r8, r8, #.Lfp_TABLES
    add     lr, r8, #.Lfp_TABLE
    b       .Lfp_go_on
.Lfp_small_swapped:
    cmp     r4, #.Lfp_FIRST_ROUNDED
    bhs     .Lfp_stop
    lsls    r5, r4, #31
    bne     .Lfp_stop
    mov     r7, r4
    b       .Lfp_swap

@ An odd sum below 2^25 needs finer units, in which the sum so far has to fit.
.Lfp_finer:
    ldr     r5, [sp, #.Lfp_LEVEL]
    cmp     r5, #0
    beq     .Lfp_stop
    cmp     r7, #.Lfp_MISFIT >> .Lfp_STEP
    bhs     .Lfp_stop
    ldr     r6, [sp, #.Lfp_PLACE]
    sub     r0, r10, #.Lfp_NEXT_GROUP + .Lfp_NEXT_LEVEL
    term_of .Lfp_stop
    sub     r5, r5, #1
    str     r5, [sp, #.Lfp_LEVEL]
    sub     r10, r10, #.Lfp_NEXT_LEVEL
    sub     r12, r12, #.Lfp_NEXT_LEVEL
    lsl     r7, r7, #.Lfp_STEP
    add     r4, r7, r1
    settle_or_keep .Lfp_small
    b       .Lfp_go_on

@ A sum of 2^31 or more: its units get coarser. It is 2^27 of them, or more.
.Lfp_coarser:
    ldr     r0, [sp, #.Lfp_LEVEL]
    cmp     r0, #.Lfp_LEVELS - 1
    beq     .Lfp_stop
    coarse  r4, r4
    settle  .Lfp_stop
    bl      .Lfp_one_coarser
    b       .Lfp_go_on

@ A term too large for the level: both it and the sum so far get coarser.
.Lfp_coarser_term:
    ldr     r0, [sp, #.Lfp_LEVEL]
    cmp     r0, #.Lfp_LEVELS - 1
    beq     .Lfp_stop
    sub     r0, r10, #.Lfp_NEXT_GROUP - .Lfp_NEXT_LEVEL
    term_of .Lfp_stop
    coarse  r4, r7
    @ Two odd numbers have no known sum.
    and     r2, r1, r4
    lsls    r2, r2, #31
    bne     .Lfp_stop
    adds    r4, r4, r1
    bmi     .Lfp_coarser_swapped
    settle  .Lfp_stop
    bl      .Lfp_one_coarser
    b       .Lfp_go_on
.Lfp_coarser_swapped:
    cmp     r1, #0
    bge     .Lfp_stop
    negs    r4, r4
    settle  .Lfp_stop
    bl      .Lfp_one_coarser
    b       .Lfp_swap

@ Leaves r7 and the jump tables but lr, which is set anew.
.Lfp_one_coarser:
    ldr     r5, [sp, #.Lfp_LEVEL]
    adds    r5, r5, #1
    str     r5, [sp, #.Lfp_LEVEL]
    add     r10, r10, #.Lfp_NEXT_LEVEL
    add     r12, r12, #.Lfp_NEXT_LEVEL
    mov     r5, lr
    add     lr, r8, #.Lfp_TABLE
    bx      r5

@ Only from .Lfp_slow.
.Lfp_stop:
    ldr     r0, [sp, #.Lfp_PLACE]
    and     r0, r0, #3
    sub     r10, r10, #.Lfp_NEXT_GROUP
    sub     r11, r11, #1
    b       .Lfp_return
.Lfp_done:
    movs    r0, #0
.Lfp_return:
    ldr     lr, [sp, #.Lfp_LEVEL]
    ldr     r5, [sp, #48]
    adr.w   r6, .Lfp_tables
    subs    r8, r8, r6
    stm     r5, {r7, r8, r10, r11, r12, lr}
    add     sp, #52
    pop     {r4-r11, pc}

    .p2align 2
@ By the number of leading zeros. From 7 on a sum may be odd and not for rounding.
.Lfp_shifts:
    .byte   32, 1, 2, 3, 4, 5, 6
    .rept   29
    .byte   32
    .endr

    @ The lowest bits are the first weight; code 10 reads as 0.
    .macro row h, p, m
    entry   \h, zz
    entry   \h, \p\()z
    entry   \h, zz
    entry   \h, \m\()z
    entry   \h, z\p
    entry   \h, \p\p
    entry   \h, z\p
    entry   \h, \m\p
    entry   \h, zz
    entry   \h, \p\()z
    entry   \h, zz
    entry   \h, \m\()z
    entry   \h, z\m
    entry   \h, \p\m
    entry   \h, z\m
    entry   \h, \m\m
    .endm
    .macro entry h, weights
    .byte   (.Lfp_\h\weights - .Lfp_\h\()_base) / 2
    .endm
@ Bits 0-3, bits 4-7; then both with the signs swapped.
    .p2align 2
.Lfp_tables:
    row     a, p, m
    row     b, p, m
    row     a, m, p
    row     b, m, p
    .size   __atome_engine_fixed_point_groups, . - __atome_engine_fixed_point_groups

@ Other assembly may follow in the same object.
    .purgem settle
    .purgem settle_or_keep
    .purgem term
    .purgem otherwise
    .purgem half
    .purgem term_of
    .purgem coarse
    .purgem row
    .purgem entry
    .text
