//! Powers of three times vectors: a weight's code finds a float in a table, and that is multiplied.
//!
//! Products with 0 are ±0.0, which leave a sum that started from +0.0 as it is; inf and NaN are ruled out.

use crate::weights::Matrix;

/// Weights of a group of three bytes.
const GROUP: usize = 8;

/// What the codes stand for; 111 is malformed and reads as 0.
static VALUES: [f32; 8] = [0.0, 1.0, -1.0, 3.0, -3.0, 9.0, -9.0, 0.0];

/// `y` becomes the outputs of the rows from `first` on; for the codec. `None`, with nothing done, where rows do not start
/// on groups, an array is too short, or a value is infinite or NaN.
pub(crate) fn rows(matrix: &Matrix, x: &[f32], first: usize, y: &mut [f32]) -> Option<()> {
    let (x, odd) = x.as_chunks::<GROUP>();
    if x.is_empty() || !odd.is_empty() || matrix.cols() != GROUP * x.len() || !x.as_flattened().iter().all(is_finite) {
        return None;
    }
    let groups = matrix.packed().as_chunks::<3>().0.get(first.checked_mul(x.len())?..)?;
    if groups.len() / x.len() < y.len() {
        return None;
    }
    for (out, row) in y.iter_mut().zip(groups.chunks_exact(x.len())) {
        *out = row.iter().zip(x).fold(0.0, add_group) * matrix.scale();
    }
    Some(())
}

fn is_finite(x: &f32) -> bool {
    x.is_finite()
}

/// Unrolled: a compiler for size would not.
#[inline(always)]
fn add_group(sum: f32, (&[a, b, c], x): (&[u8; 3], &[f32; GROUP])) -> f32 {
    let codes = u32::from_le_bytes([a, b, c, 0]);
    let &[x0, x1, x2, x3, x4, x5, x6, x7] = x;
    let sum = add(add(add(add(sum, codes, x0), codes >> 3, x1), codes >> 6, x2), codes >> 9, x3);
    add(add(add(add(sum, codes >> 12, x4), codes >> 15, x5), codes >> 18, x6), codes >> 21, x7)
}

/// The product rounded, then added.
#[inline(always)]
fn add(sum: f32, codes: u32, x: f32) -> f32 {
    sum + VALUES.get(codes as usize & 7).copied().unwrap_or(0.0) * x
}
