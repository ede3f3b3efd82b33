/* Shape of default.bin (ATOME01, 57543 bytes). Include it before atome.h, in every file. */
#ifndef ATOME_SHAPE_OF_DEFAULT_38B87583
#define ATOME_SHAPE_OF_DEFAULT_38B87583

#if defined(ATOME_VOCAB_SIZE) && ATOME_VOCAB_SIZE != 128
#error "ATOME_VOCAB_SIZE was set before this model's shape, to another value than 128"
#endif
#ifndef ATOME_VOCAB_SIZE
#define ATOME_VOCAB_SIZE 128
#endif

#if defined(ATOME_D_MODEL) && ATOME_D_MODEL != 128
#error "ATOME_D_MODEL was set before this model's shape, to another value than 128"
#endif
#ifndef ATOME_D_MODEL
#define ATOME_D_MODEL 128
#endif

#if defined(ATOME_N_LAYERS) && ATOME_N_LAYERS != 6
#error "ATOME_N_LAYERS was set before this model's shape, to another value than 6"
#endif
#ifndef ATOME_N_LAYERS
#define ATOME_N_LAYERS 6
#endif

#if defined(ATOME_D_HEAD) && ATOME_D_HEAD != 16
#error "ATOME_D_HEAD was set before this model's shape, to another value than 16"
#endif
#ifndef ATOME_D_HEAD
#define ATOME_D_HEAD 16
#endif

#if defined(ATOME_KERNEL_SIZE) && ATOME_KERNEL_SIZE != 8
#error "ATOME_KERNEL_SIZE was set before this model's shape, to another value than 8"
#endif
#ifndef ATOME_KERNEL_SIZE
#define ATOME_KERNEL_SIZE 8
#endif

#if defined(ATOME_N_PATHWAYS) && ATOME_N_PATHWAYS != 3
#error "ATOME_N_PATHWAYS was set before this model's shape, to another value than 3"
#endif
#ifndef ATOME_N_PATHWAYS
#define ATOME_N_PATHWAYS 3
#endif

#if defined(ATOME_TOP_K) && ATOME_TOP_K != 4
#error "ATOME_TOP_K was set before this model's shape, to another value than 4"
#endif
#ifndef ATOME_TOP_K
#define ATOME_TOP_K 4
#endif

#if defined(ATOME_MAX_SEQ) && ATOME_MAX_SEQ != 80
#error "ATOME_MAX_SEQ was set before this model's shape, to another value than 80"
#endif
#ifndef ATOME_MAX_SEQ
#define ATOME_MAX_SEQ 80
#endif

/* Bytes of the file. */
#define DEFAULT_SIZE 57543

/* A model of this shape has 57543 bytes as ATOME01. atome.h, before or behind this, has to count as many. */
#if defined(ATOME_FILE_SIZE_ATOME01) && ATOME_FILE_SIZE_ATOME01 != 57543
#error "this model has 57543 bytes as ATOME01, and one whose header came before has others: another shape"
#endif
#ifndef ATOME_FILE_SIZE_ATOME01
#define ATOME_FILE_SIZE_ATOME01 57543
#endif
#ifdef ATOME_BLOB_SIZE_ATOME01
#if ATOME_BLOB_SIZE_ATOME01 != 57543
#error "this model has 57543 bytes as ATOME01, and one of this program's shape has others"
#endif
#endif

/* How it is asked: `const atome_dialogue_t how = DEFAULT_DIALOGUE;`, for atome_answer. */
#define DEFAULT_DIALOGUE \
    {"Q: ", 3, "\nA: ", 4, 15u, 10, 64, 1.682f, 0.7104f}

#endif
