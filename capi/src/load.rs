//! Loading: `atome_load` and `atome_classifier_load`.

use core::ffi::c_int;
use core::slice;

use atome_engine::{Classifier, FormatError, Model, Weights};

use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_ERR_TRUNCATED, ATOME_OK};
use crate::config::config;
use crate::model::new_norm;
use crate::types::{atome_block_t, atome_classifier_t, atome_model_t, atome_ternary_t};

const fn code(error: FormatError) -> c_int {
    match error {
        FormatError::Truncated { .. } => ATOME_ERR_TRUNCATED,
        _ => ATOME_ERR_INVALID,
    }
}

/// Points `model` at the sections of `loaded`'s blob.
///
/// # Safety
/// `model` leads to a writable `atome_model_t` of the program's shape.
unsafe fn fill(model: *mut atome_model_t, loaded: &Model) {
    let shape = loaded.shape();
    // SAFETY: every place written lies in the struct; its tail holds as many blocks as the program has layers. The fields
    // are written in place because the Rust type's tail has another length.
    unsafe {
        (&raw mut (*model).embed).write(atome_ternary_t::new(&loaded.embed()));
        (&raw mut (*model).final_norm).write(new_norm(&loaded.final_norm()));
        (&raw mut (*model).unembed).write(atome_ternary_t::new(&loaded.unembed()));
        let identity = loaded.identity();
        (&raw mut (*model).fingerprint).write([identity as u32, (identity >> 32) as u32]);
        let blocks = (&raw mut (*model).blocks).cast::<atome_block_t>();
        for layer in 0..shape.n_layers() {
            if let Some(block) = loaded.block(layer) {
                blocks.add(layer).write(atome_block_t::new(&block, &shape));
            }
        }
    }
}

/// Loads an ATOME01 blob of this program's shape. Nothing is copied: the model points into data, which belongs to the
/// caller, must outlive the model and must not change while it is in use. data may lie at any address, in flash too.
/// Bytes after the model's end are allowed. A model may be loaded again, from the same or another blob, at any time.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data is not ATOME01 or too short to tell;
/// ATOME_ERR_TRUNCATED (-2) when data ends early; ATOME_ERR_CONFIG (-3) when header and library do not fit together. The
/// model is untouched unless the result is ATOME_OK.
///
/// # Safety
/// `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_load(model: *mut atome_model_t, data: *const u8, len: usize) -> c_int {
    let Some(config) = config() else {
        return ATOME_ERR_CONFIG;
    };
    if model.is_null() || data.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: not NULL; the caller vouches for len bytes.
    let data = unsafe { slice::from_raw_parts(data, len) };
    match Model::new(config.layout.shape(), data) {
        Ok(loaded) => {
            // SAFETY: not NULL; the caller vouches for the struct.
            unsafe { fill(model, &loaded) };
            ATOME_OK
        }
        Err(error) => code(error),
    }
}

/// Loads an ATOMECL01 blob of this program's shape; everything said of atome_load holds.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data is not ATOMECL01 or too short to tell, or its
/// number of classes is not 1 to ATOME_MAX_CLASSES; ATOME_ERR_TRUNCATED (-2) when data ends early; ATOME_ERR_CONFIG (-3)
/// when header and library do not fit together. The classifier is untouched unless the result is ATOME_OK.
///
/// # Safety
/// `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_classifier_load(clf: *mut atome_classifier_t, data: *const u8, len: usize) -> c_int {
    let Some(config) = config() else {
        return ATOME_ERR_CONFIG;
    };
    if clf.is_null() || data.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: not NULL; the caller vouches for len bytes.
    let data = unsafe { slice::from_raw_parts(data, len) };
    match Classifier::new(config.layout.shape(), data, config.max_classes) {
        Ok(loaded) => {
            // SAFETY: not NULL; the caller vouches for the struct.
            unsafe {
                fill(&raw mut (*clf).base, &loaded.base);
                (&raw mut (*clf).head).write(atome_ternary_t::new(&loaded.head));
                (&raw mut (*clf).n_classes).write(loaded.n_classes() as c_int);
            }
            ATOME_OK
        }
        Err(error) => code(error),
    }
}
