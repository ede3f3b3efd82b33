//! Layer norm of one row.

use crate::bytes::read_f32;
use crate::kernel::norm::{mean, reciprocal_deviation};
use crate::weights::{Floats, Norm};

/// As [`layer_norm`](crate::kernel::layer_norm), of one row.
#[inline(always)]
pub(in crate::kernel) fn layer_norm_row(norm: &Norm, x: &[f32], out: &mut [f32]) {
    by_parts(norm.gamma, norm.beta, x, out);
}

#[inline(never)]
fn by_parts(gamma: Floats, beta: Floats, x: &[f32], out: &mut [f32]) {
    let Some(out) = out.get_mut(..x.len()) else { return };
    let count = x.len() as f32;
    let mean = mean(x);
    // How far each is from the mean waits where the result will be.
    let mut squares = 0.0;
    for (out, value) in out.iter_mut().zip(x) {
        let distance = value - mean;
        *out = distance;
        squares += distance * distance;
    }
    let factor = reciprocal_deviation(squares / count);
    for ((out, gamma), beta) in out.iter_mut().zip(gamma.places()).zip(beta.places()) {
        let scaled = (read_f32(gamma) * *out) * factor;
        *out = scaled + read_f32(beta);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::norm::layer_norm;

    use std::vec::Vec;

    #[test]
    fn a_row_by_itself_equals_one_among_others() {
        let floats = |from: &[f32]| from.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        let (gamma, beta) = (floats(&[1.5, -0.7, 0.3, 2.0, 1.1]), floats(&[0.1, 0.2, -0.3, 0.0, 5.0]));
        let norm = Norm { gamma: Floats::new(&gamma), beta: Floats::new(&beta) };
        let x = [0.3, -1.2, 4.5, 0.0, 0.9, 7.0, 7.5, -3.0, 1.0, 2.5];
        let mut expected = [0.0; 10];
        layer_norm(&norm, &x, &mut expected);
        for (row, expected) in x.chunks(5).zip(expected.chunks(5)) {
            let mut out = [0.0; 5];
            layer_norm_row(&norm, row, &mut out);
            assert_eq!(out.map(f32::to_bits), core::array::from_fn(|index| expected[index].to_bits()));
        }
    }
}
