//! Loading: `atome_load` and `atome_classifier_load`.

use core::ffi::c_int;
use core::slice;

use atome_engine::format::{classifier_body, model_body, model_fingerprint, Cursor};
use atome_engine::{Floats, FormatError, Matrix, Norm, Shape};

use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_ERR_TRUNCATED, ATOME_OK};
use crate::config::{config, model_size};
use crate::types::{atome_block_t, atome_classifier_t, atome_conv_t, atome_model_t, atome_norm_t, atome_ternary_t};

const fn code(error: FormatError) -> c_int {
    match error {
        FormatError::Truncated { .. } => ATOME_ERR_TRUNCATED,
        _ => ATOME_ERR_INVALID,
    }
}

/// Points `model` at the sections of `body`. `None` where they do not fit, which the length check has ruled out.
///
/// # Safety
/// `model` leads to a writable `atome_model_t` of the program's shape.
unsafe fn fill(model: *mut atome_model_t, shape: &Shape, body: &[u8]) -> Option<()> {
    let (v, d, h) = (shape.vocab_size(), shape.d_model(), shape.d_head());
    let mut at = Cursor::new(body);
    let identity = model_fingerprint(shape, body);
    // SAFETY: every place written lies in the struct, whose tail holds as many blocks as the program has layers. The
    // members are written one by one because the Rust type's tail has another length.
    unsafe {
        // Zeroed first, so that the padding between members, which counts for the model's identity, is always the same.
        model.cast::<u8>().write_bytes(0, model_size(shape));
        (*model).fingerprint = [identity as u32, (identity >> 32) as u32];
        (*model).embed.set(at.matrix(v, d)?);
        let blocks = (&raw mut (*model).blocks).cast::<atome_block_t>();
        for layer in 0..shape.n_layers() {
            let block = &mut *blocks.add(layer);
            block.norm.set(at.norm(d)?);
            block.local_conv.set(at.matrix(d, shape.kernel_size())?);
            block.ssm.a = pointer(at.floats(d)?);
            block.ssm.b = pointer(at.floats(d)?);
            block.ssm.c_out = pointer(at.floats(d)?);
            block.ssm.channels = d as u16;
            block.attn.Wq.set(at.matrix(h, d)?);
            block.attn.Wk.set(at.matrix(h, d)?);
            block.attn.Wv.set(at.matrix(d, d)?);
            block.attn.d_head = h as u16;
            block.attn.top_k = shape.top_k() as u16;
            block.router.set(at.matrix(shape.n_pathways(), d)?);
        }
        (*model).final_norm.set(at.norm(d)?);
        (*model).unembed.set(at.matrix(v, d)?);
    }
    Some(())
}

fn pointer(floats: Floats) -> *const f32 {
    floats.bytes().as_ptr().cast()
}

impl atome_ternary_t {
    fn set(&mut self, matrix: Matrix) {
        self.packed = matrix.packed().as_ptr();
        self.scale = matrix.scale();
        self.rows = matrix.rows() as u16;
        self.cols = matrix.cols() as u16;
    }
}

impl atome_conv_t {
    fn set(&mut self, taps: Matrix) {
        self.packed = taps.packed().as_ptr();
        self.scale = taps.scale();
        self.channels = taps.rows() as u16;
        self.kernel_size = taps.cols() as u16;
    }
}

impl atome_norm_t {
    fn set(&mut self, norm: Norm) {
        self.gamma = pointer(norm.gamma);
        self.beta = pointer(norm.beta);
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
    let shape = config.layout.shape();
    match model_body(&shape, data) {
        // SAFETY: not NULL; the caller vouches for the struct.
        Ok(body) => unsafe { fill(model, &shape, body) }.map_or(ATOME_ERR_TRUNCATED, |()| ATOME_OK),
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
    let shape = config.layout.shape();
    match classifier_body(&shape, data, config.max_classes) {
        // SAFETY: not NULL; the caller vouches for the struct.
        Ok(body) => unsafe {
            (*clf).head.set(body.head);
            (*clf).n_classes = body.head.rows() as c_int;
            fill(&raw mut (*clf).base, &shape, body.model).map_or(ATOME_ERR_TRUNCATED, |()| ATOME_OK)
        },
        Err(error) => code(error),
    }
}
