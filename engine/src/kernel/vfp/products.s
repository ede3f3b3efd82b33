@ Sums of products in blocks of eight: see products.rs. vmla rounds the product before it adds, unlike vfma. Only
@ registers that a called function may use; no stack.

        .syntax unified
        .thumb
        .fpu    fpv4-sp-d16

        .section .text.atome_engine_eight_dots, "ax", %progbits
        .balign 4
        .global _atome_engine_eight_dots
        .hidden _atome_engine_eight_dots
        .type   _atome_engine_eight_dots, %function
        .thumb_func
@ r0: the vector; r1: the first of the eight columns; r2: rows of them, at least one; r3: bytes from the end of one row's
@ eight values to the next row's; on the stack: the address for the sums.
_atome_engine_eight_dots:
        mov     r12, #0
        vmov    s8, r12
        vmov.f32 s9, s8
        vmov.f32 s10, s8
        vmov.f32 s11, s8
        vmov.f32 s12, s8
        vmov.f32 s13, s8
        vmov.f32 s14, s8
        vmov.f32 s15, s8
1:      vldmia  r0!, {s0}
        vldmia  r1!, {s4-s7}
        subs    r2, r2, #1
        vmla.f32 s8, s0, s4
        vmla.f32 s9, s0, s5
        vmla.f32 s10, s0, s6
        vmla.f32 s11, s0, s7
        vldmia  r1!, {s4-s7}
        add     r1, r1, r3
        vmla.f32 s12, s0, s4
        vmla.f32 s13, s0, s5
        vmla.f32 s14, s0, s6
        vmla.f32 s15, s0, s7
        bne     1b
        ldr     r12, [sp]
        vstmia  r12, {s8-s15}
        bx      lr
        .size   _atome_engine_eight_dots, . - _atome_engine_eight_dots

        .section .text.atome_engine_add_scaled, "ax", %progbits
        .balign 4
        .global _atome_engine_add_scaled
        .hidden _atome_engine_add_scaled
        .type   _atome_engine_add_scaled, %function
        .thumb_func
@ r0: blocks to add to; r1: blocks of values; r2: how many, at least one; s0: the weight.
_atome_engine_add_scaled:
1:
        vldmia  r1!, {s8-s15}
        vldmia  r0, {s4-s7}
        vmla.f32 s4, s0, s8
        vmla.f32 s5, s0, s9
        vmla.f32 s6, s0, s10
        vmla.f32 s7, s0, s11
        vstmia  r0!, {s4-s7}
        vldmia  r0, {s4-s7}
        subs    r2, r2, #1
        vmla.f32 s4, s0, s12
        vmla.f32 s5, s0, s13
        vmla.f32 s6, s0, s14
        vmla.f32 s7, s0, s15
        vstmia  r0!, {s4-s7}
        bne     1b
        bx      lr
        .size   _atome_engine_add_scaled, . - _atome_engine_add_scaled
