//! Looking up a row for each token.

use crate::corpus::Token;
use crate::float::Float;

/// `x[row] = table[tokens[row]]`. `table` is `[vocab_size, d]`, `x` is `[rows, d]`.
pub fn forward<T: Float>(table: &[T], d: usize, tokens: &[Token], x: &mut [T]) {
    for (row, &token) in x.chunks_exact_mut(d).zip(tokens) {
        let start = usize::from(token) * d;
        row.copy_from_slice(&table[start..start + d]);
    }
}

/// Adds each row of `dx` to its token's row of `d_table`.
pub fn backward<T: Float>(d: usize, tokens: &[Token], dx: &[T], d_table: &mut [T]) {
    for (row, &token) in dx.chunks_exact(d).zip(tokens) {
        let start = usize::from(token) * d;
        for (sum, &value) in d_table[start..start + d].iter_mut().zip(row) {
            *sum += value;
        }
    }
}
