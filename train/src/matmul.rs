//! Matrix products in the three arrangements that a linear layer needs.
//!
//! Every element of a result is one running sum in the order of the inner index, whatever the block sizes: blocks only
//! decide which sums run side by side.

use crate::float::Float;
use crate::simd::multiversion;

/// Columns of a result computed side by side: two AVX2 registers of f32.
const WIDE: usize = 16;

/// Rows of a result computed side by side.
const TALL: usize = 4;

/// A matrix `[rows, cols]` cut into panels of 16 columns, each stored row by row; the last one is filled up with zeros.
#[derive(Clone, Debug, Default)]
pub struct Panels<T> {
    values: Vec<T>,
    rows: usize,
    cols: usize,
}

impl<T: Float> Panels<T> {
    /// Room for a matrix, all zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { values: vec![T::ZERO; rows * cols.div_ceil(WIDE) * WIDE], rows, cols }
    }

    /// Takes in `matrix`, `[rows, cols]` row-major.
    pub fn fill(&mut self, matrix: &[T], rows: usize, cols: usize) {
        (self.rows, self.cols) = (rows, cols);
        self.values.resize(rows * cols.div_ceil(WIDE) * WIDE, T::ZERO);
        fill(&mut self.values, matrix, rows, cols);
    }

    /// Takes in the transpose of `matrix`, which is `[cols, rows]` row-major.
    pub fn fill_transposed(&mut self, matrix: &[T], rows: usize, cols: usize) {
        (self.rows, self.cols) = (rows, cols);
        self.values.resize(rows * cols.div_ceil(WIDE) * WIDE, T::ZERO);
        if rows == 0 {
            return;
        }
        for (panel, columns) in self.values.chunks_exact_mut(rows * WIDE).zip(matrix.chunks(rows * WIDE)) {
            panel.fill(T::ZERO);
            for (lane, column) in columns.chunks_exact(rows).enumerate() {
                for (row, &value) in panel.chunks_exact_mut(WIDE).zip(column) {
                    row[lane] = value;
                }
            }
        }
    }
}

/// Whether a product replaces what the result holds or is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// The result is overwritten.
    Set,
    /// The product is added.
    Add,
}

/// `c = (a b) * scale`, or added to `c`. `a` is `[m, k]`, `b` is `[k, n]`, `c` is `[m, n]`.
pub fn product<T: Float>(a: &[T], b: &Panels<T>, scale: T, c: &mut [T], store: Store) {
    if b.rows == 0 || b.cols == 0 {
        return;
    }
    product_rows(a, &b.values, b.rows, b.cols, scale, c, store == Store::Add);
}

/// `c += a^T b`. `a` is `[r, m]`, `b` is `[r, n]`, `c` is `[m, n]`.
pub fn add_transposed_product<T: Float>(a: &[T], b: &Panels<T>, c: &mut [T]) {
    if b.rows == 0 || b.cols == 0 || c.is_empty() {
        return;
    }
    transposed_rows(a, &b.values, b.rows, b.cols, c);
}

multiversion! {
    fn fill<T>(panels: &mut [T], matrix: &[T], rows: usize, cols: usize) {
        if rows == 0 || cols == 0 {
            return;
        }
        for (index, panel) in panels.chunks_exact_mut(rows * WIDE).enumerate() {
            let start = index * WIDE;
            let width = WIDE.min(cols - start);
            for (to, from) in panel.chunks_exact_mut(WIDE).zip(matrix.chunks_exact(cols)) {
                if width == WIDE {
                    to.copy_from_slice(&from[start..start + WIDE]);
                } else {
                    to[..width].copy_from_slice(&from[start..]);
                    to[width..].fill(T::ZERO);
                }
            }
        }
    }
}

multiversion! {
    fn product_rows<T>(a: &[T], panels: &[T], inner: usize, cols: usize, scale: T, c: &mut [T], add: bool) {
        let tall = a.chunks_exact(TALL * inner).zip(c.chunks_exact_mut(TALL * cols));
        let done = tall.len() * TALL;
        for (a, c) in tall {
            block::<T, TALL>(a, panels, inner, cols, scale, c, add);
        }
        let rest = a[done * inner..].chunks_exact(inner).zip(c[done * cols..].chunks_exact_mut(cols));
        for (a, c) in rest {
            block::<T, 1>(a, panels, inner, cols, scale, c, add);
        }
    }
}

/// `H` rows of a product.
#[inline(always)]
fn block<T: Float, const H: usize>(a: &[T], panels: &[T], inner: usize, cols: usize, scale: T, c: &mut [T], add: bool) {
    let rows: [&[T]; H] = std::array::from_fn(|row| &a[row * inner..(row + 1) * inner]);
    for (index, panel) in panels.chunks_exact(inner * WIDE).enumerate() {
        let mut sums = [[T::ZERO; WIDE]; H];
        for (i, b) in panel.as_chunks::<WIDE>().0.iter().enumerate() {
            for (sum, row) in sums.iter_mut().zip(rows) {
                let value = row[i];
                for (sum, &b) in sum.iter_mut().zip(b) {
                    *sum += value * b;
                }
            }
        }
        store(&sums, index * WIDE, cols, scale, c, add);
    }
}

multiversion! {
    fn transposed_rows<T>(a: &[T], panels: &[T], inner: usize, cols: usize, c: &mut [T]) {
        let height = c.len() / cols;
        let done = height - height % TALL;
        for first in (0..done).step_by(TALL) {
            transposed_block::<T, TALL>(a, first, height, panels, inner, cols, &mut c[first * cols..]);
        }
        for first in done..height {
            transposed_block::<T, 1>(a, first, height, panels, inner, cols, &mut c[first * cols..]);
        }
    }
}

/// `H` rows of a product with a transposed matrix: those that columns `first..first + H` of `a` make.
#[inline(always)]
fn transposed_block<T: Float, const H: usize>(
    a: &[T],
    first: usize,
    stride: usize,
    panels: &[T],
    inner: usize,
    cols: usize,
    c: &mut [T],
) {
    for (index, panel) in panels.chunks_exact(inner * WIDE).enumerate() {
        let mut sums = [[T::ZERO; WIDE]; H];
        for (a, b) in a.chunks_exact(stride).zip(panel.as_chunks::<WIDE>().0) {
            let values: &[T; H] = a[first..].first_chunk().expect("a block lies within the matrix");
            for (sum, &value) in sums.iter_mut().zip(values) {
                for (sum, &b) in sum.iter_mut().zip(b) {
                    *sum += value * b;
                }
            }
        }
        store(&sums, index * WIDE, cols, T::ONE, c, true);
    }
}

/// Brings sums into columns `start..` of the result.
#[inline(always)]
fn store<T: Float, const H: usize>(sums: &[[T; WIDE]; H], start: usize, cols: usize, scale: T, c: &mut [T], add: bool) {
    if cols - start < WIDE {
        // A copy, so that only this path keeps the sums in memory.
        return store_narrow(*sums, start, cols, scale, c, add);
    }
    for (sum, row) in sums.iter().zip(c.chunks_exact_mut(cols)) {
        let row: &mut [T; WIDE] = row[start..].first_chunk_mut().expect("a whole panel lies within the row");
        for (out, &sum) in row.iter_mut().zip(sum) {
            let value = sum * scale;
            *out = if add { *out + value } else { value };
        }
    }
}

/// Stores the sums of the last panel, which is not as wide as the others.
#[inline(never)]
fn store_narrow<T: Float, const H: usize>(
    sums: [[T; WIDE]; H],
    start: usize,
    cols: usize,
    scale: T,
    c: &mut [T],
    add: bool,
) {
    for (sum, row) in sums.iter().zip(c.chunks_exact_mut(cols)) {
        for (out, &sum) in row[start..].iter_mut().zip(sum) {
            let value = sum * scale;
            *out = if add { *out + value } else { value };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        (0..count as u32).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 503.0 - 1.0).collect()
    }

    #[test]
    fn products_are_running_sums_in_order_for_any_size() {
        for (m, k, n) in [(1, 1, 1), (4, 16, 16), (5, 7, 19), (9, 33, 44), (126, 64, 3), (3, 2, 256)] {
            let (a, b) = (values(m * k, 1), values(k * n, 2));
            let mut panels = Panels::zeros(k, n);
            panels.fill(&b, k, n);
            let mut c = values(m * n, 3);
            let before = c.clone();
            product(&a, &panels, 0.5, &mut c, Store::Add);
            let mut set = before.clone();
            product(&a, &panels, 1.0, &mut set, Store::Set);
            for row in 0..m {
                for col in 0..n {
                    let sum = (0..k).fold(0.0, |sum, i| sum + a[row * k + i] * b[i * n + col]);
                    assert_eq!(c[row * n + col], before[row * n + col] + sum * 0.5);
                    assert_eq!(set[row * n + col], sum);
                }
            }
        }
    }

    #[test]
    fn transposed_products_are_too() {
        for (r, m, n) in [(1, 1, 1), (7, 5, 19), (126, 64, 64), (10, 3, 44)] {
            let (a, b) = (values(r * m, 1), values(r * n, 2));
            let mut panels = Panels::zeros(r, n);
            panels.fill(&b, r, n);
            let mut c = vec![1.0; m * n];
            add_transposed_product(&a, &panels, &mut c);
            for row in 0..m {
                for col in 0..n {
                    let sum = (0..r).fold(0.0, |sum, i| sum + a[i * m + row] * b[i * n + col]);
                    assert_eq!(c[row * n + col], 1.0 + sum);
                }
            }
        }
    }

    #[test]
    fn a_matrix_and_its_transpose_make_the_same_panels() {
        for (rows, cols) in [(3, 5), (16, 16), (7, 40)] {
            let matrix = values(rows * cols, 4);
            let transposed: Vec<f32> = (0..cols * rows).map(|i| matrix[(i % rows) * cols + i / rows]).collect();
            let (mut a, mut b) = (Panels::zeros(rows, cols), Panels::zeros(rows, cols));
            a.fill(&matrix, rows, cols);
            b.fill_transposed(&transposed, rows, cols);
            assert_eq!(a.values, b.values);
        }
    }
}
