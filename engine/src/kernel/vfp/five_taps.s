@ The convolution of some channels with five taps each: see five_taps.rs. The first tap by itself, the other four as a
@ snippet of those that four_rows.s, which comes before this file, makes of a byte.
@
@ r0         packed taps
@ r1         next input
@ r2 to r5   next values of the history, newest row first
@ r6         next sum
@ r7         channels left
@ r8         bit of the channel's first tap
@ r9, r10    codes, scratch

        .macro  next_after_taps
        vstmia  r6!, {s4}
        bne.w   .Lnext_channel
        b.w     .Lno_channel
        .endm
        .macro  entry_taps weights
        .hword  (.Lrowtaps_\weights - .Ltable_of_taps) / 2
        .endm

        .section .text.atome_engine_five_taps, "ax", %progbits
        .balign 4
        .global _atome_engine_five_taps
        .hidden _atome_engine_five_taps
        .type   _atome_engine_five_taps, %function
        .thumb_func
@ r0: the arguments, in the order of the registers above.
_atome_engine_five_taps:
        push    {r4-r10, lr}
        ldm     r0, {r0-r8}
        mov     r10, #0
        vmov    s6, r10
.Lnext_channel:
        @ Byte by byte: a halfword at an odd address faults where UNALIGN_TRP is set.
        add     r10, r0, r8, lsr #3
        ldrb    r9, [r10]
        ldrb    r10, [r10, #1]
        orr     r9, r9, r10, lsl #8
        and     r10, r8, #7
        lsr     r9, r9, r10
        add     r8, r8, #10
        vldmia  r1!, {s5}
        vldr    s0, [r2]
        vldr    s1, [r3]
        vldr    s2, [r4]
        vldr    s3, [r5]
        vstmia  r2!, {s5}
        vstmia  r3!, {s0}
        vstmia  r4!, {s1}
        vstmia  r5!, {s2}
        subs    r7, r7, #1
        and     r10, r9, #3
        ubfx    r9, r9, #2, #8
        tbb     [pc, r10]
.Lfirst_tap:
        .byte   (.Lfirst_zero - .Lfirst_tap) / 2
        .byte   (.Lfirst_plus - .Lfirst_tap) / 2
        .byte   (.Lfirst_zero - .Lfirst_tap) / 2
        .byte   (.Lfirst_minus - .Lfirst_tap) / 2
.Lfirst_plus:
        vadd.f32 s4, s6, s5
        b       .Lother_taps
.Lfirst_minus:
        vsub.f32 s4, s6, s5
        b       .Lother_taps
.Lfirst_zero:
        vmov.f32 s4, s6
.Lother_taps:
        tbh     [pc, r9, lsl #1]
.Ltable_of_taps:
        table   taps
        snippets taps, s4
.Lno_channel:
        pop     {r4-r10, pc}
        .size   _atome_engine_five_taps, . - _atome_engine_five_taps
