@ Four rows of ternary weights times one vector, for Thumb-2 with a single-precision FPU: see four_rows.rs.
@
@ A byte holds a row's weights of four columns: 81 ways to add the values in s0 to s3 to the row's running sum or to
@ subtract them. Each way is a snippet of straight code that ends with the jump to the snippet for the next row's byte:
@ nothing is decoded, a weight of 0 costs nothing, and only one jump in four looks whether there are more columns. The
@ sums stay in registers, s4 to s7, so each row has snippets of its own.
@
@ r0         next byte of row 0
@ r1         next value of x
@ r2         columns left / 4
@ r3 to r5   from row 0 to the other rows
@ r6 to r9   bytes of the four rows
@ r10 to r12 tables of the snippets of rows 1 to 3
@ lr         the arguments
@ s8, s9     0 and the scale

        .syntax unified
        .thumb
        .fpu    fpv4-sp-d16

@ One weight: z(ero), p(lus) or m(inus).
        .macro  weight_p sum, x
        vadd.f32 \sum, \sum, \x
        .endm
        .macro  weight_m sum, x
        vsub.f32 \sum, \sum, \x
        .endm
        .macro  weight_z sum, x
        .endm

@ A snippet. One that begins with zeros is the end of one that begins with p: the label stands in there.
        .macro  snippet row, sum, w0, w1, w2, w3
.Lrow\row\()_\w0\()\w1\()\w2\()\w3:
        weight_\w0 \sum, s0
        .ifc    \w0, p
.Lrow\row\()_z\w1\()\w2\()\w3:
        .endif
        weight_\w1 \sum, s1
        weight_\w2 \sum, s2
        weight_\w3 \sum, s3
        next_after_\row
        .endm

        .macro  snippets row, sum
        snippets_from_1 \row, \sum, p
        snippets_from_1 \row, \sum, m
        .endm
        .macro  snippets_from_1 row, sum, w0
        snippets_from_2 \row, \sum, \w0, z
        snippets_from_2 \row, \sum, \w0, p
        snippets_from_2 \row, \sum, \w0, m
        .endm
        .macro  snippets_from_2 row, sum, w0, w1
        snippets_from_3 \row, \sum, \w0, \w1, z
        snippets_from_3 \row, \sum, \w0, \w1, p
        snippets_from_3 \row, \sum, \w0, \w1, m
        .endm
        .macro  snippets_from_3 row, sum, w0, w1, w2
        snippet \row, \sum, \w0, \w1, \w2, z
        snippet \row, \sum, \w0, \w1, \w2, p
        snippet \row, \sum, \w0, \w1, \w2, m
        .endm

@ The jump to the next row; after the last one to the next four columns.
        .macro  next_after_0
        ldr     pc, [r10, r7, lsl #2]
        .endm
        .macro  next_after_1
        ldr     pc, [r11, r8, lsl #2]
        .endm
        .macro  next_after_2
        ldr     pc, [r12, r9, lsl #2]
        .endm
        .macro  next_after_3
        bne.w   .Lnext_columns
        b.w     .Lfinished
        .endm

@ The lowest bits of a byte are its first weight; code 10 reads as 0.
        .macro  table row
        table_of_3 \row, z
        table_of_3 \row, p
        table_of_3 \row, z
        table_of_3 \row, m
        .endm
        .macro  table_of_3 row, w3
        table_of_2 \row, z, \w3
        table_of_2 \row, p, \w3
        table_of_2 \row, z, \w3
        table_of_2 \row, m, \w3
        .endm
        .macro  table_of_2 row, w2, w3
        table_of_1 \row, z, \w2, \w3
        table_of_1 \row, p, \w2, \w3
        table_of_1 \row, z, \w2, \w3
        table_of_1 \row, m, \w2, \w3
        .endm
        .macro  table_of_1 row, w1, w2, w3
        entry_\row z\w1\()\w2\()\w3
        entry_\row p\w1\()\w2\()\w3
        entry_\row z\w1\()\w2\()\w3
        entry_\row m\w1\()\w2\()\w3
        .endm
@ tbh counts in halfwords from itself; pc wants the bit that says Thumb.
        .macro  entry_0 weights
        .hword  (.Lrow0_\weights - .Ltable0) / 2
        .endm
        .macro  entry_1 weights
        .word   .Lrow1_\weights + 1
        .endm
        .macro  entry_2 weights
        .word   .Lrow2_\weights + 1
        .endm
        .macro  entry_3 weights
        .word   .Lrow3_\weights + 1
        .endm

        .section .text.atome_engine_four_rows, "ax", %progbits
        .balign 4
.Ltables:
        .word   .Ltables123
        .global _atome_engine_four_rows
        .hidden _atome_engine_four_rows
        .type   _atome_engine_four_rows, %function
        .thumb_func
@ r0: the arguments, see four_rows.rs. Uses up the address of y and the number of groups in them.
_atome_engine_four_rows:
        push    {r4-r11, lr}
        mov     lr, r0
        ldr     r10, .Ltables
        add     r11, r10, #1024
        add     r12, r11, #1024
        mov     r6, #0
        vmov    s8, r6
        vldr    s9, [lr, #24]
        ldm     lr, {r0-r5}
.Lnext_rows:
        ldrd    r1, r2, [lr, #4]
        vmov.f32 s4, s8
        vmov.f32 s5, s8
        vmov.f32 s6, s8
        vmov.f32 s7, s8
.Lnext_columns:
        ldrb    r7, [r0, r3]
        ldrb    r8, [r0, r4]
        ldrb    r9, [r0, r5]
        ldrb    r6, [r0], #1
        vldmia  r1!, {s0-s3}
        subs    r2, r2, #1
        tbh     [pc, r6, lsl #1]
.Ltable0:
        table   0
        snippets 0, s4
        snippets 1, s5
        snippets 2, s6
        snippets 3, s7
.Lfinished:
        ldrd    r6, r7, [lr, #28]
        vmul.f32 s4, s4, s9
        vmul.f32 s5, s5, s9
        vmul.f32 s6, s6, s9
        vmul.f32 s7, s7, s9
        vstmia  r6!, {s4-s7}
        subs    r7, r7, #1
        strd    r6, r7, [lr, #28]
        add     r0, r0, r5 @ Row 0 has gone by already.
        bne     .Lnext_rows
        pop     {r4-r11, pc}
        .size   _atome_engine_four_rows, . - _atome_engine_four_rows

        .section .rodata.atome_engine_four_rows, "a", %progbits
        .balign 4
.Ltables123:
        table   1
        table   2
        table   3
