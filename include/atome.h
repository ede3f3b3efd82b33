/*
 * Atome LM: a tiny ternary language model for microcontrollers.
 *
 * Drop-in for the C99 engine: set the model's shape with -D flags (or #define before this include), link libatome.a
 * instead of compiling atome.c. One archive serves every shape: this header tells the library the shape of the program
 * through the constant atome_config, so every file of a program must see the same shape macros. Files that do not are refused
 * by the linker, which names the macro, or, where a linker cannot tell, by the library's functions: see the end.
 *
 * Functions never allocate, exit or print; NULL, numbers out of range and broken files give an error code. Blobs may lie
 * at any address; everything else is aligned as its type is. No function keeps a pointer, except into the blob that a
 * model was loaded from. Different states may be used from different threads at the
 * same time; one state belongs to one thread at a time. A model is only read after loading.
 *
 * Stack of a call, whatever the shape, atome_load_signed and its like, and the self-test in integers, aside:
 *   microcontrollers, as it comes                         1.1 KB; 1.5 KB with weights of ATOME02 or ATOMEP3
 *   microcontrollers, size profile                        0.6 KB
 *   microcontrollers with an FPU, speed profile           1.1 KB; 1.6 KB with weights of ATOME02
 *   0.6 KB more in the partial memory plan
 *   x86-64                                                16 KB, beside what the system keeps on a thread's stack for itself
 * atome_load_signed and its like take 6.1 KB on microcontrollers. An interrupt's handler comes on top. Each core: qemu/COSTS.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifdef ATOME_PREFIX
#error "ATOME_PREFIX is for the header that `cargo xtask lib --prefix` writes, and this is another one"
#endif
#if defined(ATOME_FEED_FORWARD) && ATOME_FEED_FORWARD
#error "the model has feed-forward sublayers, which this library does not compute"
#endif
#ifndef ATOME_H
#define ATOME_H

/* Generated from capi/src by `cargo xtask header`. Do not edit. */

#include <stddef.h>
#include <stdint.h>

/* ---- The model's shape: each may be set before this include ---- */

/* Width of the residual stream. */
#ifndef ATOME_D_MODEL
#define ATOME_D_MODEL 64
#endif
/* Longest sequence, prompt and output together. */
#ifndef ATOME_MAX_SEQ
#define ATOME_MAX_SEQ 32
#endif
/* Number of blocks. */
#ifndef ATOME_N_LAYERS
#define ATOME_N_LAYERS 4
#endif
/* Rows of the router, 3 to 8. */
#ifndef ATOME_N_PATHWAYS
#define ATOME_N_PATHWAYS 3
#endif
/* Number of tokens, 1 to 65535; 256 where tokens are bytes. */
#ifndef ATOME_VOCAB_SIZE
#define ATOME_VOCAB_SIZE 256
#endif
/* Width of an attention query and key. */
#ifndef ATOME_D_HEAD
#define ATOME_D_HEAD 16
#endif
/* Taps of the convolution. */
#ifndef ATOME_KERNEL_SIZE
#define ATOME_KERNEL_SIZE 5
#endif
/* Positions that attention keeps. */
#ifndef ATOME_TOP_K
#define ATOME_TOP_K 4
#endif
/* The most classes that a classifier may have. */
#ifndef ATOME_MAX_CLASSES
#define ATOME_MAX_CLASSES 16
#endif

#define ATOME_D_INNER (2 * (ATOME_D_MODEL))

/* ---- Arithmetic ---- */

/* The C99 engine's, in binary32: the bits of the C99 engine. */
#define ATOME_EXACT 1
/* A second one, in integers: nearly the same answers with bits of its own, several times faster on a core without an FPU, and a
 * state of a third to a quarter. docs/integer.md defines it. */
#define ATOME_INTEGER 2

/* Set it with -DATOME_ARITHMETIC=ATOME_INTEGER in all files of a program: sources, models and names stay as they are. */
#ifndef ATOME_ARITHMETIC
#define ATOME_ARITHMETIC ATOME_EXACT
#endif
#if ATOME_ARITHMETIC != ATOME_EXACT && ATOME_ARITHMETIC != ATOME_INTEGER
#error "ATOME_ARITHMETIC is ATOME_EXACT or ATOME_INTEGER"
#endif

#if ATOME_ARITHMETIC == ATOME_INTEGER
#define ATOME_OF_INTEGERS_ 1
#define atome_load atome_integer_load
#define atome_load_exact atome_integer_load_exact
#define atome_load_signed atome_integer_load_signed
#define atome_load_signed_at_least atome_integer_load_signed_at_least
#define atome_classifier_load atome_integer_classifier_load
#define atome_classifier_load_exact atome_integer_classifier_load_exact
#define atome_classifier_load_signed atome_integer_classifier_load_signed
#define atome_classifier_load_signed_at_least atome_integer_classifier_load_signed_at_least
#define atome_container_payload atome_integer_container_payload
#define atome_container_explain atome_integer_container_explain
#define atome_explain atome_integer_explain
#define atome_init atome_integer_init
#define atome_router_entropy atome_integer_router_entropy
#define atome_predict_next atome_integer_predict_next
#define atome_generate atome_integer_generate
#define atome_generate_sampled atome_integer_generate_sampled
#define atome_generate_sliding atome_integer_generate_sliding
#define atome_classify atome_integer_classify
#define atome_step atome_integer_step
#define atome_restart atome_integer_restart
#define atome_sample atome_integer_sample
#define atome_answer atome_integer_answer
#define atome_answer_tokens atome_integer_answer_tokens
#define atome_generate_constrained atome_integer_generate_constrained
#define atome_answer_constrained atome_integer_answer_constrained
#define atome_self_test atome_integer_self_test
#define atome_causal_conv atome_integer_causal_conv
#define atome_ssm_forward atome_integer_ssm_forward
#define atome_formats atome_integer_formats
#define atome_cache atome_integer_cache
/* It computes in the exact arithmetic's state: a program that calls it does not link. */
#define atome_sparse_attn atome_sparse_attn_needs_ATOME_EXACT
#else
#define ATOME_OF_INTEGERS_ 0
#endif

/* ---- Shared libraries ---- */

/* Everything in libatome.a and atome_config are seen within the program or shared library that they are linked into, and
 * not outside, so that two shared libraries in a process may have models of different shapes. To link libatome.a into a shared
 * library whose atome_ functions others call, define ATOME_SHARED in all files, and keep to one shape in the process. */
#if defined(__GNUC__) && !defined(_WIN32) && !defined(__CYGWIN__) && !defined(ATOME_SHARED)
#define ATOME_HIDDEN_ __attribute__((visibility("hidden")))
#else
#define ATOME_HIDDEN_
#endif

#ifdef __cplusplus
#define ATOME_CAST_(type, value) static_cast<type>(value)
#else
#define ATOME_CAST_(type, value) ((type)(value))
#endif
#if defined(__cplusplus) && __cplusplus >= 201103L
#define ATOME_NULL_ nullptr
#else
#define ATOME_NULL_ NULL
#endif

/* Weak: of several files that define the same constant, the linker keeps one, and what is referred to and not there is
 * NULL. */
#if !defined(_MSC_VER) && (defined(__GNUC__) || defined(__clang__) || defined(__IAR_SYSTEMS_ICC__) || defined(__ARMCC_VERSION))
#define ATOME_WEAK_ __attribute__((weak))
#else
#define ATOME_WEAK_
#endif

/* Does not compile where a macro is out of its range. */
#define ATOME_IS_SIZE_(n) ((n) >= 1 && (n) <= 65535)
typedef char atome_shape_is_in_range_t
    [(ATOME_IS_SIZE_(ATOME_D_MODEL) && ATOME_IS_SIZE_(ATOME_MAX_SEQ) && ATOME_IS_SIZE_(ATOME_N_LAYERS) &&
      (ATOME_N_PATHWAYS) >= 3 && (ATOME_N_PATHWAYS) <= 8 && ATOME_IS_SIZE_(ATOME_VOCAB_SIZE) &&
      ATOME_IS_SIZE_(ATOME_D_HEAD) && ATOME_IS_SIZE_(ATOME_KERNEL_SIZE) && ATOME_IS_SIZE_(ATOME_TOP_K))
         ? 1
         : -1];
#if ATOME_OF_INTEGERS_
typedef char atome_shape_is_in_range_of_ATOME_INTEGER_t
    [((ATOME_D_MODEL) <= 1024 && (ATOME_MAX_SEQ) <= 4096 && (ATOME_D_HEAD) <= 256 && (ATOME_KERNEL_SIZE) <= 16 &&
      (ATOME_TOP_K) <= 16)
         ? 1
         : -1];
#endif

/* ---- Memory plans ---- */

/* One layer at a time over all positions: the least memory, and every call computes the whole sequence. */
#define ATOME_PLAN_LEAN 1
/* Every layer's memory stays: a call computes only the positions that are new since the last call. */
#define ATOME_PLAN_CACHED 2
/* As the cached plan while the sequence has room in the C99 engine's RAM; of a longer one the first positions stay, and a
 * call computes those behind them. `atome budget` tells how many. ATOME_INTEGER has no such plan: there the cached one takes less
 * than that. */
#define ATOME_PLAN_PARTIAL 3

/* Private: parts of the state, in 4-byte units. The library checks them against its own sum. */
#define ATOME_MIN_(a, b) ((a) < (b) ? (a) : (b))
#define ATOME_KEPT_ (1UL * ATOME_MIN_(ATOME_TOP_K, ATOME_MAX_SEQ))
#define ATOME_HISTORY_ (1UL * ATOME_MIN_(ATOME_KERNEL_SIZE, ATOME_MAX_SEQ) - 1UL)
#define ATOME_SIZE_(words) (4UL * (ATOME_HEAD_ + (words)))
#define ATOME_HEAD_ ((ATOME_VOCAB_SIZE) + 1UL * (ATOME_MAX_SEQ) * (ATOME_N_PATHWAYS) + ATOME_STATE_WORDS)

/* sizeof(atome_state_t) of each plan for this shape, and of the C99 engine's, in bytes. */
#define ATOME_STATE_SIZE_LEAN ATOME_SIZE_(ATOME_LEAN_WORDS_)
#define ATOME_STATE_SIZE_CACHED ATOME_SIZE_(ATOME_CACHED_WORDS_)
#define ATOME_STATE_SIZE_C99 \
    (4UL * (1UL * (ATOME_MAX_SEQ) * (6UL * (ATOME_D_MODEL) + (ATOME_D_HEAD) + (ATOME_N_PATHWAYS) + 1UL) + \
            1UL * (ATOME_N_LAYERS) * (ATOME_D_MODEL) + (ATOME_VOCAB_SIZE) + (ATOME_D_HEAD)))

#if ATOME_OF_INTEGERS_
#define ATOME_STATE_WORDS (3UL + (ATOME_MAX_SEQ))
/* What a layer remembers, in numbers of 32, 16 and 8 bits; and all, with so many layers and rows of the residual stream. */
#define ATOME_LAYER_ \
    (1UL * (ATOME_D_MODEL) + ((2UL + ATOME_HISTORY_) * (ATOME_D_MODEL) + 1UL) / 2UL + \
     (1UL * (ATOME_MAX_SEQ) * ((ATOME_D_MODEL) + (ATOME_D_HEAD) + 2UL) + 3UL) / 4UL)
#define ATOME_WORDS_OF_(layers, rows) \
    (4UL + 1UL * (ATOME_N_LAYERS) * (13UL + (ATOME_N_PATHWAYS)) + 1UL * (rows) * (ATOME_D_MODEL) + \
     (ATOME_D_MODEL) + 2UL * (ATOME_D_HEAD) + (ATOME_N_PATHWAYS) + ((ATOME_D_MODEL) + 1UL) / 2UL + \
     ((ATOME_D_HEAD) + 3UL) / 4UL + 1UL * (layers) * ATOME_LAYER_)
#define ATOME_LEAN_WORDS_ ATOME_WORDS_OF_(1, ATOME_MAX_SEQ)
#define ATOME_CACHED_WORDS_ ATOME_WORDS_OF_(ATOME_N_LAYERS, 1)

/* The plan of this program. Set it with -DATOME_PLAN=ATOME_PLAN_LEAN or _CACHED; unset, it is the cached plan where that takes no
 * more memory than the C99 engine's state did, else the lean one. Usable in #if. */
#ifndef ATOME_PLAN
#define ATOME_PLAN_IS_CHOSEN_
#define ATOME_PLAN (ATOME_STATE_SIZE_CACHED <= ATOME_STATE_SIZE_C99 ? ATOME_PLAN_CACHED : ATOME_PLAN_LEAN)
#endif
#define ATOME_WORK_WORDS ((ATOME_PLAN) == ATOME_PLAN_CACHED ? ATOME_CACHED_WORDS_ : ATOME_LEAN_WORDS_)

/* Does not compile with the partial plan: take the cached one, which takes less memory here, or the lean one. */
typedef char atome_ATOME_INTEGER_has_no_ATOME_PLAN_PARTIAL_t
    [(ATOME_PLAN) == ATOME_PLAN_CACHED || (ATOME_PLAN) == ATOME_PLAN_LEAN ? 1 : -1];
#else
#define ATOME_STATE_WORDS (3UL + (ATOME_MAX_SEQ) + ATOME_KEPT_)
#define ATOME_LAYER_ \
    (1UL * (ATOME_MAX_SEQ) * ((ATOME_D_HEAD) + (ATOME_D_MODEL)) + (ATOME_HISTORY_ + 2UL) * (ATOME_D_MODEL))
#define ATOME_COMMON_ (2UL * (ATOME_D_MODEL) + (ATOME_D_HEAD) + 1UL * (ATOME_N_LAYERS) * (ATOME_N_PATHWAYS) + ATOME_KEPT_)
#define ATOME_LEAN_WORDS_ (ATOME_COMMON_ + 1UL * (ATOME_MAX_SEQ) * (ATOME_D_MODEL) + ATOME_LAYER_)
#define ATOME_CACHED_WORDS_ (ATOME_COMMON_ + (ATOME_D_MODEL) + 1UL * (ATOME_N_LAYERS) * ATOME_LAYER_)
/* The least that the partial plan can do with, and what it needs to hold two positions whole. */
#define ATOME_PARTIAL_LEAST_ (ATOME_STATE_SIZE_LEAN + 16UL * (ATOME_D_MODEL))
#define ATOME_PARTIAL_OF_TWO_ \
    ATOME_SIZE_(ATOME_COMMON_ + 4UL * (ATOME_D_MODEL) + \
                1UL * (ATOME_N_LAYERS) * (2UL * (ATOME_D_HEAD) + (ATOME_HISTORY_ + 4UL) * (ATOME_D_MODEL)))

/* May be set before this include, to any multiple of 4 from the plan's least on: with more memory, more stays. */
#ifndef ATOME_STATE_SIZE_PARTIAL
#define ATOME_STATE_SIZE_PARTIAL \
    (ATOME_PARTIAL_LEAST_ < ATOME_STATE_SIZE_C99 ? ATOME_STATE_SIZE_C99 : ATOME_PARTIAL_LEAST_)
#endif

/* The plan of this program. Set it with -DATOME_PLAN=ATOME_PLAN_LEAN, _PARTIAL or _CACHED; unset, it is the cached plan where
 * that takes no more memory than the C99 engine's state did, else the partial one where that memory suffices to hold two
 * positions or more, else the lean one. Usable in #if. */
#ifndef ATOME_PLAN
#define ATOME_PLAN_IS_CHOSEN_
#define ATOME_PLAN \
    (ATOME_STATE_SIZE_CACHED <= ATOME_STATE_SIZE_C99 ? ATOME_PLAN_CACHED : \
     ATOME_PARTIAL_LEAST_ <= ATOME_STATE_SIZE_C99 && ATOME_PARTIAL_OF_TWO_ <= ATOME_STATE_SIZE_C99 ? \
     ATOME_PLAN_PARTIAL : ATOME_PLAN_LEAN)
#endif
#define ATOME_WORK_WORDS \
    ((ATOME_PLAN) == ATOME_PLAN_CACHED ? ATOME_CACHED_WORDS_ : \
     (ATOME_PLAN) == ATOME_PLAN_LEAN ? ATOME_LEAN_WORDS_ : (ATOME_STATE_SIZE_PARTIAL) / 4UL - ATOME_HEAD_)

/* Does not compile where the partial plan gets less than its least. */
typedef char atome_partial_state_is_large_enough_t
    [(ATOME_STATE_SIZE_PARTIAL) >= ATOME_PARTIAL_LEAST_ && (ATOME_STATE_SIZE_PARTIAL) % 4UL == 0 ? 1 : -1];
#endif

/* A state has less than 4 GiB, and sums of unsigned long, which has 32 bits on many machines, would wrap there. In #if, numbers
 * have 64; what is no number but a name, such as an enum's, is 0 there and is not looked at. */
#if (ATOME_D_MODEL) >= 1 && (ATOME_MAX_SEQ) >= 1 && (ATOME_N_LAYERS) >= 1 && (ATOME_VOCAB_SIZE) >= 1 && \
    (ATOME_D_HEAD) >= 1 && (ATOME_KERNEL_SIZE) >= 1 && (ATOME_TOP_K) >= 1
#if ATOME_SIZE_(ATOME_WORK_WORDS) > 0xffffffff
#error "atome_state_t of this shape and memory plan has 4 GiB or more"
#elif defined(ATOME_PLAN_IS_CHOSEN_) && (defined(_WIN32) || SIZE_MAX <= 0xffffffff) && ATOME_STATE_SIZE_CACHED > 0xffffffff
#error "the cached memory plan of this shape has 4 GiB or more: define ATOME_PLAN, such as ATOME_PLAN_LEAN"
#endif
#endif

/* sizeof(atome_state_t), in bytes. */
#define ATOME_STATE_SIZE (sizeof(atome_state_t))

/* ---- Model formats ---- */

/* A program loads ATOME01 and ATOMECL01 (two bits a weight), as with the C99 engine. One that loads ATOME02 (five weights to a
 * byte) or ATOMEP3 (powers of 3), too, defines ATOME_FORMATS in all of its files: what reads them, about 2 KB on a
 * microcontroller, is linked then. The headers that `atome export` and `atome convert` write define what their models need. */

#ifdef ATOME_FORMATS
#define ATOME_READS_FORMATS_ 1
#else
#define ATOME_READS_FORMATS_ 0
#endif

/* Private: bytes of so many weights in each format, of a layer, and of a model without its magic. */
#define ATOME_TWO_BITS_(count) ((1UL * (count) + 3UL) / 4UL)
#define ATOME_BASE_THREE_(count) ((1UL * (count) + 4UL) / 5UL)
#define ATOME_POWERS_OF_THREE_(count) ((1UL * (count) + 7UL) / 8UL * 3UL)
#define ATOME_BYTES_OF_LAYER_(packed) \
    (20UL * ((ATOME_D_MODEL) + 1UL) + packed(1UL * (ATOME_KERNEL_SIZE) * (ATOME_D_MODEL)) + \
     2UL * packed(1UL * (ATOME_D_HEAD) * (ATOME_D_MODEL)) + packed(1UL * (ATOME_D_MODEL) * (ATOME_D_MODEL)) + \
     packed(1UL * (ATOME_N_PATHWAYS) * (ATOME_D_MODEL)))
#define ATOME_BYTES_OF_MODEL_(packed) \
    (8UL * ((ATOME_D_MODEL) + 1UL) + 2UL * packed(1UL * (ATOME_VOCAB_SIZE) * (ATOME_D_MODEL)) + \
     1UL * (ATOME_N_LAYERS) * ATOME_BYTES_OF_LAYER_(packed))

/* Bytes of a model file of this shape, in each format; of a classifier, with so many classes. A file of another length is
 * of another shape: atome_load_exact compares them where a program runs, and these do where it is compiled, in #if too. */
#define ATOME_BLOB_SIZE_ATOME01 (7UL + ATOME_BYTES_OF_MODEL_(ATOME_TWO_BITS_))
#define ATOME_BLOB_SIZE_ATOME02 (7UL + ATOME_BYTES_OF_MODEL_(ATOME_BASE_THREE_))
#define ATOME_BLOB_SIZE_ATOMEP3 (7UL + ATOME_BYTES_OF_MODEL_(ATOME_POWERS_OF_THREE_))
#define ATOME_BLOB_SIZE_ATOMECL01(n_classes) \
    (17UL + ATOME_BYTES_OF_MODEL_(ATOME_TWO_BITS_) + ATOME_TWO_BITS_(1UL * (n_classes) * (ATOME_D_MODEL)))

/* What the headers that `atome export` and `atome convert` write say of their models' files. */
#if (defined(ATOME_FILE_SIZE_ATOME01) && ATOME_FILE_SIZE_ATOME01 != ATOME_BLOB_SIZE_ATOME01) || \
    (defined(ATOME_FILE_SIZE_ATOME02) && ATOME_FILE_SIZE_ATOME02 != ATOME_BLOB_SIZE_ATOME02) || \
    (defined(ATOME_FILE_SIZE_ATOMEP3) && ATOME_FILE_SIZE_ATOMEP3 != ATOME_BLOB_SIZE_ATOMEP3) || \
    (defined(ATOME_FILE_SIZE_ATOMECL01) && ATOME_FILE_SIZE_ATOMECL01 != ATOME_BLOB_SIZE_ATOMECL01(0))
#error "a model whose header comes before atome.h is of another shape than the one that the macros give"
#endif

/* ---- Containers ---- */

/* A program whose atome_load takes containers, too, defines ATOME_CONTAINERS in all of its files: what reads them, about
 * 1.4 KB on a microcontroller, is linked then. The weights in a container are of a format of their own: of ATOME02 and ATOMEP3 it
 * needs ATOME_FORMATS besides. Signed containers need the archive that is built with `--signed`, and ATOME_SIGNED defined
 * before this include, with which containers are read, too. */
#if defined(ATOME_CONTAINERS) || defined(ATOME_SIGNED)
#define ATOME_READS_CONTAINERS_ 1
#else
#define ATOME_READS_CONTAINERS_ 0
#endif


/**
 * Version of the agreement between this header and the archive. They work together only when it is the same.
 */
#define ATOME_ABI_VERSION 5

/**
 * Success.
 */
#define ATOME_OK 0

/**
 * A NULL pointer, a number out of range, a model that was never loaded, or data that is not of the expected format.
 */
#define ATOME_ERR_INVALID -1

/**
 * The data ends before the model of this program's shape does.
 */
#define ATOME_ERR_TRUNCATED -2

/**
 * The program was compiled with an atome.h that this libatome.a does not understand, or with shape macros out of range.
 */
#define ATOME_ERR_CONFIG -3

/**
 * The function needs the cached memory plan, and the program was compiled with another: see ATOME_PLAN.
 */
#define ATOME_ERR_PLAN -4

/**
 * The data is of a known format, but a byte of its weights stands for no weights (ATOME02, ATOMEP3).
 */
#define ATOME_ERR_MALFORMED -5

/**
 * The model is of another shape than the program's: a container says so, or atome_load_exact found more bytes than a model
 * of the program's shape has. atome_explain names both shapes.
 */
#define ATOME_ERR_SHAPE -6

/**
 * The container's checksum is wrong, or its header contradicts itself; or the table of a grammar or vocabulary does.
 */
#define ATOME_ERR_DAMAGED -7

/**
 * The container is not signed, or not by the owner of a key of the program's, or was changed since.
 */
#define ATOME_ERR_SIGNATURE -8

/**
 * The container is signed by this key, and its model is for another product than the program asked for.
 */
#define ATOME_ERR_PRODUCT -9

/**
 * The container is signed by this key, and its model is of a lower version than the program asked for.
 */
#define ATOME_ERR_OUTDATED -10

/**
 * The integer arithmetic does not take the model: one of its numbers is an infinity or NaN, or what its layers may add dwarfs
 * the embedding. atome_explain says which. Only in programs that define ATOME_ARITHMETIC as ATOME_INTEGER.
 */
#define ATOME_ERR_ARITHMETIC -11

/**
 * No text of the grammar has room here, none can be copied from this prompt, or the grammar has a byte that the model has no
 * token for or that ends its answers.
 */
#define ATOME_ERR_GRAMMAR -12

#if defined(ATOME_SIGNED)
/**
 * The most public keys that one call takes.
 */
#define ATOME_MAX_KEYS 8
#endif

/**
 * atome_answer: an answer that can be relied on as far as the model's limits tell.
 */
#define ATOME_SURE 1

/**
 * atome_answer: an answer that is a guess, or none.
 */
#define ATOME_UNSURE 0

/**
 * No doubt: the answer is sure.
 */
#define ATOME_DOUBT_NONE 0

/**
 * There is no question. No answer is given.
 */
#define ATOME_DOUBT_NO_QUESTION 1

/**
 * The question, with the text around it, leaves no room for an answer in ATOME_MAX_SEQ. No answer is given.
 */
#define ATOME_DOUBT_TOO_LONG 2

/**
 * The question is unlike those that the model was trained on: it surprised the model more than how->most_question_nats.
 */
#define ATOME_DOUBT_UNFAMILIAR 3

/**
 * The answer did not end within its longest length, ATOME_MAX_SEQ or the memory for it.
 */
#define ATOME_DOUBT_CUT_OFF 4

/**
 * A token of the answer was less probable than the limit.
 */
#define ATOME_DOUBT_CLOSE_CALL 5

/**
 * No answer of the grammar has room, or none can be copied from this question. No answer is given.
 */
#define ATOME_DOUBT_IMPOSSIBLE 6

/**
 * What is done to a question: blanks, tabs and line ends become one blank, none at the start and the end.
 */
#define ATOME_NORMALISE_BLANKS 1

/**
 * Capital letters of ASCII become small ones.
 */
#define ATOME_NORMALISE_LOWER 2

/**
 * Question marks, full stops, exclamation marks and the blanks among them are dropped at the end.
 */
#define ATOME_NORMALISE_END_MARKS 4

/**
 * What is no printable ASCII becomes a question mark, one for each character of UTF-8.
 */
#define ATOME_NORMALISE_ASCII 8

/**
 * Beside the steps: the model reads tokens of its vocabulary (docs/tokens.md). Where it is there, atome_answer_tokens and
 * atome_prompt_tokens ask the model; atome_answer and atome_prompt, which would take bytes for tokens, refuse to.
 */
#define ATOME_IN_TOKENS 256

/**
 * atome_self_test: everything is as it should be.
 */
#define ATOME_SELF_TEST_OK 0

/**
 * Additions, multiplications or divisions of floats give other bits than IEEE 754 binary32, rounded to nearest: a
 * floating-point unit that flushes to zero or rounds otherwise, or another run-time library.
 */
#define ATOME_SELF_TEST_ARITHMETIC 1

/**
 * exp, tanh, sqrt or ln. In system mode those of the C library may be 4 units in the last place away.
 */
#define ATOME_SELF_TEST_MATH 2

/**
 * Ternary matrices times vectors.
 */
#define ATOME_SELF_TEST_PROJECTION 3

/**
 * Layer norm.
 */
#define ATOME_SELF_TEST_LAYER_NORM 4

/**
 * Top-k attention.
 */
#define ATOME_SELF_TEST_ATTENTION 5

/**
 * Convolution, recurrence and the mix of the pathways.
 */
#define ATOME_SELF_TEST_MIX 6

/**
 * The integer arithmetic, in programs that chose it: there, nothing else is checked.
 */
#define ATOME_SELF_TEST_INTEGER 7

/**
 * Private: what only the plans need that take something over from earlier calls. A program of the lean plan does not refer
 * to it and links none of it, and one of the cached plan nothing of the partial one.
 */
typedef struct atome_cache_t atome_cache_t;

/**
 * Private: what reads the formats ATOME02 and ATOMEP3. A program that does not refer to it links none of it.
 */
typedef struct atome_formats_t atome_formats_t;

/**
 * A quantised matrix: rows * cols weights of -1, 0 or +1, row-major, two bits each, four to a byte, lowest bits first
 * (00 = 0, 01 = +1, 11 = -1), times one scale. Rows follow each other without gaps and need not start on a byte.
 *
 * In a model loaded from ATOME02 or ATOMEP3, the weights lie as that format says, and cols is 65,534 or 65,535, which marks
 * the matrix: every function takes it like any other, as long as packed, rows and cols stay as they are. So in a program
 * that loads these formats, a matrix filled by hand has at most 65,533 columns; elsewhere it may have 65,535.
 */
typedef struct atome_ternary_t {
    /**
     * The weights inside the blob, (rows * cols + 3) / 4 bytes where they have two bits each. Owned by the caller, like
     * the blob.
     */
    const uint8_t *packed;
    /**
     * Multiplies every weight.
     */
    float scale;
    /**
     * Number of rows: outputs.
     */
    uint16_t rows;
    /**
     * Number of columns: inputs.
     */
    uint16_t cols;
} atome_ternary_t;

/**
 * Layer norm. The pointers lead into the blob and may be unaligned: read them with memcpy.
 */
typedef struct atome_norm_t {
    /**
     * Multiplies the normalised values.
     */
    const float *gamma;
    /**
     * Is added last.
     */
    const float *beta;
} atome_norm_t;

/**
 * Depthwise causal convolution: one row of taps a channel, the newest position first.
 */
typedef struct atome_conv_t {
    /**
     * The taps, packed as in atome_ternary_t.
     */
    const uint8_t *packed;
    /**
     * Multiplies every tap.
     */
    float scale;
    /**
     * Channels (ATOME_D_MODEL).
     */
    uint16_t channels;
    /**
     * Taps a channel (ATOME_KERNEL_SIZE).
     */
    uint16_t kernel_size;
} atome_conv_t;

/**
 * Diagonal state-space recurrence. The pointers lead into the blob and may be unaligned: read them with memcpy.
 */
typedef struct atome_ssm_t {
    /**
     * Decay of each channel before tanh.
     */
    const float *a;
    /**
     * Input weight of each channel.
     */
    const float *b;
    /**
     * Output weight of each channel.
     */
    const float *c_out;
    /**
     * Channels (ATOME_D_MODEL).
     */
    uint16_t channels;
} atome_ssm_t;

/**
 * Top-k causal attention with one head.
 */
typedef struct atome_attn_t {
    /**
     * Queries, ATOME_D_HEAD x ATOME_D_MODEL.
     */
    struct atome_ternary_t Wq;
    /**
     * Keys, ATOME_D_HEAD x ATOME_D_MODEL.
     */
    struct atome_ternary_t Wk;
    /**
     * Values, ATOME_D_MODEL x ATOME_D_MODEL.
     */
    struct atome_ternary_t Wv;
    /**
     * Width of a query and key (ATOME_D_HEAD).
     */
    uint16_t d_head;
    /**
     * Positions kept. Set to ATOME_TOP_K by loading; may be lowered afterwards, never raised above it.
     */
    uint16_t top_k;
} atome_attn_t;

/**
 * One layer.
 */
typedef struct atome_block_t {
    /**
     * Norm in front of all pathways.
     */
    struct atome_norm_t norm;
    /**
     * Pathway 0.
     */
    struct atome_conv_t local_conv;
    /**
     * Pathway 1.
     */
    struct atome_ssm_t ssm;
    /**
     * Pathway 2.
     */
    struct atome_attn_t attn;
    /**
     * Mixes the pathways, ATOME_N_PATHWAYS x ATOME_D_MODEL.
     */
    struct atome_ternary_t router;
} atome_block_t;

/**
 * A model: pointers into the blob that it was loaded from. The weights are not copied; the blob belongs to the caller,
 * must outlive the model and must not change while it is in use (load it again after a change).
 */
typedef struct atome_model_t {
    /**
     * Token embedding, ATOME_VOCAB_SIZE x ATOME_D_MODEL.
     */
    struct atome_ternary_t embed;
    /**
     * Norm behind the last layer.
     */
    struct atome_norm_t final_norm;
    /**
     * Unembedding, ATOME_VOCAB_SIZE x ATOME_D_MODEL.
     */
    struct atome_ternary_t unembed;
    /**
     * Private: identifies the blob, so that work on one model is never taken for work on another.
     */
    uint32_t fingerprint[2];
    /**
     * The layers.
     */
    struct atome_block_t blocks[ATOME_N_LAYERS];
} atome_model_t;

/**
 * A model with a classification head.
 */
typedef struct atome_classifier_t {
    /**
     * One row of ATOME_D_MODEL weights a class.
     */
    struct atome_ternary_t head;
    /**
     * Number of classes, 1 to ATOME_MAX_CLASSES. May be lowered after loading: then only the first ones count.
     */
    int n_classes;
    /**
     * The model below the head.
     */
    struct atome_model_t base;
} atome_classifier_t;

/**
 * What a container says of its model.
 */
typedef struct atome_container_info_t {
    /**
     * ATOME_D_MODEL of a program for it.
     */
    uint16_t d_model;
    /**
     * ATOME_N_LAYERS.
     */
    uint16_t n_layers;
    /**
     * ATOME_D_HEAD.
     */
    uint16_t d_head;
    /**
     * ATOME_KERNEL_SIZE.
     */
    uint16_t kernel_size;
    /**
     * ATOME_N_PATHWAYS.
     */
    uint16_t n_pathways;
    /**
     * ATOME_VOCAB_SIZE.
     */
    uint16_t vocab_size;
    /**
     * ATOME_TOP_K.
     */
    uint16_t top_k;
    /**
     * The longest sequence that it was trained for; ATOME_MAX_SEQ may differ.
     */
    uint16_t window;
    /**
     * Classes of its head; 0 where it has none.
     */
    uint16_t n_classes;
    /**
     * How the weights lie: 1 as in ATOME01, 2 as in ATOME02, 3 as in ATOMEP3.
     */
    uint16_t weights;
    /**
     * 1 where token n is the byte n, else 0.
     */
    uint16_t tokens_are_bytes;
    /**
     * 1 where it claims to be signed, else 0. Only atome_load_signed and its like tell whether that is so.
     */
    uint16_t is_signed;
    /**
     * SHA-256 of the checkpoint that it was made from, or zeros.
     */
    uint8_t training_digest[32];
    /**
     * The product that it is for; 0 where it names none. Certain only where atome_load_signed_at_least took the container.
     */
    uint32_t product;
    /**
     * Its version among the product's models; 0 where it names none. Certain only where a signed load took the container.
     */
    uint32_t model_version;
    /**
     * The first bytes of the public key that it claims to be signed for; zeros where it names none.
     */
    uint8_t key_id[4];
} atome_container_info_t;

/**
 * Working memory of predictions. The caller owns it, calls atome_init once before the first use (and again after using
 * the memory for something else), and may use it with any number of models in turn. sizeof(atome_state_t) is
 * ATOME_STATE_SIZE; ATOME_PLAN tells which memory plan it follows.
 */
typedef struct atome_state_t {
    /**
     * Logits of the last prediction. The program may write into them: no prediction reads them back.
     */
    float logits[ATOME_VOCAB_SIZE];
    /**
     * Router weights of the last layer, a row for each position of the last call. The program may write into them, too; the
     * rows of positions that a call takes over from the one before, as it never does in the lean plan, stay as the program
     * left them.
     */
    float router_w[ATOME_MAX_SEQ][ATOME_N_PATHWAYS];
    /**
     * Private: the tokens of the last call and which model its results belong to.
     */
    uint32_t bookkeeping[ATOME_STATE_WORDS];
    /**
     * Private: everything else. What its words hold is the engine's to decide.
     */
    uint32_t work[ATOME_WORK_WORDS];
} atome_state_t;

/**
 * How tokens are drawn. Fill it with atome_sampler_init; the members may be changed between draws.
 */
typedef struct atome_sampler_t {
    /**
     * 0 takes the most probable token; above 1 flattens, below 1 sharpens.
     */
    float temperature;
    /**
     * Tokens are dropped once those more probable have more than this share, above 0 to 1.
     */
    float top_p;
    /**
     * Only this many of the most probable tokens stay (and those equal to the last of them), from 1 on.
     */
    int top_k;
    /**
     * State of the generator; the seed at first.
     */
    uint64_t state;
} atome_sampler_t;

/**
 * How a model is asked. It belongs to the model: `atome convert` and `atome export` write it beside the shape as a macro that
 * initialises this struct, and atome_container_dialogue reads it from a container.
 */
typedef struct atome_dialogue_t {
    /**
     * Text in front of the question; need not end with a NUL.
     */
    const char *before;
    /**
     * Bytes of that text.
     */
    size_t before_len;
    /**
     * Text behind the question; the answer follows.
     */
    const char *after;
    /**
     * Bytes of that text.
     */
    size_t after_len;
    /**
     * The form that a question is brought into: ATOME_NORMALISE_ numbers, added up; and ATOME_IN_TOKENS.
     */
    uint32_t normalise;
    /**
     * The token that ends an answer; -1 where answers are as long as they may be.
     */
    int stop;
    /**
     * The most tokens of an answer, from 1 on.
     */
    int longest_answer;
    /**
     * How surprising a question may be: the greatest mean of -ln(probability) over its tokens.
     */
    float most_question_nats;
    /**
     * The least probability that a token of the answer may have.
     */
    float least_probability;
} atome_dialogue_t;

/**
 * What is known of an answer.
 */
typedef struct atome_answer_info_t {
    /**
     * Why the answer is unsure: an ATOME_DOUBT_ number.
     */
    int doubt;
    /**
     * Bytes of the answer's text, without the NUL.
     */
    int length;
    /**
     * How surprising the question was: the mean of -ln(probability) over its tokens.
     */
    float question_nats;
    /**
     * The geometric mean of the probabilities of the answer's tokens.
     */
    float probability;
    /**
     * The least probability of a token of the answer.
     */
    float least_probability;
} atome_answer_info_t;

/**
 * What a model's tokens stand for. atome_container_vocabulary fills it; it points into the container.
 */
typedef struct atome_vocabulary_t {
    /**
     * The vocabulary inside the container; NULL where a token is a byte.
     */
    const uint8_t *part;
    /**
     * Bytes of it.
     */
    size_t len;
} atome_vocabulary_t;

/**
 * A grammar in place: atome_grammar_open or atome_container_grammar fills it, and it points into the data. Several calls may read
 * it at once.
 */
typedef struct atome_grammar_t {
    /**
     * The table, as `atome grammar compile` writes it.
     */
    const uint8_t *data;
    /**
     * Bytes of the table.
     */
    size_t len;
    /**
     * What the model's tokens stand for. For a grammar that is not the container's own, copy it from
     * atome_container_vocabulary behind atome_grammar_open, which says that tokens are bytes.
     */
    struct atome_vocabulary_t vocabulary;
} atome_grammar_t;

/**
 * The shape of the program that includes this header, as the library reads it. Defined by the header itself.
 */
typedef struct atome_config_t {
    /**
     * ATOME_ABI_VERSION.
     */
    uint32_t abi_version;
    /**
     * sizeof(atome_model_t).
     */
    uint32_t model_size;
    /**
     * sizeof(atome_state_t).
     */
    uint32_t state_size;
    /**
     * ATOME_PLAN.
     */
    uint32_t plan;
    /**
     * ATOME_MAX_SEQ.
     */
    uint32_t max_seq;
    /**
     * ATOME_D_MODEL.
     */
    uint32_t d_model;
    /**
     * ATOME_N_LAYERS.
     */
    uint32_t n_layers;
    /**
     * ATOME_N_PATHWAYS.
     */
    uint32_t n_pathways;
    /**
     * ATOME_VOCAB_SIZE.
     */
    uint32_t vocab_size;
    /**
     * ATOME_D_HEAD.
     */
    uint32_t d_head;
    /**
     * ATOME_KERNEL_SIZE.
     */
    uint32_t kernel_size;
    /**
     * ATOME_TOP_K.
     */
    uint32_t top_k;
    /**
     * ATOME_MAX_CLASSES.
     */
    uint32_t max_classes;
    /**
     * What reads the formats besides ATOME01 and ATOMECL01 where ATOME_FORMATS is defined; else NULL.
     */
    const struct atome_formats_t *formats;
    /**
     * atome_container_payload where ATOME_CONTAINERS is defined; else NULL.
     */
    int (*container_payload)(const uint8_t *data,
                             size_t len,
                             const uint8_t **payload,
                             size_t *payload_len);
    /**
     * atome_cache in the cached plan, atome_partial in the partial one; NULL in the lean one, which takes nothing over from
     * earlier calls.
     */
    const struct atome_cache_t *cache;
} atome_config_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Loads an ATOME01 blob of this program's shape; where ATOME_FORMATS is defined, ATOME02 and ATOMEP3, too, and where
 * ATOME_CONTAINERS is, a container (ATOMEBOX) that holds a model. Nothing is copied: the model points into data, which belongs
 * to the caller, must outlive the model and must not change while it is in use. data may lie at any address, in flash too.
 * Bytes after the end are allowed, so that a model of another shape, if it is longer, loads, too, and answers with nonsense:
 * atome_load_exact refuses it. A model may be loaded again, from the same or another blob, at any time.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data is of another format, of one that the program
 * does not read, or too short to tell (atome_explain says which); ATOME_ERR_TRUNCATED (-2) when data ends early;
 * ATOME_ERR_CONFIG (-3) when header and library do not fit together; ATOME_ERR_MALFORMED (-5) when a byte stands for no
 * weights: in ATOME02 one above 242, in ATOMEP3 one with the code 111, in both one with a weight other than 0 behind a
 * matrix's last weight; of a container also ATOME_ERR_SHAPE (-6) and ATOME_ERR_DAMAGED (-7), see atome_container_payload; with
 * ATOME_INTEGER also ATOME_ERR_ARITHMETIC (-11). The model is untouched unless the result is ATOME_OK.
 *
 * Caller:
 * `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
 */
ATOME_HIDDEN_
int atome_load(struct atome_model_t *model,
               const uint8_t *data,
               size_t len);

/**
 * atome_load of data that have exactly the length of a model of this program's shape: how a program notices that the model
 * in it is of another shape, which no format but the container's tells. Data that are longer give ATOME_ERR_SHAPE (-6),
 * data that are shorter ATOME_ERR_TRUNCATED (-2), and nothing is loaded; everything else is as in atome_load. In a container,
 * the model in it has to have that length; bytes behind the container are allowed. ATOME_BLOB_SIZE_ATOME01 and its like are
 * these lengths; atome_explain says what shape the data fit.
 *
 * Returns what atome_load returns.
 *
 * Caller:
 * `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
 */
ATOME_HIDDEN_
int atome_load_exact(struct atome_model_t *model,
                     const uint8_t *data,
                     size_t len);

/**
 * Loads an ATOMECL01 blob, or a container that holds one, of this program's shape; everything said of atome_load holds.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data is not ATOMECL01 or too short to tell, or its
 * number of classes is not 1 to ATOME_MAX_CLASSES; ATOME_ERR_TRUNCATED (-2) when data ends early; ATOME_ERR_CONFIG (-3)
 * when header and library do not fit together; of a container also ATOME_ERR_SHAPE (-6) and ATOME_ERR_DAMAGED (-7); with
 * ATOME_INTEGER also ATOME_ERR_ARITHMETIC (-11). The classifier is untouched unless the result is ATOME_OK.
 *
 * Caller:
 * `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
 */
ATOME_HIDDEN_
int atome_classifier_load(struct atome_classifier_t *clf,
                          const uint8_t *data,
                          size_t len);

/**
 * atome_classifier_load of data that have exactly the length of a classifier of this program's shape and the number of
 * classes that they name; everything said of atome_load_exact holds. ATOME_BLOB_SIZE_ATOMECL01 is that length.
 *
 * Returns what atome_classifier_load returns.
 *
 * Caller:
 * `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
 */
ATOME_HIDDEN_
int atome_classifier_load_exact(struct atome_classifier_t *clf,
                                const uint8_t *data,
                                size_t len);

/**
 * Checks a container and finds the model file in it: what atome_load and atome_classifier_load do with data that begin
 * with ATOMEBOX. Reads every byte of it. Data that are no container are their own model file, unchecked.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL or the container is of another version;
 * ATOME_ERR_TRUNCATED (-2) when data end early; ATOME_ERR_CONFIG (-3) when header and library do not fit together;
 * ATOME_ERR_SHAPE (-6) when the model is of another shape than this program, see atome_explain;
 * ATOME_ERR_DAMAGED (-7) when the checksum or the header is wrong. payload and payload_len are untouched unless the result
 * is ATOME_OK.
 *
 * Caller:
 * `data` is NULL or leads to `len` readable bytes; `payload` and `payload_len` are NULL or writable.
 */
ATOME_HIDDEN_ ATOME_WEAK_
int atome_container_payload(const uint8_t *data,
                            size_t len,
                            const uint8_t **payload,
                            size_t *payload_len);

/**
 * Reads what a container says of its model, whatever the shape of this program.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data are no container or of another version;
 * ATOME_ERR_TRUNCATED (-2) when data end early; ATOME_ERR_DAMAGED (-7) when the checksum or the header is wrong. info is
 * untouched unless the result is ATOME_OK.
 *
 * Caller:
 * `data` is NULL or leads to `len` readable bytes; `info` is NULL or writable.
 */
ATOME_HIDDEN_
int atome_container_info(const uint8_t *data,
                         size_t len,
                         struct atome_container_info_t *info);

/**
 * Says in English why a container can or cannot be loaded by this program; of a model of another shape it names both
 * shapes. atome_explain does it for every kind of model file. Writes at most size bytes to text, a NUL at the end included,
 * and cuts what has no room; 256 bytes are always enough.
 *
 * Returns what atome_container_payload returns for data that are a container, and ATOME_ERR_INVALID (-1) for others and
 * when a pointer is NULL or size is 0 (nothing is written then).
 *
 * Caller:
 * `data` is NULL or leads to `len` readable bytes; `text` is NULL or has room for `size` bytes.
 */
ATOME_HIDDEN_
int atome_container_explain(const uint8_t *data,
                            size_t len,
                            char *text,
                            size_t size);

/**
 * Says in English why atome_load_exact or, for a classifier's file, atome_classifier_load_exact takes or refuses these data;
 * of a model of another shape it names the macros that fit the file and those of this program. Files that carry no shape
 * are searched for one, which looks at every byte many times over: meant for a host and for a laboratory's console. Writes
 * at most size bytes to text, a NUL at the end included, and cuts what has no room; 512 bytes are always enough.
 *
 * Returns what those functions return; ATOME_ERR_INVALID (-1), with nothing written, when a pointer is NULL or size is 0.
 *
 * Caller:
 * `data` is NULL or leads to `len` readable bytes; `text` is NULL or has room for `size` bytes.
 */
ATOME_HIDDEN_
int atome_explain(const uint8_t *data,
                  size_t len,
                  char *text,
                  size_t size);

#if defined(ATOME_SIGNED)
/**
 * atome_load of a container that bears a valid signature; public_key has 32 bytes (`atome keygen` makes it, `atome sign`
 * signs). Nothing of the model is used before the signature of all of it is found right, twice: no single branch decides. Any
 * model that was ever signed by this key loads, old ones and those of other products, too: see
 * atome_load_signed_at_least. Only in archives that are built with `--signed`; define ATOME_SIGNED before the include.
 *
 * Returns what atome_load returns; also ATOME_ERR_INVALID (-1) for data that are no container, and ATOME_ERR_SIGNATURE (-8)
 * when the container is not signed, or by another key, or was changed after signing.
 *
 * Caller:
 * `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_key` is NULL or leads to 32.
 */
ATOME_HIDDEN_
int atome_load_signed(struct atome_model_t *model,
                      const uint8_t *data,
                      size_t len,
                      const uint8_t *public_key);
#endif

#if defined(ATOME_SIGNED)
/**
 * atome_load_signed of a model for one product and of one version or a later one. It refuses what a signature alone
 * lets pass: a model of yesterday, with its faults, and another product's model of the same shape.
 *
 * public_keys are n_keys keys of 32 bytes, 1 to ATOME_MAX_KEYS; any of them may have signed, so that two can live side by side
 * while one is retired. A container that names its key (`atome sign` does where the container names a product or a version)
 * is checked with that one alone, others with each in turn. product is the number of `atome pack --product`, and 0
 * takes containers that name none; min_version is compared with the number of `--model-version`. A program that learns of
 * newer models keeps the highest version that it loaded where an attacker cannot write: atome_container_info tells it.
 *
 * Returns what atome_load_signed returns; also ATOME_ERR_INVALID (-1) when n_keys is out of range, ATOME_ERR_PRODUCT (-9)
 * for another product's model and ATOME_ERR_OUTDATED (-10) for an older one, both with a right signature.
 *
 * Caller:
 * `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_keys` is NULL or leads to
 * `n_keys` times 32.
 */
ATOME_HIDDEN_
int atome_load_signed_at_least(struct atome_model_t *model,
                               const uint8_t *data,
                               size_t len,
                               const uint8_t (*public_keys)[32],
                               size_t n_keys,
                               uint32_t product,
                               uint32_t min_version);
#endif

#if defined(ATOME_SIGNED)
/**
 * atome_classifier_load of a container that bears a valid signature; everything said of atome_load_signed holds.
 *
 * Returns what atome_classifier_load returns; also ATOME_ERR_INVALID (-1) for data that are no container, and
 * ATOME_ERR_SIGNATURE (-8) when the container is not signed, or by another key, or was changed after signing.
 *
 * Caller:
 * `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_key` is NULL or leads to 32.
 */
ATOME_HIDDEN_
int atome_classifier_load_signed(struct atome_classifier_t *clf,
                                 const uint8_t *data,
                                 size_t len,
                                 const uint8_t *public_key);
#endif

#if defined(ATOME_SIGNED)
/**
 * atome_classifier_load_signed of a classifier for one product and of one version or a later one; everything said of
 * atome_load_signed_at_least holds.
 *
 * Returns what atome_classifier_load_signed returns; also ATOME_ERR_INVALID (-1) when n_keys is out of range,
 * ATOME_ERR_PRODUCT (-9) for another product's model and ATOME_ERR_OUTDATED (-10) for an older one, both with a right
 * signature.
 *
 * Caller:
 * `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_keys` is NULL or leads to `n_keys`
 * times 32.
 */
ATOME_HIDDEN_
int atome_classifier_load_signed_at_least(struct atome_classifier_t *clf,
                                          const uint8_t *data,
                                          size_t len,
                                          const uint8_t (*public_keys)[32],
                                          size_t n_keys,
                                          uint32_t product,
                                          uint32_t min_version);
#endif

/**
 * Zeroes a state. Call it once before the first use of a state, and again after its memory was used for something else;
 * not between calls or models. Does nothing on NULL or when header and library do not fit together.
 *
 * Caller:
 * `state` is NULL or leads to `ATOME_STATE_SIZE` writable bytes.
 */
ATOME_HIDDEN_
void atome_init(struct atome_state_t *state);

/**
 * The ATOME_VOCAB_SIZE logits of the last prediction, inside the state; NULL for NULL.
 *
 * Caller:
 * `state` is NULL or leads to an `atome_state_t`.
 */
ATOME_HIDDEN_ const float *atome_get_logits(struct atome_state_t *state);

/**
 * The router's entropy at the last position of the last call, in one layer: 0 when a single pathway takes all, ln of
 * ATOME_N_PATHWAYS when all are alike. Returns -1.0 when state is NULL, layer is not 0 to ATOME_N_LAYERS - 1, or header and
 * library do not fit together.
 *
 * Caller:
 * `state` is NULL or leads to an initialised `atome_state_t`.
 */
ATOME_HIDDEN_
float atome_router_entropy(const struct atome_state_t *state,
                           int layer);

/**
 * Predicts the token that follows tokens[0] to tokens[n_tokens - 1]; its logits are in state->logits. More than
 * ATOME_MAX_SEQ tokens: only the first ATOME_MAX_SEQ count. A token outside 0 to ATOME_VOCAB_SIZE - 1 counts as token 0.
 *
 * The result depends on nothing but model and tokens. In the cached plan, tokens that continue those of the last call
 * with the same model cost one position each, and in the partial plan as long as all have room; the results are the same
 * bits.
 *
 * Returns the token; ATOME_ERR_INVALID (-1) when a pointer is NULL, n_tokens is below 1 or the model was never loaded;
 * ATOME_ERR_CONFIG (-3) when header and library do not fit together. The state is untouched then.
 *
 * Caller:
 * `model` is NULL, zeroed or loaded, and its blob is still there; `state` is NULL or initialised; `tokens` is NULL or
 * leads to `n_tokens` tokens.
 */
ATOME_HIDDEN_
int atome_predict_next(const struct atome_model_t *model,
                       struct atome_state_t *state,
                       const int *tokens,
                       int n_tokens);

/**
 * Continues prompt by the most probable token, again and again, and writes the tokens to output: at most max_tokens, and
 * no more than bring prompt and output together to ATOME_MAX_SEQ. A prompt longer than ATOME_MAX_SEQ is cut to its first
 * ATOME_MAX_SEQ tokens, which leaves no room. prompt and output may overlap.
 *
 * Returns how many tokens were written; 0 also when a pointer is NULL, prompt_len or max_tokens is below 1, the model was
 * never loaded, or header and library do not fit together.
 *
 * Caller:
 * As `atome_predict_next`; `output` is NULL or has room for `max_tokens` tokens.
 */
ATOME_HIDDEN_
int atome_generate(const struct atome_model_t *model,
                   struct atome_state_t *state,
                   const int *prompt,
                   int prompt_len,
                   int *output,
                   int max_tokens);

/**
 * atome_generate, but each token is drawn by sampler, whose state moves on. Same seed, model and prompt: same tokens on
 * every target.
 *
 * Returns as atome_generate; 0 also when sampler is NULL or one of its settings is out of range.
 *
 * Caller:
 * As `atome_generate`; `sampler` is NULL or leads to an `atome_sampler_t`.
 */
ATOME_HIDDEN_
int atome_generate_sampled(const struct atome_model_t *model,
                           struct atome_state_t *state,
                           struct atome_sampler_t *sampler,
                           const int *prompt,
                           int prompt_len,
                           int *output,
                           int max_tokens);

/**
 * atome_generate, but text may grow beyond ATOME_MAX_SEQ tokens: it continues on its last ATOME_MAX_SEQ tokens, for each
 * token as if atome_predict_next were called with them, at the cost of all their positions. atome_step costs one position
 * a token. Of a prompt longer than ATOME_MAX_SEQ the last ATOME_MAX_SEQ tokens count.
 *
 * Returns max_tokens, which is how many tokens were written; 0 as atome_generate.
 *
 * Caller:
 * As `atome_generate`.
 */
ATOME_HIDDEN_
int atome_generate_sliding(const struct atome_model_t *model,
                           struct atome_state_t *state,
                           const int *prompt,
                           int prompt_len,
                           int *output,
                           int max_tokens);

/**
 * Classifies a token sequence: the first class with the greatest logit. class_logits, unless NULL, receives n_classes
 * floats. state->logits stays as it was; state->router_w is that of this sequence. Tokens count as in atome_predict_next.
 *
 * Returns the class, from 0; ATOME_ERR_INVALID (-1) when clf, state or tokens is NULL, n_tokens is below 1 or clf was never
 * loaded; ATOME_ERR_CONFIG (-3) when header and library do not fit together. Nothing is written then.
 *
 * Caller:
 * As `atome_predict_next`; `class_logits` is NULL or has room for `n_classes` floats.
 */
ATOME_HIDDEN_
int atome_classify(const struct atome_classifier_t *clf,
                   struct atome_state_t *state,
                   const int *tokens,
                   int n_tokens,
                   float *class_logits);

/**
 * Continues the sequence in state by one token, at the cost of one position however long it is, and predicts the token
 * that follows; its logits are in state->logits, the router's weights in row (position % ATOME_MAX_SEQ) of
 * state->router_w. A token outside 0 to ATOME_VOCAB_SIZE - 1 counts as token 0.
 *
 * The sequence is what state holds for this model: the tokens of the last prediction, generation or classification, and
 * of the steps since. It starts anew with another model (or a model struct that was changed) and after atome_restart. Up
 * to ATOME_MAX_SEQ tokens, the logits are those of atome_predict_next, bit for bit. Beyond, attention reaches back
 * ATOME_MAX_SEQ positions while recurrence and convolution are carried on, which no call of atome_predict_next equals.
 *
 * Returns the token; ATOME_ERR_INVALID (-1) when a pointer is NULL or the model was never loaded; ATOME_ERR_PLAN (-4) when
 * the program has not the cached memory plan; ATOME_ERR_CONFIG (-3) when header and library do not fit together. The state is
 * untouched then.
 *
 * Caller:
 * `model` is NULL, zeroed or loaded, and its blob is still there; `state` is NULL or initialised.
 */
ATOME_HIDDEN_
int atome_step(const struct atome_model_t *model,
               struct atome_state_t *state,
               int token);

/**
 * Ends the sequence in state: the next atome_step starts one. Unlike atome_init it writes just a few words; logits and
 * router weights stay. Does nothing on NULL.
 *
 * Caller:
 * `state` is NULL or initialised.
 */
ATOME_HIDDEN_
void atome_restart(struct atome_state_t *state);

/**
 * Fills sampler. temperature 0 takes the most probable token; top_k of ATOME_VOCAB_SIZE and top_p of 1 leave all tokens
 * in. The same seed gives the same draws on every target.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1), with sampler untouched, when it is NULL, temperature is not a number from 0
 * on, top_k is below 1 or top_p is not above 0 and at most 1.
 *
 * Caller:
 * `sampler` is NULL or writable.
 */
ATOME_HIDDEN_
int atome_sampler_init(struct atome_sampler_t *sampler,
                       float temperature,
                       int top_k,
                       float top_p,
                       uint64_t seed);

/**
 * Draws a token from state->logits and moves the generator on.
 *
 * Returns the token; ATOME_ERR_INVALID (-1) when a pointer is NULL or a setting is out of range; ATOME_ERR_CONFIG (-3) when
 * header and library do not fit together. Nothing is written then.
 *
 * Caller:
 * `state` is NULL or leads to an initialised `atome_state_t`; `sampler` is NULL or leads to an `atome_sampler_t`.
 */
ATOME_HIDDEN_
int atome_sample(const struct atome_state_t *state,
                 struct atome_sampler_t *sampler);

/**
 * Answers a question without regard to earlier ones: brings it into the form that the model knows, puts the model's text
 * around it, and takes the most probable token until the answer ends. text receives the answer, with a NUL, in at most size
 * bytes; a token that stands for no text, or a NUL, becomes a question mark in it. info may be NULL.
 *
 * Act on the text only where the result is ATOME_SURE: beyond the limits of how, it is a guess. Answer and doubt are the
 * same on every target and in all memory plans. In the lean plan each token of the answer takes a pass over all positions
 * before it; in the cached plan each position is computed once. In the partial plan that is so while all have room; then each token,
 * those at the end of a long question too, takes a pass over the positions that found none.
 *
 * Returns ATOME_SURE (1) or ATOME_UNSURE (0), then info->doubt says why; ATOME_ERR_INVALID (-1) when another pointer is NULL,
 * size is 0, how->longest_answer is below 1, how asks in tokens (ATOME_IN_TOKENS) or the model was never loaded; ATOME_ERR_CONFIG (-3) when header and library do
 * not fit together. Nothing is written then.
 *
 * Caller:
 * `model` is NULL, zeroed or loaded, and its blob is still there; `state` is NULL or initialised; `how` is NULL or leads to an
 * `atome_dialogue_t` whose texts are NULL or as long as it says; `question` is NULL or a C string; `text` is NULL or has room
 * for `size` bytes and does not overlap `question`; `info` is NULL or writable.
 */
ATOME_HIDDEN_
int atome_answer(const struct atome_model_t *model,
                 struct atome_state_t *state,
                 const struct atome_dialogue_t *how,
                 const char *question,
                 char *text,
                 size_t size,
                 struct atome_answer_info_t *info);

/**
 * Writes what the model reads before its answer to tokens: the question in its form, with the text around it. For programs
 * that show an answer as it comes, or that classify questions; atome_answer does all of it.
 *
 * Returns how many tokens there are; ATOME_ERR_INVALID (-1) when a pointer is NULL or there are more than max_tokens, of which
 * the first ones are written then.
 *
 * Caller:
 * `how` and `question` are as for `atome_answer`; `tokens` is NULL or has room for `max_tokens` of them.
 */
ATOME_HIDDEN_
int atome_prompt(const struct atome_dialogue_t *how,
                 const char *question,
                 int *tokens,
                 int max_tokens);

/**
 * Reads from a container's notes how its model is asked. how then points into data. Where the model's tokens are those of a
 * vocabulary, how->normalise has ATOME_IN_TOKENS: atome_container_vocabulary finds it, and atome_answer_tokens asks.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data are no container or of another version, or its
 * notes say nothing of how it is asked, or nothing that can be read; ATOME_ERR_TRUNCATED (-2) when data end early;
 * ATOME_ERR_DAMAGED (-7) when the checksum or the header is wrong. how is untouched unless the result is ATOME_OK.
 *
 * Caller:
 * `data` is NULL or leads to `len` readable bytes; `how` is NULL or writable.
 */
ATOME_HIDDEN_
int atome_container_dialogue(const uint8_t *data,
                             size_t len,
                             struct atome_dialogue_t *how);

/**
 * Why an answer is unsure, in a few English words, for an ATOME_DOUBT_ number. A constant string; not to be freed.
 */
ATOME_HIDDEN_
const char *atome_doubt_text(int doubt);

/**
 * atome_answer for a model whose tokens are those of a vocabulary; of a vocabulary that is zeroed, or of a container without one,
 * exactly atome_answer. The answer is cut, and unsure (ATOME_DOUBT_CUT_OFF), where its text does not fit in size bytes.
 *
 * Returns what atome_answer returns; ATOME_ERR_INVALID (-1) when vocabulary is NULL, too.
 *
 * Caller:
 * As for `atome_answer`; `vocabulary` is as for `atome_encode`.
 */
ATOME_HIDDEN_
int atome_answer_tokens(const struct atome_model_t *model,
                        struct atome_state_t *state,
                        const struct atome_dialogue_t *how,
                        const struct atome_vocabulary_t *vocabulary,
                        const char *question,
                        char *text,
                        size_t size,
                        struct atome_answer_info_t *info);

/**
 * atome_prompt for a model whose tokens are those of a vocabulary: the text in front of the question, the question in its form and
 * the text behind it, each encoded apart.
 *
 * Returns what atome_prompt returns; ATOME_ERR_INVALID (-1) when vocabulary is NULL, too.
 *
 * Caller:
 * As for `atome_prompt`; `vocabulary` is as for `atome_encode`.
 */
ATOME_HIDDEN_
int atome_prompt_tokens(const struct atome_dialogue_t *how,
                        const struct atome_vocabulary_t *vocabulary,
                        const char *question,
                        int *tokens,
                        int max_tokens);

/**
 * Finds in a container what its model's tokens stand for, and checks it once; of a container without a vocabulary, that a token is
 * a byte. vocabulary then points into data.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data are no container or of a later version;
 * ATOME_ERR_TRUNCATED (-2) when data end early; ATOME_ERR_DAMAGED (-7) when the checksum, the header or the vocabulary is
 * wrong. vocabulary is untouched unless the result is ATOME_OK.
 *
 * Caller:
 * `data` is NULL or leads to `len` readable bytes; `vocabulary` is NULL or writable.
 */
ATOME_HIDDEN_
int atome_container_vocabulary(const uint8_t *data,
                               size_t len,
                               struct atome_vocabulary_t *vocabulary);

/**
 * Writes the tokens of a text of length bytes to tokens: from the left, each time the longest that the text goes on with. A text
 * has one encoding, the one that the model was trained with; every text has one.
 *
 * Returns how many tokens there are, at most length; ATOME_ERR_INVALID (-1) when a pointer is NULL or
 * there are more than max_tokens, of which the first ones are written then.
 *
 * Caller:
 * `vocabulary` is NULL, zeroed or filled, and its container is still there; `text` is NULL or leads to `length` readable bytes;
 * `tokens` is NULL or has room for `max_tokens` of them.
 */
ATOME_HIDDEN_
int atome_encode(const struct atome_vocabulary_t *vocabulary,
                 const char *text,
                 size_t length,
                 int *tokens,
                 int max_tokens);

/**
 * Finds the text that a token stands for. It lies in the container, or in the library for a byte, and has no NUL at its end. A
 * special token, and what is no token, stand for no text.
 *
 * Returns how many bytes there are, from 0 to 16; ATOME_ERR_INVALID (-1) when a pointer is NULL;
 * text is untouched then.
 *
 * Caller:
 * `vocabulary` is as for `atome_encode`; `text` is NULL or writable.
 */
ATOME_HIDDEN_
int atome_decode(const struct atome_vocabulary_t *vocabulary,
                 int token,
                 const char **text);

/**
 * Checks the table of a grammar and remembers where it lies: in flash, in a container, in RAM. Reads every byte of it; a table
 * that is taken gives whole texts or none, whoever wrote it. The data must stay, unchanged, while grammar is used.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL or data are no grammar; ATOME_ERR_TRUNCATED (-2) when
 * their length is not that of the table; ATOME_ERR_DAMAGED (-7) when the table contradicts itself. grammar is untouched unless the
 * result is ATOME_OK.
 *
 * Caller:
 * `grammar` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
 */
ATOME_HIDDEN_
int atome_grammar_open(struct atome_grammar_t *grammar,
                       const uint8_t *data,
                       size_t len);

/**
 * Opens the grammar in a container, as atome_grammar_open does: what the model may answer. grammar then points into data,
 * and knows the container's vocabulary.
 *
 * Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data are no container or of another version, or it has no
 * grammar; ATOME_ERR_TRUNCATED (-2) when data end early; ATOME_ERR_DAMAGED (-7) when the checksum, the header or the table of the
 * grammar or the vocabulary is wrong. grammar is untouched unless the result is ATOME_OK.
 *
 * Caller:
 * `data` is NULL or leads to `len` readable bytes; `grammar` is NULL or writable.
 */
ATOME_HIDDEN_
int atome_container_grammar(const uint8_t *data,
                            size_t len,
                            struct atome_grammar_t *grammar);

/**
 * Continues prompt by a text of grammar, whole, and writes its tokens to output, at most max_tokens and no more than
 * bring prompt and output together to ATOME_MAX_SEQ. The token stop ends a text and is not written; with -1, a text ends where
 * nothing may follow. Of all tokens that may come, the most probable is taken; with a sampler, which may be NULL, one is drawn.
 * Copies are pieces of prompt. prompt and output must not overlap. state->logits has -infinity for tokens that may
 * not come.
 *
 * Returns how many tokens were written; ATOME_ERR_GRAMMAR (-12) when no text of the grammar has room, none can be copied from
 * this prompt, or the grammar has a byte that the model has no token for or that is stop; ATOME_ERR_INVALID (-1) when another
 * pointer is NULL, prompt_len is below 1 or max_tokens below 0, model or grammar was never loaded, or a setting of sampler is out of
 * range; ATOME_ERR_CONFIG (-3) when header and library do not fit together. Nothing is written then.
 *
 * Caller:
 * As `atome_generate`; `grammar` is NULL or as `atome_grammar_open` left it, its data too; `sampler` is NULL or leads to an
 * `atome_sampler_t`; `output` does not overlap `prompt`.
 */
ATOME_HIDDEN_
int atome_generate_constrained(const struct atome_model_t *model,
                               struct atome_state_t *state,
                               const struct atome_grammar_t *grammar,
                               struct atome_sampler_t *sampler,
                               const int *prompt,
                               int prompt_len,
                               int stop,
                               int *output,
                               int max_tokens);

/**
 * atome_answer with nothing but answers of grammar, each whole. Pieces are copied from the question in the form that how->normalise
 * brings it into. An answer that the model would have given unasked comes with the same info; info->doubt is
 * ATOME_DOUBT_IMPOSSIBLE, and no answer is given, where none of the grammar has room or none can be copied from this question.
 *
 * Returns as atome_answer; ATOME_ERR_INVALID (-1) also when grammar is NULL or was never opened; ATOME_ERR_GRAMMAR (-12) when it
 * has a byte that the model has no token for or that is how->stop. Nothing is written then.
 *
 * Caller:
 * As `atome_answer`; `grammar` is NULL or as `atome_grammar_open` left it, its data too.
 */
ATOME_HIDDEN_
int atome_answer_constrained(const struct atome_model_t *model,
                             struct atome_state_t *state,
                             const struct atome_dialogue_t *how,
                             const struct atome_grammar_t *grammar,
                             const char *question,
                             char *text,
                             size_t size,
                             struct atome_answer_info_t *info);

/**
 * Version of the library, such as "0.1.0". A constant string; not to be freed.
 */
ATOME_HIDDEN_ const char *atome_version(void);

/**
 * How exp, tanh and sqrt are computed. "portable": correctly rounded, the same bits on every chip. "system": by expf,
 * tanhf and sqrtf of the C library that the program links, the same bits as the C99 engine built by the same toolchain. A
 * constant string; not to be freed.
 */
ATOME_HIDDEN_
const char *atome_mode(void);

/**
 * Which instructions compute: "avx512", "avx2" or "sse2" on x86-64, the best that the processor has; "neon" on aarch64; on
 * microcontrollers the one way that the archive was built with; "portable" where there is nothing faster than plain code.
 * All give the same bits. A constant string; not to be freed.
 */
ATOME_HIDDEN_
const char *atome_kernel(void);

/**
 * Computes as `name` says from now on, in the whole program: one of the names of atome_kernel. For tests and measurements.
 *
 * Returns 0; ATOME_ERR_INVALID (-1), and changes nothing, when name is NULL or this processor or archive has no such way.
 *
 * Caller:
 * `name` is NULL or a C string.
 */
ATOME_HIDDEN_
int atome_select_kernel(const char *name);

/**
 * What a return code means, in one English sentence without a full stop; every result from 0 on is "success". A constant
 * string; not to be freed.
 */
ATOME_HIDDEN_
const char *atome_error_text(int code);

/**
 * Power-on self-test: compares float arithmetic, the elementary functions and each kernel that predictions use here
 * (atome_kernel) with the portable definition and with recorded results, on small built-in inputs, ordinary and hostile.
 * In a program of ATOME_INTEGER it compares predictions from small built-in models with recorded results instead.
 * Needs no model and no state, and writes to its stack alone; qemu/README.md says how much of it.
 *
 * Returns ATOME_SELF_TEST_OK (0), or the ATOME_SELF_TEST_ number of the first part that gives other bits.
 */
ATOME_HIDDEN_
int atome_self_test(void);

/**
 * out = scale * W x: x has W->cols floats, out has W->rows, and they must not overlap. Does nothing on NULL.
 *
 * Caller:
 * Pointers are NULL or lead to as much as said; `W` is a matrix of a loaded model or made alike.
 */
ATOME_HIDDEN_
void atome_ternary_matvec(const struct atome_ternary_t *W,
                          const float *x,
                          float *out);

/**
 * Layer norm of dim floats in place. Does nothing on NULL or when dim is below 1.
 *
 * Caller:
 * `x` is NULL or has `dim` floats; `params` is NULL or holds as many.
 */
ATOME_HIDDEN_ void atome_layer_norm(float *x, int dim, const struct atome_norm_t *params);

/**
 * Depthwise causal convolution over seq_len positions that start a sequence. Does nothing on NULL.
 *
 * Caller:
 * `x` and `out` are NULL or have `seq_len` rows; `kernel` is NULL or that of a loaded model or made alike.
 */
ATOME_HIDDEN_
void atome_causal_conv(const float (*x)[ATOME_D_MODEL],
                       int seq_len,
                       const struct atome_conv_t *kernel,
                       float (*out)[ATOME_D_MODEL]);

/**
 * Diagonal recurrence over seq_len positions. h holds params->channels floats and is carried: the state before the first
 * position when called (zeros at the start of a sequence), the state behind the last one afterwards. Does nothing on NULL.
 *
 * Caller:
 * `x` and `out` are NULL or have `seq_len` rows; `h` is NULL or has `channels` floats; `params` is NULL or that of a
 * loaded model or made alike.
 */
ATOME_HIDDEN_
void atome_ssm_forward(const float (*x)[ATOME_D_MODEL],
                       int seq_len,
                       const struct atome_ssm_t *params,
                       float *h,
                       float (*out)[ATOME_D_MODEL]);

/**
 * Top-k causal attention over seq_len positions that start a sequence, at most ATOME_MAX_SEQ. Uses the state's private
 * memory; its logits and router weights stay. Does nothing on NULL or when params asks for more than the state holds: a
 * d_head above ATOME_D_HEAD, a top_k above ATOME_TOP_K, or matrices of other sizes than d_head and ATOME_D_MODEL.
 *
 * Caller:
 * `x` and `out` are NULL or have `seq_len` rows; `params` is NULL or that of a loaded model or made alike; `state` is NULL
 * or initialised.
 */
ATOME_HIDDEN_
void atome_sparse_attn(const float (*x)[ATOME_D_MODEL],
                       int seq_len,
                       const struct atome_attn_t *params,
                       struct atome_state_t *state,
                       float (*out)[ATOME_D_MODEL]);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* ---- The program's shape, for the library ---- */

/* The library counts on the compiler's own layout of structs: no -fpack-struct, and no #pragma pack around this include. */
typedef char atome_structs_are_not_packed_t
    [(sizeof(atome_ssm_t) == 4 * sizeof(float *) && sizeof(atome_attn_t) == 3 * sizeof(atome_ternary_t) + sizeof(float *)
#if defined(__arm__) || defined(__aarch64__) || defined(__riscv) || defined(__x86_64__) || defined(_M_X64)
      && offsetof(atome_sampler_t, state) == 16
#endif
      ) ? 1 : -1];

#ifdef __cplusplus
extern "C" {
#endif

/* What the constant below refers to. A tool that includes this header for its macros alone needs no library. */
extern const atome_formats_t atome_formats ATOME_WEAK_ ATOME_HIDDEN_;
extern const atome_cache_t atome_cache ATOME_WEAK_ ATOME_HIDDEN_;
extern const atome_cache_t atome_partial ATOME_WEAK_ ATOME_HIDDEN_;

/* Every file that includes this header defines the same constant and the linker keeps one. Where the compiler knows no weak
 * symbols, define ATOME_CONFIG_EXTERN before the include in all files of the program but one. */
#if defined(ATOME_CONFIG_EXTERN)
extern const atome_config_t atome_config ATOME_HIDDEN_;
#elif (defined(_WIN32) || defined(__CYGWIN__)) && defined(__cplusplus)
#define ATOME_ONE_OF_MANY_ extern __declspec(selectany)
#elif defined(_WIN32) || defined(__CYGWIN__)
#define ATOME_ONE_OF_MANY_ __declspec(selectany)
#else
#define ATOME_ONE_OF_MANY_
extern const atome_config_t atome_config ATOME_WEAK_ ATOME_HIDDEN_;
#endif

#ifndef ATOME_CONFIG_EXTERN
ATOME_ONE_OF_MANY_ const atome_config_t atome_config = {
    ATOME_ABI_VERSION + 65536 * ATOME_OF_INTEGERS_,
    ATOME_CAST_(uint32_t, sizeof(atome_model_t)),
    ATOME_CAST_(uint32_t, sizeof(atome_state_t)),
    ATOME_PLAN,
    ATOME_MAX_SEQ,
    ATOME_D_MODEL,
    ATOME_N_LAYERS,
    ATOME_N_PATHWAYS,
    ATOME_VOCAB_SIZE,
    ATOME_D_HEAD,
    ATOME_KERNEL_SIZE,
    ATOME_TOP_K,
    ATOME_MAX_CLASSES,
#if ATOME_READS_FORMATS_
    &atome_formats,
#else
    ATOME_NULL_,
#endif
#if ATOME_READS_CONTAINERS_
    atome_container_payload,
#else
    ATOME_NULL_,
#endif
    /* Known to the compiler: a program refers to what its plan needs alone. */
#if ATOME_OF_INTEGERS_
    (ATOME_PLAN) == ATOME_PLAN_CACHED ? &atome_cache : ATOME_NULL_
#else
    (ATOME_PLAN) == ATOME_PLAN_CACHED ? &atome_cache : (ATOME_PLAN) == ATOME_PLAN_PARTIAL ? &atome_partial : ATOME_NULL_
#endif
};
#endif

/* ---- Files of one program that do not agree ---- */

/* With GNU-compatible compilers and linkers, for ELF and MinGW, every file also defines symbols that take no memory and whose
 * values are the shape's numbers. Linkers accept a symbol that several files define with one value and refuse another one, so
 * that files with different macros do not link; the symbol's name says what they differ in. Define ATOME_NO_LINK_CHECK in all
 * files if a tool takes offence. Everywhere else, and where ATOME_CHECK_CALLS is defined, the functions that take a model or
 * a state compare instead: in a file whose shape is not the one that the linker kept they do nothing and return what they
 * return when header and library do not fit together. Two models of different shapes in one program: `cargo xtask lib
 * --prefix`. */
#if defined(__GNUC__) && (defined(__ELF__) || defined(__MINGW32__)) && !defined(__ARMCC_VERSION) && \
    !defined(__IAR_SYSTEMS_ICC__) && !defined(__TI_COMPILER_VERSION__) && !defined(__ti__) && !defined(__SEGGER_CC__) && \
    !defined(__TINYC__) && !defined(ATOME_NO_LINK_CHECK)
#ifdef __ELF__
#define ATOME_HIDE_SYMBOL_(symbol) ".hidden " symbol "\n\t"
#else
#define ATOME_HIDE_SYMBOL_(symbol)
#endif
/* A constant as the assembler reads it: where operands have a sign in front, without it; gcc for RISC-V knows no other way. */
#if defined(__riscv) || defined(__XTENSA__)
#define ATOME_CONSTANT_ "%0"
#else
#define ATOME_CONSTANT_ "%c0"
#endif
/* The condition is for link-time optimisation, which makes one file of several. No value may be 0: lld calls two symbols of value 0
 * duplicates. */
#define ATOME_SAME_IN_ALL_FILES_(symbol, value) \
    __asm__ volatile(".globl " symbol "\n\t" ATOME_HIDE_SYMBOL_(symbol) ".ifdef " symbol "\n\t.if " symbol \
                     " - " ATOME_CONSTANT_ "\n\t.error \"" symbol "\"\n\t.endif\n\t.endif\n\t.set " symbol \
                     ", " ATOME_CONSTANT_ \
                     : : "i"(value))
/* An empty function that nothing calls: it carries the assembler's directives. */
static __attribute__((used)) void atome_files_agree_(void)
{
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_ABI_VERSION", ATOME_ABI_VERSION);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_ARITHMETIC", ATOME_ARITHMETIC);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_D_MODEL", ATOME_D_MODEL);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_MAX_SEQ", ATOME_MAX_SEQ);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_N_LAYERS", ATOME_N_LAYERS);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_N_PATHWAYS", ATOME_N_PATHWAYS);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_VOCAB_SIZE", ATOME_VOCAB_SIZE);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_D_HEAD", ATOME_D_HEAD);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_KERNEL_SIZE", ATOME_KERNEL_SIZE);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_TOP_K", ATOME_TOP_K);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_MAX_CLASSES", ATOME_MAX_CLASSES);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_PLAN", ATOME_PLAN);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_FORMATS", 1 + ATOME_READS_FORMATS_);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_ATOME_CONTAINERS", 1 + ATOME_READS_CONTAINERS_);
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_the_size_of_atome_state_t", sizeof(atome_state_t));
    ATOME_SAME_IN_ALL_FILES_("atome_files_disagree_on_the_size_of_atome_model_t", sizeof(atome_model_t));
}
#elif !defined(ATOME_CHECK_CALLS)
#define ATOME_CHECK_CALLS
#endif

#ifdef ATOME_CHECK_CALLS
static inline int atome_file_agrees_(void)
{
    /* Volatile, because compilers take the constant for this file's own. */
    const volatile atome_config_t *const kept = &atome_config;

    return kept->abi_version == ATOME_ABI_VERSION + 65536 * ATOME_OF_INTEGERS_ && kept->state_size == sizeof(atome_state_t) &&
           kept->model_size == sizeof(atome_model_t) && kept->plan == (ATOME_PLAN) && kept->max_seq == (ATOME_MAX_SEQ) &&
           kept->d_model == (ATOME_D_MODEL) && kept->n_layers == (ATOME_N_LAYERS) &&
           kept->n_pathways == (ATOME_N_PATHWAYS) && kept->vocab_size == (ATOME_VOCAB_SIZE) &&
           kept->d_head == (ATOME_D_HEAD) && kept->kernel_size == (ATOME_KERNEL_SIZE) && kept->top_k == (ATOME_TOP_K) &&
           kept->max_classes == (ATOME_MAX_CLASSES) && (kept->formats != ATOME_NULL_) == ATOME_READS_FORMATS_ &&
           (kept->container_payload != ATOME_NULL_) == ATOME_READS_CONTAINERS_;
}
#define ATOME_CALL_(call, otherwise) (atome_file_agrees_() ? (call) : (otherwise))
#if ATOME_OF_INTEGERS_
/* The usual names stand for these. */
#define atome_integer_load(...) ATOME_CALL_((atome_integer_load)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_load_exact(...) ATOME_CALL_((atome_integer_load_exact)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_load_signed(...) ATOME_CALL_((atome_integer_load_signed)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_load_signed_at_least(...) ATOME_CALL_((atome_integer_load_signed_at_least)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_classifier_load(...) ATOME_CALL_((atome_integer_classifier_load)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_classifier_load_exact(...) ATOME_CALL_((atome_integer_classifier_load_exact)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_classifier_load_signed(...) ATOME_CALL_((atome_integer_classifier_load_signed)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_classifier_load_signed_at_least(...) ATOME_CALL_((atome_integer_classifier_load_signed_at_least)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_predict_next(...) ATOME_CALL_((atome_integer_predict_next)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_classify(...) ATOME_CALL_((atome_integer_classify)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_step(...) ATOME_CALL_((atome_integer_step)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_sample(...) ATOME_CALL_((atome_integer_sample)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_answer(...) ATOME_CALL_((atome_integer_answer)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_answer_tokens(...) ATOME_CALL_((atome_integer_answer_tokens)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_generate_constrained(...) ATOME_CALL_((atome_integer_generate_constrained)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_answer_constrained(...) ATOME_CALL_((atome_integer_answer_constrained)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_integer_generate(...) ATOME_CALL_((atome_integer_generate)(__VA_ARGS__), 0)
#define atome_integer_generate_sampled(...) ATOME_CALL_((atome_integer_generate_sampled)(__VA_ARGS__), 0)
#define atome_integer_generate_sliding(...) ATOME_CALL_((atome_integer_generate_sliding)(__VA_ARGS__), 0)
#define atome_integer_router_entropy(...) ATOME_CALL_((atome_integer_router_entropy)(__VA_ARGS__), -1.0f)
#define atome_integer_init(...) ATOME_CALL_((atome_integer_init)(__VA_ARGS__), (void)0)
#define atome_integer_restart(...) ATOME_CALL_((atome_integer_restart)(__VA_ARGS__), (void)0)
#define atome_integer_causal_conv(...) ATOME_CALL_((atome_integer_causal_conv)(__VA_ARGS__), (void)0)
#define atome_integer_ssm_forward(...) ATOME_CALL_((atome_integer_ssm_forward)(__VA_ARGS__), (void)0)
#else
#define atome_load(...) ATOME_CALL_((atome_load)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_load_exact(...) ATOME_CALL_((atome_load_exact)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_load_signed(...) ATOME_CALL_((atome_load_signed)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_load_signed_at_least(...) ATOME_CALL_((atome_load_signed_at_least)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_classifier_load(...) ATOME_CALL_((atome_classifier_load)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_classifier_load_exact(...) ATOME_CALL_((atome_classifier_load_exact)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_classifier_load_signed(...) ATOME_CALL_((atome_classifier_load_signed)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_classifier_load_signed_at_least(...) ATOME_CALL_((atome_classifier_load_signed_at_least)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_predict_next(...) ATOME_CALL_((atome_predict_next)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_classify(...) ATOME_CALL_((atome_classify)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_step(...) ATOME_CALL_((atome_step)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_sample(...) ATOME_CALL_((atome_sample)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_answer(...) ATOME_CALL_((atome_answer)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_answer_tokens(...) ATOME_CALL_((atome_answer_tokens)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_generate_constrained(...) ATOME_CALL_((atome_generate_constrained)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_answer_constrained(...) ATOME_CALL_((atome_answer_constrained)(__VA_ARGS__), ATOME_ERR_CONFIG)
#define atome_generate(...) ATOME_CALL_((atome_generate)(__VA_ARGS__), 0)
#define atome_generate_sampled(...) ATOME_CALL_((atome_generate_sampled)(__VA_ARGS__), 0)
#define atome_generate_sliding(...) ATOME_CALL_((atome_generate_sliding)(__VA_ARGS__), 0)
#define atome_router_entropy(...) ATOME_CALL_((atome_router_entropy)(__VA_ARGS__), -1.0f)
#define atome_init(...) ATOME_CALL_((atome_init)(__VA_ARGS__), (void)0)
#define atome_restart(...) ATOME_CALL_((atome_restart)(__VA_ARGS__), (void)0)
#define atome_causal_conv(...) ATOME_CALL_((atome_causal_conv)(__VA_ARGS__), (void)0)
#define atome_ssm_forward(...) ATOME_CALL_((atome_ssm_forward)(__VA_ARGS__), (void)0)
#define atome_sparse_attn(...) ATOME_CALL_((atome_sparse_attn)(__VA_ARGS__), (void)0)
#endif
#endif

/* Weight idx of a 2-bit packed array: -1, 0 or +1. Reads one byte; packed must not be NULL. */
static inline int8_t atome_unpack_trit(const uint8_t *packed, int idx)
{
    const unsigned code = (ATOME_CAST_(unsigned, packed[idx / 4]) >> (2 * (idx % 4))) & 3u;
    return ATOME_CAST_(int8_t, code == 1u ? 1 : code == 3u ? -1 : 0);
}

#ifdef __cplusplus
}
#endif

#endif /* ATOME_H */
