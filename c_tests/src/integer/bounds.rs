//! No value is beyond its bound, whatever the model holds, and models reach the bounds that matter.

use fastrand::Rng;

use super::hostile::{Recipe, RECIPES, TOWER};
use super::reference::{shape_named, Bound, IntegerModel};
use crate::engine_api::ENGINE_INTEGER_DWARFED;
use crate::packed::Packing;
use crate::shapes::{TestShape, SHAPES};

/// Computes a sequence of that length and gives the sizes that were met; `None` where the model is refused as one whose layers
/// dwarf the embedding.
fn sizes(
    recipe: &Recipe,
    place: usize,
    shape: &TestShape,
    packing: Packing,
    length: usize,
    seed: u64,
) -> Option<Vec<Bound>> {
    let mut rng = Rng::with_seed(seed);
    let file = recipe.file(shape, packing, &mut rng);
    let mut model = match IntegerModel::load(place, &file) {
        Ok(model) => model,
        Err(ENGINE_INTEGER_DWARFED) => return None,
        Err(code) => panic!("{}, {}: refused with {code}", recipe.name, shape.name),
    };
    let tokens: Vec<i32> = (0..length).map(|_| rng.i32(0..shape.vocab_size as i32)).collect();
    model.predict(&tokens, length - 1);
    let bounds = model.bounds(packing == Packing::PowersOf3);
    let beyond: Vec<_> = bounds.iter().filter(|bound| bound.largest > bound.limit).collect();
    assert!(beyond.is_empty(), "{}, {}, {packing:?}, seed {seed}: {beyond:?}", recipe.name, shape.name);
    assert_eq!(model.bounds_exceeded(), 0);
    Some(bounds)
}

/// The greatest sizes of all recipes; how many were refused.
fn greatest(name: &str, packing: Packing, length: usize) -> (Vec<Bound>, usize) {
    let (place, shape) = shape_named(name);
    let mut all: Vec<Bound> = Vec::new();
    let mut refused = 0;
    for recipe in &RECIPES {
        let Some(bounds) = sizes(recipe, place, shape, packing, length, 1) else {
            println!("refused: {}", recipe.name);
            refused += 1;
            continue;
        };
        if all.is_empty() {
            all = bounds;
        } else {
            all.iter_mut().zip(bounds).for_each(|(all, bound)| all.largest = all.largest.max(bound.largest));
        }
    }
    (all, refused)
}

/// Whether the named quantities came to that part of their bounds: else little was tested.
fn assert_reached(bounds: &[Bound], wanted: &[(&str, f64)]) {
    for bound in bounds {
        println!(
            "{:>7.4} {:32} {} of {}",
            bound.largest as f64 / bound.limit as f64,
            bound.name,
            bound.largest,
            bound.limit
        );
    }
    for (name, part) in wanted {
        let bound = bounds.iter().find(|bound| bound.name == *name).expect("a quantity of that name");
        assert!(bound.largest as f64 >= part * bound.limit as f64, "{bound:?}: less than {part} of its bound");
    }
}

#[test]
fn no_bound_is_exceeded_at_the_limits_of_the_shape() {
    let (bounds, refused) = greatest("at-limits", Packing::TwoBits, 18);
    assert_reached(&bounds, &[("acc", 0.45)]);
    assert!(refused <= 2, "{refused} of {} models were refused", RECIPES.len());
}

#[test]
fn no_bound_is_exceeded_by_weights_of_nine() {
    let (bounds, refused) = greatest("at-limits", Packing::PowersOf3, 18);
    assert_reached(&bounds, &[("acc", 0.45)]);
    assert!(refused <= 2, "{refused} of {} models were refused", RECIPES.len());
}

#[test]
fn no_bound_is_exceeded_in_the_longest_sequence() {
    for packing in [Packing::TwoBits, Packing::PowersOf3] {
        let (bounds, _) = greatest("longest", packing, 4096);
        assert_reached(&bounds, &[("s", 0.7)]);
    }
}

/// The residual stream's own bound: its unit leaves room for the embedding and all layers, and for no bit more.
#[test]
fn the_residual_stream_comes_near_its_bound() {
    let (place, shape) = shape_named("d19");
    let x = |packing, seed| {
        let bounds = sizes(&TOWER, place, shape, packing, shape.max_seq, seed).expect("a model that is loaded");
        let x = bounds.iter().find(|bound| bound.name == "x").expect("a quantity of that name");
        x.largest as f64 / x.limit as f64
    };
    for (packing, least) in [(Packing::TwoBits, 0.75), (Packing::PowersOf3, 0.25)] {
        let most = (0..200).map(|seed| x(packing, seed)).fold(0.0, f64::max);
        println!("{packing:?}: {most}");
        assert!(most > least, "{packing:?}: {most}");
    }
}

#[test]
fn no_bound_is_exceeded_in_small_shapes() {
    let mut computed = 0;
    for (place, shape) in SHAPES.iter().enumerate().filter(|(_, shape)| shape.weight > 0 && shape.top_k <= 16) {
        for packing in Packing::ALL {
            for (seed, recipe) in (0..).zip(RECIPES.iter().cycle().take(4 * RECIPES.len())) {
                computed += usize::from(sizes(recipe, place, shape, packing, shape.max_seq, seed).is_some());
            }
        }
    }
    assert!(computed > 1000, "{computed} models were computed");
}

/// What the definition says of products in words of 32 bits, in words of 32 bits.
#[test]
fn the_pieces_of_products_are_exact() {
    let mut rng = Rng::with_seed(4);
    let rsh = |a: i64, s: u32| (a + (1 << (s - 1))) >> s;
    for _ in 0..100_000 {
        let s = rng.i32(-1_073_711_104..=1_073_711_104) >> rng.u32(..31);
        let weight = rng.i32(-32_767..=32_767);
        let product = i64::from(s) * i64::from(weight);
        let whole = weight.checked_mul(s >> 15).unwrap();
        let part = weight.checked_mul(s & 32_767).unwrap();
        assert_eq!(i64::from(whole.checked_add((part + (1 << 14)) >> 15).unwrap()), rsh(product, 15));
        let floor = i64::from(whole.checked_add(part >> 15).unwrap());
        assert_eq!(floor, product >> 15);
        for shift in 16..60 {
            assert_eq!(rsh(floor, shift - 15), rsh(product, shift));
        }
    }
}
