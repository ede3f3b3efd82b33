//! The sections of a file in order, with their places: the one description of the layout that tools print and offsets
//! are computed from.

use core::fmt;

use crate::shape::Shape;
use crate::weights::Packing;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Scale and packed weights.
    Matrix {
        /// Outputs.
        rows: usize,
        /// Inputs.
        cols: usize,
        /// How the weights lie.
        packing: Packing,
    },
    /// binary32 values.
    Floats {
        /// How many.
        count: usize,
    },
}

impl SectionKind {
    /// Bytes in the file.
    pub const fn len(&self) -> usize {
        match *self {
            Self::Matrix { rows, cols, packing } => matrix_len(rows, cols, packing),
            Self::Floats { count } => 4 * count,
        }
    }

    /// Never: every section of a valid shape holds something.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One section of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The layer it belongs to, if any.
    pub layer: Option<usize>,
    /// Its name in the format's description.
    pub name: &'static str,
    /// What it holds.
    pub kind: SectionKind,
    /// Bytes from the start of the body, that is, behind the magic (and a classifier's class count).
    pub offset: usize,
}

impl Section {
    /// The first byte behind it, from the start of the body.
    pub const fn end(&self) -> usize {
        self.offset + self.kind.len()
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

const IN_BLOCK: usize = 10;

const fn in_block(shape: &Shape, packing: Packing, index: usize) -> (&'static str, SectionKind) {
    let d = shape.d_model();
    let floats = SectionKind::Floats { count: d };
    match index {
        0 => ("norm gamma", floats),
        1 => ("norm beta", floats),
        2 => ("conv taps", SectionKind::Matrix { rows: d, cols: shape.kernel_size(), packing }),
        3 => ("ssm a_raw", floats),
        4 => ("ssm b", floats),
        5 => ("ssm c_out", floats),
        6 => ("Wq", SectionKind::Matrix { rows: shape.d_head(), cols: d, packing }),
        7 => ("Wk", SectionKind::Matrix { rows: shape.d_head(), cols: d, packing }),
        8 => ("Wv", SectionKind::Matrix { rows: d, cols: d, packing }),
        _ => ("router", SectionKind::Matrix { rows: shape.n_pathways(), cols: d, packing }),
    }
}

// The lengths are written down as sums, because a core counts the code of a walk; a test compares them with the walk. They
// are made anew for each packing that a program names.

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

/// Bytes of one layer. In closed form, because a core counts the code of a walk; a test compares it with the walk.
#[inline(always)]
pub(super) const fn block_len(shape: &Shape, packing: Packing) -> usize {
    saturating(block_units(shape, packing))
}

/// The same in 64 bits: below 2^33.
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

/// The same with weights that lie as `packing` says.
pub fn sections_packed(shape: Shape, packing: Packing, n_classes: Option<usize>) -> impl Iterator<Item = Section> {
    let d = shape.d_model();
    let embed = SectionKind::Matrix { rows: shape.vocab_size(), cols: d, packing };
    let blocks = (0..shape.n_layers())
        .flat_map(move |layer| (0..IN_BLOCK).map(move |index| (Some(layer), in_block(&shape, packing, index))));
    let tail = [
        (None, ("final norm gamma", SectionKind::Floats { count: d })),
        (None, ("final norm beta", SectionKind::Floats { count: d })),
        (None, ("unembed", embed)),
    ];
    let head = n_classes.map(|rows| (None, ("head", SectionKind::Matrix { rows, cols: d, packing })));
    core::iter::once((None, ("embed", embed))).chain(blocks).chain(tail).chain(head).scan(
        0,
        |offset, (layer, (name, kind))| {
            let section = Section { layer, name, kind, offset: *offset };
            *offset = section.end();
            Some(section)
        },
    )
}
