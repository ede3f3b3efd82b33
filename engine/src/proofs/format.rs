//! Files: lengths, and what a cursor takes.

use super::shape::shape_with;
use super::symbolic::{any_slice, any_u16, any_usize, one_of};
use crate::format::{Cursor, Sublayers};
use crate::{Classifier, Dims, Model, Packing, Shape};

/// For d_model 65,535 and 65,535 layers, which give the greatest sums, the other sizes as in [`shape_with`], and any
/// number of classes: the lengths of files with 2-bit weights are computed without overflow.
///
/// The other packings' lengths and the sections, whose sums of products a solver does not finish, are tests over a grid
/// of shapes and over the greatest sizes: `engine/tests/format.rs`.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_lengths_of_two_bit_files() {
    let d_model = one_of("which d_model", [65_535]);
    let shape = shape_with(d_model, one_of("which n_layers", [65_535]));
    assert!(Model::packed_blob_len(&shape, Packing::TwoBits) >= 7);
    assert!(Classifier::blob_len(&shape, usize::from(any_u16("n_classes"))) >= 13);
}

/// A matrix taken of data of any length lies inside, behind its scale, and what is left begins behind it.
#[inline(always)]
fn matrix_is_inside(packing: Packing) {
    let data = &*any_slice::<u8>(any_usize("len"));
    let (rows, cols) = (usize::from(any_u16("rows")), usize::from(any_u16("cols")));
    let mut cursor = Cursor::with_codec(data, packing.codec());
    let Some(matrix) = cursor.matrix(rows, cols) else { return };
    assert!(matrix.packed().as_ptr() as usize == data.as_ptr() as usize + 4);
    assert!(matrix.packed().len() == packing.len(rows * cols));
    assert!(matrix.packed().len() <= data.len() - 4);
    let Some(next) = cursor.floats(0) else { unreachable!() };
    assert!(core::ptr::eq(next.bytes().as_ptr(), matrix.packed().as_ptr_range().end));
}

/// For data of any length, any rows and columns: a matrix of 2-bit weights.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_two_bit_matrix_lies_inside() {
    matrix_is_inside(Packing::TwoBits);
}

/// The same in base 3.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_base_three_matrix_lies_inside() {
    matrix_is_inside(Packing::BaseThree);
}

/// The same of powers of three.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_powers_of_three_matrix_lies_inside() {
    matrix_is_inside(Packing::PowersOfThree);
}

/// For data of any length and any count of `usize`: floats lie inside, one behind the other, or are refused.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_floats_lie_inside() {
    let data = &*any_slice::<u8>(any_usize("len"));
    let (first, second) = (any_usize("first"), any_usize("second"));
    let mut cursor = Cursor::new(data);
    let Some(one) = cursor.floats(first) else { return };
    assert!((one.len() == first) & (one.bytes().as_ptr() == data.as_ptr()));
    let Some(two) = cursor.floats(second) else { return };
    assert!(two.bytes().as_ptr() == one.bytes().as_ptr_range().end);
    assert!(two.len() == second);
    assert!(two.bytes().len() <= data.len() - one.bytes().len());
}

/// For a part of any bytes and any length, of a model of two layers with d_model 4, any layer and any index: a sublayer that is
/// given lies inside, and there is one exactly for each layer and each index below the count.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_sublayers_lie_inside() {
    const SHAPE: Shape = match Shape::new(Dims { d_model: 4, n_layers: 2, ..Dims::DEFAULT }) {
        Ok(shape) => shape,
        Err(_) => panic!("checked by the compiler"),
    };
    let part = &*any_slice::<u8>(any_usize("len"));
    let Ok(sublayers) = Sublayers::new(&SHAPE, Packing::TwoBits, part) else { return };
    let (layer, index) = (usize::from(any_u16("layer")), usize::from(any_u16("index")));
    let is_there = (layer < 2) & (index < sublayers.per_layer());
    match sublayers.get(layer, index) {
        Some(one) => {
            assert!(is_there);
            assert!(one.norm.gamma.bytes().as_ptr() as usize >= part.as_ptr() as usize + 4);
            assert!(one.down.packed().as_ptr_range().end <= part.as_ptr_range().end);
        }
        None => assert!(!is_there),
    }
}
