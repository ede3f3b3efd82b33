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
    .equ    .Lsf_NEXT_LEVEL, 16
    .equ    .Lsf_NEXT_GROUP, 48
    .equ    .Lsf_LEVELS, 3
    .equ    .Lsf_STEP, 4
    .equ    .Lsf_MISFIT, 0x80000000
    .equ    .Lsf_FIRST_ROUNDED, 1 << 25
@ On the stack, behind the shifts: a term's place and the level.
    .equ    .Lsf_PLACE, 36
    .equ    .Lsf_LEVEL, 40
@ Bytes of a jump table, and of both for one sign.
    .equ    .Lsf_TABLE, 16
    .equ    .Lsf_TABLES, 2 * .Lsf_TABLE
@ Is added to a term's place.
    .equ    .Lsf_IS_SUBTRACTED, 4

    .section .text.__atome_engine_soft_float_groups, "ax", %progbits
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
.Lsf_\name:
    movs    r6, #\place
    b       .Lsf_slow
    .endm

    @ The nine pairs of weights of one half: z, p and m for 0, +1 and -1. A pair that begins with another weight than 0 goes on
    @ with the code for its second one.
    .macro half h, e0, e1, place, then
.Lsf_\h\()_base:
.Lsf_\h\()pp:
    term    adds, \e0, .Lsf_\h\()_p0
.Lsf_\h\()zp:
    term    adds, \e1, .Lsf_\h\()_p1
    b       \then
.Lsf_\h\()pm:
    term    adds, \e0, .Lsf_\h\()_p0
.Lsf_\h\()zm:
    term    subs, \e1, .Lsf_\h\()_m1
    b       \then
    otherwise \h\()_p0, \place
    otherwise \h\()_m0, \place + .Lsf_IS_SUBTRACTED
    otherwise \h\()_p1, \place + 1
    otherwise \h\()_m1, \place + 1 + .Lsf_IS_SUBTRACTED
.Lsf_\h\()mp:
    term    subs, \e0, .Lsf_\h\()_m0
    b       .Lsf_\h\()zp
.Lsf_\h\()mm:
    term    subs, \e0, .Lsf_\h\()_m0
    b       .Lsf_\h\()zm
.Lsf_\h\()pz:
    term    adds, \e0, .Lsf_\h\()_p0
    b       \then
.Lsf_\h\()mz:
    term    subs, \e0, .Lsf_\h\()_m0
.Lsf_\h\()zz:
    .endm

    .global __atome_engine_soft_float_groups
    .hidden __atome_engine_soft_float_groups
    .type __atome_engine_soft_float_groups, %function
    .thumb_func
@ u32 f(struct { u32 magnitude, is_negative; u32 *entries; u8 *row; u32 *end; u32 level; } *): adds terms until `end`
@ (returns 0), or until one does not fit (returns its place, 0 to 3, in the group that `entries` and `row` then point
@ at).
__atome_engine_soft_float_groups:
    push    {r0, r4-r11, lr}
    sub     sp, #48
    adr.w   r1, .Lsf_shifts
    ldm     r1, {r2-r10}
    stm     sp, {r2-r10}
    ldm     r0, {r7, r8, r10, r11, r12, lr}
    str     lr, [sp, #.Lsf_LEVEL]
    cmp     r8, #0
    adr.w   r8, .Lsf_tables
    it      ne
    addne   r8, r8, #.Lsf_TABLES
    add     lr, r8, #.Lsf_TABLE

.Lsf_next_group:
    cmp     r10, r12
    beq     .Lsf_done
    ldrb    r9, [r11], #1
    ldm     r10, {r0-r3}
    add     r10, r10, #.Lsf_NEXT_GROUP
    and     r4, r9, #15
.Lsf_first_half:
    tbb     [r8, r4]
    half    a, r0, r1, 0, .Lsf_next_half
.Lsf_next_half:
    lsr     r4, r9, #4
.Lsf_second_half:
    tbb     [lr, r4]
    half    b, r2, r3, 2, .Lsf_next_group
    b       .Lsf_next_group

    @ r1 becomes the term that the four columns at r0 have at r6's place.
    .macro term_of misfit
    and     r1, r6, #3
    ldr     r1, [r0, r1, lsl #2]
    cmp     r1, #.Lsf_MISFIT
    beq     \misfit
    tst     r6, #.Lsf_IS_SUBTRACTED
    it      ne
    negne   r1, r1
    .endm

    @ In units of the next level; odd where something lies below.
    .macro coarse to, from
    lsls    r2, \from, #31 - .Lsf_STEP
    lsr     \to, \from, #.Lsf_STEP + 1
    lsl     \to, \to, #1
    it      ne
    addne   \to, \to, #1
    .endm

@ Takes in r6 the place of a term that cannot be added fast. The sum is what it was before.
.Lsf_slow:
    str     r6, [sp, #.Lsf_PLACE]
    and     r0, r6, #3
    sub     r1, r10, #.Lsf_NEXT_GROUP
    ldr     r1, [r1, r0, lsl #2]
    tst     r6, #.Lsf_IS_SUBTRACTED
    it      ne
    negne   r1, r1
    adds    r4, r7, r1
    bmi     .Lsf_beyond
.Lsf_small:
    @ From 2^25 on, it is the rounding that carried: too rare to be worth code.
    cmp     r4, #.Lsf_FIRST_ROUNDED
    bhs     .Lsf_stop
    lsls    r5, r4, #31
    bne     .Lsf_finer
    mov     r7, r4
@ What is left of the group: the second weight of this half, or the next half.
.Lsf_go_on:
    sub     r4, r10, #.Lsf_NEXT_GROUP
    ldm     r4, {r0-r3}
    ldr     r6, [sp, #.Lsf_PLACE]
    lsls    r6, r6, #31
    bcs     .Lsf_in_second_half
    bne     .Lsf_next_half
    and     r4, r9, #12
    b       .Lsf_first_half
.Lsf_in_second_half:
    bne     .Lsf_next_group
    lsr     r4, r9, #4
    and     r4, r4, #12
    b       .Lsf_second_half

@ Too large, a misfit, or below zero.
.Lsf_beyond:
    cmp     r1, #0
    bge     .Lsf_coarser
    cmp     r1, #.Lsf_MISFIT
    beq     .Lsf_coarser_term
    negs    r4, r4
    settle_or_keep .Lsf_small_swapped
.Lsf_swap:
    adr.w   r5, .Lsf_tables
    cmp     r8, r5
    ite     eq
    addeq   r8, r8, #.Lsf_TABLES
    subne   r8, r8, #.Lsf_TABLES
    add     lr, r8, #.Lsf_TABLE
    b       .Lsf_go_on
.Lsf_small_swapped:
    cmp     r4, #.Lsf_FIRST_ROUNDED
    bhs     .Lsf_stop
    lsls    r5, r4, #31
    bne     .Lsf_stop
    mov     r7, r4
    b       .Lsf_swap

@ An odd sum below 2^25 needs finer units, in which the sum so far has to fit.
.Lsf_finer:
    ldr     r5, [sp, #.Lsf_LEVEL]
    cmp     r5, #0
    beq     .Lsf_stop
    cmp     r7, #.Lsf_MISFIT >> .Lsf_STEP
    bhs     .Lsf_stop
    ldr     r6, [sp, #.Lsf_PLACE]
    sub     r0, r10, #.Lsf_NEXT_GROUP + .Lsf_NEXT_LEVEL
    term_of .Lsf_stop
    sub     r5, r5, #1
    str     r5, [sp, #.Lsf_LEVEL]
    sub     r10, r10, #.Lsf_NEXT_LEVEL
    sub     r12, r12, #.Lsf_NEXT_LEVEL
    lsl     r7, r7, #.Lsf_STEP
    add     r4, r7, r1
    settle_or_keep .Lsf_small
    b       .Lsf_go_on

@ A sum of 2^31 or more: its units get coarser. It is 2^27 of them, or more.
.Lsf_coarser:
    ldr     r0, [sp, #.Lsf_LEVEL]
    cmp     r0, #.Lsf_LEVELS - 1
    beq     .Lsf_stop
    coarse  r4, r4
    settle  .Lsf_stop
    bl      .Lsf_one_coarser
    b       .Lsf_go_on

@ A term too large for the level: both it and the sum so far get coarser.
.Lsf_coarser_term:
    ldr     r0, [sp, #.Lsf_LEVEL]
    cmp     r0, #.Lsf_LEVELS - 1
    beq     .Lsf_stop
    sub     r0, r10, #.Lsf_NEXT_GROUP - .Lsf_NEXT_LEVEL
    term_of .Lsf_stop
    coarse  r4, r7
    @ Two odd numbers have no known sum.
    and     r2, r1, r4
    lsls    r2, r2, #31
    bne     .Lsf_stop
    adds    r4, r4, r1
    bmi     .Lsf_coarser_swapped
    settle  .Lsf_stop
    bl      .Lsf_one_coarser
    b       .Lsf_go_on
.Lsf_coarser_swapped:
    cmp     r1, #0
    bge     .Lsf_stop
    negs    r4, r4
    settle  .Lsf_stop
    bl      .Lsf_one_coarser
    b       .Lsf_swap

@ Leaves r7 and the jump tables but lr, which is set anew.
.Lsf_one_coarser:
    ldr     r5, [sp, #.Lsf_LEVEL]
    adds    r5, r5, #1
    str     r5, [sp, #.Lsf_LEVEL]
    add     r10, r10, #.Lsf_NEXT_LEVEL
    add     r12, r12, #.Lsf_NEXT_LEVEL
    mov     r5, lr
    add     lr, r8, #.Lsf_TABLE
    bx      r5

@ Only from .Lsf_slow.
.Lsf_stop:
    ldr     r0, [sp, #.Lsf_PLACE]
    and     r0, r0, #3
    sub     r10, r10, #.Lsf_NEXT_GROUP
    sub     r11, r11, #1
    b       .Lsf_return
.Lsf_done:
    movs    r0, #0
.Lsf_return:
    ldr     lr, [sp, #.Lsf_LEVEL]
    ldr     r5, [sp, #48]
    adr.w   r6, .Lsf_tables
    subs    r8, r8, r6
    stm     r5, {r7, r8, r10, r11, r12, lr}
    add     sp, #52
    pop     {r4-r11, pc}

    .p2align 2
@ By the number of leading zeros. From 7 on a sum may be odd and not for rounding.
.Lsf_shifts:
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
    .byte   (.Lsf_\h\weights - .Lsf_\h\()_base) / 2
    .endm
@ Bits 0-3, bits 4-7; then both with the signs swapped.
    .p2align 2
.Lsf_tables:
    row     a, p, m
    row     b, p, m
    row     a, m, p
    row     b, m, p
    .size   __atome_engine_soft_float_groups, . - __atome_engine_soft_float_groups

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
