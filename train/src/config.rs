//! Which model: its kind and its sizes.

use std::fmt;

use atome_engine::format::Part;
use atome_engine::Dims;
use serde::{Deserialize, Serialize};

/// How matrices become what a model file can hold (docs/formats.md#checkpoints).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantiser {
    /// -a, 0, +a.
    #[default]
    Ternary,
    /// 0, ±a, ±3a, ±9a.
    P3,
    /// The matrices as they are.
    None,
}

impl Quantiser {
    /// The name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ternary => "ternary",
            Self::P3 => "p3",
            Self::None => "none",
        }
    }
}

/// The pathways that a model has; left out, one takes its row of the router with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pathways {
    /// The convolution.
    pub local: bool,
    /// The recurrence.
    pub state: bool,
    /// Top-k attention.
    pub sparse: bool,
}

impl Pathways {
    /// All three pathways.
    pub const ALL: Self = Self { local: true, state: true, sparse: true };

    /// Number of pathways.
    pub const fn count(self) -> usize {
        self.local as usize + self.state as usize + self.sparse as usize
    }

    /// Whether a model with these pathways has such a part.
    pub const fn have(self, part: Part) -> bool {
        match part {
            Part::ConvTaps => self.local,
            Part::SsmA | Part::SsmB | Part::SsmC => self.state,
            Part::Wq | Part::Wk | Part::Wv => self.sparse,
            _ => true,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The three-pathway model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtomeConfig {
    /// Tokens: at most 256 where they are bytes, as many as the vocabulary has where there is one.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Number of blocks.
    pub n_layers: usize,
    /// Width of an attention query and key.
    pub d_head: usize,
    /// Taps of the convolution.
    pub kernel_size: usize,
    /// Positions that attention keeps.
    pub top_k: usize,
    /// Feed-forward sublayers at the end of every block. Descriptions without them do not name them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub feed_forward: usize,
    /// Pathways of every block.
    pub pathways: Pathways,
    /// How the forward pass sees the matrices.
    pub quantiser: Quantiser,
}

impl AtomeConfig {
    /// The sizes as the engine names them; `n_pathways` is less than the engine takes where a pathway is left out.
    pub const fn dims(&self) -> Dims {
        Dims {
            vocab_size: self.vocab_size,
            d_model: self.d_model,
            n_layers: self.n_layers,
            d_head: self.d_head,
            kernel_size: self.kernel_size,
            n_pathways: self.pathways.count(),
            top_k: self.top_k,
        }
    }
}

impl Default for AtomeConfig {
    fn default() -> Self {
        Self {
            vocab_size: 256,
            d_model: 64,
            n_layers: 4,
            d_head: 16,
            kernel_size: 5,
            top_k: 4,
            feed_forward: 0,
            pathways: Pathways::ALL,
            quantiser: Quantiser::Ternary,
        }
    }
}

/// The baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GptConfig {
    /// Tokens: at most 256 where they are bytes, as many as the vocabulary has where there is one.
    pub vocab_size: usize,
    /// Width of the residual stream, a multiple of `n_heads`.
    pub d_model: usize,
    /// Number of blocks.
    pub n_layers: usize,
    /// Attention heads.
    pub n_heads: usize,
    /// Width of the feed-forward layer.
    pub d_ff: usize,
    /// Learned positions: no longer sequence can be read.
    pub max_seq: usize,
}

impl GptConfig {
    /// As many parameters as the default three-pathway model: 60,808.
    pub const PARAMETER_FAIR: Self =
        Self { vocab_size: 256, d_model: 44, n_layers: 3, n_heads: 4, d_ff: 44, max_seq: 64 };

    /// As many bytes of flash as the default three-pathway model: 5,968 parameters in f32.
    pub const FLASH_FAIR: Self = Self { vocab_size: 256, d_model: 8, n_layers: 2, n_heads: 4, d_ff: 24, max_seq: 64 };
}

/// A model of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelConfig {
    /// Three pathways.
    Atome(AtomeConfig),
    /// The baseline.
    Gpt(GptConfig),
}

/// The sizes by which models differ, such as `vocab_size=256 d_model=64 ...`.
impl fmt::Display for ModelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atome(c) => {
                write!(f, "vocab_size={} d_model={} n_layers={} ", c.vocab_size, c.d_model, c.n_layers)?;
                write!(f, "d_head={} kernel_size={}", c.d_head, c.kernel_size)?;
                if c.feed_forward > 0 {
                    write!(f, " feed_forward={}", c.feed_forward)?;
                }
                let Pathways { local, state, sparse } = c.pathways;
                for (name, is_there) in [("local", local), ("state", state), ("sparse", sparse)] {
                    if !is_there {
                        write!(f, " without {name}")?;
                    }
                }
                Ok(())
            }
            Self::Gpt(c) => {
                write!(f, "gpt vocab_size={} d_model={} n_layers={} ", c.vocab_size, c.d_model, c.n_layers)?;
                write!(f, "n_heads={} d_ff={} max_seq={}", c.n_heads, c.d_ff, c.max_seq)
            }
        }
    }
}

/// The largest size: far above any model for a microcontroller, and products of sizes stay far from overflow.
pub const MAX_SIZE: usize = 65_535;

impl ModelConfig {
    /// Tokens.
    pub const fn vocab_size(&self) -> usize {
        match self {
            Self::Atome(config) => config.vocab_size,
            Self::Gpt(config) => config.vocab_size,
        }
    }

    /// How the forward pass sees the matrices.
    pub const fn quantiser(&self) -> Quantiser {
        match self {
            Self::Atome(config) => config.quantiser,
            Self::Gpt(_) => Quantiser::None,
        }
    }

    /// The longest sequence that the model can read.
    pub const fn longest(&self) -> usize {
        match self {
            Self::Atome(_) => MAX_SIZE,
            Self::Gpt(config) => config.max_seq,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_survive_json() {
        let taller = AtomeConfig { feed_forward: 2, ..AtomeConfig::default() };
        for config in [
            ModelConfig::Atome(AtomeConfig::default()),
            ModelConfig::Atome(taller),
            ModelConfig::Gpt(GptConfig::FLASH_FAIR),
        ] {
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<ModelConfig>(&text).unwrap(), config);
        }
    }

    #[test]
    fn sublayers_are_named_only_where_there_are_some() {
        let text = |feed_forward| {
            let config = ModelConfig::Atome(AtomeConfig { feed_forward, ..AtomeConfig::default() });
            (serde_json::to_string(&config).unwrap(), config.to_string())
        };
        let (json, sizes) = text(0);
        assert!(!json.contains("feed_forward") && !sizes.contains("feed_forward"), "{json} {sizes}");
        let (json, sizes) = text(3);
        assert!(json.contains("\"feed_forward\":3") && sizes.ends_with(" feed_forward=3"), "{json} {sizes}");
    }
}
