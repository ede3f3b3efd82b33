//! A matrix product of this target beside its definition, for power-on self-tests.

use core::hint::black_box;

use super::{by_definition, project};
use crate::weights::Matrix;

const COLS: usize = 20;
const ROWS: [usize; 2] = [7, 3];
const SUMS: usize = ROWS[0] + ROWS[1];
/// What the largest way has a use for.
const ROOM: usize = 256;

/// Whether this target's way to multiply matrices gives the definition's sums, for a few made-up weights, the greatest inputs among
/// the others. Takes some 1.3 KB of stack.
#[inline(never)]
pub fn products_agree() -> bool {
    let mut codes = [0; SUMS * COLS / 4];
    for (index, byte) in (1u32..).zip(&mut codes) {
        *byte = (index.wrapping_mul(0x9e37_79b1) >> 24) as u8;
    }
    let mut inputs = [0i16; COLS];
    for (index, input) in (1i16..).zip(&mut inputs) {
        *input = if index % 3 == 0 { 32_767 } else { index.wrapping_mul(-1_237) };
    }
    let (first, second) = codes.split_at(ROWS[0] * COLS / 4);
    let matrices = (Matrix::new(first, 1.0, ROWS[0], COLS), Matrix::new(second, 1.0, ROWS[1], COLS));
    let (Some(first), Some(second)) = matrices else { return false };
    let (mut found, mut expected, mut room) = ([0; SUMS], [0; SUMS], [0; ROOM]);
    // Hidden from the compiler, which must not compute in advance what the target is to compute.
    let (matrices, inputs) = (black_box([first, second]), black_box(inputs));
    project(&matrices, &inputs, &mut found, &mut room);
    by_definition(&matrices, &inputs, &mut expected);
    black_box(found) == expected
}

#[cfg(test)]
mod tests {
    #[test]
    fn they_agree() {
        assert!(super::products_agree());
    }
}
