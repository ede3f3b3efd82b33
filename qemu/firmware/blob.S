/* A model file in flash: -DBLOB_FILE="path". At an odd address, where the format's floats are least aligned. */
    .section .rodata.blob, "a"
    .balign 8
    .byte 0
    .global blob_start
blob_start:
    .incbin BLOB_FILE
    .global blob_end
blob_end:
#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
