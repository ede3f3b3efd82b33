//! Quantised matrices, a copy of which is arranged for AVX-512, times vectors.
//!
//! The ways for matrices that lie as in a file, [`super::one_position`] and [`super::sixteen_positions`], read rows and have
//! to transpose them. Who has memory for a copy is spared that, and most shifts.

mod layout;
pub(super) mod one_position;
pub(super) mod sixteen_positions;

use super::Kernel;
use crate::kernel::vector::groups::Group;
use crate::kernel::Projection;
use crate::weights::Matrix;

pub(crate) use layout::{len, write};

/// The widest matrix that has a use for tiles.
const MAX_COLS: usize = 256;

/// Whether this processor has a use for tiles of matrices with so many columns:
/// [`suits`](crate::kernel::vector::project::suits) wants fours.
pub(crate) fn are_of_use(cols: usize) -> bool {
    cols.is_multiple_of(4) && cols <= MAX_COLS && Kernel::Avx512.is_available()
}

/// The matrix with a copy that [`write`] has written; without one where it has not the right length.
pub(crate) const fn with_tiles<'a>(matrix: Matrix<'a>, tiles: &'a [u8]) -> Matrix<'a> {
    if has_length(&matrix, tiles) {
        matrix.with_tiles(tiles)
    } else {
        matrix
    }
}

/// Whether so many bytes are the copy of a matrix.
const fn has_length(matrix: &Matrix, tiles: &[u8]) -> bool {
    tiles.len() == len(matrix.rows(), matrix.cols())
}

/// Whether all matrices have such a copy, and can be done together.
pub(super) fn suits(projections: &[Projection]) -> bool {
    let suits = |matrix: &Matrix| matrix.cols() <= MAX_COLS && has_length(matrix, matrix.tiles());
    projections.iter().all(|projection| suits(projection.matrix))
}

/// The tiles of a group.
#[inline]
fn tiles(projections: &[Projection], group: &Group) -> *const u8 {
    let Some(projection) = projections.get(group.projection) else { return core::ptr::null() };
    let offset = group.first_row / layout::ROWS * layout::group_len(projection.matrix.cols());
    projection.matrix.tiles().as_ptr().wrapping_add(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_of_another_length_are_no_tiles() {
        let matrix = Matrix::new(&[0; 8], 1.0, 4, 8).unwrap();
        let bytes = [7; 1024];
        let len = len(4, 8);
        assert_eq!(with_tiles(matrix, &bytes[..len]).tiles(), &bytes[..len]);
        for wrong in [0, len - 1, len + 1] {
            assert!(with_tiles(matrix, &bytes[..wrong]).tiles().is_empty());
        }
        let mut out = [0.0; 4];
        for (tiles, expected) in [(&[][..], false), (&bytes[..len], true), (&bytes[..=len], false)] {
            let matrix = matrix.with_tiles(tiles);
            assert_eq!(suits(&[Projection::new(&matrix, &mut out)]), expected);
        }
    }
}
