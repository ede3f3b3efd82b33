/*
 * Reading model files. The end of atome.c.
 */
#ifndef FILES_H
#define FILES_H

/* Bytes of a section Q(rows, cols): the scale, then the weights. */
static uint64_t quantised_length(uint64_t rows, uint64_t cols, int packing)
{
    return 4 + packed_length(rows * cols, packing);
}

/* Bytes of the body that all formats share. */
static uint64_t body_length(int packing)
{
    uint64_t floats_d = 4 * (uint64_t)D;
    uint64_t norm = 2 * floats_d, ssm = 3 * floats_d;
    uint64_t attn = 2 * quantised_length(H, D, packing) + quantised_length(D, D, packing);
    uint64_t block = norm + quantised_length(D, K, packing) + ssm + attn + quantised_length(P, D, packing);

    return quantised_length(V, D, packing) + (uint64_t)L * block + norm + quantised_length(V, D, packing);
}

/* The take_* functions read one section at *at and move *at behind it. The caller has checked the length. */

static const float *take_floats(const uint8_t **at, int n)
{
    /* Stored as a pointer only; read_float() reads through it byte by byte. */
    const void *floats = *at;

    *at += 4 * (size_t)n;
    return (const float *)floats;
}

static atome_ternary_t take_quantised(const uint8_t **at, int rows, int cols, int packing)
{
    atome_ternary_t W;

    W.scale = read_float(*at, 0);
    W.packed = *at + 4;
    W.rows = (uint16_t)rows;
    W.cols = (uint16_t)cols;
    W.packing = packing;
    *at += quantised_length((uint64_t)rows, (uint64_t)cols, packing);
    return W;
}

static atome_norm_t take_norm(const uint8_t **at)
{
    atome_norm_t norm;

    norm.gamma = take_floats(at, D);
    norm.beta = take_floats(at, D);
    return norm;
}

static void take_block(atome_block_t *block, const uint8_t **at, int packing)
{
    atome_ternary_t conv;

    block->norm = take_norm(at);
    conv = take_quantised(at, D, K, packing);
    block->local_conv.packed = conv.packed;
    block->local_conv.scale = conv.scale;
    block->local_conv.channels = conv.rows;
    block->local_conv.kernel_size = conv.cols;
    block->local_conv.packing = conv.packing;
    block->ssm.a = take_floats(at, D);
    block->ssm.b = take_floats(at, D);
    block->ssm.c_out = take_floats(at, D);
    block->ssm.channels = D;
    block->attn.Wq = take_quantised(at, H, D, packing);
    block->attn.Wk = take_quantised(at, H, D, packing);
    block->attn.Wv = take_quantised(at, D, D, packing);
    block->attn.d_head = H;
    block->attn.top_k = TOP_K;
    block->router = take_quantised(at, P, D, packing);
}

/* Returns where the body ends. */
static const uint8_t *take_body(atome_model_t *model, const uint8_t *at, int packing)
{
    int l;

    model->embed = take_quantised(&at, V, D, packing);
    for (l = 0; l < L; l++) {
        take_block(&model->blocks[l], &at, packing);
    }
    model->final_norm = take_norm(&at);
    model->unembed = take_quantised(&at, V, D, packing);
    return at;
}

#ifdef ATOME_ONLY_ATOME01

int atome_load(atome_model_t *model, const uint8_t *data, size_t len)
{
    if (model == NULL || data == NULL || len < 7 || memcmp(data, "ATOME01", 7) != 0) {
        return -1;
    }
    if (len < 7 + body_length(TWO_BITS)) {
        return -2;
    }
    take_body(model, data + 7, TWO_BITS);
    return 0;
}

#else

static int is_whole(const atome_ternary_t *W)
{
    return is_well_formed(W->packed, W->packing, (size_t)W->rows * W->cols);
}

/* Whether all bytes of all matrices stand for weights. */
static int is_whole_model(const atome_model_t *model)
{
    int l;

    for (l = 0; l < L; l++) {
        const atome_block_t *b = &model->blocks[l];
        const atome_conv_t *conv = &b->local_conv;
        if (!is_well_formed(conv->packed, conv->packing, (size_t)conv->channels * conv->kernel_size) ||
            !is_whole(&b->attn.Wq) || !is_whole(&b->attn.Wk) || !is_whole(&b->attn.Wv) || !is_whole(&b->router)) {
            return 0;
        }
    }
    return is_whole(&model->embed) && is_whole(&model->unembed);
}

int atome_load(atome_model_t *model, const uint8_t *data, size_t len)
{
    static const char magics[3][8] = {"ATOME01", "ATOME02", "ATOMEP3"};
    atome_model_t found;
    int packing = 0;

    if (model == NULL || data == NULL || len < 7) {
        return -1;
    }
    while (memcmp(data, magics[packing], 7) != 0) {
        if (++packing == 3) {
            return -1;
        }
    }
    if (len < 7 + body_length(packing)) {
        return -2;
    }
    take_body(&found, data + 7, packing);
    if (!is_whole_model(&found)) {
        return -5;
    }
    *model = found;
    return 0;
}

#endif

int atome_classifier_load(atome_classifier_t *clf, const uint8_t *data, size_t len)
{
    const uint8_t *at;
    int32_t n_classes;

    if (clf == NULL || data == NULL || len < 13 || memcmp(data, "ATOMECL01", 9) != 0) {
        return -1;
    }
    memcpy(&n_classes, data + 9, sizeof n_classes);
    if (n_classes < 1 || n_classes > ATOME_MAX_CLASSES) {
        return -1;
    }
    if (len < 13 + body_length(TWO_BITS) + quantised_length((uint64_t)n_classes, D, TWO_BITS)) {
        return -2;
    }
    at = take_body(&clf->base, data + 13, TWO_BITS);
    clf->head = take_quantised(&at, (int)n_classes, D, TWO_BITS);
    clf->n_classes = (int)n_classes;
    return 0;
}

#endif
