@ Running sum of one row of ternary weights over one level of tables (tables.rs), for ARMv7-M and later.
@
@ Four columns a round. Each half of a byte of weights jumps, through one of 16 places for each sign of the sum, to code
@ for just these two weights. A sum that changes sign swaps the tables. No binade is kept: counting zeros finds the
@ place of rounding anew for every term.
@
@   r0-r3  entries of four columns      r8   jump table for bits 0-3 of the weights
@   r4     exact sum, then scratch      lr   jump table for bits 4-7, 64 bytes behind the other
@   r5     how far it is shifted left   r9   four weights
@   r6     shifted sum                  r10  next entries        r12  their end
@   r7     magnitude of the sum         r11  next weights        sp   what to shift by, for every count of zeros

    .syntax unified

@ As in tables.rs and groups.rs.
    .equ    .Lsf_BLOCK, 256
    .equ    .Lsf_LEVELS, 3
    .equ    .Lsf_STEP, 4
    .equ    .Lsf_MISFIT, 0x80000000
    .equ    .Lsf_FIRST_ROUNDED, 1 << 25
@ On the stack, behind the shifts: level, and a term's place while the registers are needed.
    .equ    .Lsf_PLACE, 36
    .equ    .Lsf_LEVEL, 40

    .section .text.__atome_engine_soft_float_groups, "ax", %progbits
    .global __atome_engine_soft_float_groups
    .hidden __atome_engine_soft_float_groups
    .type __atome_engine_soft_float_groups, %function
    .p2align 2
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
    ldr     r8, .Lsf_tables_address
    it      ne
    addne   r8, r8, #128
    add     lr, r8, #64

    .macro next_half
    lsr     r4, r9, #4
    ldr     pc, [lr, r4, lsl #2]
    .endm

    .macro next_group
    cmp     r10, r12
    beq     .Lsf_done
    ldrb    r9, [r11], #1
    and     r4, r9, #15
    ldm     r10!, {r0-r3}
    ldr     pc, [r8, r4, lsl #2]
    .endm

    @ Rounds the exact sum. Out of the window, or below 2^25, the shift is 32, which leaves bit 31 clear; so does a
    @ carry out of the rounding.
    .macro settle scratch, otherwise
    clz     r5, r4
    ldrb    r5, [sp, r5]
    lsl     r6, r4, r5
    lsrs    \scratch, r6, #9
    adcs    r6, r6, #0x7f
    bpl     \otherwise
    bic     r6, r6, #0xff
    lsr     r7, r6, r5
    .endm

    @ Adds or subtracts a column.
    .macro term op, entry, otherwise
    \op     r4, r7, \entry
    settle  r4, \otherwise
    .endm

    @ What to do where `term` cannot: slowly, or not at all.
    .macro otherwise name, op, entry, place, same_sign, other_sign
.Lsf_\name:
    \op     r4, r7, \entry
    movs    r6, #\place
    bl      .Lsf_slow
    bcs     \other_sign
    b       \same_sign
    .endm

    @ The nine pairs of weights of one half: z, p and m for 0, +1 and -1.
    .macro half h, e0, e1, place0, place1, then
.Lsf_\h\()zz:
    \then
.Lsf_\h\()pz:
    term    adds, \e0, .Lsf_\h\()_p0
    \then
.Lsf_\h\()mz:
    term    subs, \e0, .Lsf_\h\()_m0
    \then
.Lsf_\h\()zp:
    term    adds, \e1, .Lsf_\h\()_p1
    \then
.Lsf_\h\()zm:
    term    subs, \e1, .Lsf_\h\()_m1
    \then
.Lsf_\h\()pp:
    term    adds, \e0, .Lsf_\h\()_p0p
    term    adds, \e1, .Lsf_\h\()_p1
    \then
.Lsf_\h\()pm:
    term    adds, \e0, .Lsf_\h\()_p0m
    term    subs, \e1, .Lsf_\h\()_m1
    \then
.Lsf_\h\()mp:
    term    subs, \e0, .Lsf_\h\()_m0p
    term    adds, \e1, .Lsf_\h\()_p1
    \then
.Lsf_\h\()mm:
    term    subs, \e0, .Lsf_\h\()_m0m
    term    subs, \e1, .Lsf_\h\()_m1
    \then
    otherwise \h\()_p0, adds, \e0, \place0, .Lsf_\h\()zz, .Lsf_\h\()zz
    otherwise \h\()_m0, subs, \e0, 4 + \place0, .Lsf_\h\()zz, .Lsf_\h\()zz
    otherwise \h\()_p1, adds, \e1, \place1, .Lsf_\h\()zz, .Lsf_\h\()zz
    otherwise \h\()_m1, subs, \e1, 4 + \place1, .Lsf_\h\()zz, .Lsf_\h\()zz
    otherwise \h\()_p0p, adds, \e0, \place0, .Lsf_\h\()zp, .Lsf_\h\()zm
    otherwise \h\()_p0m, adds, \e0, \place0, .Lsf_\h\()zm, .Lsf_\h\()zp
    otherwise \h\()_m0p, subs, \e0, 4 + \place0, .Lsf_\h\()zp, .Lsf_\h\()zm
    otherwise \h\()_m0m, subs, \e0, 4 + \place0, .Lsf_\h\()zm, .Lsf_\h\()zp
    .endm

    half    b, r2, r3, 2, 3, next_group
    half    a, r0, r1, 0, 1, next_half

    @ r1 becomes the term as the level of r0 has it, at r6's place.
    .macro term_of before, misfit
    and     r1, r6, #3
    add     r0, r0, r1, lsl #2
    ldr     r1, [r0, #\before]
    cmp     r1, #.Lsf_MISFIT
    beq     \misfit
    tst     r6, #4
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

    .macro one_coarser
    ldr     r5, [sp, #.Lsf_LEVEL]
    add     r5, r5, #1
    str     r5, [sp, #.Lsf_LEVEL]
    add     r10, r10, #4 * .Lsf_BLOCK
    add     r12, r12, #4 * .Lsf_BLOCK
    .endm

@ Takes the exact sum in r4, and in r6 the term's place, plus 4 where it is subtracted. Returns with the carry set where
@ the sum's sign is another.
.Lsf_slow:
    cmp     r4, #0
    blt     .Lsf_beyond
    @ From 2^25 on, it is the rounding that carried: too rare to be worth code.
    cmp     r4, #.Lsf_FIRST_ROUNDED
    bhs     .Lsf_stop
    lsls    r5, r4, #31
    bne     .Lsf_finer
    mov     r7, r4
.Lsf_same_sign:
    mov     r5, lr
    add     lr, r8, #64
    adds    r5, r5, #0          @ clears the carry
    bx      r5

@ Too large, a misfit, or below zero.
.Lsf_beyond:
    str     r6, [sp, #.Lsf_PLACE]
    subs    r5, r4, r7
    bpl     .Lsf_coarser
    cmp     r5, #.Lsf_MISFIT
    beq     .Lsf_coarser_term
    negs    r4, r4
    settle  r3, .Lsf_small_swapped
.Lsf_swap:
    ldr     r3, [r10, #-4]
    mov     r5, lr
    ldr     r6, .Lsf_tables_address
    cmp     r8, r6
    ite     eq
    addeq   r8, r8, #128
    subne   r8, r8, #128
    add     lr, r8, #64
    cmp     r5, r5              @ sets the carry
    bx      r5
.Lsf_small_swapped:
    cmp     r4, #.Lsf_FIRST_ROUNDED
    bhs     .Lsf_unfit
    lsls    r5, r4, #31
    bne     .Lsf_unfit
    mov     r7, r4
    b       .Lsf_swap

@ An odd sum below 2^25 needs finer units, in which the sum so far has to fit.
.Lsf_finer:
    ldr     r5, [sp, #.Lsf_LEVEL]
    cmp     r5, #0
    beq     .Lsf_stop
    cmp     r7, #.Lsf_MISFIT >> .Lsf_STEP
    bhs     .Lsf_stop
    sub     r0, r10, #4 * .Lsf_BLOCK
    term_of -16, .Lsf_stop
    sub     r5, r5, #1
    str     r5, [sp, #.Lsf_LEVEL]
    str     r6, [sp, #.Lsf_PLACE]
    sub     r10, r10, #4 * .Lsf_BLOCK
    sub     r12, r12, #4 * .Lsf_BLOCK
    lsl     r7, r7, #.Lsf_STEP
    add     r4, r7, r1
    settle  r3, .Lsf_small_finer
.Lsf_reload:
    sub     r0, r10, #16
    ldm     r0, {r0-r3}
    b       .Lsf_same_sign
.Lsf_small_finer:
    ldr     r6, [sp, #.Lsf_PLACE]
    cmp     r4, #.Lsf_FIRST_ROUNDED
    bhs     .Lsf_stop
    lsls    r5, r4, #31
    bne     .Lsf_finer
    mov     r7, r4
    b       .Lsf_reload

@ A sum of 2^31 or more: its units get coarser. It is 2^27 of them, or more.
.Lsf_coarser:
    ldr     r0, [sp, #.Lsf_LEVEL]
    cmp     r0, #.Lsf_LEVELS - 1
    beq     .Lsf_unfit
    coarse  r4, r4
    settle  r3, .Lsf_unfit
    one_coarser
    b       .Lsf_reload

@ A term too large for the level: both it and the sum so far get coarser.
.Lsf_coarser_term:
    ldr     r0, [sp, #.Lsf_LEVEL]
    cmp     r0, #.Lsf_LEVELS - 1
    beq     .Lsf_unfit
    add     r0, r10, #4 * .Lsf_BLOCK
    term_of -16, .Lsf_unfit
    coarse  r4, r7
    @ Two odd numbers have no known sum.
    and     r2, r1, r4
    lsls    r2, r2, #31
    bne     .Lsf_unfit
    adds    r4, r4, r1
    bmi     .Lsf_coarser_swapped
    settle  r3, .Lsf_unfit
    one_coarser
    b       .Lsf_reload
.Lsf_coarser_swapped:
    cmp     r1, #0
    bge     .Lsf_unfit
    negs    r4, r4
    settle  r3, .Lsf_unfit
    one_coarser
    sub     r0, r10, #16
    ldm     r0, {r0-r3}
    b       .Lsf_swap

.Lsf_unfit:
    ldr     r6, [sp, #.Lsf_PLACE]
.Lsf_stop:
    and     r0, r6, #3
    sub     r10, r10, #16
    sub     r11, r11, #1
    b       .Lsf_return
.Lsf_done:
    movs    r0, #0
.Lsf_return:
    ldr     lr, [sp, #.Lsf_LEVEL]
    ldr     r5, [sp, #48]
    ldr     r6, .Lsf_tables_address
    subs    r8, r8, r6
    stm     r5, {r7, r8, r10, r11, r12, lr}
    add     sp, #52
    pop     {r4-r11, pc}

    .p2align 2
.Lsf_tables_address:
    .word   .Lsf_tables
@ By the number of leading zeros. From 7 on a sum may be odd and not for rounding.
.Lsf_shifts:
    .byte   32, 1, 2, 3, 4, 5, 6
    .rept   29
    .byte   32
    .endr

    @ Bits 0-3, bits 4-7; then both with the signs swapped.
    .macro row h, p, m
    .word   .Lsf_\h\()zz+1, .Lsf_\h\()\p\()z+1, .Lsf_\h\()zz+1, .Lsf_\h\()\m\()z+1
    .word   .Lsf_\h\()z\p\()+1, .Lsf_\h\()\p\p\()+1, .Lsf_\h\()z\p\()+1, .Lsf_\h\()\m\p\()+1
    .word   .Lsf_\h\()zz+1, .Lsf_\h\()\p\()z+1, .Lsf_\h\()zz+1, .Lsf_\h\()\m\()z+1
    .word   .Lsf_\h\()z\m\()+1, .Lsf_\h\()\p\m\()+1, .Lsf_\h\()z\m\()+1, .Lsf_\h\()\m\m\()+1
    .endm
.Lsf_tables:
    row     a, p, m
    row     b, p, m
    row     a, m, p
    row     b, m, p
    .size   __atome_engine_soft_float_groups, . - __atome_engine_soft_float_groups

@ Other assembly may follow in the same object.
    .purgem next_half
    .purgem next_group
    .purgem settle
    .purgem term
    .purgem otherwise
    .purgem half
    .purgem term_of
    .purgem coarse
    .purgem one_coarser
    .purgem row
    .text
