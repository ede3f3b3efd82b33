//! How tokens are drawn: the flags that every command which generates text has.

use anyhow::Result;
use atome_engine::sample::Sampler;
use clap::{value_parser, Args};

use crate::UsageError;

/// What the user should know who gives a flag that changes nothing.
pub const NOTHING_DRAWN: &str = "note: --top-k, --top-p and --seed have no effect at temperature 0";

#[derive(Debug, Args)]
pub struct SamplingArgs {
    /// 0 takes the most probable token each time; higher is more varied
    #[arg(short, long, value_name = "T", default_value_t = 0.0)]
    #[arg(value_parser = temperature, allow_negative_numbers = true)]
    temperature: f32,

    /// Draw from the K most probable tokens only
    #[arg(long, value_name = "K", value_parser = value_parser!(u32).range(1..), allow_negative_numbers = true)]
    top_k: Option<u32>,

    /// Draw from the most probable tokens that make up this share (above 0, at most 1)
    #[arg(long, value_name = "P", value_parser = top_p, allow_negative_numbers = true)]
    top_p: Option<f32>,

    /// Start of the random draws: the same seed gives the same text [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl SamplingArgs {
    /// What draws as the flags say.
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

fn temperature(text: &str) -> Result<f32, String> {
    let value = number(text)?;
    Sampler::new(value, 1, 1.0, 0).map_err(|error| error.to_string())?;
    Ok(value)
}

fn top_p(text: &str) -> Result<f32, String> {
    let value = number(text)?;
    Sampler::new(0.0, 1, value, 0).map_err(|error| error.to_string())?;
    Ok(value)
}

fn number(text: &str) -> Result<f32, String> {
    text.parse().map_err(|_| "expected a number".to_owned())
}
