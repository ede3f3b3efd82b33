//! Borrowed views of a model's weights. Nothing is copied, nothing needs to be aligned.

mod floats;
mod matrix;
mod packing;
mod trit;

pub use floats::Floats;
pub use matrix::{Codec, Matrix, Projection};
#[cfg(any(test, backend = "fixed_point"))]
pub(crate) use matrix::{Terms, TERMS};
pub use packing::{Expected, Fault, Packing};
pub use trit::{Trit, Trits};

use crate::shape::Shape;

/// Layer norm: `gamma` and `beta`, d_model values each.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// Multiplies the normalised value.
    pub gamma: Floats<'a>,
    /// Is added last.
    pub beta: Floats<'a>,
}

/// Depthwise causal convolution: one row of taps a channel, the newest position first.
#[derive(Clone, Copy, Debug)]
pub struct Conv<'a> {
    /// d_model rows of kernel_size taps.
    pub taps: Matrix<'a>,
}

/// Diagonal state-space recurrence, d_model channels.
#[derive(Clone, Copy, Debug)]
pub struct Ssm<'a> {
    /// The state's decay before tanh.
    pub a_raw: Floats<'a>,
    /// Input weight.
    pub b: Floats<'a>,
    /// Output weight.
    pub c_out: Floats<'a>,
}

/// Top-k causal attention with one head.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Query matrix, d_head rows.
    pub wq: Matrix<'a>,
    /// Key matrix, d_head rows.
    pub wk: Matrix<'a>,
    /// Value matrix, d_model rows.
    pub wv: Matrix<'a>,
    /// Positions kept, at most the shape's `top_k`.
    pub top_k: usize,
}

/// A feed-forward sublayer, which lies behind a layer's pathways (docs/numerics.md#28-feed-forward-sublayers).
#[derive(Clone, Copy, Debug)]
pub struct FeedForward<'a> {
    /// In front of it.
    pub norm: Norm<'a>,
    /// Makes hidden values, d_model rows of as many.
    pub up: Matrix<'a>,
    /// Makes of them what is added to the residual stream, d_model rows of as many.
    pub down: Matrix<'a>,
}

/// One layer.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Norm in front of all three pathways.
    pub norm: Norm<'a>,
    /// Pathway 0.
    pub conv: Conv<'a>,
    /// Pathway 1.
    pub ssm: Ssm<'a>,
    /// Pathway 2.
    pub attention: Attention<'a>,
    /// Mixes the pathways, n_pathways rows.
    pub router: Matrix<'a>,
}

/// What the pathways of one layer compute with, and what mixes them.
#[derive(Clone, Copy, Debug)]
pub struct Pathways<'a> {
    /// Pathway 0.
    pub conv: Conv<'a>,
    /// Pathway 1.
    pub ssm: Ssm<'a>,
    /// Pathways that the router weighs, 3 to 8.
    pub n_pathways: usize,
}

/// One layer's weights, part by part: a core has no room on its stack for all of them at once, as in [`Block`].
pub trait Layer<'a> {
    /// As [`Block::norm`].
    fn norm(&self) -> Norm<'a>;

    /// As [`Attention::wq`].
    fn wq(&self) -> Matrix<'a>;

    /// As [`Attention::wk`].
    fn wk(&self) -> Matrix<'a>;

    /// As [`Attention::wv`].
    fn wv(&self) -> Matrix<'a>;

    /// As [`Attention::top_k`].
    fn top_k(&self) -> usize;

    /// As [`Block::router`].
    fn router(&self) -> Matrix<'a>;

    /// As [`Block::ssm`].
    fn ssm(&self) -> Ssm<'a>;

    /// The other parts.
    fn pathways(&self) -> Pathways<'a>;

    /// Feed-forward sublayer `index`, in the order in which they are computed; `None` from their number on.
    #[inline(always)]
    fn feed_forward(&self, index: usize) -> Option<FeedForward<'a>> {
        let _ = index;
        None
    }
}

/// The feed-forward sublayers of a layer, in the order in which they are computed.
#[inline(always)] // of a layer without any, nothing is left then
pub(crate) fn sublayers<'a, 'l, L: Layer<'a>>(layer: &'l L) -> impl Iterator<Item = FeedForward<'a>> + use<'a, 'l, L> {
    (0..).map_while(|index| layer.feed_forward(index))
}

impl<'a> Layer<'a> for Block<'a> {
    fn norm(&self) -> Norm<'a> {
        self.norm
    }

    fn wq(&self) -> Matrix<'a> {
        self.attention.wq
    }

    fn wk(&self) -> Matrix<'a> {
        self.attention.wk
    }

    fn wv(&self) -> Matrix<'a> {
        self.attention.wv
    }

    fn top_k(&self) -> usize {
        self.attention.top_k
    }

    fn router(&self) -> Matrix<'a> {
        self.router
    }

    fn ssm(&self) -> Ssm<'a> {
        self.ssm
    }

    fn pathways(&self) -> Pathways<'a> {
        Pathways { conv: self.conv, ssm: self.ssm, n_pathways: self.router.rows() }
    }
}

/// Where a forward pass takes its weights from: a file in memory ([`crate::Model`]) or a struct of pointers (the C API).
///
/// Every view must have the sizes that [`Weights::shape`] names; one that does not makes a run fail or its result
/// meaningless, never unsafe.
pub trait Weights<'a> {
    /// A layer.
    type Layer: Layer<'a>;

    /// The sizes of everything below.
    fn shape(&self) -> &Shape;

    /// Whether that is `shape`.
    fn has_shape(&self, shape: &Shape) -> bool {
        self.shape() == shape
    }

    /// The embedding matrix, vocab_size rows of d_model.
    fn embed(&self) -> Matrix<'a>;

    /// Layer `layer`; `None` from n_layers on.
    fn layer(&self, layer: usize) -> Option<Self::Layer>;

    /// The norm behind the last layer.
    fn final_norm(&self) -> Norm<'a>;

    /// The unembedding matrix, vocab_size rows of d_model.
    fn unembed(&self) -> Matrix<'a>;

    /// Equal only for equal weights, and what a cached prefix is filed under. 0 says "unknown": nothing is reused.
    fn identity(&self) -> u64;
}
