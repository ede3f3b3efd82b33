/*
 * Gives every function of the C99 engine the prefix REFERENCE_PREFIX, so that engines of several shapes, and the archive
 * under its real names, fit one process.
 */
#ifndef RENAME_H
#define RENAME_H

#define RENAME_PASTE(prefix, name) prefix##name
#define RENAME_WITH(prefix, name) RENAME_PASTE(prefix, name)
#define RENAMED(name) RENAME_WITH(REFERENCE_PREFIX, name)

#define atome_ternary_matvec RENAMED(atome_ternary_matvec)
#define atome_layer_norm RENAMED(atome_layer_norm)
#define atome_causal_conv RENAMED(atome_causal_conv)
#define atome_ssm_forward RENAMED(atome_ssm_forward)
#define atome_sparse_attn RENAMED(atome_sparse_attn)
#define atome_init RENAMED(atome_init)
#define atome_load RENAMED(atome_load)
#define atome_predict_next RENAMED(atome_predict_next)
#define atome_get_logits RENAMED(atome_get_logits)
#define atome_generate RENAMED(atome_generate)
#define atome_classify RENAMED(atome_classify)
#define atome_classifier_load RENAMED(atome_classifier_load)

#endif
