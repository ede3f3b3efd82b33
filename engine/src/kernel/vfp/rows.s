@ Rows of ternary weights times one vector, for Thumb-2 with a single-precision FPU: see rows.rs.
@
@ Four columns a round. Each half of a byte of weights jumps to code for just these two weights: nothing is decoded, and a
@ weight of 0 costs nothing.
@
@ r0  next weights     r3  next output             r6  next value of x     s0-s3  values of four columns
@ r1  x                r4  from output to output   r7  four weights        s4     sum of the row
@ r2  its end          r5  rows left               r12 two weights         s8     the scale

        .syntax unified
        .thumb
        .fpu    fpv4-sp-d16

@ The nine pairs of weights of one half: z, p and m for 0, +1 and -1. A pair that begins with another weight than 0 goes on
@ with the code for its second one.
        .macro  half h, x0, x1, then
.Lrows_\h\()pp:
        vadd.f32 s4, s4, \x0
.Lrows_\h\()zp:
        vadd.f32 s4, s4, \x1
        b       \then
.Lrows_\h\()pm:
        vadd.f32 s4, s4, \x0
.Lrows_\h\()zm:
        vsub.f32 s4, s4, \x1
        b       \then
.Lrows_\h\()mp:
        vsub.f32 s4, s4, \x0
        vadd.f32 s4, s4, \x1
        b       \then
.Lrows_\h\()mm:
        vsub.f32 s4, s4, \x0
        vsub.f32 s4, s4, \x1
        b       \then
.Lrows_\h\()pz:
        vadd.f32 s4, s4, \x0
        b       \then
.Lrows_\h\()mz:
        vsub.f32 s4, s4, \x0
.Lrows_\h\()zz:
        .endm

@ The lowest bits are the first weight; code 10 reads as 0. In halfwords from the table on.
        .macro  table h
.Lrows_\h\()_table:
        entry   \h, zz
        entry   \h, pz
        entry   \h, zz
        entry   \h, mz
        entry   \h, zp
        entry   \h, pp
        entry   \h, zp
        entry   \h, mp
        entry   \h, zz
        entry   \h, pz
        entry   \h, zz
        entry   \h, mz
        entry   \h, zm
        entry   \h, pm
        entry   \h, zm
        entry   \h, mm
        .endm
        .macro  entry h, weights
        .byte   (.Lrows_\h\weights - .Lrows_\h\()_table) / 2
        .endm

        .section .text._atome_engine_rows, "ax", %progbits
        .balign 4
        .global _atome_engine_rows
        .hidden _atome_engine_rows
        .type   _atome_engine_rows, %function
        .thumb_func
@ r0: the arguments, see rows.rs.
_atome_engine_rows:
        push    {r4-r7, lr}
        vldr    s8, [r0, #24]
        ldm     r0, {r0-r5}
.Lrows_next_row:
        movs    r6, #0
        vmov    s4, r6
        mov     r6, r1
.Lrows_next_group:
        ldrb    r7, [r0], #1
        vldmia  r6!, {s0-s3}
        and     r12, r7, #15
        tbb     [pc, r12]
        table   a
        half    a, s0, s1, .Lrows_second_half
.Lrows_second_half:
        lsrs    r7, r7, #4
        tbb     [pc, r7]
        table   b
        half    b, s2, s3, .Lrows_end_of_group
.Lrows_end_of_group:
        cmp     r6, r2
        bne     .Lrows_next_group
        vmul.f32 s4, s4, s8
        vstr    s4, [r3]
        add     r3, r4
        subs    r5, #1
        bne     .Lrows_next_row
        pop     {r4-r7, pc}
        .size   _atome_engine_rows, . - _atome_engine_rows

@ Other assembly may follow in the same object.
        .purgem half
        .purgem table
        .purgem entry
        .text
