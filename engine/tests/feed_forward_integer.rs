//! Models with feed-forward sublayers in the integer arithmetic: one result whatever the plan, the kernel and the calls before, close
//! to the exact one; and hostile ones are refused by name.

mod common;

use atome_engine::format::{sublayer_sections, Sublayers};
use atome_engine::integer::{check, Layout, Refusal, Workspace};
use atome_engine::kernel::Kernel;
use atome_engine::{classify, predict_next, step, Classifier, Dims, Model, Packing, Plan, Shape, WholeModel};
use common::{bits, classifier_blob, packed_blob, shape, shapes, sublayers_part, Area, Rng};

/// A work area with its memory.
struct Integers {
    layout: Layout,
    floats: Vec<f32>,
    words: Vec<u32>,
}

impl Integers {
    fn new(shape: Shape, max_seq: usize, plan: Plan) -> Self {
        let layout = Layout::new(shape, max_seq, plan).expect("in range");
        let (floats, words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
        Self { layout, floats, words }
    }

    fn workspace(&mut self) -> Workspace<'_> {
        Workspace::new(&self.layout, &mut self.floats, &mut self.words).expect("long enough")
    }
}

/// A part whose sublayers do not dwarf the rest: scales as training has them, and usual norms.
fn gentle_part(packing: Packing, shape: Shape, count: usize, seed: u64) -> Vec<u8> {
    let (mut part, mut rng) = (sublayers_part(packing, shape, count, seed), Rng(seed));
    for section in sublayer_sections(shape, packing, count) {
        let put = |part: &mut Vec<u8>, index: usize, value: f32| {
            let at = section.offset + 4 * index;
            part[at..at + 4].copy_from_slice(&value.to_le_bytes());
        };
        match section.name {
            "norm gamma" => (0..shape.d_model()).for_each(|index| put(&mut part, index, 1.0 + 0.2 * rng.float())),
            "norm beta" => (0..shape.d_model()).for_each(|index| put(&mut part, index, 0.2 * rng.float())),
            _ => put(&mut part, 0, rng.sign() / (shape.d_model() as f32).sqrt() / 3.0),
        }
    }
    part
}

fn more_shapes() -> Vec<Shape> {
    let wide = Dims { d_model: 64, n_layers: 2, d_head: 16, vocab_size: 21, ..Dims::DEFAULT };
    let more = [wide, Dims { d_model: 72, n_layers: 1, d_head: 8, ..wide }, Dims { d_model: 12, n_layers: 3, ..wide }];
    // Others have more taps and kept positions than integers do.
    let small = shapes().into_iter().filter(|shape| shape.top_k() <= 16);
    small.chain(more.into_iter().take(if cfg!(miri) { 0 } else { 3 }).map(shape)).collect()
}

#[test]
fn plans_kernels_and_calls_before_change_no_bit() {
    let mut rng = Rng(51);
    let (before, mut taken) = (Kernel::current(), 0);
    for (case, shape) in more_shapes().into_iter().enumerate() {
        for packing in Packing::ALL {
            for count in 1..=3 {
                let blob = packed_blob(packing, shape, case as u64);
                let part = gentle_part(packing, shape, count, 40 + case as u64);
                let model = Model::new(shape, &blob).expect("a model");
                let whole = WholeModel::new(model, Some(&part)).expect("a part");
                if check(&whole).is_err() {
                    continue;
                }
                taken += 1;
                let tokens: Vec<i32> = (0..20).map(|_| rng.below(shape.vocab_size()) as i32).collect();
                assert!(Kernel::Portable.select());
                let mut area = Integers::new(shape, 20, Plan::Cached);
                let expected: Vec<Vec<u32>> = (1..=20)
                    .map(|n| {
                        let mut workspace = area.workspace();
                        predict_next(&whole, &mut workspace, tokens[..n].iter().copied()).expect("runs");
                        bits(workspace.logits())
                    })
                    .collect();
                predict_next(&model, &mut area.workspace(), tokens.iter().copied()).expect("runs");
                assert!(bits(area.workspace().logits()) != expected[19] || shape.d_model() == 1);
                for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.select()) {
                    for plan in [Plan::Lean, Plan::Cached] {
                        let mut area = Integers::new(shape, 20, plan);
                        for lengths in [&[20][..], &[2, 3, 9, 20], &[17, 5, 6, 20], &[1, 2, 3, 4, 5]] {
                            for &n in lengths {
                                let mut workspace = area.workspace();
                                predict_next(&whole, &mut workspace, tokens[..n].iter().copied()).expect("runs");
                                let name = kernel.name();
                                assert_eq!(
                                    bits(workspace.logits()),
                                    expected[n - 1],
                                    "{name}, {plan:?}, {n} of {lengths:?}"
                                );
                            }
                        }
                    }
                }
                let mut area = Integers::new(shape, 20, Plan::Cached);
                for (&token, expected) in tokens.iter().zip(&expected) {
                    let mut workspace = area.workspace();
                    step(&whole, &mut workspace, token).expect("a cached workspace");
                    assert_eq!(bits(workspace.logits()), *expected);
                }
            }
        }
    }
    before.select();
    assert!(taken >= if cfg!(miri) { 1 } else { 30 }, "{taken} models");
}

#[test]
fn integers_are_close_to_the_exact_arithmetic() {
    let mut rng = Rng(52);
    let shape = shape(Dims { d_model: 64, n_layers: 3, d_head: 16, vocab_size: 50, ..Dims::DEFAULT });
    for packing in Packing::ALL {
        let blob = packed_blob(packing, shape, 1);
        let part = gentle_part(packing, shape, 2, 2);
        let whole = WholeModel::new(Model::new(shape, &blob).expect("a model"), Some(&part)).expect("a part");
        check(&whole).expect("a model for integers");
        let tokens: Vec<i32> = (0..9).map(|_| rng.below(50) as i32).collect();
        let (mut area, mut exact) = (Integers::new(shape, 9, Plan::Cached), Area::new(shape, 9, Plan::Cached, 3));
        predict_next(&whole, &mut area.workspace(), tokens.iter().copied()).expect("runs");
        predict_next(&whole, &mut exact.workspace(), tokens.iter().copied()).expect("runs");
        let (area, exact) = (area.workspace(), exact.workspace());
        let size = exact.logits().iter().fold(0.0f32, |size, logit| size.max(logit.abs()));
        for (found, expected) in area.logits().iter().zip(exact.logits()) {
            assert!((found - expected).abs() < 0.02 * size, "{packing:?}: {found}, exactly {expected}, of {size}");
        }
    }
}

#[test]
fn a_classifiers_base_may_have_sublayers() {
    let shape = more_shapes()[0];
    let (blob, part) = (classifier_blob(shape, 3, 11), gentle_part(Packing::TwoBits, shape, 2, 12));
    let Classifier { base, head } = Classifier::new(shape, &blob, 3).expect("a classifier");
    let whole = WholeModel::new(base, Some(&part)).expect("a part");
    check(&whole).expect("a model for integers");
    let of = |plan, model: &WholeModel| {
        let (mut area, mut logits) = (Integers::new(shape, 9, plan), Vec::new());
        classify(model, &head, &mut area.workspace(), 0..9, |_, logit| logits.push(logit)).expect("runs");
        bits(&logits)
    };
    assert_eq!(of(Plan::Lean, &whole), of(Plan::Cached, &whole));
    assert_ne!(of(Plan::Lean, &whole), of(Plan::Lean, &base.into()));
}

/// Each float of the part, made infinite or no number; and scales whose product is too much for the embedding.
#[test]
fn hostile_sublayers_are_refused_by_name() {
    let shape = more_shapes()[0];
    let blob = packed_blob(Packing::TwoBits, shape, 1);
    let model = Model::new(shape, &blob).expect("a model");
    let part = gentle_part(Packing::TwoBits, shape, 2, 3);
    let refusal = |part: &[u8]| check(&WholeModel::new(model, Some(part)).expect("a part"));
    assert_eq!(refusal(&part), Ok(()));
    for section in sublayer_sections(shape, Packing::TwoBits, 2) {
        let name = match section.name {
            "norm gamma" => "gamma of a feed-forward sublayer",
            "norm beta" => "beta of a feed-forward sublayer",
            "Wup" => "the scale of Wup of a feed-forward sublayer",
            _ => "the scale of Wdown of a feed-forward sublayer",
        };
        let floats = if section.name.starts_with('W') { 1 } else { shape.d_model() };
        for index in 0..floats {
            for value in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
                let mut changed = part.clone();
                let at = section.offset + 4 * index;
                changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
                let expected = Refusal::NotFinite { layer: Some(section.layer), part: name };
                assert_eq!(refusal(&changed), Err(expected), "{section}, {value}");
            }
        }
        if section.name.starts_with('W') {
            let mut changed = part.clone();
            changed[section.offset..section.offset + 4].copy_from_slice(&1e30f32.to_le_bytes());
            assert_eq!(refusal(&changed), Err(Refusal::SmallEmbedding), "{section}");
            changed[section.offset..section.offset + 4].copy_from_slice(&0.0f32.to_le_bytes());
            assert_eq!(refusal(&changed), Ok(()), "{section}");
        }
    }
}

/// Of a model of nothing but an embedding, whose other parts are zeros.
#[test]
fn as_many_layers_and_sublayers_are_taken_as_a_sum_has_room_for() {
    for (n_layers, count, is_taken) in [(3855, 16, true), (3856, 16, false), (32_767, 1, true), (32_768, 1, false)] {
        let dims = Dims { d_model: 1, d_head: 1, n_layers, kernel_size: 1, vocab_size: 1, top_k: 1, ..Dims::DEFAULT };
        let shape = shape(dims);
        let mut blob = b"ATOME01".to_vec();
        blob.extend(1.0f32.to_le_bytes());
        blob.resize(Model::blob_len(&shape), 0);
        let mut part = Sublayers::head(count).expect("a count").to_vec();
        part.resize(Sublayers::part_len(&shape, Packing::TwoBits, count), 0);
        let whole = WholeModel::new(Model::new(shape, &blob).expect("a model"), Some(&part)).expect("a part");
        let refusal = check(&whole);
        assert_eq!(refusal, if is_taken { Ok(()) } else { Err(Refusal::TooManySublayers) }, "{n_layers}, {count}");
        if let Err(refusal) = refusal {
            assert!(refusal.to_string().starts_with("more layers and feed-forward sublayers than 65535 together"));
        }
    }
}
