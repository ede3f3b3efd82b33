//! Microcontrollers with a single-precision FPU (Cortex-M4F, M7, M33).
//!
//! The bits are those of the definition. With the feature `kernels`, matrices are multiplied row by row, by 0.3 KB of
//! assembly. With `speed`, four rows at a time, and attention and the mix have ways of their own: that takes 12 KB of
//! flash and less than 500 bytes of stack.

#[cfg(any(test, not(small)))]
mod attention;
#[cfg(any(test, not(small)))]
mod fast;
#[cfg(any(test, not(small)))]
mod five_taps;
#[cfg(any(test, not(small)))]
mod four_rows;
#[cfg(any(test, not(small)))]
mod mix;
pub(crate) mod powers;
#[cfg(any(test, not(small)))]
mod products;
#[cfg(any(test, not(small)))]
mod project;
#[cfg(any(test, small))]
mod rows;
#[cfg(all(small, not(test)))]
mod small;
#[cfg(test)]
mod tests;

use crate::weights::{Matrix, Projection};

/// Has `multiply` make the outputs of every position: its input, `[cols]`, the projection, and the outputs from the position's
/// on. `false`, with nothing done or only a part, where that returns `None` or an array is too short.
fn project_each(
    inputs: &[f32],
    positions: usize,
    projections: &mut [Projection],
    multiply: impl Fn(&[f32], &Matrix, &mut [f32], usize) -> Option<()>,
) -> bool {
    let one = |projection: &mut Projection, position: usize| {
        let Projection { matrix, out, row_stride, position_stride } = projection;
        let x = inputs.get(position.checked_mul(matrix.cols())?..)?.get(..matrix.cols())?;
        multiply(x, matrix, out.get_mut(position.checked_mul(*position_stride)?..)?, *row_stride)
    };
    projections.iter_mut().all(|projection| (0..positions).all(|position| one(projection, position).is_some()))
}
