//! Loading: `atome_load` and `atome_classifier_load`.

use core::ffi::c_int;
use core::slice;

use atome_engine::format::{classifier_body, model_body, model_fingerprint, Cursor};
use atome_engine::{FormatError, Matrix, Shape};

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
        (*model).embed.take(&mut at, v, d)?;
        let blocks = (&raw mut (*model).blocks).cast::<atome_block_t>();
        for layer in 0..shape.n_layers() {
            let block = &mut *blocks.add(layer);
            block.norm.take(&mut at, d)?;
            block.local_conv.take(&mut at, d, shape.kernel_size())?;
            for place in [&mut block.ssm.a, &mut block.ssm.b, &mut block.ssm.c_out] {
                *place = take_floats(&mut at, d)?;
            }
            block.ssm.channels = d as u16;
            block.attn.Wq.take(&mut at, h, d)?;
            block.attn.Wk.take(&mut at, h, d)?;
            block.attn.Wv.take(&mut at, d, d)?;
            block.attn.d_head = h as u16;
            block.attn.top_k = shape.top_k() as u16;
            block.router.take(&mut at, shape.n_pathways(), d)?;
        }
        (*model).final_norm.take(&mut at, d)?;
        (*model).unembed.take(&mut at, v, d)?;
    }
    Some(())
}

fn take_floats(at: &mut Cursor, count: usize) -> Option<*const f32> {
    at.floats(count).map(|floats| floats.bytes().as_ptr().cast())
}

impl atome_ternary_t {
    fn take(&mut self, at: &mut Cursor, rows: usize, cols: usize) -> Option<()> {
        *self = Self::new(&at.matrix(rows, cols)?);
        Some(())
    }

    fn new(matrix: &Matrix) -> Self {
        let (rows, cols) = (matrix.rows() as u16, matrix.cols() as u16);
        Self { packed: matrix.packed().as_ptr(), scale: matrix.scale(), rows, cols }
    }
}

impl atome_conv_t {
    fn take(&mut self, at: &mut Cursor, channels: usize, kernel_size: usize) -> Option<()> {
        let taps = at.matrix(channels, kernel_size)?;
        self.packed = taps.packed().as_ptr();
        self.scale = taps.scale();
        (self.channels, self.kernel_size) = (channels as u16, kernel_size as u16);
        Some(())
    }
}

impl atome_norm_t {
    fn take(&mut self, at: &mut Cursor, count: usize) -> Option<()> {
        self.gamma = take_floats(at, count)?;
        self.beta = take_floats(at, count)?;
        Some(())
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
    let data = unsafe { slice::from_raw_parts(data, len.min(isize::MAX as usize)) };
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
    let data = unsafe { slice::from_raw_parts(data, len.min(isize::MAX as usize)) };
    let shape = config.layout.shape();
    match classifier_body(&shape, data, config.max_classes) {
        // SAFETY: not NULL; the caller vouches for the struct.
        Ok(body) => unsafe {
            (*clf).head = atome_ternary_t::new(&body.head);
            (*clf).n_classes = body.head.rows() as c_int;
            fill(&raw mut (*clf).base, &shape, body.model).map_or(ATOME_ERR_TRUNCATED, |()| ATOME_OK)
        },
        Err(error) => code(error),
    }
}
