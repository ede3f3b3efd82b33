//! Sixteen positions' inputs, column after column: AVX-512.
//!
//! A column lies in one cache line, so that one address is enough for all positions. The outputs of sixteen rows are a
//! square, too.

use core::arch::x86_64::*;
use core::mem::MaybeUninit;
use core::ops::Range;

use crate::kernel::vector::groups::Group;
use crate::kernel::vector::inputs::{in_range, Inputs};
use crate::kernel::Projection;

/// Positions, and rows of a group.
pub(super) const SIXTEEN: usize = 16;

/// Room for some columns.
pub(super) struct Columns<'r> {
    values: &'r mut [[f32; SIXTEEN]],
}

impl<'r> Columns<'r> {
    /// Room for at least 16 columns, on whole cache lines; `None` where there is less.
    pub fn of(room: &'r mut [f32]) -> Option<Self> {
        let start = room.as_ptr().align_offset(64);
        let (columns, _) = room.get_mut(start..)?.as_chunks_mut();
        let most = columns.len() - columns.len() % SIXTEEN;
        let values = columns.get_mut(..most)?;
        (!values.is_empty()).then_some(Self { values })
    }

    /// How many there is room for: a multiple of 16.
    pub fn most(&self) -> usize {
        self.values.len()
    }

    /// Writes `columns` of sixteen positions from `first` on, and as many more as make whole squares; 0 stands in those that
    /// are not there. `None` where values are not [`in_range`].
    ///
    /// # Safety
    /// The processor has these features, the positions are there, and there is room for the columns.
    #[target_feature(enable = "avx512f,avx2,fma")]
    #[inline(never)]
    pub unsafe fn write(&mut self, inputs: &Inputs, first: usize, columns: Range<usize>) -> Option<&[[f32; SIXTEEN]]> {
        let (squares, _) = self.values.as_chunks_mut::<SIXTEEN>();
        let count = columns.len().div_ceil(SIXTEEN);
        for (index, square) in squares.iter_mut().enumerate().take(count) {
            // SAFETY: as the caller promises; a square has room for sixteen vectors.
            unsafe {
                let rows = inputs.square(first, columns.start + SIXTEEN * index);
                for (column, values) in square.iter_mut().zip(transposed(&rows)) {
                    _mm512_store_ps(column.as_mut_ptr(), values);
                }
            }
        }
        let columns = self.values.get(..SIXTEEN * count)?;
        in_range(columns.as_flattened()).then_some(columns)
    }
}

impl Inputs<'_> {
    /// Sixteen columns of sixteen positions, a position in each vector; 0 stands in columns that are not there.
    ///
    /// # Safety
    /// The processor has these features, and the positions are there.
    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn square(&self, first: usize, column: usize) -> [__m512; SIXTEEN] {
        let present = u16::MAX.checked_shr((column + SIXTEEN).saturating_sub(self.cols()) as u32).unwrap_or(0);
        // SAFETY: as the caller promises; only values that are there are read.
        unsafe {
            let load = |from: *const f32| _mm512_maskz_loadu_ps(present, from);
            let x = |row: usize| load(self.row(first + row).wrapping_add(column));
            let Some((gamma, beta)) = self.parameters() else { return core::array::from_fn(x) };
            let (gamma, beta) = (load(gamma.wrapping_add(column)), load(beta.wrapping_add(column)));
            core::array::from_fn(|row| {
                let moments = self.moments(first + row);
                let distance = _mm512_sub_ps(x(row), _mm512_set1_ps(moments.mean));
                let scaled = _mm512_mul_ps(_mm512_mul_ps(gamma, distance), _mm512_set1_ps(moments.factor));
                _mm512_add_ps(scaled, beta)
            })
        }
    }
}

/// A group's sums at sixteen positions, a position in each vector.
pub(super) type Sums = [__m512; SIXTEEN];

/// Whether all outputs of so many positions have places, and those of a row or of a position lie side by side.
pub(super) fn suits(projections: &[Projection], positions: usize) -> bool {
    projections.iter().all(|projection| {
        let Projection { matrix, ref out, row_stride, position_stride } = *projection;
        let last = |count: usize, stride: usize| Some(count.checked_sub(1)?.saturating_mul(stride));
        let (Some(row), Some(position)) = (last(matrix.rows(), row_stride), last(positions, position_stride)) else {
            return true;
        };
        (row_stride == 1 || position_stride == 1) && row.saturating_add(position) < out.len()
    })
}

/// The outputs that follow from the sums, of which the first `N` are twice as great.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn finish<const N: usize>(sums: &mut Sums, scale: f32) {
    for sum in sums.iter_mut().take(N) {
        *sum = _mm512_mul_ps(*sum, _mm512_set1_ps(0.5));
    }
    for sum in sums {
        *sum = _mm512_mul_ps(*sum, _mm512_set1_ps(scale));
    }
}

/// Sixteen vectors in memory.
#[derive(Clone, Copy)]
pub(super) struct Vectors {
    at: *mut f32,
    /// From one to the next.
    step: usize,
    /// Which of their lanes are there.
    lanes: u16,
}

impl Vectors {
    /// # Safety
    /// The processor has these features, and the vectors are there.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub unsafe fn load(self) -> Sums {
        let mut sums = [_mm512_setzero_ps(); SIXTEEN];
        for (index, sum) in sums.iter_mut().enumerate() {
            // SAFETY: as the caller promises.
            *sum = unsafe { _mm512_maskz_loadu_ps(self.lanes, self.at.add(index * self.step)) };
        }
        sums
    }

    /// # Safety
    /// As [`Vectors::load`].
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub unsafe fn store(self, sums: &Sums) {
        for (index, &sum) in sums.iter().enumerate() {
            // SAFETY: as the caller promises.
            unsafe { _mm512_mask_storeu_ps(self.at.add(index * self.step), self.lanes, sum) };
        }
    }
}

/// The outputs of a group's rows at sixteen positions. Sums of some of the columns wait there for those of the others.
pub(super) struct Square {
    /// A position in each; or a row, where positions lie side by side.
    places: Vectors,
    by_row: bool,
    rows: usize,
    /// Where rows and positions are exchanged.
    room: Room,
}

#[repr(align(64))]
pub(super) struct Room(MaybeUninit<[[f32; SIXTEEN]; SIXTEEN]>);

impl Square {
    /// Those of a projection that [`suits`], at the positions from `first` on.
    #[inline(always)]
    pub fn of(projection: &mut Projection, first: usize, group: &Group) -> Self {
        let Projection { ref mut out, row_stride, position_stride, .. } = *projection;
        let by_row = row_stride != 1;
        let (step, lanes) =
            if by_row { (row_stride, u16::MAX) } else { (position_stride, u16::MAX >> (SIXTEEN - group.rows)) };
        let at = out.as_mut_ptr().wrapping_add(first * position_stride + group.first_row * row_stride);
        Self { places: Vectors { at, step, lanes }, by_row, rows: group.rows, room: Room(MaybeUninit::uninit()) }
    }

    /// Where the group's sums are when `start` columns are added, a position in each vector.
    ///
    /// # Safety
    /// The processor has these features, and all sixteen positions have places.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub unsafe fn before(&mut self, start: usize) -> Vectors {
        static ZEROS: [f32; SIXTEEN] = [0.0; SIXTEEN];
        if start == 0 {
            return Vectors { at: ZEROS.as_ptr().cast_mut(), step: 0, lanes: u16::MAX };
        }
        if self.by_row && self.rows < SIXTEEN {
            // SAFETY: as the caller promises.
            unsafe { self.read_rows() };
            return self.room();
        }
        self.places
    }

    /// Where they go. What waits in a whole square is in any order, outputs are not.
    #[inline(always)]
    pub fn after(&mut self, are_outputs: bool) -> Vectors {
        if self.by_row && (are_outputs || self.rows < SIXTEEN) {
            self.room()
        } else {
            self.places
        }
    }

    #[inline(always)]
    fn room(&mut self) -> Vectors {
        Vectors { at: self.room.0.as_mut_ptr().cast(), step: SIXTEEN, lanes: u16::MAX }
    }

    /// Moves them from there to their places, if they are elsewhere.
    ///
    /// # Safety
    /// As [`Square::before`]; they were stored [`Square::after`].
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub unsafe fn settle(&mut self, are_outputs: bool) {
        if self.by_row && (are_outputs || self.rows < SIXTEEN) {
            // SAFETY: as the caller promises.
            unsafe { self.write_rows() };
        }
    }

    /// # Safety
    /// As [`Square::settle`].
    #[target_feature(enable = "avx512f")]
    #[inline(never)]
    unsafe fn write_rows(&mut self) {
        // SAFETY: as the caller promises: as many rows have places.
        unsafe {
            for (index, row) in transposed(&self.room().load()).into_iter().enumerate().take(self.rows) {
                _mm512_storeu_ps(self.places.at.add(index * self.places.step), row);
            }
        }
    }

    /// # Safety
    /// As [`Square::before`].
    #[target_feature(enable = "avx512f")]
    #[inline(never)]
    unsafe fn read_rows(&mut self) {
        let mut rows = [_mm512_setzero_ps(); SIXTEEN];
        // SAFETY: as the caller promises: as many rows have places.
        unsafe {
            for (index, row) in rows.iter_mut().enumerate().take(self.rows) {
                *row = _mm512_loadu_ps(self.places.at.add(index * self.places.step));
            }
            self.room().store(&transposed(&rows));
        }
    }
}

/// Rows become columns.
#[target_feature(enable = "avx512f")]
#[inline]
fn transposed(rows: &[__m512; 16]) -> [__m512; 16] {
    let mut pairs = *rows;
    for i in (0..16).step_by(2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    // Vector 4q + c: column c of each 128 bits, of rows 4q to 4q + 3.
    let mut fours = pairs;
    let low = |a, b| _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    let high = |a, b| _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    for i in (0..16).step_by(4) {
        fours[i] = low(pairs[i], pairs[i + 2]);
        fours[i + 1] = high(pairs[i], pairs[i + 2]);
        fours[i + 2] = low(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = high(pairs[i + 1], pairs[i + 3]);
    }
    let mut columns = fours;
    for i in 0..4 {
        let (a, b, c, d) = (fours[i], fours[i + 4], fours[i + 8], fours[i + 12]);
        let (ab_even, cd_even) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(c, d));
        let (ab_odd, cd_odd) = (_mm512_shuffle_f32x4::<0xdd>(a, b), _mm512_shuffle_f32x4::<0xdd>(c, d));
        columns[i] = _mm512_shuffle_f32x4::<0x88>(ab_even, cd_even);
        columns[i + 4] = _mm512_shuffle_f32x4::<0x88>(ab_odd, cd_odd);
        columns[i + 8] = _mm512_shuffle_f32x4::<0xdd>(ab_even, cd_even);
        columns[i + 12] = _mm512_shuffle_f32x4::<0xdd>(ab_odd, cd_odd);
    }
    columns
}
