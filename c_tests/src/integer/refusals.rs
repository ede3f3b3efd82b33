//! What a load refuses, and what it does not.

use fastrand::Rng;

use super::hostile::RECIPES;
use super::reference::{is_inside_limits, shape_named, IntegerModel};
use crate::engine_api::{ENGINE_INTEGER_DWARFED, ENGINE_INTEGER_NOT_FINITE, ENGINE_INTEGER_SHAPE};
use crate::packed::Packing;
use crate::random_model::model_file;
use crate::random_values::Character;
use crate::shapes::TestShape;

/// A plain file with some bytes replaced; 0 where it is loaded.
fn code(shape: &str, changes: &[(usize, [u8; 4])]) -> i32 {
    let (place, shape) = shape_named(shape);
    let mut file = RECIPES[0].file(shape, Packing::TwoBits, &mut Rng::with_seed(1));
    for &(at, bytes) in changes {
        file[at..at + 4].copy_from_slice(&bytes);
    }
    IntegerModel::load(place, &file).err().unwrap_or(0)
}

fn matrix(rows: usize, cols: usize) -> usize {
    4 + (rows * cols).div_ceil(4)
}

/// The places of one float of every kind in an ATOME01 file of one layer: all scales, and a number of each vector.
fn floats(shape: &TestShape) -> Vec<usize> {
    let (d, h) = (shape.d_model, shape.d_head);
    let vector = |at: usize| at + 4 * (d - 1);
    let mut at = 7;
    let mut places = vec![at];
    at += matrix(shape.vocab_size, d);
    for _ in 0..shape.n_layers {
        places.extend([vector(at), vector(at + 4 * d)]);
        at += 8 * d;
        places.push(at);
        at += matrix(d, shape.kernel_size);
        places.extend((0..3).map(|number| vector(at + 4 * d * number)));
        at += 12 * d;
        for rows in [h, h, d, shape.n_pathways] {
            places.push(at);
            at += matrix(rows, d);
        }
    }
    places.extend([vector(at), vector(at + 4 * d), at + 8 * d]);
    places
}

#[test]
fn infinities_and_nan_are_refused_wherever_they_stand() {
    let (_, shape) = shape_named("d19");
    let places = floats(shape);
    assert_eq!(places.len(), 1 + 10 * shape.n_layers + 3);
    assert_eq!(code("d19", &[]), 0);
    for at in places {
        for value in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            assert_eq!(code("d19", &[(at, value.to_le_bytes())]), ENGINE_INTEGER_NOT_FINITE, "{value} at byte {at}");
        }
        assert_ne!(code("d19", &[(at, f32::MAX.to_le_bytes())]), ENGINE_INTEGER_NOT_FINITE, "byte {at}");
    }
}

#[test]
fn the_scale_of_a_classifiers_head_is_a_float_of_the_file() {
    let (place, shape) = shape_named("d19");
    let mut file = model_file(shape, Packing::TwoBits, Some(5), Character::Tame, &mut Rng::with_seed(1));
    let at = file.len() - matrix(5, shape.d_model);
    assert!(IntegerModel::load(place, &file).is_ok());
    file[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(IntegerModel::load(place, &file).err(), Some(ENGINE_INTEGER_NOT_FINITE));
}

#[test]
fn shapes_beyond_the_limits_are_refused() {
    let limits = [1024, 4096, 256, 16, 16, 16];
    assert!(is_inside_limits(&limits));
    for at in 0..limits.len() {
        let mut sizes = limits;
        sizes[at] += 1;
        assert!(!is_inside_limits(&sizes), "{sizes:?}");
    }
    // A shape that keeps 40 positions.
    assert_eq!(code("d10-keep-all", &[]), ENGINE_INTEGER_SHAPE);
    for name in ["at-limits", "longest", "ones", "beyond"] {
        assert_eq!(code(name, &[]), 0, "{name}");
    }
}

/// The embedding's scale is the float behind the magic.
#[test]
fn an_embedding_that_the_layers_dwarf_is_refused() {
    let with_scale = |scale: f32| code("d19", &[(7, scale.to_le_bytes())]);
    assert_eq!(with_scale(1.0), 0);
    assert_eq!(with_scale(-1.0), 0);
    assert_eq!(with_scale(f32::MAX), 0);
    assert_eq!(with_scale(1e-7), ENGINE_INTEGER_DWARFED);
    assert_eq!(with_scale(-1e-7), ENGINE_INTEGER_DWARFED);
    assert_eq!(with_scale(1e-45), ENGINE_INTEGER_DWARFED);
    assert_eq!(with_scale(0.0), 0, "nothing is embedded, and nothing is lost");
    assert_eq!(with_scale(-0.0), 0);
}
