//! Models that have no meaning in integers.

use core::fmt;

use super::constants::{embed_top, greatest, layer, model, LayerConstants, Seen, Tops, LAYER_WORDS};
use super::steps::add_sublayers;
use crate::weights::{sublayers, FeedForward, Layer, Matrix, Norm, Weights};

/// The embedding's scale must be at least 2^this units of the residual stream.
const LEAST_EMBED_BITS: u32 = 6;

/// The most layers and sublayers together: with the embedding, 2^16 parts of the residual stream.
const MOST_LAYERS: usize = 65_535;

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
    /// There are more layers and feed-forward sublayers than the parts of a sum have room for.
    TooManySublayers,
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
            Self::TooManySublayers => write!(
                f,
                "more layers and feed-forward sublayers than {MOST_LAYERS} together: not a model for the integer arithmetic"
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
    let blocks = || (0..weights.shape().n_layers()).map(|index| weights.layer(index).ok_or(Refusal::BrokenWeights));
    let (embed, final_norm, unembed) = (weights.embed(), weights.final_norm(), weights.unembed());
    let mut check = Check::default();
    for block in blocks() {
        check.layer(&block?);
    }
    if check.finish(&embed, &final_norm, &unembed) {
        return Ok(());
    }
    let mut reason = Reason::default();
    for block in blocks() {
        reason.layer(&block?);
    }
    Err(reason.finish(&embed, &final_norm, &unembed))
}

/// Whether the arithmetic takes a model, whose parts come one after the other, so that no more than one of them has to be there at
/// a time: without a reason, which would be most of the code. [`Reason`] has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Check {
    tops: Tops,
    /// Layers and sublayers, of models that have sublayers.
    sublayers: usize,
}

impl Check {
    /// The next layer.
    pub fn layer<'m>(&mut self, block: &impl Layer<'m>) {
        let mut constants = [0; LAYER_WORDS];
        layer(block, &mut [], &mut [], &mut constants);
        self.tops.add(LayerConstants::of(&constants).top());
        match add_sublayers(block, &mut self.tops) {
            0 => {}
            count => self.sublayers = self.sublayers.saturating_add(count + 1),
        }
    }

    /// The other parts, behind all layers; whether the model is taken.
    #[must_use]
    pub fn finish(mut self, embed: &Matrix, final_norm: &Norm, unembed: &Matrix) -> bool {
        self.tops.add(embed_top(embed));
        let mut seen = Seen(0);
        seen.scale(unembed);
        let [_, embed_scale, ..] = model(embed, final_norm, &self.tops, &mut seen);
        // Of 0, of either sign, nothing is expected.
        let is_small = embed.scale().to_bits() << 1 != 0 && embed_scale.unsigned_abs() < 1 << LEAST_EMBED_BITS;
        !is_small && self.tops.are_finite() && seen.are_finite() && self.sublayers <= MOST_LAYERS
    }
}

/// Why the arithmetic does not take a model that [`Check`] has refused, from the same parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reason {
    /// Layers that were seen.
    layers: usize,
    /// Sublayers that were seen.
    sublayers: usize,
    first: Option<Refusal>,
}

impl Reason {
    /// The next layer.
    pub fn layer<'m>(&mut self, block: &impl Layer<'m>) {
        let (norm, ssm) = (block.norm(), block.ssm());
        let not_finite =
            |float: f32, part| (!float.is_finite()).then_some(Refusal::NotFinite { layer: Some(self.layers), part });
        self.first = self
            .first
            .or_else(|| not_finite(greatest(&norm.gamma), "gamma"))
            .or_else(|| not_finite(greatest(&norm.beta), "beta"))
            .or_else(|| not_finite(block.pathways().conv.taps.scale(), "the scale of the convolution"))
            .or_else(|| not_finite(greatest(&ssm.a_raw), "a_raw"))
            .or_else(|| not_finite(greatest(&ssm.b), "b"))
            .or_else(|| not_finite(greatest(&ssm.c_out), "c_out"))
            .or_else(|| not_finite(block.wq().scale(), "the scale of wq"))
            .or_else(|| not_finite(block.wk().scale(), "the scale of wk"))
            .or_else(|| not_finite(block.wv().scale(), "the scale of wv"))
            .or_else(|| not_finite(block.router().scale(), "the scale of the router"));
        for FeedForward { norm, up, down } in sublayers(block) {
            self.first = self
                .first
                .or_else(|| not_finite(greatest(&norm.gamma), "gamma of a feed-forward sublayer"))
                .or_else(|| not_finite(greatest(&norm.beta), "beta of a feed-forward sublayer"))
                .or_else(|| not_finite(up.scale(), "the scale of Wup of a feed-forward sublayer"))
                .or_else(|| not_finite(down.scale(), "the scale of Wdown of a feed-forward sublayer"));
            self.sublayers += 1;
        }
        self.layers += 1;
    }

    /// The other parts, behind all layers: the first reason.
    pub fn finish(self, embed: &Matrix, final_norm: &Norm, unembed: &Matrix) -> Refusal {
        let not_finite = |float: f32, part| (!float.is_finite()).then_some(Refusal::NotFinite { layer: None, part });
        not_finite(embed.scale(), "the scale of the embedding")
            .or(self.first)
            .or_else(|| not_finite(greatest(&final_norm.gamma), "gamma"))
            .or_else(|| not_finite(greatest(&final_norm.beta), "beta"))
            .or_else(|| not_finite(unembed.scale(), "the scale of the unembedding"))
            .or((self.sublayers > 0 && self.layers + self.sublayers > MOST_LAYERS).then_some(Refusal::TooManySublayers))
            .unwrap_or(Refusal::SmallEmbedding)
    }
}

/// Whether the integer arithmetic takes the head of a classifier, whose other parts are for [`check`].
///
/// # Errors
/// [`Refusal::NotFinite`] for its scale.
pub fn check_head(head: &Matrix) -> Result<(), Refusal> {
    if head.scale().is_finite() {
        Ok(())
    } else {
        Err(Refusal::NotFinite { layer: None, part: "the scale of the head" })
    }
}
