//! Greedy tokens and logits: the order of sums, scales of every sign, and the one rounding.

use fastrand::Rng;

use super::hostile::finite;
use super::hostile::RECIPES;
use super::reference::{shape_named, IntegerModel};
use crate::packed::Packing;
use crate::random_model::model_file;
use crate::random_values::Character;

/// The d19 model with that scale of unembed.
fn with_scale(scale: f32) -> Vec<u8> {
    let (_, shape) = shape_named("d19");
    let mut file = RECIPES[0].file(shape, Packing::TwoBits, &mut Rng::with_seed(3));
    let at = file.len() - 4 - (shape.vocab_size * shape.d_model).div_ceil(4);
    file[at..at + 4].copy_from_slice(&scale.to_le_bytes());
    file
}

#[test]
fn the_sign_of_the_scale_decides_the_greedy_token() {
    let (place, _) = shape_named("d19");
    let tokens = [3, 1, 4, 1, 5];
    let predict = |scale: f32| IntegerModel::load(place, &with_scale(scale)).unwrap().predict(&tokens, 4);
    let (sums, greedy) = predict(0.5);
    let first = |wanted: Option<&i32>| sums.iter().position(|sum| Some(sum) == wanted).unwrap() as i32;
    assert_eq!(greedy, first(sums.iter().max()));
    assert_eq!(predict(-0.5), (sums.clone(), first(sums.iter().min())));
    assert_eq!(predict(0.0), (sums, 0));
}

#[test]
fn a_logit_is_the_exact_product_rounded_once() {
    let (place, shape) = shape_named("d19");
    let mut rng = Rng::with_seed(9);
    for _ in 0..300 {
        let scale = finite(&mut rng);
        let file = with_scale(scale);
        let mut model = IntegerModel::load(place, &file).unwrap();
        let unit = model.norm_unit(shape.n_layers);
        for _ in 0..100 {
            let sum = rng.i32(..1 << 29) >> rng.u32(..30);
            let sum = if rng.bool() { -sum } else { sum };
            // 24 and 29 bits: exact in 53. Two steps, since one power of two may be beyond an f64 with its subnormals.
            let exact = f64::from(scale) * f64::from(sum) * 2f64.powi(-unit);
            let expected = if sum == 0 { 0.0 } else { exact as f32 };
            assert_eq!(
                f32::from_bits(model.logit(sum)).to_bits(),
                (expected + 0.0).to_bits(),
                "{sum} * {scale:e}, unit {unit}"
            );
        }
    }
}

#[test]
fn a_classifier_has_a_sum_for_each_class() {
    let (place, shape) = shape_named("d19");
    let file = model_file(shape, Packing::TwoBits, Some(5), Character::Tame, &mut Rng::with_seed(2));
    let base = [&b"ATOME01"[..], &file[13..]].concat();
    let tokens = [1, 2, 3];
    let mut classifier = IntegerModel::load(place, &file).unwrap();
    let (sums, class) = classifier.predict(&tokens, 2);
    assert_eq!(sums.len(), 5);
    assert!((0..5).contains(&class));
    // The head is a matrix as any other: in the place of the first rows of unembed it gives them the sums.
    let packed = |rows: usize| (rows * shape.d_model).div_ceil(4);
    let whole = 5 * shape.d_model / 4;
    let unembed = base.len() - 4 - packed(5) - packed(shape.vocab_size);
    let head = base.len() - packed(5);
    let mut model_file = base[..head - 4].to_vec();
    model_file[unembed..unembed + whole].copy_from_slice(&base[head..head + whole]);
    let mut model = IntegerModel::load(place, &model_file).unwrap();
    assert_eq!(model.predict(&tokens, 2).0[..4], sums[..4]);
}
