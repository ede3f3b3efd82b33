/*
 * A small program on libatome.a: it loads a model, continues a prompt byte by byte, and shows what that took.
 *
 *   demo                       a model with random weights, made in memory: the text is noise
 *   demo MODEL PROMPT COUNT    the model in a file, whose shape the program was compiled with
 *   demo MODEL PROMPT COUNT line    the same up to the end of a line: an answer
 */
#include "atome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static atome_model_t model;
static atome_state_t state;

/* A blob of the right format: every size follows from the shape macros. ------------------------------------------- */

static uint32_t seed = 2463534242u;

static uint32_t random_bits(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static uint8_t *put_float(uint8_t *at, float value)
{
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

static uint8_t *put_floats(uint8_t *at, float middle, float spread)
{
    int i;
    for (i = 0; i < ATOME_D_MODEL; i++) {
        at = put_float(at, middle + spread * ((float)(random_bits() >> 8) / 8388608.0f - 1.0f));
    }
    return at;
}

/* A scale, then the weights: 00 = 0, 01 = +1, 11 = -1. */
static uint8_t *put_matrix(uint8_t *at, long rows, long cols)
{
    static const uint8_t codes[4] = {0, 0, 1, 3};
    long i, count = rows * cols;

    at = put_float(at, 0.1f);
    memset(at, 0, (size_t)((count + 3) / 4));
    for (i = 0; i < count; i++) {
        at[i / 4] |= (uint8_t)(codes[random_bits() >> 30] << (2 * (i % 4)));
    }
    return at + (count + 3) / 4;
}

static uint8_t *random_model(size_t *length)
{
    const size_t d = ATOME_D_MODEL, layers = ATOME_N_LAYERS;
    const size_t rows = 2 * ATOME_VOCAB_SIZE + layers * (2 * ATOME_D_HEAD + d + ATOME_N_PATHWAYS + ATOME_KERNEL_SIZE);
    const size_t floats = (5 * layers + 2) * d, scales = 5 * layers + 2, bytes_of_packed = rows * d / 4 + scales;
    uint8_t *blob = malloc(7 + 4 * (floats + scales) + bytes_of_packed), *at = blob;
    int layer;

    if (blob == NULL) {
        return NULL;
    }
    memcpy(at, "ATOME01", 7);
    at = put_matrix(at + 7, ATOME_VOCAB_SIZE, ATOME_D_MODEL);
    for (layer = 0; layer < ATOME_N_LAYERS; layer++) {
        at = put_floats(at, 1.0f, 0.2f);                    /* norm: gamma, beta */
        at = put_floats(at, 0.0f, 0.2f);
        at = put_matrix(at, ATOME_D_MODEL, ATOME_KERNEL_SIZE);
        at = put_floats(at, 0.5f, 1.0f);                    /* state space: a, b, c_out */
        at = put_floats(at, 0.0f, 1.0f);
        at = put_floats(at, 0.0f, 1.0f);
        at = put_matrix(at, ATOME_D_HEAD, ATOME_D_MODEL);   /* attention: Wq, Wk, Wv */
        at = put_matrix(at, ATOME_D_HEAD, ATOME_D_MODEL);
        at = put_matrix(at, ATOME_D_MODEL, ATOME_D_MODEL);
        at = put_matrix(at, ATOME_N_PATHWAYS, ATOME_D_MODEL); /* router */
    }
    at = put_floats(at, 1.0f, 0.2f);
    at = put_floats(at, 0.0f, 0.2f);
    at = put_matrix(at, ATOME_VOCAB_SIZE, ATOME_D_MODEL);
    *length = (size_t)(at - blob);
    return blob;
}

/* A blob from a file. --------------------------------------------------------------------------------------------- */

static uint8_t *read_model(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    uint8_t *blob = NULL;
    long size;

    if (file == NULL) {
        perror(path);
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 && (blob = malloc((size_t)size)) != NULL) {
        rewind(file);
        *length = fread(blob, 1, (size_t)size, file);
    }
    fclose(file);
    return blob;
}

/* Output. --------------------------------------------------------------------------------------------------------- */

/* Text as text, any other byte as \xHH. */
static void print_byte(int byte)
{
    if ((byte >= 32 && byte < 127) || byte == '\n') {
        putchar(byte);
    } else {
        printf("\\x%02x", (unsigned)byte);
    }
    fflush(stdout);
}

static void print_entropy(void)
{
    int layer, i;

    printf("router entropy at the last position, per layer (0: one pathway takes all, ln %d: undecided)\n",
           ATOME_N_PATHWAYS);
    for (layer = 0; layer < ATOME_N_LAYERS; layer++) {
        float entropy = atome_router_entropy(&state, layer);
        printf("  %2d  %.3f  ", layer, (double)entropy);
        for (i = 0; i < (int)(30.0f * entropy); i++) {
            putchar('#');
        }
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    const char *prompt = argc > 2 ? argv[2] : "Hello";
    int tokens[ATOME_MAX_SEQ], n = 0, count = argc > 3 ? atoi(argv[3]) : 24, made = 0, code;
    size_t length = 0;
    uint8_t *blob = argc > 1 ? read_model(argv[1], &length) : random_model(&length);
    clock_t start;

    if (blob == NULL) {
        fprintf(stderr, "no model\n");
        return 1;
    }
    code = atome_load_exact(&model, blob, length);
    if (code != ATOME_OK) {
        char why[512];

        atome_explain(blob, length, why, sizeof why);
        fprintf(stderr, "%s: %s: %s\n", argc > 1 ? argv[1] : "random model", atome_error_text(code), why);
        free(blob);
        return 1;
    }
    atome_init(&state);
    if (argc > 4 && strcmp(argv[4], "line") != 0) {
        fprintf(stderr, "%s: expected line\n", argv[4]);
        free(blob);
        return 1;
    }
    printf("libatome %s, %s mode\n", atome_version(), atome_mode());
    printf("shape   d=%d layers=%d head=%d vocabulary=%d positions=%d\n", ATOME_D_MODEL, ATOME_N_LAYERS, ATOME_D_HEAD,
           ATOME_VOCAB_SIZE, ATOME_MAX_SEQ);
    printf("model   %lu bytes (flash)\n", (unsigned long)length);
    printf("state   %lu bytes (RAM), %s plan; the C99 engine's: %lu bytes\n", (unsigned long)ATOME_STATE_SIZE,
           ATOME_PLAN == ATOME_PLAN_CACHED    ? "cached"
           : ATOME_PLAN == ATOME_PLAN_PARTIAL ? "partial"
                                              : "lean", (unsigned long)ATOME_STATE_SIZE_C99);

    while (prompt[n] != '\0' && n < ATOME_MAX_SEQ) {
        tokens[n] = (unsigned char)prompt[n];
        n++;
    }
    printf("%s", argc > 1 ? "text    " : "text    (RANDOM WEIGHTS: this is noise) ");
    printf("%s|", prompt);
    start = clock();
    while (made < count && n < ATOME_MAX_SEQ) {
        int next = atome_predict_next(&model, &state, tokens, n);
        if (next < 0) {
            fprintf(stderr, "\n%s\n", atome_error_text(next));
            free(blob);
            return 1;
        }
        made++;
        if (argc > 4 && next == '\n') {
            break;
        }
        print_byte(next);
        tokens[n++] = next;
    }
    printf("\ntime    %.1f ms a token\n", 1000.0 * (double)(clock() - start) / CLOCKS_PER_SEC / (made > 0 ? made : 1));
    print_entropy();
    free(blob);
    return 0;
}
