//! Models with feed-forward sublayers: in every plan, after any calls, the bits of the naive computation.

mod common;

use atome_engine::kernel::Kernel;
use atome_engine::{
    classify, generate_sliding, predict_next, step, Classifier, Dims, Layout, Model, Packing, Plan, Shape, Tiled,
    Weights, WholeModel,
};
use common::naive::{matvec, Naive};
use common::{bits, classifier_blob, packed_blob, shape, shapes, sublayers_part, Area, Rng};

const PLANS: [Plan; 3] = [Plan::Lean, Plan::Partial, Plan::Cached];

/// Shapes for which kernels have ways of their own, and those for which they have none.
fn all_shapes() -> Vec<Shape> {
    let wide = Dims { d_model: 64, n_layers: 2, d_head: 16, vocab_size: 21, ..Dims::DEFAULT };
    let more = [wide, Dims { d_model: 72, n_layers: 1, d_head: 8, ..wide }, Dims { d_model: 12, n_layers: 3, ..wide }];
    let more = more.into_iter().take(if cfg!(miri) { 0 } else { 3 }).map(shape);
    shapes().into_iter().chain(more).collect()
}

fn tokens(rng: &mut Rng, shape: Shape, count: usize) -> Vec<i32> {
    (0..count).map(|_| rng.below(shape.vocab_size()) as i32).collect()
}

/// Logits behind each of the tokens.
fn expected<'m>(model: &impl Weights<'m>, max_seq: usize, tokens: &[i32]) -> Vec<Vec<u32>> {
    let mut naive = Naive::new(model, max_seq);
    tokens.iter().map(|&token| bits(&naive.step(model, token as usize))).collect()
}

/// Predictions behind the first `lengths` of the tokens, one after the other in one work area, have the logits of the naive
/// computation.
fn check<'m>(model: &WholeModel<'m>, layout: Layout, tokens: &[i32], lengths: &[usize], expected: &[Vec<u32>]) {
    let mut area = Area::of(layout, lengths.len() as u64);
    for &len in lengths {
        let mut workspace = area.workspace();
        predict_next(model, &mut workspace, tokens[..len].iter().copied()).expect("tokens are given");
        let found = bits(workspace.logits());
        assert_eq!(found, expected[len - 1], "{:?}, {:?}, {len} of {lengths:?}", layout.plan(), model.shape());
    }
}

/// Orders in which a sequence grows: at once, token by token, in pieces, and shorter again.
const ORDERS: [&[usize]; 4] = [&[40], &[1, 2, 3, 4, 5, 6], &[3, 20, 36, 37, 40], &[17, 5, 18, 33]];

#[test]
fn every_plan_and_packing_gives_the_bits_of_the_naive_computation() {
    let mut rng = Rng(31);
    for (case, shape) in all_shapes().into_iter().enumerate() {
        let tokens = tokens(&mut rng, shape, 40);
        for packing in Packing::ALL {
            for count in [1, 2, 3] {
                let blob = packed_blob(packing, shape, case as u64);
                let part = sublayers_part(packing, shape, count, 100 + case as u64);
                let model = Model::new(shape, &blob).expect("a model");
                let whole = WholeModel::new(model, Some(&part)).expect("a part");
                let expected = expected(&whole, 40, &tokens);
                let without = self::expected(&model, 40, &tokens);
                assert!(expected[39] != without[39] || shape.d_model() == 1, "the sublayers change something");
                for plan in PLANS {
                    for lengths in if cfg!(miri) { &ORDERS[1..2] } else { &ORDERS[..] } {
                        check(&whole, Layout::new(shape, 40, plan).expect("in range"), &tokens, lengths, &expected);
                    }
                }
            }
        }
    }
}

/// The partial plan from the least memory to what holds everything.
#[test]
fn a_divided_sequence_gives_the_bits_of_the_naive_computation() {
    let mut rng = Rng(32);
    for (d_model, n_layers) in [(16, 9), (7, 5)] {
        let shape = shape(Dims { d_model, n_layers, d_head: 4, kernel_size: 3, vocab_size: 19, ..Dims::DEFAULT });
        let blob = packed_blob(Packing::TwoBits, shape, 3);
        let part = sublayers_part(Packing::TwoBits, shape, 2, 4);
        let whole = WholeModel::new(Model::new(shape, &blob).expect("a model"), Some(&part)).expect("a part");
        let tokens = tokens(&mut rng, shape, 40);
        let expected = expected(&whole, 40, &tokens);
        let bytes = |plan| Layout::new(shape, 40, plan).expect("in range").bytes();
        let (least, most) = (bytes(Plan::Lean) + 16 * d_model, bytes(Plan::Cached));
        let mut divided = 0;
        for eighth in 0..=if cfg!(miri) { 0 } else { 8 } {
            let layout = Layout::partial(shape, 40, least + (most - least) * eighth / 8).expect("enough");
            divided += usize::from(layout.held().whole < 40 && layout.held().first > 0);
            for lengths in ORDERS {
                check(&whole, layout, &tokens, lengths, &expected);
            }
        }
        assert!(cfg!(miri) || divided > 2, "{divided}");
    }
}

/// With each kernel of this processor, more positions than are taken at a time, in rows too wide for several at once, and at the
/// end of the window, where the room is that of the stack.
#[test]
fn positions_that_are_computed_together_give_the_same_bits() {
    let mut rng = Rng(33);
    let before = Kernel::current();
    let widths = [(64, 16), (256, 64), (512, 300), (1100, 20)];
    for (d_model, d_head) in widths.into_iter().take(if cfg!(miri) { 1 } else { 4 }) {
        let shape = shape(Dims { d_model, n_layers: 2, d_head, vocab_size: 5, ..Dims::DEFAULT });
        for packing in Packing::ALL.into_iter().take(if d_model > 256 { 2 } else { 3 }) {
            let blob = packed_blob(packing, shape, 5);
            let part = sublayers_part(packing, shape, 1, 6);
            let whole = WholeModel::new(Model::new(shape, &blob).expect("a model"), Some(&part)).expect("a part");
            let count = if cfg!(miri) { 2 } else { 19 };
            let tokens = tokens(&mut rng, shape, count);
            let expected = expected(&whole, 200, &tokens);
            for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.select()) {
                for (plan, max_seq) in
                    [(Plan::Lean, count), (Plan::Lean, 200), (Plan::Cached, count), (Plan::Cached, 200)]
                {
                    // A sequence that fits has the same bits in a longer window.
                    let layout = Layout::new(shape, max_seq, plan).expect("in range");
                    let mut area = Area::of(layout, 1);
                    // Several at once, then one.
                    for len in [count - 1, count] {
                        let mut workspace = area.workspace();
                        predict_next(&whole, &mut workspace, tokens[..len].iter().copied()).expect("tokens are given");
                        let name = kernel.name();
                        let found = bits(workspace.logits());
                        assert_eq!(found, expected[len - 1], "{name}, {plan:?}, {max_seq}, d={d_model}, {len}");
                    }
                }
            }
        }
    }
    before.select();
}

#[test]
fn streams_and_sliding_windows_have_sublayers_too() {
    let mut rng = Rng(34);
    for shape in all_shapes() {
        let blob = packed_blob(Packing::TwoBits, shape, 7);
        let part = sublayers_part(Packing::TwoBits, shape, 2, 8);
        let whole = WholeModel::new(Model::new(shape, &blob).expect("a model"), Some(&part)).expect("a part");
        for max_seq in [1, 3, 8] {
            let tokens = tokens(&mut rng, shape, 3 * max_seq + 4);
            let mut area = Area::new(shape, max_seq, Plan::Cached, 9);
            let mut workspace = area.workspace();
            for (&token, expected) in tokens.iter().zip(expected(&whole, max_seq, &tokens)) {
                step(&whole, &mut workspace, token).expect("a cached workspace");
                assert_eq!(bits(workspace.logits()), expected, "{shape:?}, S {max_seq}");
            }
        }
        for plan in PLANS {
            let (mut area, mut all) = (Area::new(shape, 5, plan, 10), vec![1.min(shape.vocab_size() as i32 - 1)]);
            generate_sliding(&whole, &mut area.workspace(), all.clone(), 9, |logits| {
                let last = &all[all.len().saturating_sub(5)..];
                assert_eq!(bits(logits), *expected(&whole, 5, last).last().expect("a token"), "{plan:?}, {all:?}");
                let token = rng.below(shape.vocab_size());
                all.push(token as i32);
                Some(token)
            })
            .expect("tokens are given");
        }
    }
}

#[test]
fn a_classifiers_base_may_have_sublayers() {
    let mut rng = Rng(35);
    for shape in all_shapes() {
        let blob = classifier_blob(shape, 3, 11);
        let part = sublayers_part(Packing::TwoBits, shape, 2, 12);
        let Classifier { base, head } = Classifier::new(shape, &blob, 3).expect("a classifier");
        let whole = WholeModel::new(base, Some(&part)).expect("a part");
        let tokens = tokens(&mut rng, shape, 19);
        let mut naive = Naive::new(&whole, 19);
        let normed = tokens.iter().map(|&token| naive.normed(&whole, token as usize)).last().expect("a token");
        for plan in PLANS {
            let mut logits = Vec::new();
            let mut area = Area::new(shape, 19, plan, 13);
            classify(&whole, &head, &mut area.workspace(), tokens.iter().copied(), |_, logit| logits.push(logit))
                .expect("tokens are given");
            assert_eq!(bits(&logits), bits(&matvec(&head, &normed)), "{plan:?}, {shape:?}");
        }
    }
}

/// A part of floats that no model should have: NaN, infinities, the greatest and the least ones.
#[test]
fn hostile_sublayers_give_the_bits_of_the_naive_computation() {
    let mut rng = Rng(36);
    let (mut compared, mut not_a_number) = (0, 0);
    for case in 0..if cfg!(miri) { 1 } else { 120 } {
        let shapes = all_shapes();
        let shape = shapes[rng.below(shapes.len())];
        let packing = Packing::ALL[rng.below(3)];
        let (blob, mut part) = (packed_blob(packing, shape, case), sublayers_part(packing, shape, 2, case));
        for section in atome_engine::format::sublayer_sections(shape, packing, 2) {
            let count = if section.name.starts_with('W') { 1 } else { shape.d_model() };
            for index in 0..count {
                if rng.below(count.min(6)) == 0 && rng.below(2) == 0 {
                    let at = section.offset + 4 * index;
                    part[at..at + 4].copy_from_slice(&rng.value(true).to_le_bytes());
                }
            }
        }
        let whole = WholeModel::new(Model::new(shape, &blob).expect("a model"), Some(&part)).expect("a part");
        let tokens = tokens(&mut rng, shape, 20);
        let expected = expected(&whole, 20, &tokens);
        compared += 1;
        not_a_number += usize::from(expected[19].contains(&f32::NAN.to_bits()));
        for plan in PLANS {
            let layout = Layout::new(shape, 20, plan).expect("in range");
            check(&whole, layout, &tokens, &[20], &expected);
            check(&whole, layout, &tokens, &[2, 3, 9, 20], &expected);
        }
    }
    assert!(cfg!(miri) || not_a_number > 5 && compared - not_a_number > 5, "{not_a_number} of {compared}");
}

#[test]
fn a_model_is_not_taken_for_one_with_other_sublayers() {
    let shape = shapes()[0];
    let blob = packed_blob(Packing::TwoBits, shape, 14);
    let model = Model::new(shape, &blob).expect("a model");
    let parts = [1, 2].map(|count| sublayers_part(Packing::TwoBits, shape, count, 15));
    let all =
        [None, Some(&parts[0][..]), Some(&parts[1][..])].map(|part| WholeModel::new(model, part).expect("a part"));
    let mut area = Area::new(shape, 8, Plan::Cached, 16);
    let expected = all.each_ref().map(|model| expected(model, 8, &[1, 2, 3]));
    for index in [0, 1, 2, 1, 0, 2, 0] {
        for n in 1..=3 {
            let mut workspace = area.workspace();
            predict_next(&all[index], &mut workspace, [1, 2, 3].into_iter().take(n)).expect("tokens are given");
            assert_eq!(bits(workspace.logits()), expected[index][n - 1]);
        }
    }
}

/// They have a copy of their matrices, too, where there is a use for one.
#[test]
fn sublayers_with_tiles_give_the_same_bits() {
    let mut rng = Rng(37);
    for (d_model, d_head) in [(64, 16), (72, 8), (256, 64)].into_iter().take(if cfg!(miri) { 1 } else { 3 }) {
        let shape = shape(Dims { d_model, n_layers: 2, d_head, vocab_size: 21, ..Dims::DEFAULT });
        for packing in [Packing::TwoBits, Packing::BaseThree] {
            let (blob, part) = (packed_blob(packing, shape, 17), sublayers_part(packing, shape, 2, 18));
            let model = Model::new(shape, &blob).expect("a model");
            let whole = WholeModel::new(model, Some(&part)).expect("a part");
            let mut memory = vec![0; Tiled::room(&whole)];
            assert!(memory.is_empty() || memory.len() > Tiled::room(&model));
            let tiled = Tiled::new(whole, &mut memory);
            let count = if cfg!(miri) { 2 } else { 20 };
            let tokens = tokens(&mut rng, shape, count);
            let expected = expected(&whole, count, &tokens);
            for plan in PLANS {
                for lengths in [&[count][..], &[1, 2, count - 1, count]] {
                    let mut area = Area::new(shape, count, plan, 19);
                    for &len in lengths {
                        let mut workspace = area.workspace();
                        predict_next(&tiled, &mut workspace, tokens[..len].iter().copied()).expect("tokens are given");
                        assert_eq!(bits(workspace.logits()), expected[len - 1], "{packing:?}, {plan:?}, {len}");
                    }
                }
            }
        }
    }
}
