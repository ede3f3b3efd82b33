//! The rows of several matrices, as many at a time as a vector has lanes.

use super::lanes::{Lanes, MAX_LANES};
use crate::kernel::Projection;
use crate::weights::Matrix;

/// As many rows of one matrix as there are lanes, or what is left of them.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Group {
    pub projection: usize,
    pub first_row: usize,
    /// At most the number of lanes.
    pub rows: usize,
    /// The first row's bytes.
    start: *const u8,
    /// Bytes of a row.
    pub stride: usize,
}

/// A place that no group fills.
pub(in crate::kernel) const EMPTY: Group =
    Group { projection: usize::MAX, first_row: 0, rows: 0, start: core::ptr::null(), stride: 0 };

impl Group {
    /// Rows whose outputs have places, but whose bytes nobody reads.
    pub const fn of_places(first_row: usize, rows: usize) -> Self {
        Self { first_row, rows, ..EMPTY }
    }

    /// The codes of the panel of columns from `column` on, four bytes a word. Rows and columns that are not there read as
    /// code 00.
    ///
    /// # Safety
    /// The group's rows are readable, `column` is a multiple of 4 that lies in them, and the processor has the instructions
    /// of `L`.
    #[inline(always)]
    pub unsafe fn panel<L: Lanes>(&self, column: usize) -> [L::Words; 4] {
        let offset = column / 4;
        // SAFETY: whole panels of whole groups are read in place; of others, just the bytes that there are.
        unsafe {
            if self.rows == L::COUNT && offset + 16 <= self.stride {
                return L::load_transposed(self.start.add(offset), self.stride);
            }
            let mut copy = [[0_u8; 16]; MAX_LANES];
            for (row, copy) in copy.iter_mut().enumerate().take(self.rows) {
                let bytes = self.start.add(row * self.stride + offset);
                if offset + 16 <= self.stride {
                    *copy = bytes.cast::<[u8; 16]>().read();
                } else {
                    for (index, byte) in copy.iter_mut().enumerate().take(self.stride - offset) {
                        *byte = bytes.add(index).read();
                    }
                }
            }
            L::load_transposed(copy.as_ptr().cast(), 16)
        }
    }
}

/// The groups of all projections, one after the other.
pub(in crate::kernel) struct Groups<'a, 'p, 'm> {
    projections: &'a [Projection<'p, 'm>],
    lanes: usize,
    /// Projection and row that come next.
    place: (usize, usize),
}

impl<'a, 'p, 'm> Groups<'a, 'p, 'm> {
    pub fn of(projections: &'a [Projection<'p, 'm>], lanes: usize) -> Self {
        Self::from(projections, lanes, (0, 0))
    }

    /// Those from a place on that [`Groups::place`] gave.
    pub fn from(projections: &'a [Projection<'p, 'm>], lanes: usize, place: (usize, usize)) -> Self {
        Self { projections, lanes, place }
    }

    /// Projection and row that come next.
    pub fn place(&self) -> (usize, usize) {
        self.place
    }
}

impl Iterator for Groups<'_, '_, '_> {
    type Item = Group;

    #[inline]
    fn next(&mut self) -> Option<Group> {
        loop {
            let (projection, first_row) = self.place;
            let matrix: &Matrix = self.projections.get(projection)?.matrix;
            let stride = matrix.cols() / 4;
            let rows = self.lanes.min(matrix.rows() - first_row);
            if rows == 0 {
                self.place = (projection + 1, 0);
                continue;
            }
            self.place = (projection, first_row + rows);
            let start = matrix.packed().as_ptr().wrapping_add(first_row * stride);
            return Some(Group { projection, first_row, rows, start, stride });
        }
    }
}
