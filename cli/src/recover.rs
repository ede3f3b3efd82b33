//! A model's shape from its bytes.
//!
//! Three facts do it. The length of a file is an exact function of the shape. Some codes never occur in packed weights (of
//! two bits `10`, in base 3 a byte above 242, of powers of 3 `111`), and floats are full of them. And every matrix starts with a positive scale. The search walks through the
//! shapes that meet the first fact and drops those that break another, or under which most floats would be of absurd
//! size. Of what is left, the best is the shape under which the bytes are least surprising: the number of bits needed to
//! write them down as what the shape takes them for (minimum description length; Rissanen, "Modeling by shortest data
//! description", 1978). It is taken when all others need [`CLEAR_BITS`] more.

use std::ops::RangeInclusive;

use atome_engine::format::{sections_packed, SectionKind};
use atome_engine::{Dims, Packing, Shape};

use crate::evidence::Evidence;
use crate::model_file::Format;
use crate::sizes::{Key, Sizes};

/// The lead that makes a shape the answer: odds of 1,000 to 1.
const CLEAR_BITS: f64 = 10.0;

/// What a vocabulary other than bytes, and more than three pathways, must win back: both are rare.
const RARE_VOCAB_BITS: f64 = 12.0;
const RARE_PATHWAYS_BITS: f64 = 8.0;

/// Steps of a search, about a second; only files that are no models take as many.
const MOST_STEPS: u32 = 20_000_000;

/// A file that allows more shapes than this says nothing about its own.
const MOST_CANDIDATES: usize = 20_000;

/// Result of a search.
#[derive(Debug, PartialEq)]
pub enum Recovery {
    /// One shape stands out.
    Clear(Dims),
    /// These fit about as well as each other, best first.
    Several(Vec<Dims>),
    /// No shape fits.
    Nothing,
    /// There are too many shapes to try them all.
    TooMany,
}

/// Searches for the shape of a file's body. Numbers in `known` are kept; the rest are searched in the ranges that
/// [`limits`] names. top_k is not in a file and stays what `known` says.
pub fn recover(body: &[u8], format: Format, known: &Sizes) -> Recovery {
    let (packing, n_classes) = (format.packing(), format.n_classes());
    let evidence = Evidence::new(body, packing);
    let mut search = Search { evidence: &evidence, packing, n_classes, known, found: Vec::new(), steps: 0 };
    search.run();
    if search.gave_up() {
        return Recovery::TooMany;
    }
    let mut found = search.found;
    found.sort_by(|a, b| a.bits.total_cmp(&b.bits));
    let Some(best) = found.first().copied() else { return Recovery::Nothing };
    let close: Vec<Dims> = found
        .iter()
        .take_while(|candidate| candidate.bits < best.bits + CLEAR_BITS)
        .map(|candidate| candidate.dims)
        .collect();
    if close.len() == 1 {
        Recovery::Clear(best.dims)
    } else {
        Recovery::Several(close)
    }
}

/// Where a number is searched that is not known.
pub const fn limits(key: Key) -> RangeInclusive<usize> {
    match key {
        Key::VocabSize => 1..=65_535,
        Key::DModel | Key::DHead => 1..=1_024,
        Key::NLayers | Key::KernelSize => 1..=64,
        Key::NPathways => 3..=8,
        Key::TopK | Key::MaxSeq => 1..=65_535,
    }
}

#[derive(Clone, Copy)]
struct Candidate {
    dims: Dims,
    bits: f64,
}

struct Search<'e> {
    evidence: &'e Evidence<'e>,
    packing: Packing,
    n_classes: Option<usize>,
    known: &'e Sizes,
    found: Vec<Candidate>,
    steps: u32,
}

/// Where the layers of a candidate lie: `count` of `len` bytes from `start` on.
#[derive(Clone, Copy)]
struct Layers {
    start: usize,
    len: usize,
    count: usize,
}

impl Layers {
    /// The same place in every layer.
    fn all(&self, offset: usize, holds: impl Fn(usize) -> bool) -> bool {
        (0..self.count).all(|layer| holds(self.start + layer * self.len + offset))
    }
}

const SCALE: usize = 4;

impl Search<'_> {
    fn range(&self, key: Key) -> RangeInclusive<usize> {
        self.known.value(key).map_or(limits(key), |value| value..=value)
    }

    fn packed(&self, rows: usize, cols: usize) -> usize {
        self.packing.len(rows * cols)
    }

    fn gave_up(&self) -> bool {
        self.steps >= MOST_STEPS || self.found.len() >= MOST_CANDIDATES
    }

    /// Counts a step; false when there were too many.
    fn step(&mut self) -> bool {
        self.steps += 1;
        !self.gave_up()
    }

    fn run(&mut self) {
        for d in self.range(Key::DModel) {
            let head = self.n_classes.map_or(0, |classes| SCALE + self.packed(classes, d));
            // The least that a width implies: the floats of one layer and of the final norm.
            let Some(end) = self.evidence.len().checked_sub(head).filter(|&end| end > 28 * d) else {
                break;
            };
            if head == 0 || self.evidence.is_matrix(end, head - SCALE) {
                self.vocabularies(d, end);
            }
        }
    }

    /// Both ends of the body: the embedding, and the unembedding that ends at `end`.
    fn vocabularies(&mut self, d: usize, end: usize) {
        if !self.evidence.is_scale(0) {
            return;
        }
        let runs = [self.evidence.clean_from(SCALE), self.evidence.clean_before(end)];
        let longest = runs[0].min(runs[1]);
        // A norm's floats are never all clean (1.0 is not), so a clean run ends with them: behind the embedding, and,
        // with one more scale between, in front of the unembedding.
        // Other packings have bytes that floats may have, too.
        let shortest = match self.packing {
            Packing::TwoBits => runs[0].max(runs[1]).saturating_sub(8 * d + SCALE),
            _ => 0,
        };
        let range = self.range(Key::VocabSize);
        for v in (*range.start()).max(4 * shortest.saturating_sub(1) / d)..=*range.end() {
            let len = self.packed(v, d);
            let start = SCALE + len;
            let Some(blocks_end) = end.checked_sub(SCALE + len + 8 * d) else { return };
            if len > longest || blocks_end <= start || !self.step() {
                return;
            }
            // The first layer's norm and the scale of its convolution; the final norm and the scale of the unembedding.
            let fits = |at| {
                self.evidence.is_scale(at + 8 * d)
                    && self.evidence.are_floats(at, d)
                    && self.evidence.are_floats(at + 4 * d, d)
            };
            if fits(start) && fits(blocks_end) {
                self.layer_counts(d, v, start, blocks_end - start);
            }
        }
    }

    fn layer_counts(&mut self, d: usize, v: usize, start: usize, span: usize) {
        for count in self.range(Key::NLayers) {
            if !self.step() {
                return;
            }
            let layers = Layers { start, len: span / count, count };
            if span.is_multiple_of(count) && layers.all(8 * d, |at| self.evidence.is_scale(at)) {
                self.kernels(d, v, layers);
            }
        }
    }

    /// What the floats, the scales and Wv leave of a layer is shared by convolution, Wq, Wk and router.
    fn kernels(&mut self, d: usize, v: usize, layers: Layers) {
        let fixed = 20 * d + 5 * SCALE + self.packed(d, d);
        let Some(shared) = layers.len.checked_sub(fixed) else { return };
        for k in self.range(Key::KernelSize) {
            let conv = self.packed(d, k);
            let Some(heads_and_router) = shared.checked_sub(conv) else { return };
            if !self.step() || !layers.all(8 * d, |at| self.evidence.is_matrix(at, conv)) {
                return;
            }
            let ssm = 8 * d + SCALE + conv;
            let wq = ssm + 12 * d;
            let fits = |at| self.evidence.are_floats(at, 3 * d) && self.evidence.is_scale(at + 12 * d);
            if layers.all(ssm, fits) {
                self.pathways(d, v, k, layers, wq, heads_and_router);
            }
        }
    }

    fn pathways(&mut self, d: usize, v: usize, k: usize, layers: Layers, wq: usize, heads_and_router: usize) {
        for p in self.range(Key::NPathways) {
            if !self.step() {
                return;
            }
            let router = self.packed(p, d);
            let head = match heads_and_router.checked_sub(router) {
                Some(both) if both % 2 == 0 => both / 2,
                _ => continue,
            };
            let wk = wq + SCALE + head;
            let wv = wk + SCALE + head;
            let routes = wv + SCALE + self.packed(d, d);
            let matrices = [(wq, head), (wk, head), (wv, self.packed(d, d)), (routes, router)];
            let fits = |&(offset, len): &(usize, usize)| layers.all(offset, |at| self.evidence.is_matrix(at, len));
            if head == 0 || !matrices.iter().all(fits) {
                continue;
            }
            // Widths below 4 let several head sizes fill the same bytes.
            let (weights, bytes) = self.packing.group();
            let groups = head / bytes;
            for h in (weights * groups.saturating_sub(1) / d + 1)..=(weights * groups / d) {
                if self.step() && self.range(Key::DHead).contains(&h) && self.packed(h, d) == head {
                    self.add(Dims {
                        d_model: d,
                        n_layers: layers.count,
                        d_head: h,
                        kernel_size: k,
                        n_pathways: p,
                        vocab_size: v,
                        top_k: self.known.dims().top_k,
                    });
                }
            }
        }
    }

    fn add(&mut self, dims: Dims) {
        let Ok(shape) = Shape::new(dims) else { return };
        let bits: f64 = sections_packed(shape, self.packing, self.n_classes)
            .map(|section| match section.kind {
                SectionKind::Matrix { rows, cols, .. } => self.evidence.matrix_bits(section.offset, rows, cols),
                SectionKind::Floats { count } => self.evidence.floats_bits(section.offset, count),
            })
            .sum();
        let rarity = f64::from(u8::from(dims.vocab_size != 256)) * RARE_VOCAB_BITS
            + f64::from(u8::from(dims.n_pathways != 3)) * RARE_PATHWAYS_BITS;
        self.found.push(Candidate { dims, bits: bits + rarity });
    }
}
