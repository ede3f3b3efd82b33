//! What matrices are multiplied by: some columns of some positions at a time, as they are or normed on the way.

use core::ops::Range;

use super::lanes::Lanes;
use crate::kernel::{Moments, Normed};

/// `[positions][cols]`.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Inputs<'a> {
    /// As many as that at least.
    rows: &'a [f32],
    positions: usize,
    cols: usize,
    norm: Option<Parameters<'a>>,
}

/// How rows are normed.
#[derive(Clone, Copy)]
struct Parameters<'a> {
    /// `[cols]`, which need no alignment.
    gamma: *const f32,
    beta: *const f32,
    /// `[positions]`.
    moments: &'a [Moments],
}

/// The bits of 2^100: twice a sum of 2^16 smaller values is far from overflow.
const LIMIT: u32 = (127 + 100) << 23;

/// Whether twice a sum of these values, as many as a matrix has columns, stays far from overflow. False for NaN.
#[inline(always)]
pub(in crate::kernel) fn in_range(values: &[f32]) -> bool {
    // Signed, which every instruction set can compare.
    let is_out = |value: &f32| (value.to_bits() & 0x7fff_ffff) as i32 >= LIMIT as i32;
    !values.iter().fold(false, |any, value| any | is_out(value))
}

impl<'a> Inputs<'a> {
    /// Rows as they are; `None` where there are fewer.
    pub fn plain(rows: &'a [f32], positions: usize, cols: usize) -> Option<Self> {
        let rows = rows.get(..positions.checked_mul(cols)?)?;
        Some(Self { rows, positions, cols, norm: None })
    }

    /// Rows to be normed; `None` where an array has another length than the others.
    pub fn normed(normed: &Normed<'a>) -> Option<Self> {
        let Normed { norm, rows, moments } = *normed;
        let cols = norm.gamma.len();
        let plain = Self::plain(rows, moments.len(), cols)?;
        let (gamma, beta) = (norm.gamma.bytes().as_ptr().cast(), norm.beta.bytes().as_ptr().cast());
        (norm.beta.len() == cols).then_some(Self { norm: Some(Parameters { gamma, beta, moments }), ..plain })
    }

    pub fn positions(&self) -> usize {
        self.positions
    }

    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Whether all rows are [`in_range`] as they are.
    pub fn are_in_range(&self) -> bool {
        in_range(self.rows)
    }

    /// Where a position's row lies, as it is.
    #[inline(always)]
    pub fn row(&self, position: usize) -> *const f32 {
        self.rows.as_ptr().wrapping_add(position * self.cols)
    }

    /// gamma and beta, `[cols]` each, which need no alignment; `None` where rows are taken as they are.
    #[cfg(backend = "x86")]
    #[inline(always)]
    pub fn parameters(&self) -> Option<(*const f32, *const f32)> {
        self.norm.map(|Parameters { gamma, beta, .. }| (gamma, beta))
    }

    /// What a position's row is normed by.
    #[cfg(backend = "x86")]
    #[inline(always)]
    pub fn moments(&self, position: usize) -> Moments {
        self.norm.and_then(|norm| norm.moments.get(position).copied()).unwrap_or_default()
    }

    /// Writes `columns` of `count` positions from `first` on, `[count][columns]`.
    ///
    /// # Safety
    /// The processor has the instructions of `L`; positions and columns are there, and so is the room.
    #[inline(always)]
    pub unsafe fn write<L: Lanes>(&self, first: usize, count: usize, columns: Range<usize>, to: *mut f32) {
        let width = columns.len();
        let x = self.row(first).wrapping_add(columns.start);
        let block = |row: usize| (x.wrapping_add(row * self.cols), to.wrapping_add(row * width));
        // SAFETY: as the caller promises; norms have parameters for each column, and moments for each position.
        unsafe {
            let Some(Parameters { gamma, beta, moments }) = self.norm else {
                for (x, to) in (0..count).map(block) {
                    to.copy_from_nonoverlapping(x, width);
                }
                return;
            };
            let (gamma, beta) = (gamma.add(columns.start), beta.add(columns.start));
            let rows = Rows { gamma, beta, stride: self.cols, width };
            let (fours, rest) = moments.get_unchecked(first..first + count).as_chunks::<4>();
            for (moments, (x, to)) in fours.iter().zip((0..).step_by(4).map(block)) {
                rows.norm::<L, 4>(moments, x, to);
            }
            for (moments, (x, to)) in rest.iter().zip((4 * fours.len()..).map(block)) {
                rows.norm::<L, 1>(core::array::from_ref(moments), x, to);
            }
        }
    }
}

/// Some columns of rows that are normed.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Rows {
    /// `[width]`, which need no alignment.
    pub gamma: *const f32,
    pub beta: *const f32,
    /// From a row to the next.
    pub stride: usize,
    pub width: usize,
}

impl Rows {
    /// Writes the `R` rows at `x`, one behind the other.
    ///
    /// # Safety
    /// The processor has the instructions of `L`; rows, parameters and room are there.
    #[inline(always)]
    pub unsafe fn norm<L: Lanes, const R: usize>(self, moments: &[Moments; R], x: *const f32, to: *mut f32) {
        let Self { gamma, beta, stride, width } = self;
        let mut column = 0;
        // SAFETY: as the caller promises.
        unsafe {
            while column + L::COUNT <= width {
                let (gamma, beta) = (L::load(gamma.add(column)), L::load(beta.add(column)));
                for (row, moments) in moments.iter().enumerate() {
                    let distance = L::load(x.add(row * stride + column)).sub(L::splat(moments.mean));
                    let scaled = gamma.mul(distance).mul(L::splat(moments.factor));
                    scaled.add(beta).store(to.add(row * width + column));
                }
                column += L::COUNT;
            }
        }
        if column < width {
            // SAFETY: as the caller promises.
            unsafe { self.norm_rest(moments, column, x, to) };
        }
    }

    /// [`Rows::norm`] from a column on, one value after the other.
    ///
    /// # Safety
    /// As [`Rows::norm`].
    #[cold]
    #[inline(never)]
    unsafe fn norm_rest(self, moments: &[Moments], first: usize, x: *const f32, to: *mut f32) {
        for (row, moments) in moments.iter().enumerate() {
            for column in first..self.width {
                // SAFETY: as the caller promises.
                unsafe {
                    let value = x.add(row * self.stride + column).read();
                    let [gamma, beta] = [self.gamma, self.beta].map(|from| from.add(column).read_unaligned());
                    to.add(row * self.width + column).write(moments.norm(gamma, beta, value));
                }
            }
        }
    }
}
