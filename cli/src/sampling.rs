//! How tokens are drawn: the flags that every command which generates text has.

use anyhow::Result;
use atome_engine::sample::Sampler;
use clap::Args;

use crate::usage_error::UsageError;
use crate::values::{real, whole, Real, COUNT, SEED};

/// What the user should know who gives a flag that changes nothing.
pub const NOTHING_DRAWN: &str = "note: --top-k, --top-p and --seed have no effect at temperature 0";

#[derive(Debug, Args)]
pub struct SamplingArgs {
    /// 0 takes the most probable token each time; higher is more varied
    #[arg(short, long, value_name = "T", default_value_t = 0.0, value_parser = real::<f32>(Real::FromZero))]
    temperature: f32,

    /// Draw from the K most probable tokens only
    #[arg(long, value_name = "K", value_parser = whole::<u32>(COUNT))]
    top_k: Option<u32>,

    /// Draw from the most probable tokens that make up this share (above 0, at most 1)
    #[arg(long, value_name = "P", value_parser = real::<f32>(Real::ShareAboveZero))]
    top_p: Option<f32>,

    /// Start of the random draws: the same seed gives the same text [default: 0]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(SEED))]
    seed: Option<u64>,
}

impl SamplingArgs {
    /// A sampler with the settings of the flags.
    pub fn sampler(&self) -> Result<Sampler> {
        let top_k = self.top_k.map_or(usize::MAX, |k| k as usize);
        Sampler::new(self.temperature, top_k, self.top_p.unwrap_or(1.0), self.seed.unwrap_or(0))
            .map_err(|error| UsageError(error.to_string()).into())
    }

    /// Whether there are flags for drawing although nothing is drawn.
    pub fn draw_nothing(&self) -> bool {
        self.temperature == 0.0 && (self.top_k.is_some() || self.top_p.is_some() || self.seed.is_some())
    }
}
