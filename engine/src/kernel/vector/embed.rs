//! Embedding by way of 2-bit codes.

use crate::kernel;
use crate::weights::{Matrix, Trit};

/// Row `token` of the embedding matrix: one of four products for each code.
pub(super) fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
    let start = token * matrix.cols();
    if matrix.is_ternary() && (matrix.codec().is_some() || start.is_multiple_of(4)) {
        embed_codes(matrix, start, x);
    } else {
        kernel::embed::embed(matrix, token, x);
    }
}

/// The weights from index `start` on, of a ternary matrix.
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
