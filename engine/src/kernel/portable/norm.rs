//! Layer norm of one row.

use crate::bytes::read_f32;
use crate::kernel::norm::Moments;
use crate::weights::{Floats, Norm};

/// As [`layer_norm`](crate::kernel::layer_norm), of one row.
#[inline(always)]
pub(in crate::kernel) fn layer_norm_row(norm: &Norm, x: &[f32], out: &mut [f32]) {
    by_parts(norm.gamma, norm.beta, x, out);
}

#[inline(never)]
fn by_parts(gamma: Floats, beta: Floats, x: &[f32], out: &mut [f32]) {
    let Moments { mean, factor } = Moments::of(x);
    for (((out, value), gamma), beta) in out.iter_mut().zip(x).zip(gamma.places()).zip(beta.places()) {
        let scaled = (read_f32(gamma) * (value - mean)) * factor;
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
