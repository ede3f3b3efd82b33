//! Embedding by what the convolution needs in any case.

use super::add::add_weight;
use crate::weights::Matrix;

/// Row `token` of the embedding matrix: each weight times 1, added to nothing, times the scale.
pub(in crate::kernel) fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
    for (index, x) in (token * matrix.cols()..).zip(x) {
        *x = add_weight(0.0, matrix, index, 1.0) * matrix.scale();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::embed::embed as defined;
    use crate::weights::Packing;

    use std::vec::Vec;

    #[test]
    fn rows_are_those_of_the_definition() {
        let packed: Vec<u8> = (0..200).map(|index: u32| (index * 89 % 243) as u8).collect();
        for packing in Packing::ALL {
            // Of 0 times a negative scale, too, every bit.
            let matrix = Matrix::with_codec(packing.codec(), &packed, -0.75, 5, 70).unwrap();
            for token in 0..5 {
                let (mut found, mut expected) = ([7.0; 70], [8.0; 70]);
                embed(&matrix, token, &mut found);
                defined(&matrix, token, &mut expected);
                assert_eq!(found.map(f32::to_bits), expected.map(f32::to_bits), "{packing:?}, row {token}");
            }
        }
    }
}
