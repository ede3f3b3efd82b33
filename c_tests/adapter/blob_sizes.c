/*
 * The header's lengths of model files, for a shape that is known only when the program runs: behind the include, the shape's
 * macros name its variables, and the macros of the lengths are read with these.
 */
#define ATOME_NO_LINK_CHECK
#include "atome.h"

#undef ATOME_VOCAB_SIZE
#undef ATOME_D_MODEL
#undef ATOME_N_LAYERS
#undef ATOME_D_HEAD
#undef ATOME_KERNEL_SIZE
#undef ATOME_N_PATHWAYS
#define ATOME_VOCAB_SIZE (sizes[0])
#define ATOME_D_MODEL (sizes[1])
#define ATOME_N_LAYERS (sizes[2])
#define ATOME_D_HEAD (sizes[3])
#define ATOME_KERNEL_SIZE (sizes[4])
#define ATOME_N_PATHWAYS (sizes[5])

/* Bytes of an ATOME01, ATOME02 and ATOMEP3 file, and of an ATOMECL01 file with so many classes. */
void atome_test_blob_sizes(const uint32_t sizes[6], uint32_t n_classes, uint32_t lengths[4])
{
    lengths[0] = (uint32_t)(ATOME_BLOB_SIZE_ATOME01);
    lengths[1] = (uint32_t)(ATOME_BLOB_SIZE_ATOME02);
    lengths[2] = (uint32_t)(ATOME_BLOB_SIZE_ATOMEP3);
    lengths[3] = (uint32_t)(ATOME_BLOB_SIZE_ATOMECL01(n_classes));
}
