//! Models that have no meaning in integers.

use core::fmt;

use super::constants::{layer, model, Tops};
use crate::weights::{Floats, Layer, Matrix, Norm, Weights};

/// The embedding's scale must be at least 2^this units of the residual stream.
const LEAST_EMBED_BITS: u32 = 6;

/// Why the integer arithmetic does not take a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A scale, gamma, beta or vector holds an infinity or NaN.
    NotFinite {
        /// The layer, from 0; `None` for what is of no layer.
        layer: Option<usize>,
        /// What holds it, as docs/formats.md names it.
        part: &'static str,
    },
    /// What layers may add to the residual stream dwarfs the embedding: in integers that have room for what layers add, nothing
    /// would be left of the embedding.
    SmallEmbedding,
    /// A layer is missing.
    BrokenWeights,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { layer: Some(layer), part } => {
                write!(f, "{part} of layer {layer} holds an infinity or NaN: not a model for the integer arithmetic")
            }
            Self::NotFinite { layer: None, part } => {
                write!(f, "{part} holds an infinity or NaN: not a model for the integer arithmetic")
            }
            Self::SmallEmbedding => f.write_str(
                "what the layers may add dwarfs the embedding's scale: not a model for the integer arithmetic",
            ),
            Self::BrokenWeights => f.write_str("a layer's weights are missing"),
        }
    }
}

impl core::error::Error for Refusal {}

/// Whether the integer arithmetic takes the model. Runs do not ask again: of a model that is refused, their results are
/// meaningless, and never unsafe.
///
/// # Errors
/// The first [`Refusal`].
pub fn check<'m>(weights: &impl Weights<'m>) -> Result<(), Refusal> {
    let mut check = Check::new(&weights.embed())?;
    for index in 0..weights.shape().n_layers() {
        check.layer(&weights.layer(index).ok_or(Refusal::BrokenWeights)?)?;
    }
    check.finish(&weights.embed(), &weights.final_norm(), &weights.unembed())
}

/// [`check`] of a model whose parts come one after the other, so that no more than one of them has to be there at a time.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Layers that were seen.
    layers: usize,
    tops: Tops,
}

impl Check {
    /// Begins with the embedding.
    ///
    /// # Errors
    /// Its [`Refusal`].
    pub fn new(embed: &Matrix) -> Result<Self, Refusal> {
        finite_scale(embed, None, "the scale of the embedding")?;
        Ok(Self { layers: 0, tops: Tops::of(embed) })
    }

    /// The next layer, from the first one on.
    ///
    /// # Errors
    /// Its first [`Refusal`].
    pub fn layer<'m>(&mut self, block: &impl Layer<'m>) -> Result<(), Refusal> {
        let index = Some(self.layers);
        self.layers += 1;
        finite_norm(&block.norm(), index)?;
        finite_scale(&block.pathways().conv.taps, index, "the scale of the convolution")?;
        let ssm = block.ssm();
        for (values, part) in [(ssm.a_raw, "a_raw"), (ssm.b, "b"), (ssm.c_out, "c_out")] {
            finite_values(&values, index, part)?;
        }
        finite_scale(&block.wq(), index, "the scale of wq")?;
        finite_scale(&block.wk(), index, "the scale of wk")?;
        finite_scale(&block.wv(), index, "the scale of wv")?;
        finite_scale(&block.router(), index, "the scale of the router")?;
        self.tops.add(layer(block, &mut [], &mut []).top);
        Ok(())
    }

    /// The parts behind the last layer; the embedding once more.
    ///
    /// # Errors
    /// Their first [`Refusal`], or that of the model as a whole.
    pub fn finish(self, embed: &Matrix, final_norm: &Norm, unembed: &Matrix) -> Result<(), Refusal> {
        finite_norm(final_norm, None)?;
        finite_scale(unembed, None, "the scale of the unembedding")?;
        let embed_scale = model(embed, final_norm, &self.tops).embed_scale.unsigned_abs();
        // Not 0, of either sign.
        if embed.scale().to_bits() << 1 != 0 && embed_scale < 1 << LEAST_EMBED_BITS {
            return Err(Refusal::SmallEmbedding);
        }
        Ok(())
    }
}

/// Whether the integer arithmetic takes the head of a classifier, whose other parts are for [`check`].
///
/// # Errors
/// [`Refusal::NotFinite`] for its scale.
pub fn check_head(head: &Matrix) -> Result<(), Refusal> {
    finite_scale(head, None, "the scale of the head")
}

fn finite_scale(matrix: &Matrix, layer: Option<usize>, part: &'static str) -> Result<(), Refusal> {
    if matrix.scale().is_finite() {
        Ok(())
    } else {
        Err(Refusal::NotFinite { layer, part })
    }
}

fn finite_norm(norm: &Norm, layer: Option<usize>) -> Result<(), Refusal> {
    finite_values(&norm.gamma, layer, "gamma")?;
    finite_values(&norm.beta, layer, "beta")
}

fn finite_values(values: &Floats, layer: Option<usize>, part: &'static str) -> Result<(), Refusal> {
    if values.iter().all(f32::is_finite) {
        Ok(())
    } else {
        Err(Refusal::NotFinite { layer, part })
    }
}
