//! Sums of weights times inputs, and what is kept of them (docs/integer.md#3-matrix-times-vector).

use super::words::{round_shift, width};
use crate::weights::Matrix;
#[cfg(vectors)]
use crate::weights::Trit;

/// `sums[row]`: the row's weights times `inputs`, `[cols]`. The matrix's scale comes in later.
pub(super) fn project(matrix: &Matrix, inputs: &[i16], sums: &mut [i32]) {
    for (row, sum) in sums.iter_mut().enumerate() {
        *sum = row_sum(matrix, row, inputs);
    }
}

/// One of them.
#[cfg(not(vectors))]
pub(super) use self::definition as row_sum;

/// One of them: by four weights at a time where a row begins with a byte and has no gap.
#[cfg(vectors)]
pub(super) fn row_sum(matrix: &Matrix, row: usize, inputs: &[i16]) -> i32 {
    let cols = matrix.cols();
    if matrix.codec().is_some() || !cols.is_multiple_of(4) || inputs.len() != cols {
        return definition(matrix, row, inputs);
    }
    let start = row * (cols / 4);
    let codes = matrix.packed().get(start..start + cols / 4).unwrap_or_default();
    let mut sum = 0;
    for (codes, inputs) in codes.chunks(AT_A_TIME / 4).zip(inputs.chunks(AT_A_TIME)) {
        let mut weights = [0; AT_A_TIME];
        for (weights, &code) in weights.as_chunks_mut::<4>().0.iter_mut().zip(codes) {
            *weights = WEIGHTS[usize::from(code)];
        }
        // A compiler makes products of pairs of this, and sums of pairs.
        sum += inputs.iter().zip(weights).map(|(&input, weight)| i32::from(input) * i32::from(weight)).sum::<i32>();
    }
    sum
}

/// Weights that lie unpacked at a time.
#[cfg(vectors)]
const AT_A_TIME: usize = 64;

/// The weights of a byte.
#[cfg(vectors)]
static WEIGHTS: [[i16; 4]; 256] = {
    let mut all = [[0; 4]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut place = 0;
        while place < 4 {
            let code = byte >> (2 * place) & 3;
            all[byte][place] = Trit::from_code(code as u8).value() as i16;
            place += 1;
        }
        byte += 1;
    }
    all
};

/// One of them, weight by weight.
pub(super) fn definition(matrix: &Matrix, row: usize, inputs: &[i16]) -> i32 {
    let start = row * matrix.cols();
    let weights = (start..).map(|index| i32::from(matrix.weight(index)));
    inputs.iter().zip(weights).map(|(&input, weight)| weight * i32::from(input)).sum()
}

/// The sums in 8 bits each, and how far they were shifted to the right for that.
pub(super) fn to_eight_bits(sums: &[i32], out: &mut [i8]) -> i8 {
    let shift = (width(sums) - 7).max(0);
    for (out, &sum) in out.iter_mut().zip(sums) {
        *out = round_shift(i64::from(sum), shift).min(127) as i8;
    }
    shift as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All codes, those that formats do not use among them, and rows that begin inside of a byte.
    #[cfg(vectors)]
    #[test]
    fn rows_of_bytes_have_the_definitions_sums() {
        let packed: std::vec::Vec<u8> = (0..=255u8).map(|byte| byte.wrapping_mul(167)).collect();
        let inputs: std::vec::Vec<i16> = (0..256).map(|i| (i * 7919 % 65_535 - 32_767) as i16).collect();
        for cols in [1, 3, 4, 8, 60, 64, 68, 100, 128, 256] {
            let rows = 1024 / cols;
            let matrix = Matrix::new(&packed, 1.0, rows, cols).expect("long enough");
            for row in 0..rows {
                let inputs = &inputs[..cols];
                assert_eq!(
                    row_sum(&matrix, row, inputs),
                    definition(&matrix, row, inputs),
                    "{cols} columns, row {row}"
                );
            }
        }
    }

    #[test]
    fn eight_bits_hold_every_sum() {
        for (sums, expected, shift) in [
            (&[0, 5, -3][..], &[0, 5, -3][..], 0),
            (&[127, -128], &[127, -128], 0),
            (&[255, -1], &[127, 0], 1),
            (&[-256, 253], &[-128, 127], 1),
            (&[1 << 25, -(1 << 25)], &[64, -64], 19),
        ] {
            let mut out = [0; 3];
            assert_eq!(to_eight_bits(sums, &mut out), shift, "{sums:?}");
            assert_eq!(&out[..sums.len()], expected, "{sums:?}");
        }
    }
}
