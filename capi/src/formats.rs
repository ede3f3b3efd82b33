//! Models whose weights do not lie two bits each: ATOME02 and ATOMEP3.
//!
//! Nothing in the library refers to this but `atome_formats`, and to that nothing but the header's configuration: a program
//! that leaves the formats out links none of it.

use core::ffi::c_int;
use core::slice;

use atome_engine::format::coded_body;
use atome_engine::{Codec, Matrix, Packing, Shape, BASE_THREE, POWERS_OF_THREE};

use crate::codes::ATOME_OK;
use crate::load::{code, fill};
use crate::types::{atome_formats_t, atome_model_t, atome_ternary_t};

/// What the header's configuration refers to, unless the program keeps to ATOME01.
#[no_mangle]
pub static atome_formats: atome_formats_t = atome_formats_t { load, matrix };

/// # Safety
/// `model` is writable and of the program's shape.
unsafe fn load(model: *mut atome_model_t, shape: &Shape, data: &[u8]) -> c_int {
    match coded_body(shape, data) {
        Ok(body) => {
            // SAFETY: as the caller promises.
            unsafe { fill(model, shape, body.sections, body.codec) };
            ATOME_OK
        }
        Err(error) => code(error),
    }
}

impl atome_ternary_t {
    /// Notes that `codec` reads the weights: 0, which no matrix has, takes the place of the columns, and where it is ATOMEP3
    /// the rows change places with it. What the columns were is known: d_model everywhere but in the convolution, which has
    /// kernel_size.
    #[inline]
    pub(crate) fn mark(&mut self, codec: &Codec) {
        self.cols = 0;
        if codec.packing() == Packing::PowersOfThree {
            (self.rows, self.cols) = (0, self.rows);
        }
    }

    /// Whether it was marked.
    #[inline]
    pub(crate) fn is_marked(&self) -> bool {
        self.rows == 0 || self.cols == 0
    }
}

/// # Safety
/// The matrix was marked by [`load`], not changed since, and has `cols` columns; the view is gone before the blob is.
unsafe fn matrix(matrix: &atome_ternary_t, cols: usize) -> Matrix<'static> {
    let (codec, rows) = if matrix.cols == 0 { (&BASE_THREE, matrix.rows) } else { (&POWERS_OF_THREE, matrix.cols) };
    // SAFETY: as the caller promises: that many weights are there. A matrix is refused only for having too few of them.
    unsafe {
        let packed = slice::from_raw_parts(matrix.packed, codec.len(usize::from(rows) * cols));
        Matrix::with_codec(Some(codec), packed, matrix.scale, rows.into(), cols).unwrap_unchecked()
    }
}
