/* Shape of machine.bin (ATOMECL01 with 4 classes, 16553 bytes). Include it before atome.h, in every file. */
#ifndef ATOME_SHAPE_OF_SENSOR_D6F4A4F6
#define ATOME_SHAPE_OF_SENSOR_D6F4A4F6

#if defined(ATOME_VOCAB_SIZE) && ATOME_VOCAB_SIZE != 128
#error "ATOME_VOCAB_SIZE was set before this model's shape, to another value than 128"
#endif
#ifndef ATOME_VOCAB_SIZE
#define ATOME_VOCAB_SIZE 128
#endif

#if defined(ATOME_D_MODEL) && ATOME_D_MODEL != 64
#error "ATOME_D_MODEL was set before this model's shape, to another value than 64"
#endif
#ifndef ATOME_D_MODEL
#define ATOME_D_MODEL 64
#endif

#if defined(ATOME_N_LAYERS) && ATOME_N_LAYERS != 4
#error "ATOME_N_LAYERS was set before this model's shape, to another value than 4"
#endif
#ifndef ATOME_N_LAYERS
#define ATOME_N_LAYERS 4
#endif

#if defined(ATOME_D_HEAD) && ATOME_D_HEAD != 16
#error "ATOME_D_HEAD was set before this model's shape, to another value than 16"
#endif
#ifndef ATOME_D_HEAD
#define ATOME_D_HEAD 16
#endif

#if defined(ATOME_KERNEL_SIZE) && ATOME_KERNEL_SIZE != 5
#error "ATOME_KERNEL_SIZE was set before this model's shape, to another value than 5"
#endif
#ifndef ATOME_KERNEL_SIZE
#define ATOME_KERNEL_SIZE 5
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

#if defined(ATOME_MAX_SEQ) && ATOME_MAX_SEQ != 16
#error "ATOME_MAX_SEQ was set before this model's shape, to another value than 16"
#endif
#ifndef ATOME_MAX_SEQ
#define ATOME_MAX_SEQ 16
#endif

#if defined(ATOME_MAX_CLASSES) && ATOME_MAX_CLASSES < 4
#error "this model has 4 classes, and ATOME_MAX_CLASSES was set to less"
#endif

/* Bytes of the file. */
#define SENSOR_SIZE 16553

/* A classifier of this shape has, without its head, 16489 bytes as ATOMECL01. atome.h, before or behind this, has to count as many. */
#if defined(ATOME_FILE_SIZE_ATOMECL01) && ATOME_FILE_SIZE_ATOMECL01 != 16489
#error "this model has 16489 bytes as ATOMECL01, and one whose header came before has others: another shape"
#endif
#ifndef ATOME_FILE_SIZE_ATOMECL01
#define ATOME_FILE_SIZE_ATOMECL01 16489
#endif
#ifdef ATOME_BLOB_SIZE_ATOMECL01
#if ATOME_BLOB_SIZE_ATOMECL01(0) != 16489
#error "this model has 16489 bytes as ATOMECL01, and one of this program's shape has others"
#endif
#endif

/* How it is asked: `const atome_dialogue_t how = SENSOR_DIALOGUE;`, for atome_answer. */
#define SENSOR_DIALOGUE \
    {"Q: ", 3, "\nA: ", 4, 0u, 10, 1, 3.4028235e38f, 0.0f}

/* Its classes: `static const char *const names[] = SENSOR_CLASS_NAMES;`, in the order of atome_classify. */
#define SENSOR_CLASSES 4
#define SENSOR_CLASS_NAMES \
    {"fault", "idle", "spin", "wash"}

/* Where the best logit is less than this above the second, the class is unsure. */
#define SENSOR_LEAST_MARGIN 4.279f

/* The numbers of a row, in this order. */
#define SENSOR_COLUMNS 4
#define SENSOR_COLUMN_NAMES \
    {"vibration", "rpm", "current", "voltage"}

/* A row as the text that atome_prompt and the classifier read: each number becomes one of 94 levels, by constants that were
 * fitted in training. `text` has room for SENSOR_COLUMNS + 1 characters. */
#ifdef __GNUC__
__attribute__((unused))
#endif
static void sensor_row(const float *values, char *text)
{
    static const float low[4] = {0.0f, 0.0f, 0.0f, 203.5f};
    static const float step[4] = {32.291664f, 0.09217047f, 12.383489f, 2.7596443f};
    int i;

    for (i = 0; i < 4; i++) {
        const float moved = values[i] - low[i];
        const volatile float scaled = moved * step[i]; /* rounded here: no fused multiply-add */
        const float level = scaled + 0.5f;

        text[i] = (char)(33 + (level >= 93.0f ? 93 : level > 0.0f ? (int)level : 0));
    }
    text[4] = '\0';
}

#endif
