/* shape: -DATOME_TOP_K=30 -DATOME_D_MODEL=11 -DATOME_N_LAYERS=1 -DATOME_D_HEAD=5 -DATOME_VOCAB_SIZE=10 -DATOME_MAX_SEQ=7 -DATOME_KERNEL_SIZE=4 */
/* arithmetic: exact */
/*
 * Habit: the building blocks are called by hand, on structs filled by hand, with sizes that fit no word: matrices whose
 * rows straddle bytes, a scale of infinity, floats at odd addresses, a state space carried over two halves.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

enum { N = ATOME_MAX_SEQ, D = ATOME_D_MODEL, H = ATOME_D_HEAD };

/* C99 does not convert a pointer to rows of float to one to rows of const float by itself. */
#define CONST_ROWS(x) ((const float (*)[ATOME_D_MODEL])(x))

static uint8_t packed[3][(D * D + 3) / 4];
static uint8_t floats[3 * 4 * D + 1]; /* from offset 1: every float is misaligned */
static float x[N][D], out[N][D];
static atome_state_t state;

static void fill(void)
{
    model_writer w = {NULL, 0, 99};
    int i, t;

    for (i = 0; i < 3; i++) {
        uint8_t section[4 + sizeof packed[0]];
        w.bytes = section;
        w.len = 0;
        write_quantised(&w, D, D);
        memcpy(packed[i], section + 4, sizeof packed[0]);
    }
    w.bytes = floats;
    w.len = 1;
    write_floats(&w, 3 * D, -1.5f, 3072);
    for (t = 0; t < N; t++) {
        w.bytes = (uint8_t *)x[t];
        w.len = 0;
        write_floats(&w, D, -2.0f, 4096);
    }
}

static const float *floats_at(int i)
{
    const void *at = floats + 1 + 4 * i;
    return (const float *)at;
}

static void show_rows(const char *name)
{
    int t;

    for (t = 0; t < N; t++) {
        show_floats(name, out[t], D);
    }
}

static atome_ternary_t matrix(int i, int rows, int cols, float scale)
{
    atome_ternary_t W = {0};

    W.packed = packed[i];
    W.scale = scale;
    W.rows = (uint16_t)rows;
    W.cols = (uint16_t)cols;
    return W;
}

static void matvec_and_trits(void)
{
    static const int sizes[][2] = {{1, 1}, {3, 7}, {7, 3}, {11, 11}, {5, 9}, {0, 4}};
    static const uint8_t codes[2] = {0xe4, 0x27}; /* 0 1 10 -1, -1 1 10 0 */
    float zero = 0.0f, y[D];
    atome_ternary_t W;
    size_t i;
    int j;

    printf("trits:");
    for (j = 0; j < 8; j++) {
        printf(" %d", atome_unpack_trit(codes, j));
    }
    printf("\n");
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        W = matrix(0, sizes[i][0], sizes[i][1], 0.375f);
        for (j = 0; j < D; j++) {
            y[j] = -7.0f; /* rows beyond W.rows must stay */
        }
        atome_ternary_matvec(&W, x[1], y);
        show_floats("matvec", y, D);
    }
    W = matrix(1, 6, 10, 1.0f / zero);
    atome_ternary_matvec(&W, x[2], y);
    show_floats("infinite scale", y, 6);
    W.cols = 0;
    atome_ternary_matvec(&W, x[2], y); /* an empty sum times infinity */
    show_floats("no columns", y, 6);
}

static void layer_norm(void)
{
    atome_norm_t norm = {0};
    float y[D];
    int dim;

    norm.gamma = floats_at(0);
    norm.beta = floats_at(D);
    for (dim = 1; dim <= D; dim += 5) {
        memcpy(y, x[3], sizeof y);
        atome_layer_norm(y, dim, &norm);
        show_floats("layer_norm", y, D);
    }
}

static void causal_conv(void)
{
    atome_conv_t conv = {0};
    int taps;

    conv.packed = packed[2];
    conv.scale = 0.8125f;
    conv.channels = D;
    for (taps = 1; taps <= 9; taps += 4) { /* 9 taps reach past the first of 7 positions */
        conv.kernel_size = (uint16_t)taps;
        atome_causal_conv(CONST_ROWS(x), N, &conv, out);
        show_rows("causal_conv");
    }
}

static void ssm_in_halves(void)
{
    atome_ssm_t ssm = {0};
    float h[D] = {0};

    ssm.a = floats_at(0);
    ssm.b = floats_at(D);
    ssm.c_out = floats_at(2 * D);
    ssm.channels = D;
    atome_ssm_forward(CONST_ROWS(x), N, &ssm, h, out);
    show_rows("ssm at once");
    show_floats("h", h, D);
    memset(h, 0, sizeof h);
    atome_ssm_forward(CONST_ROWS(x), 3, &ssm, h, out);
    show_floats("h after 3", h, D);
    atome_ssm_forward(CONST_ROWS(x + 3), N - 3, &ssm, h, out + 3);
    show_rows("ssm in halves");
    show_floats("h", h, D);
}

static void sparse_attn(void)
{
    static const int kept[] = {1, 2, 4, 7, 30};
    atome_attn_t attn = {0};
    size_t i;

    attn.Wq = matrix(0, H, D, 0.5f);
    attn.Wk = matrix(1, H, D, 0.25f);
    attn.Wv = matrix(2, D, D, 0.125f);
    attn.d_head = H;
    for (i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        attn.top_k = (uint16_t)kept[i];
        atome_sparse_attn(CONST_ROWS(x), N, &attn, &state, out);
        show_rows("sparse_attn");
    }
    /* Equal keys everywhere: every score ties, and the earliest positions win. */
    attn.Wk.scale = 0.0f;
    attn.top_k = 3;
    atome_sparse_attn(CONST_ROWS(x), N, &attn, &state, out);
    show_rows("all scores equal");
    /* A narrower head than the program's. */
    attn.Wq = matrix(0, H - 2, D, 0.5f);
    attn.Wk = matrix(1, H - 2, D, 0.25f);
    attn.d_head = H - 2;
    atome_sparse_attn(CONST_ROWS(x), N, &attn, &state, out);
    show_rows("narrow head");
}

int main(void)
{
    fill();
    atome_init(&state);
    matvec_and_trits();
    layer_norm();
    causal_conv();
    ssm_in_halves();
    sparse_attn();
    return 0;
}
