//! Models whose weights do not lie two bits each: ATOME02 and ATOMEP3.
//!
//! Only `atome_formats` and its like refer to this, and only the program's configuration refers to one of them: a program that does
//! not ask for the formats links none of it.

use core::ffi::c_int;
use core::slice;

use atome_engine::format::unchecked_body;
use atome_engine::{Codec, Matrix, Packing, Shape, BASE_THREE, POWERS_OF_THREE};

use crate::arithmetic::{Chosen, Exact, Integer};
use crate::codes::ATOME_ERR_SHAPE;
use crate::load::{code, fill_checked};
use crate::types::{atome_formats_t, atome_model_t, atome_ternary_t};

/// Columns of a matrix of ATOME02.
const BASE_THREE_MARK: u16 = u16::MAX - 1;
/// Columns of a matrix of ATOMEP3.
const POWERS_MARK: u16 = u16::MAX;

/// What the header's configuration refers to where the program defines ATOME_FORMATS.
#[no_mangle]
pub static atome_formats: atome_formats_t = atome_formats_t { load: load::<Exact>, matrix };

/// And where it chose the integer arithmetic.
#[no_mangle]
pub static atome_integer_formats: atome_formats_t = atome_formats_t { load: load::<Integer>, matrix };

/// # Safety
/// `model` is writable and of the program's shape.
unsafe fn load<C: Chosen>(model: *mut atome_model_t, shape: &Shape, data: &[u8], is_exact: bool) -> c_int {
    let body = match unchecked_body(shape, data) {
        // Compared before the weights are checked: in a file of another shape they lie elsewhere.
        Ok(body) if is_exact && body.file_len() < data.len() => return ATOME_ERR_SHAPE,
        Ok(body) => body.checked(shape),
        Err(error) => Err(error),
    };
    match body {
        // SAFETY: as the caller promises.
        Ok(body) => unsafe { fill_checked::<C>(model, shape, body.sections, body.codec) },
        Err(error) => code(error),
    }
}

impl atome_ternary_t {
    /// Marks the matrix as one whose weights `codec` reads: 65,534 or 65,535 takes the place of its number of columns, which is
    /// known: kernel_size in the convolution, d_model everywhere else. 0 is no mark, because firmware may make empty matrices
    /// by hand. Marks are read only in programs that load such formats; elsewhere a matrix may have so many columns
    /// (c_tests/programs/wide_matrix.c).
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
