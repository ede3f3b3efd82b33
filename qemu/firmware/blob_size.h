/* Bytes of a model file of the shape that atome.h was included with, as a constant. Include it after atome.h. */
#ifndef BLOB_SIZE_H
#define BLOB_SIZE_H

#define QUANTISED_BYTES(rows, cols) (4ul + (1ul * (rows) * (cols) + 3ul) / 4ul)
#define LAYER_BYTES                                                                                                    \
    (20ul * ATOME_D_MODEL + QUANTISED_BYTES(ATOME_D_MODEL, ATOME_KERNEL_SIZE) +                                        \
     2ul * QUANTISED_BYTES(ATOME_D_HEAD, ATOME_D_MODEL) + QUANTISED_BYTES(ATOME_D_MODEL, ATOME_D_MODEL) +              \
     QUANTISED_BYTES(ATOME_N_PATHWAYS, ATOME_D_MODEL))
#define BODY_BYTES                                                                                                     \
    (2ul * QUANTISED_BYTES(ATOME_VOCAB_SIZE, ATOME_D_MODEL) + ATOME_N_LAYERS * LAYER_BYTES + 8ul * ATOME_D_MODEL)

#define MODEL_BYTES (7ul + BODY_BYTES)
#define CLASSIFIER_BYTES(n_classes) (13ul + BODY_BYTES + QUANTISED_BYTES(n_classes, ATOME_D_MODEL))

#endif
