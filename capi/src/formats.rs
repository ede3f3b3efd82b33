//! Models whose weights do not lie two bits each: ATOME02 and ATOMEP3.
//!
//! Nothing in the library refers to this but `atome_formats`, and to that nothing but the header's configuration: a program
//! that does not ask for the formats links none of it.

use core::ffi::c_int;
use core::slice;

use atome_engine::format::unchecked_body;
use atome_engine::{Codec, Matrix, Packing, Shape, BASE_THREE, POWERS_OF_THREE};

use crate::codes::{ATOME_ERR_SHAPE, ATOME_OK};
use crate::load::{code, fill};
use crate::types::{atome_formats_t, atome_model_t, atome_ternary_t};

/// Columns of a matrix of ATOME02.
const BASE_THREE_MARK: u16 = u16::MAX - 1;
/// Columns of a matrix of ATOMEP3.
const POWERS_MARK: u16 = u16::MAX;

/// What the header's configuration refers to where the program defines ATOME_FORMATS.
#[no_mangle]
pub static atome_formats: atome_formats_t = atome_formats_t { load, matrix };

/// # Safety
/// `model` is writable and of the program's shape.
unsafe fn load(model: *mut atome_model_t, shape: &Shape, data: &[u8], is_exact: bool) -> c_int {
    let body = match unchecked_body(shape, data) {
        // Before its weights are looked at, which a file of another shape has elsewhere.
        Ok(body) if is_exact && body.file_len() < data.len() => return ATOME_ERR_SHAPE,
        Ok(body) => body.checked(shape),
        Err(error) => Err(error),
    };
    match body {
        Ok(body) => {
            // SAFETY: as the caller promises.
            unsafe { fill(model, shape, body.sections, body.codec) };
            ATOME_OK
        }
        Err(error) => code(error),
    }
}

impl atome_ternary_t {
    /// Notes that `codec` reads the weights: a number of columns that no matrix in memory has takes the place of theirs. What
    /// they were is known: d_model everywhere but in the convolution, which has kernel_size. Firmware may make matrices by
    /// hand, empty ones too, so 0 is no mark.
    #[inline]
    pub(crate) fn mark(&mut self, codec: &Codec) {
        self.cols = if codec.packing() == Packing::PowersOfThree { POWERS_MARK } else { BASE_THREE_MARK };
    }

    /// Whether it was marked.
    #[inline]
    pub(crate) fn is_marked(&self) -> bool {
        self.cols >= BASE_THREE_MARK
    }
}

/// # Safety
/// The matrix was marked by [`load`], not changed since, and has `cols` columns; the view is gone before the blob is.
unsafe fn matrix(matrix: &atome_ternary_t, cols: usize) -> Matrix<'static> {
    let (codec, rows) = (if matrix.cols == POWERS_MARK { &POWERS_OF_THREE } else { &BASE_THREE }, matrix.rows);
    // SAFETY: as the caller promises: that many weights are there. A matrix is refused only for having too few of them.
    unsafe {
        let packed = slice::from_raw_parts(matrix.packed, codec.len(usize::from(rows) * cols));
        Matrix::with_codec(Some(codec), packed, matrix.scale, rows.into(), cols).unwrap_unchecked()
    }
}
