//! Quantised matrices times vectors (docs/numerics.md#22-quantised-matrix-times-vector) and embedding (docs/numerics.md#1-embed).

use super::fast;
use crate::weights::{Matrix, Trit, Trits};

/// Adds `value`, subtracts it or leaves the sum alone.
///
/// Multiplying by 0 would not be the same: the value may be infinite or NaN.
#[inline]
pub(crate) fn accumulate(sum: f32, weight: Trit, value: f32) -> f32 {
    match weight {
        Trit::Plus => sum + value,
        Trit::Minus => sum - value,
        Trit::Zero => sum,
    }
}

/// The same with the weight at `index` of a matrix. A call of its own where code has to be small.
#[cfg_attr(not(small), inline)]
#[cfg_attr(small, inline(never))]
pub(crate) fn accumulate_weight(sum: f32, matrix: &Matrix, index: usize, value: f32) -> f32 {
    match matrix.codec() {
        None => accumulate(sum, matrix.trit(index), value),
        Some(_) => add_coded(sum, matrix, index, value),
    }
}

/// The same of weights that `codec` reads. Apart, as five arguments take room on the stack.
#[cfg_attr(not(small), inline)]
#[cfg_attr(small, inline(never))]
fn add_coded(sum: f32, matrix: &Matrix, index: usize, value: f32) -> f32 {
    match matrix.codec() {
        None => sum,
        Some(codec) => (codec.add)(matrix.packed(), index, sum, value),
    }
}

/// `sum` plus ±`x[i]` in order. A call of its own: within the loops over rows, a compiler for size runs out of registers.
#[inline(never)]
pub(crate) fn add_all(sum: f32, x: &[f32], weights: &mut impl Iterator<Item = Trit>) -> f32 {
    x.iter().zip(weights).fold(sum, |sum, (&value, weight)| accumulate(sum, weight, value))
}

/// One output: the sum of the row's weights times `x[i]` in column order, then times the scale. `x` is `[cols]`.
#[inline]
pub fn matvec_row(matrix: &Matrix, row: usize, x: &[f32]) -> f32 {
    let start = if row < matrix.rows() { row * matrix.cols() } else { usize::MAX };
    let sum = match matrix.codec() {
        None => add_all(0.0, x, &mut Trits::starting_at(matrix.packed(), start).take(matrix.cols())),
        Some(codec) => (codec.sum)(matrix.packed(), start, x.get(..matrix.cols()).unwrap_or(x)),
    };
    sum * matrix.scale()
}

/// `y[row] = scale * (matrix x)[row]`. `x` is `[cols]`, `y` is `[rows]`.
pub fn matvec(matrix: &Matrix, x: &[f32], y: &mut [f32]) {
    matvec_with_room(matrix, x, y, &mut []);
}

/// [`matvec`] with room as [`project_one`] has a use for.
#[inline(always)]
pub(crate) fn matvec_with_room(matrix: &Matrix, x: &[f32], y: &mut [f32], room: &mut [f32]) {
    if TOGETHER {
        project_one(x, &mut [Projection::new(matrix, y)], room);
    } else {
        multiply(matrix, x, y, 1);
    }
}

/// Whether matrices with the same inputs are worth multiplying together. Without a faster way, one after the other takes
/// less room on the stack.
pub(crate) const TOGETHER: bool = !cfg!(fast_ways = "none");

/// `y[row * stride] = scale * (matrix x)[row]`, without a faster way. A row that has no place in `y` is left out.
pub(crate) fn multiply(matrix: &Matrix, x: &[f32], y: &mut [f32], stride: usize) {
    if let Some(codec) = matrix.codec() {
        return (codec.multiply)(matrix, x, y, stride);
    }
    // The rows lie one behind the other.
    let mut weights = Trits::starting_at(matrix.packed(), 0);
    let mut at = 0;
    for _ in 0..matrix.rows() {
        let Some(slot) = y.get_mut(at) else { break };
        *slot = add_all(0.0, x, &mut weights) * matrix.scale();
        at += stride;
    }
}

/// [`multiply`] of a matrix whose weights a codec reads; for the codecs' tables.
pub(crate) fn multiply_coded(matrix: &Matrix, x: &[f32], y: &mut [f32], stride: usize) {
    let Some(codec) = matrix.codec() else { return };
    let (mut first, mut at) = (0, 0);
    for _ in 0..matrix.rows() {
        let Some(slot) = y.get_mut(at) else { break };
        *slot = (codec.sum)(matrix.packed(), first, x) * matrix.scale();
        first += x.len();
        at += stride;
    }
}

/// A matrix that inputs are multiplied by, and where the outputs go.
#[derive(Debug)]
pub struct Projection<'p, 'm> {
    /// The matrix.
    pub matrix: &'p Matrix<'m>,
    /// Output `row` of position `p` lies at `p * position_stride + row * row_stride`.
    pub out: &'p mut [f32],
    /// From one output of a position to the next.
    pub row_stride: usize,
    /// From one position to the next.
    pub position_stride: usize,
}

impl<'p, 'm> Projection<'p, 'm> {
    /// Outputs side by side, one position after the other.
    pub fn new(matrix: &'p Matrix<'m>, out: &'p mut [f32]) -> Self {
        Self { matrix, out, row_stride: 1, position_stride: matrix.rows() }
    }

    /// The same for the positions from `position` on.
    #[cfg(fast_ways = "host")]
    pub(super) fn at(&mut self, position: usize) -> Projection<'_, 'm> {
        let start = position.saturating_mul(self.position_stride);
        Projection { out: self.out.get_mut(start..).unwrap_or_default(), ..*self }
    }
}

/// Multiplies each input vector by every matrix. `inputs` is `[positions][cols]`, and all matrices have as many columns.
///
/// An output that has no place in its array is left out.
pub fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    if !fast::project(inputs, positions, projections) {
        project_as_defined(inputs, positions, projections);
    }
}

/// How many floats of room [`project_one`] has a use for, at least; any are enough for a caller who has used the stack.
#[cfg(any(fast_ways = "host", fast_ways = "fixed-point"))]
pub(crate) const WORTHWHILE_ROOM: usize = fast::WORTHWHILE_ROOM;
#[cfg(not(any(fast_ways = "host", fast_ways = "fixed-point")))]
pub(crate) const WORTHWHILE_ROOM: usize = usize::MAX;

/// Whether every call is worth a search for room: where the stack is short. A host takes what lies at hand.
pub(crate) const SEARCHES_ROOM: bool = cfg!(fast_ways = "fixed-point");

/// The same of one position, with room for whoever has a use for some: where there is any, the stack is spared.
#[inline(always)]
pub(crate) fn project_one(x: &[f32], projections: &mut [Projection], room: &mut [f32]) {
    #[cfg(any(fast_ways = "host", fast_ways = "fixed-point"))]
    if fast::project_one(x, projections, room) {
        return;
    }
    let _ = room;
    #[cfg(fast_ways = "fixed-point")]
    project_as_defined(x, 1, projections);
    #[cfg(not(fast_ways = "fixed-point"))]
    project(x, 1, projections);
}

/// [`project`] without a faster way.
#[inline(always)]
pub(crate) fn project_as_defined(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    for Projection { matrix, out, row_stride, position_stride } in projections {
        for position in 0..positions {
            let start = position * matrix.cols();
            let Some(x) = inputs.get(start..start + matrix.cols()) else { return };
            let out = out.get_mut(position * *position_stride..).unwrap_or_default();
            multiply(matrix, x, out, *row_stride);
        }
    }
}

/// Row `token` of the embedding matrix, each weight as a number times the scale. `x` is `[cols]`.
pub fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
    let start = token * matrix.cols();
    #[cfg(fast_ways = "host")]
    if matrix.is_ternary() && (matrix.codec().is_some() || start.is_multiple_of(4)) {
        return embed_codes(matrix, start, x);
    }
    // Mostly one of three products: there are fewer of them than columns.
    let products = [-1, 0, 1].map(|weight: i8| f32::from(weight) * matrix.scale());
    for (index, out) in (start..).zip(x) {
        // Where code has to be small, as in a convolution.
        *out = if !cfg!(small) {
            let weight = matrix.weight(index);
            let product = products.get((weight + 1) as usize);
            product.copied().unwrap_or_else(|| f32::from(weight) * matrix.scale())
        } else {
            embedded(matrix, index)
        };
    }
}

/// One weight as a number times the scale.
#[inline(always)]
fn embedded(matrix: &Matrix, index: usize) -> f32 {
    accumulate_weight(0.0, matrix, index, 1.0) * matrix.scale()
}

/// The same by way of 2-bit codes.
#[cfg(fast_ways = "host")]
fn embed_codes(matrix: &Matrix, start: usize, x: &mut [f32]) {
    const BYTES: usize = 16;
    let products = [0, 1, 2, 3].map(|code| f32::from(Trit::from_code(code).value()) * matrix.scale());
    for (index, x) in x.chunks_mut(4 * BYTES).enumerate() {
        let mut block = [0; BYTES];
        // Only ternary weights come here.
        let codes = matrix.codes(start + 4 * BYTES * index, x.len().div_ceil(4), &mut block).unwrap_or(&[0; BYTES]);
        let product = |codes: u8, place: usize| products[usize::from(codes >> (2 * place)) % 4];
        let (whole, rest) = x.as_chunks_mut::<4>();
        let last = codes.get(whole.len()).copied().unwrap_or(0);
        for (x, &codes) in whole.iter_mut().zip(codes) {
            *x = [0, 1, 2, 3].map(|place| product(codes, place));
        }
        for (place, out) in rest.iter_mut().enumerate() {
            *out = product(last, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Packing;

    extern crate std;
    use std::vec::Vec;

    /// Small cores take one weight at a time, others use tables or blocks of codes.
    #[test]
    fn one_weight_embeds_as_a_whole_row_does() {
        let packed: Vec<u8> = (0..200).map(|index: u32| (index * 89 % 243) as u8).collect();
        for packing in Packing::ALL {
            let matrix = Matrix::with_codec(packing.codec(), &packed, -0.75, 5, 70).unwrap();
            for token in 0..5 {
                let mut x = [7.0; 70];
                embed(&matrix, token, &mut x);
                for (column, x) in x.into_iter().enumerate() {
                    let index = token * 70 + column;
                    let expected = f32::from(matrix.weight(index)) * -0.75;
                    // Of 0 times a negative scale, too, every bit.
                    assert_eq!([x, embedded(&matrix, index)].map(f32::to_bits), [expected.to_bits(); 2], "{packing:?}");
                }
            }
        }
    }
}
