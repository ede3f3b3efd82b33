//! A copy of the matrices, arranged for a processor's vectors, changes no bit.

mod common;

use atome_engine::kernel::{project, Kernel, Projection};
use atome_engine::{
    classify, predict_next, predict_next_observed, Classifier, Dims, Layer, Matrix, Model, Packing, Plan,
    RouterReading, Shape, Tiled, Weights,
};
use common::{bits, classifier_blob, model_blob, packed_blob, shape, shapes, Area, Rng};

/// Under Miri, which has no such processor, there are never tiles.
const POSITIONS: usize = if cfg!(miri) { 3 } else { 40 };

/// Rows and columns that fill vectors, batches and reads, and some that do not.
fn wide_shapes() -> Vec<Shape> {
    let base = Dims { n_layers: 2, vocab_size: 40, top_k: 3, ..Dims::DEFAULT };
    let widths =
        if cfg!(miri) { &[(8, 4)][..] } else { &[(256, 64), (252, 16), (64, 20), (48, 80), (20, 7), (8, 100)] };
    widths.iter().map(|&(d_model, d_head)| shape(Dims { d_model, d_head, ..base })).chain(shapes()).collect()
}

/// A model file; one with 2-bit weights has the code 10, too.
fn blob_of(packing: Packing, shape: Shape, seed: u64) -> Vec<u8> {
    match packing {
        Packing::TwoBits => model_blob(shape, seed),
        _ => packed_blob(packing, shape, seed),
    }
}

/// Memory that starts anywhere.
fn room(model: &Model, rng: &mut Rng) -> (Vec<u8>, usize) {
    let start = rng.below(65);
    (vec![0xaa; start + Tiled::room(model)], start)
}

#[test]
fn texts_have_the_same_logits() {
    let mut rng = Rng(3);
    for (case, shape) in wide_shapes().into_iter().enumerate() {
        for packing in [Packing::TwoBits, Packing::BaseThree] {
            let blob = blob_of(packing, shape, case as u64);
            let model = Model::new(shape, &blob).expect("a whole model");
            let (mut memory, start) = room(&model, &mut rng);
            let tiled = Tiled::new(model, &mut memory[start..]);
            assert_eq!((tiled.identity(), tiled.shape()), (model.identity(), model.shape()));
            for plan in [Plan::Cached, Plan::Partial, Plan::Lean] {
                let (mut area, mut other) =
                    (Area::new(shape, POSITIONS, plan, 1), Area::new(shape, POSITIONS, plan, 2));
                let mut tokens = Vec::new();
                while tokens.len() < POSITIONS {
                    for _ in 0..=rng.below(20) {
                        tokens.push(rng.below(shape.vocab_size()) as i32);
                    }
                    let expected = predict_next(&model, &mut area.workspace(), tokens.iter().copied());
                    let token = predict_next(&tiled, &mut other.workspace(), tokens.iter().copied());
                    assert_eq!(token, expected, "{shape:?}, {packing:?}, {plan:?}, {tokens:?}");
                    assert_eq!(
                        bits(other.workspace().logits()),
                        bits(area.workspace().logits()),
                        "{shape:?}, {tokens:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn projections_of_hostile_values_are_the_same() {
    let mut rng = Rng(4);
    for case in 0..if cfg!(miri) { 2 } else { 600 } {
        let shapes = wide_shapes();
        let shape = shapes[rng.below(shapes.len())];
        let packing = [Packing::TwoBits, Packing::BaseThree][rng.below(2)];
        let blob = blob_of(packing, shape, case);
        let model = Model::new(shape, &blob).expect("a whole model");
        let (mut memory, start) = room(&model, &mut rng);
        let tiled = Tiled::new(model, &mut memory[start..]);
        let positions = 1 + rng.below(POSITIONS);
        let inputs = rng.values(positions * shape.d_model(), case % 2 == 0);
        let layer = rng.below(shape.n_layers());
        let plain = model.layer(layer).expect("a layer");
        let copied = tiled.layer(layer).expect("a layer");
        let of = |matrices: [Matrix; 5]| {
            let mut outputs = matrices.each_ref().map(|matrix| vec![7.0; positions * matrix.rows() + 3]);
            let mut projections: Vec<_> =
                matrices.iter().zip(&mut outputs).map(|(matrix, out)| Projection::new(matrix, out)).collect();
            project(&inputs, positions, &mut projections);
            outputs.map(|values| bits(&values))
        };
        assert_eq!(
            of([copied.wk(), copied.wv(), copied.wq(), copied.router(), tiled.unembed()]),
            of([plain.wk(), plain.wv(), plain.wq(), plain.router(), model.unembed()]),
            "case {case}, {shape:?}, {packing:?}, {positions} positions"
        );
    }
}

#[test]
fn the_other_parts_are_the_models() {
    let shape = shapes()[0];
    let blob = model_blob(shape, 8);
    let model = Model::new(shape, &blob).expect("a whole model");
    let mut memory = vec![0; Tiled::room(&model)];
    let tiled = Tiled::new(model, &mut memory);
    assert_eq!(tiled.model().identity(), model.identity());
    assert_eq!(tiled.embed().packed(), model.embed().packed());
    assert_eq!(tiled.final_norm().gamma.bytes(), model.final_norm().gamma.bytes());
    assert!(tiled.has_shape(&shape) && !tiled.has_shape(&shapes()[1]));
    for index in 0..shape.n_layers() {
        let (layer, own) = (tiled.layer(index).expect("a layer"), model.layer(index).expect("a layer"));
        assert_eq!(layer.norm().beta.bytes(), Layer::norm(&own).beta.bytes());
        assert_eq!(layer.ssm().b.bytes(), Layer::ssm(&own).b.bytes());
        assert_eq!(layer.pathways().conv.taps.packed(), own.conv.taps.packed());
        assert_eq!(layer.top_k(), own.attention.top_k);
    }
    assert!(tiled.layer(shape.n_layers()).is_none());
}

/// A model with and without tiles is the same: what was computed with one need not be computed again with the other.
#[test]
fn a_text_goes_on_with_and_without_tiles() {
    let shape = shapes()[0];
    let blob = model_blob(shape, 5);
    let model = Model::new(shape, &blob).expect("a whole model");
    let mut memory = vec![0; Tiled::room(&model)];
    let tiled = Tiled::new(model, &mut memory);
    let mut area = Area::new(shape, 8, Plan::Cached, 1);
    let mut seen = Vec::new();
    let mut see = |reading: RouterReading| seen.extend((reading.layer == 0).then_some(reading.position));
    predict_next_observed(&model, &mut area.workspace(), [1, 2, 3], &mut see).expect("tokens are given");
    predict_next_observed(&tiled, &mut area.workspace(), [1, 2, 3, 4], &mut see).expect("tokens are given");
    predict_next_observed(&model, &mut area.workspace(), [1, 2, 3, 4, 5], &mut see).expect("tokens are given");
    assert_eq!(seen, [0, 1, 2, 3, 4]);
}

#[test]
fn a_classifiers_base_can_be_tiled() {
    let shape = wide_shapes()[0];
    let blob = classifier_blob(shape, 4, 9);
    let Classifier { base, head } = Classifier::new(shape, &blob, 4).expect("a whole classifier");
    let mut memory = vec![0; Tiled::room(&base)];
    let tiled = Tiled::new(base, &mut memory);
    let tokens = [3, 1, 4, 1, 5];
    let mut logits = [[0.0; 4]; 2];
    let [plain, other] = &mut logits;
    let mut area = Area::new(shape, 8, Plan::Lean, 1);
    let class = classify(&base, &head, &mut area.workspace(), tokens, |class, logit| plain[class] = logit);
    assert_eq!(classify(&tiled, &head, &mut area.workspace(), tokens, |class, logit| other[class] = logit), class);
    assert_eq!(bits(&logits[0]), bits(&logits[1]));
}

#[test]
fn memory_that_is_too_small_or_of_no_use_is_left_alone() {
    let can = Kernel::ALL.into_iter().any(|kernel| kernel.name() == "avx512" && kernel.is_available());
    let of = |dims: Dims, packing| {
        let blob = packed_blob(packing, shape(dims), 1);
        let model = Model::new(shape(dims), &blob).expect("a whole model");
        let needed = Tiled::room(&model);
        for (len, is_written) in [(needed, needed > 0), (needed.saturating_sub(65), false), (0, false)] {
            let mut memory = vec![0xaa; len];
            let _ = Tiled::new(model, &mut memory);
            assert_eq!(memory.iter().any(|&byte| byte != 0xaa), is_written, "{len} of {needed} bytes");
        }
        needed
    };
    let wide = Dims { d_model: 256, d_head: 64, n_layers: 2, ..Dims::DEFAULT };
    // Groups of 16 rows, of which a read of 64 bytes gives 12 columns; one read more for each matrix, and one for the start.
    let (group, groups) = (22 * 64, 2 * (4 + 16 + 4 + 1) + 16);
    let expected = group * groups + 64 * (4 * 2 + 1) + 64;
    assert_eq!(of(wide, Packing::TwoBits), if can { expected } else { 0 });
    assert_eq!(of(wide, Packing::BaseThree), if can { expected } else { 0 });
    assert_eq!(of(wide, Packing::PowersOfThree), 0);
    assert_eq!(of(Dims { d_model: 260, ..wide }, Packing::TwoBits), 0);
    assert_eq!(of(Dims { d_model: 19, ..wide }, Packing::TwoBits), 0);
}
