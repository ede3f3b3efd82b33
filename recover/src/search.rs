//! The search: size by size, each dropped at the first place of the file that speaks against it.

use atome_engine::format::{sections_packed, Entry, Part, SectionKind, LAYER};
use atome_engine::{Dims, Packing, Shape};

use crate::evidence::Evidence;
use crate::types::{Candidate, Cost, Known, TooMany, BIT};

/// What a vocabulary other than bytes, and more than three pathways, must win back: both are rare.
const RARE_VOCAB: Cost = 12 * BIT;
const RARE_PATHWAYS: Cost = 8 * BIT;

/// Steps of a search, about a second; only files that are no models take as many.
const MAX_STEPS: usize = 20_000_000;

/// Reading this many bytes counts as one step.
const BYTES_OF_A_STEP: usize = 16;

/// A file that allows more shapes than this says nothing about its own.
const MAX_CANDIDATES: usize = 20_000;

/// Bytes in front of a matrix's weights.
const SCALE: usize = 4;

/// Bytes a channel of a norm's floats, gamma and beta, with which a layer begins and the layers end.
const NORM: usize = float_bytes(&LAYER, Part::NormGamma, Part::ConvTaps);

/// Bytes a channel of the recurrence's floats, which lie between the convolution and Wq.
const SSM: usize = float_bytes(&LAYER, Part::SsmA, Part::Wq);

/// Matrices of a layer: convolution, Wq, Wk, Wv and router.
const MATRICES: usize = 5;

/// Bytes a channel that the floats of these sections take, from `start` on as far as `end`.
const fn float_bytes(sections: &[Entry], start: Part, end: Part) -> usize {
    let one_of_each =
        Dims { vocab_size: 1, d_model: 1, n_layers: 1, d_head: 1, kernel_size: 1, n_pathways: 1, top_k: 1 };
    let (mut bytes, mut index, mut is_inside) = (0, 0, false);
    while index < sections.len() {
        let part = sections[index].part as usize;
        is_inside = (is_inside || part == start as usize) && part != end as usize;
        if is_inside && matches!(sections[index].kind(&one_of_each), SectionKind::Floats { .. }) {
            bytes += 4;
        }
        index += 1;
    }
    bytes
}

pub(crate) fn run(body: &[u8], known: &Known, found: &mut dyn FnMut(Candidate)) -> Result<(), TooMany> {
    let evidence = Evidence::new(body, known.packing);
    let mut search = Search { evidence, known, found, candidates: 0, steps: 0, read: 0 };
    search.widths();
    if search.gave_up() {
        return Err(TooMany);
    }
    Ok(())
}

struct Search<'s> {
    evidence: Evidence<'s>,
    known: &'s Known,
    found: &'s mut dyn FnMut(Candidate),
    candidates: usize,
    steps: usize,
    /// Bytes looked at.
    read: usize,
}

/// Where the layers of a candidate lie: `count` of `len` bytes from `start` on.
#[derive(Clone, Copy)]
struct Layers {
    start: usize,
    len: usize,
    count: usize,
}

impl Layers {
    /// Whether `holds` is true at `offset` in every layer.
    fn all(&self, offset: usize, mut holds: impl FnMut(usize) -> bool) -> bool {
        (0..self.count).all(|layer| holds(self.start + layer * self.len + offset))
    }
}

/// Both ends of a candidate: embedding and unembedding.
#[derive(Clone, Copy)]
struct Ends {
    d: usize,
    v: usize,
}

impl Search<'_> {
    fn packed(&self, rows: usize, cols: usize) -> usize {
        self.known.packing.len(rows * cols)
    }

    fn gave_up(&self) -> bool {
        self.steps + self.read / BYTES_OF_A_STEP >= MAX_STEPS || self.candidates >= MAX_CANDIDATES
    }

    /// Counts a step; false when there were too many.
    fn step(&mut self) -> bool {
        self.steps += 1;
        !self.gave_up()
    }

    fn are_matrices(&mut self, layers: Layers, offset: usize, len: usize) -> bool {
        let (evidence, read) = (self.evidence, &mut self.read);
        layers.all(offset, |at| evidence.is_matrix(at, len, read))
    }

    /// Bytes of the largest shape in the ranges, or more than there are addresses.
    fn longest(&self) -> usize {
        let ranges = &self.known.ranges;
        let [d, v, h] = [*ranges.d_model.end(), *ranges.vocab_size.end(), *ranges.d_head.end()];
        let matrices = [*ranges.kernel_size.end(), h, h, d, *ranges.n_pathways.end()];
        let layer = matrices.into_iter().map(|rows| SCALE.saturating_add(self.packed(rows, d)));
        let layer = layer.fold((NORM + SSM).saturating_mul(d), usize::saturating_add);
        let head = self.known.n_classes.map_or(0, |classes| SCALE + self.packed(classes, d));
        let ends = SCALE.saturating_add(self.packed(v, d)).saturating_mul(2).saturating_add(NORM.saturating_mul(d));
        layer.saturating_mul(*ranges.n_layers.end()).saturating_add(ends).saturating_add(head)
    }

    fn widths(&mut self) {
        // What is longer than any model need not be looked at: it would take minutes.
        if !self.evidence.is_scale(0) || self.evidence.len() > self.longest() {
            return;
        }
        let front = self.evidence.clean_from(SCALE);
        let mut back = (self.evidence.len(), self.evidence.clean_before(self.evidence.len()));
        self.read += front + back.1;
        for d in self.known.ranges.d_model.clone() {
            let head = self.known.n_classes.map_or(0, |classes| SCALE + self.packed(classes, d));
            // The least that a width implies: the floats of one layer and of the final norm.
            let Some(end) = self.evidence.len().checked_sub(head).filter(|&end| end > (2 * NORM + SSM) * d) else {
                break;
            };
            if d > 0 && (head == 0 || self.evidence.is_matrix(end, head - SCALE, &mut self.read)) {
                if end != back.0 {
                    back = (end, self.evidence.clean_before(end));
                    self.read += back.1;
                }
                self.vocabularies(d, [front, back.1], end);
            }
            if !self.step() {
                return;
            }
        }
    }

    /// Both ends of the body: the embedding and the unembedding, which ends at `end`, of so many clean bytes at most.
    fn vocabularies(&mut self, d: usize, [front, back]: [usize; 2], end: usize) {
        let longest = front.min(back);
        // A norm's floats are never all clean (1.0 is not), so a clean run ends with them: behind the embedding, and,
        // with one more scale between, in front of the unembedding.
        // Other packings have bytes that floats may have, too.
        let shortest = match self.known.packing {
            Packing::TwoBits => front.max(back).saturating_sub(NORM * d + SCALE),
            _ => 0,
        };
        let range = self.known.ranges.vocab_size.clone();
        let least = (4 * shortest.saturating_sub(1)).checked_div(d).unwrap_or(0);
        for v in (*range.start()).max(least)..=*range.end() {
            let len = self.packed(v, d);
            let start = SCALE + len;
            let Some(blocks_end) = end.checked_sub(SCALE + len + NORM * d) else { return };
            if len > longest || blocks_end <= start || !self.step() {
                return;
            }
            // The first layer's norm and the scale of its convolution; the final norm and the scale of the unembedding.
            if self.is_norm_and_scale(d, start) && self.is_norm_and_scale(d, blocks_end) {
                self.layer_counts(Ends { d, v }, start, blocks_end - start);
            }
        }
    }

    fn is_norm_and_scale(&mut self, d: usize, at: usize) -> bool {
        if !self.evidence.is_scale(at + NORM * d) {
            return false;
        }
        self.read += NORM * d;
        self.evidence.are_floats(at, d) && self.evidence.are_floats(at + NORM / 2 * d, d)
    }

    fn layer_counts(&mut self, ends: Ends, start: usize, span: usize) {
        for count in self.known.ranges.n_layers.clone() {
            if !self.step() {
                return;
            }
            let Some(len) = span.checked_div(count) else { continue };
            let layers = Layers { start, len, count };
            if len * count == span && layers.all(NORM * ends.d, |at| self.evidence.is_scale(at)) {
                self.kernels(ends, layers);
            }
        }
    }

    /// What the floats, the scales and Wv leave of a layer is shared by convolution, Wq, Wk and router.
    fn kernels(&mut self, ends: Ends, layers: Layers) {
        let d = ends.d;
        let fixed = (NORM + SSM) * d + MATRICES * SCALE + self.packed(d, d);
        let Some(shared) = layers.len.checked_sub(fixed) else { return };
        for k in self.known.ranges.kernel_size.clone() {
            let conv = self.packed(d, k);
            let Some(heads_and_router) = shared.checked_sub(conv) else { return };
            if !self.step() || !self.are_matrices(layers, NORM * d, conv) {
                return;
            }
            let ssm = NORM * d + SCALE + conv;
            self.read += SSM * d * layers.count;
            if layers.all(ssm, |at| self.evidence.is_scale(at + SSM * d) && self.evidence.are_floats(at, SSM / 4 * d)) {
                self.pathways(ends, k, layers, ssm + SSM * d, heads_and_router);
            }
        }
    }

    fn pathways(&mut self, ends: Ends, k: usize, layers: Layers, wq: usize, heads_and_router: usize) {
        let d = ends.d;
        for p in self.known.ranges.n_pathways.clone() {
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
            if head > 0 && matrices.into_iter().all(|(offset, len)| self.are_matrices(layers, offset, len)) {
                self.heads(ends, head, |d_head| Dims {
                    d_model: d,
                    n_layers: layers.count,
                    d_head,
                    kernel_size: k,
                    n_pathways: p,
                    vocab_size: ends.v,
                    top_k: Dims::DEFAULT.top_k,
                });
            }
        }
    }

    /// Widths below 4 let several head sizes fill the same `head` bytes.
    fn heads(&mut self, ends: Ends, head: usize, dims: impl Fn(usize) -> Dims) {
        let d = ends.d;
        let (weights, bytes) = self.known.packing.group();
        let groups = head.checked_div(bytes).unwrap_or(0);
        let most = (weights * groups).checked_div(d).unwrap_or(0);
        let least = (weights * groups.saturating_sub(1)).checked_div(d).map_or(1, |below| below + 1);
        for h in least..=most {
            if !self.step() {
                return;
            }
            if self.known.ranges.d_head.contains(&h) && self.packed(h, d) == head {
                self.add(dims(h));
            }
        }
    }

    fn add(&mut self, dims: Dims) {
        let Ok(shape) = Shape::new(dims) else { return };
        self.read += self.evidence.len();
        let sections = sections_packed(shape, self.known.packing, self.known.n_classes);
        let bytes: Option<Cost> = sections
            .map(|section| match section.kind {
                SectionKind::Matrix { rows, cols } => self.evidence.matrix(section.offset, rows, cols),
                SectionKind::Floats { count } => self.evidence.floats(section.offset, count),
            })
            .sum();
        let Some(bytes) = bytes else { return };
        let rarity = Cost::from(dims.vocab_size != 256) * RARE_VOCAB + Cost::from(dims.n_pathways != 3) * RARE_PATHWAYS;
        self.candidates += 1;
        (self.found)(Candidate { dims, cost: bytes + rarity });
    }
}
