//! The sections of a file with their places, and the lengths of files.

use core::fmt;

use super::table::{entries, Part, SectionKind};
use crate::shape::Shape;
use crate::weights::Packing;

/// One section of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The layer it belongs to, if any.
    pub layer: Option<usize>,
    /// Which part of the model it holds.
    pub part: Part,
    /// Its name in the format's description.
    pub name: &'static str,
    /// What it holds.
    pub kind: SectionKind,
    /// Bytes from the start of the body, that is, behind the magic (and a classifier's class count).
    pub offset: usize,
    /// Bytes in the file, 4 at least.
    pub bytes: usize,
}

impl Section {
    /// The first byte behind it, from the start of the body.
    pub const fn end(&self) -> usize {
        self.offset + self.bytes
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            Some(layer) => write!(f, "layer {layer} {}", self.name),
            None => f.write_str(self.name),
        }
    }
}

// The lengths are written down as sums, because firmware links them and a walk takes more code; engine/tests/sections.rs
// compares them with the table. They are compiled anew for each packing that a program names.

/// Bytes of a quantised matrix: its scale and its weights.
#[inline(always)]
pub(super) const fn matrix_len(rows: usize, cols: usize, packing: Packing) -> usize {
    4 + packing.len(rows * cols)
}

/// Bytes of the embedding, and of the unembedding.
#[inline(always)]
pub(super) const fn embed_len(shape: &Shape, packing: Packing) -> usize {
    matrix_len(shape.vocab_size(), shape.d_model(), packing)
}

/// Bytes of one layer.
#[inline(always)]
pub(super) const fn block_len(shape: &Shape, packing: Packing) -> usize {
    saturating(block_units(shape, packing))
}

/// [`block_len`] in 64 bits: below 2^33.
#[inline(always)]
const fn block_units(shape: &Shape, packing: Packing) -> u64 {
    let d = shape.d_model();
    // The convolution has d rows, which comes to the same.
    let mut rows: &[usize] = &[shape.kernel_size(), shape.d_head(), shape.d_head(), d, shape.n_pathways()];
    let mut len = 5 * 4 * d as u64;
    while let [first, others @ ..] = rows {
        len += matrix_len(*first, d, packing) as u64;
        rows = others;
    }
    len
}

/// A length that no file has where `len` is more than an address can tell.
const fn saturating(len: u64) -> usize {
    if len < usize::MAX as u64 {
        len as usize
    } else {
        usize::MAX
    }
}

/// Bytes of all sections of a plain model with 2-bit weights.
pub(super) const fn body_len(shape: &Shape) -> usize {
    packed_body_len(shape, Packing::TwoBits)
}

/// Bytes of all sections of a model: its file without the magic.
#[inline(always)]
pub const fn packed_body_len(shape: &Shape, packing: Packing) -> usize {
    let outside = 2 * embed_len(shape, packing) as u64 + 2 * 4 * shape.d_model() as u64;
    saturating(outside + shape.n_layers() as u64 * block_units(shape, packing))
}

/// All sections of a file with 2-bit weights of this shape in order; `n_classes` adds a classifier's head.
pub fn sections(shape: Shape, n_classes: Option<usize>) -> impl Iterator<Item = Section> {
    sections_packed(shape, Packing::TwoBits, n_classes)
}

/// All sections of a file whose weights lie as `packing` says.
pub fn sections_packed(shape: Shape, packing: Packing, n_classes: Option<usize>) -> impl Iterator<Item = Section> {
    let dims = shape.dims();
    let all = entries(dims.n_layers).map(move |(layer, entry)| (layer, entry.part, entry.name, entry.kind(&dims)));
    let head = n_classes.map(|rows| (None, Part::Head, "head", SectionKind::Matrix { rows, cols: dims.d_model }));
    all.chain(head).scan(0, move |offset, (layer, part, name, kind)| {
        let bytes = match kind {
            SectionKind::Matrix { rows, cols } => matrix_len(rows, cols, packing),
            SectionKind::Floats { count } => 4 * count,
        };
        let section = Section { layer, part, name, kind, offset: *offset, bytes };
        *offset = section.end();
        Some(section)
    })
}
