//! Random models and numbers for the tests: seeded, so that a failure repeats.
#![allow(dead_code, unused_imports)] // each test file uses its own part

pub mod naive;
mod random;

use atome_engine::format::{sections, sections_packed, sublayer_sections, SectionKind, CLASSIFIER_MAGIC, MAGIC};
use atome_engine::{Dims, Layout, Model, Packing, Plan, Shape, Workspace};

pub use random::{bits, Rng};

pub fn shape(dims: Dims) -> Shape {
    Shape::new(dims).expect("a valid shape")
}

/// Shapes with awkward sizes: rows that straddle bytes, more taps and kept positions than positions, a single channel.
pub fn shapes() -> Vec<Shape> {
    let tiny = Dims { d_model: 4, n_layers: 2, d_head: 3, kernel_size: 3, n_pathways: 3, vocab_size: 9, top_k: 2 };
    let mut dims = vec![
        tiny,
        Dims { d_model: 1, n_layers: 1, d_head: 1, kernel_size: 1, vocab_size: 1, top_k: 1, ..tiny },
        Dims { d_model: 5, n_layers: 1, d_head: 3, kernel_size: 9, n_pathways: 8, vocab_size: 11, top_k: 20 },
    ];
    // Miri walks every weight a thousand times slower.
    if !cfg!(miri) {
        dims.push(Dims { d_model: 7, n_layers: 3, d_head: 5, kernel_size: 9, n_pathways: 8, top_k: 20, ..tiny });
        dims.push(Dims { d_model: 19, d_head: 7, n_pathways: 5, vocab_size: 300, top_k: 4, ..tiny });
    }
    dims.into_iter().map(shape).collect()
}

/// Sizes of a grid in which rows end within bytes and groups in each way.
pub fn grid() -> impl Iterator<Item = Dims> {
    let most = if cfg!(miri) { 2 } else { 9 };
    (1..=most).flat_map(move |d_model| (1..=most).map(move |d_head| (d_model, d_head))).flat_map(|(d_model, d_head)| {
        [(1, 1, 3, 1), (2, 3, 4, 5), (3, 5, 8, 11)].map(|(n_layers, kernel_size, n_pathways, vocab_size)| Dims {
            d_model,
            n_layers,
            d_head,
            kernel_size,
            n_pathways,
            vocab_size,
            top_k: 2,
        })
    })
}

fn fill_body(bytes: &mut Vec<u8>, shape: Shape, n_classes: Option<usize>, rng: &mut Rng) {
    for section in sections(shape, n_classes) {
        match section.kind {
            SectionKind::Floats { count } => {
                for _ in 0..count {
                    bytes.extend((1.5 * rng.float()).to_le_bytes());
                }
            }
            SectionKind::Matrix { .. } => {
                bytes.extend((0.05 + 0.5 * rng.float().abs()).to_le_bytes());
                for _ in 4..section.bytes {
                    bytes.push(rng.next() as u8);
                }
            }
        }
    }
}

pub fn model_blob(shape: Shape, seed: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    fill_body(&mut bytes, shape, None, &mut Rng(seed));
    bytes
}

pub fn classifier_blob(shape: Shape, n_classes: usize, seed: u64) -> Vec<u8> {
    let mut bytes = CLASSIFIER_MAGIC.to_vec();
    bytes.extend((n_classes as i32).to_le_bytes());
    fill_body(&mut bytes, shape, Some(n_classes), &mut Rng(seed));
    bytes
}

/// Weights as a file has them, written from the format's description.
pub fn pack(packing: Packing, weights: &[i8]) -> Vec<u8> {
    let code_of =
        |codes: &[i8], weight: i8| codes.iter().position(|&code| code == weight).expect("such a weight") as u32;
    match packing {
        Packing::TwoBits => weights
            .chunks(4)
            .map(|four| {
                four.iter().zip([0, 2, 4, 6]).map(|(&w, at)| code_of(&[0, 1, 7, -1], w) << at).sum::<u32>() as u8
            })
            .collect(),
        Packing::BaseThree => weights
            .chunks(5)
            .map(|five| {
                (0..5).map(|i| (five.get(i).map_or(0, |&w| i32::from(w)) + 1) * 3_i32.pow(i as u32)).sum::<i32>() as u8
            })
            .collect(),
        Packing::PowersOfThree => weights
            .chunks(8)
            .flat_map(|eight| {
                let codes = eight.iter().enumerate().map(|(i, &w)| code_of(&[0, 1, -1, 3, -3, 9, -9], w) << (3 * i));
                let [a, b, c, _] = codes.sum::<u32>().to_le_bytes();
                [a, b, c]
            })
            .collect(),
    }
}

/// Weights that a packing has.
pub fn weights(packing: Packing, count: usize, rng: &mut Rng) -> Vec<i8> {
    let all: &[i8] = if packing == Packing::PowersOfThree { &[0, 1, -1, 3, -3, 9, -9] } else { &[0, 1, -1] };
    (0..count).map(|_| all[rng.below(all.len())]).collect()
}

/// Adds a section.
fn fill(bytes: &mut Vec<u8>, packing: Packing, kind: SectionKind, rng: &mut Rng) {
    match kind {
        SectionKind::Floats { count } => bytes.extend((0..count).flat_map(|_| (1.5 * rng.float()).to_le_bytes())),
        SectionKind::Matrix { rows, cols } => {
            bytes.extend((0.05 + 0.5 * rng.float().abs()).to_le_bytes());
            bytes.extend(pack(packing, &weights(packing, rows * cols, rng)));
        }
    }
}

/// A model file of any packing; those of the two ternary ones have the same weights.
pub fn packed_blob(packing: Packing, shape: Shape, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let mut bytes = packing.magic().to_vec();
    for section in sections_packed(shape, packing, None) {
        fill(&mut bytes, packing, section.kind, &mut rng);
    }
    bytes
}

/// The feed-forward sublayers of a model, `count` in each layer.
pub fn sublayers_part(packing: Packing, shape: Shape, count: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let mut bytes = vec![count as u8, 0, 0, 0];
    for section in sublayer_sections(shape, packing, count) {
        fill(&mut bytes, packing, section.kind, &mut rng);
    }
    bytes
}

/// A work area with its memory.
pub struct Area {
    pub layout: Layout,
    floats: Vec<f32>,
    words: Vec<u32>,
}

impl Area {
    /// Full of garbage: a work area may start with any content.
    pub fn new(shape: Shape, max_seq: usize, plan: Plan, garbage: u64) -> Self {
        Self::of(Layout::new(shape, max_seq, plan).expect("a valid layout"), garbage)
    }

    /// The same for a layout.
    pub fn of(layout: Layout, garbage: u64) -> Self {
        let mut rng = Rng(garbage);
        let floats = (0..layout.floats()).map(|_| f32::from_bits(rng.next() as u32)).collect();
        let words = (0..layout.words()).map(|_| rng.next() as u32).collect();
        Self { layout, floats, words }
    }

    pub fn workspace(&mut self) -> Workspace<'_> {
        Workspace::new(&self.layout, &mut self.floats, &mut self.words).expect("exactly as large as asked for")
    }
}

/// Token, logits and the router weights of the first `tokens.len()` positions, computed from nothing in the lean plan.
pub fn fresh(model: &Model, shape: Shape, max_seq: usize, tokens: &[i32]) -> (usize, Vec<u32>, Vec<u32>) {
    let mut area = Area::new(shape, max_seq, Plan::Lean, tokens.len() as u64);
    let mut workspace = area.workspace();
    let token = atome_engine::predict_next(model, &mut workspace, tokens.iter().copied()).expect("tokens are given");
    let rows = tokens.len().min(max_seq) * shape.n_pathways();
    (token, bits(workspace.logits()), bits(&workspace.router_weights()[..rows]))
}
