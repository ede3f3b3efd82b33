//! The order of a file's sections, as docs/formats.md#the-body has it. Tools and writers walk
//! this table. What firmware links reads and counts without a walk, because a core pays for its code; tests compare each of
//! these with the table.

use crate::shape::Dims;

/// What a section is to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Embedding, a row for each token.
    Embed,
    /// Multiplies the values that a layer's norm has made.
    NormGamma,
    /// Is added to them.
    NormBeta,
    /// Taps of the convolution, a row for each channel.
    ConvTaps,
    /// The recurrence's decay before tanh.
    SsmA,
    /// The recurrence's input weights.
    SsmB,
    /// The recurrence's output weights.
    SsmC,
    /// Queries.
    Wq,
    /// Keys.
    Wk,
    /// Values.
    Wv,
    /// The router, a row for each pathway.
    Router,
    /// Multiplies the values that the final norm has made.
    FinalGamma,
    /// Is added to them.
    FinalBeta,
    /// Unembedding, a row for each token.
    Unembed,
    /// A classifier's head, a row for each class.
    Head,
}

/// What a section holds, without its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Scale and packed weights.
    Matrix {
        /// Outputs.
        rows: usize,
        /// Inputs.
        cols: usize,
    },
    /// binary32 values.
    Floats {
        /// Number of values.
        count: usize,
    },
}

/// A dimension of a shape, by which a section's extent is given.
#[derive(Clone, Copy, Debug)]
enum Dim {
    VocabSize,
    DModel,
    DHead,
    KernelSize,
    NPathways,
}

impl Dim {
    const fn of(self, dims: &Dims) -> usize {
        match self {
            Self::VocabSize => dims.vocab_size,
            Self::DModel => dims.d_model,
            Self::DHead => dims.d_head,
            Self::KernelSize => dims.kernel_size,
            Self::NPathways => dims.n_pathways,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Extent {
    Matrix(Dim, Dim),
    Floats(Dim),
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Which part of the model the section holds.
    pub part: Part,
    /// Its name in the format's description.
    pub name: &'static str,
    extent: Extent,
}

impl Entry {
    /// What the section holds in a model of these sizes.
    pub const fn kind(&self, dims: &Dims) -> SectionKind {
        match self.extent {
            Extent::Matrix(rows, cols) => SectionKind::Matrix { rows: rows.of(dims), cols: cols.of(dims) },
            Extent::Floats(count) => SectionKind::Floats { count: count.of(dims) },
        }
    }
}

const fn matrix(part: Part, name: &'static str, rows: Dim, cols: Dim) -> Entry {
    Entry { part, name, extent: Extent::Matrix(rows, cols) }
}

const fn floats(part: Part, name: &'static str, count: Dim) -> Entry {
    Entry { part, name, extent: Extent::Floats(count) }
}

/// The sections in front of the layers.
pub const FRONT: [Entry; 1] = [matrix(Part::Embed, "embed", Dim::VocabSize, Dim::DModel)];

/// The sections of each layer.
pub const LAYER: [Entry; 10] = [
    floats(Part::NormGamma, "norm gamma", Dim::DModel),
    floats(Part::NormBeta, "norm beta", Dim::DModel),
    matrix(Part::ConvTaps, "conv taps", Dim::DModel, Dim::KernelSize),
    floats(Part::SsmA, "ssm a_raw", Dim::DModel),
    floats(Part::SsmB, "ssm b", Dim::DModel),
    floats(Part::SsmC, "ssm c_out", Dim::DModel),
    matrix(Part::Wq, "Wq", Dim::DHead, Dim::DModel),
    matrix(Part::Wk, "Wk", Dim::DHead, Dim::DModel),
    matrix(Part::Wv, "Wv", Dim::DModel, Dim::DModel),
    matrix(Part::Router, "router", Dim::NPathways, Dim::DModel),
];

/// The sections behind the layers. A classifier's head, which has as many rows as there are classes, follows them.
pub const BACK: [Entry; 3] = [
    floats(Part::FinalGamma, "final norm gamma", Dim::DModel),
    floats(Part::FinalBeta, "final norm beta", Dim::DModel),
    matrix(Part::Unembed, "unembed", Dim::VocabSize, Dim::DModel),
];

/// All entries of a model of `n_layers` layers in the order of a file, with the layer that each belongs to.
pub fn entries(n_layers: usize) -> impl Iterator<Item = (Option<usize>, Entry)> + Clone {
    let outside = |entry| (None, entry);
    let layers = (0..n_layers).flat_map(|layer| LAYER.into_iter().map(move |entry| (Some(layer), entry)));
    FRONT.into_iter().map(outside).chain(layers).chain(BACK.into_iter().map(outside))
}
