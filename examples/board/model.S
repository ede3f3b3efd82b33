/*
 * The model file, byte for byte, in read-only memory: compile with -DMODEL_FILE='"model.bin"'.
 * A toolchain without .incbin can take a C array instead, such as `xxd -i` writes.
 */
    .section .rodata.model, "a"
    .global model_start
    .global model_end
model_start:
    .incbin MODEL_FILE
model_end:

#ifdef __linux__
/* Without this note, the linker of a computer makes the stack executable. */
    .section .note.GNU-stack, "", %progbits
#endif
