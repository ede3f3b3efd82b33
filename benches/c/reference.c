/*
 * The C reference of one shape under a prefix of its own, and its attention of one query, which it has no public
 * function for.
 */
#include "reference_unit.c"

void RENAMED(attend)(const float *query, float *keys, const float *values, int newest, float *out);

/* keys[newest + 1][ATOME_D_HEAD], values[newest + 1][ATOME_D_MODEL]: the loop body of atome_sparse_attn. */
void RENAMED(attend)(const float *query, float *keys, const float *values, int newest, float *out)
{
    int positions[TOP_K], n = min_int(TOP_K, newest + 1), c, i;
    float kept[TOP_K];

    keep_best(query, (float (*)[ATOME_D_HEAD])keys, H, newest, kept, positions, n);
    softmax(kept, n);
    for (c = 0; c < D; c++) {
        float acc = 0.0f;
        for (i = 0; i < n; i++) {
            if (positions[i] >= 0) {
                acc = acc + kept[i] * values[positions[i] * D + c];
            }
        }
        out[c] = acc;
    }
}
