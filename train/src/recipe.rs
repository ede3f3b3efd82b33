//! Everything that decides what comes out of a training, besides the text.

use anyhow::{bail, Result};
use serde::{Deserialize, Serialize};

use crate::config::{AtomeConfig, ModelConfig};
use crate::layout::Initialisation;
use crate::model::loss::Mixture;
use crate::optimiser::AdamW;
use crate::pairs::{Making, PairsRecipe};
use crate::pretrained::Origin;
use crate::schedule::Schedule;
use crate::vocabulary::TOKENS;

/// A recipe: with the same text it gives the same checkpoint, bit for bit, on any number of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What is trained.
    pub model: ModelConfig,
    /// Start of the initial values and of the draws.
    pub seed: u64,
    /// What the initial values are like.
    pub init: Initialisation,
    /// Steps of the optimiser.
    pub steps: u64,
    /// Tokens of a chunk: the sequence is one shorter, because each token is predicted from those before it.
    pub chunk: usize,
    /// Chunks of a batch, drawn at random with repetition.
    pub batch: usize,
    /// Batches whose gradients make one step.
    pub accumulate: usize,
    /// The share of the chunks to learn from; the last ones are held out.
    pub train_share: f64,
    /// Parts of a batch whose gradients are computed each on its own and then added in order. It is part of the recipe
    /// because the order of a sum decides its last bits.
    pub shards: usize,
    /// The optimiser.
    pub optimiser: AdamW,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// The largest norm of a gradient; longer ones are shortened to it.
    pub clip: Option<f64>,
    /// What a teacher adds.
    pub distillation: Option<Distillation>,
    /// For texts in which every chunk begins with a line that is given and not to be learnt, such as a question: how
    /// much the bytes of that line count in the loss, from 0 to 1. Without it, as much as all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_weight: Option<f64>,
    /// The share of the activations that every step leaves out: dropout, from 0 on and below 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// How much of a target's probability all tokens have together, from 0 on and below 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_smoothing: Option<f64>,
    /// The model is a running mean of the weights, of which each step keeps this share, from 0 on and below 1. Without it, the
    /// model is the last weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// For a model that answers: how its pairs of prompts and answers became the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<PairsRecipe>,
    /// How many tokens the vocabulary of subwords was to have; the checkpoint has it. Without it, tokens are bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// The weights to begin with; without them, initial values of the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_from: Option<Origin>,
}

/// A teacher and its part in the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distillation {
    /// How the loss is mixed.
    pub mixture: Mixture,
    /// Digest of the teacher's parameters.
    pub teacher: String,
}

impl Default for Recipe {
    /// The recipe of the published comparison: AdamW at a constant 3e-4, 3,000 steps of 16 chunks of 64 bytes.
    fn default() -> Self {
        Self {
            model: ModelConfig::Atome(AtomeConfig::default()),
            seed: 0,
            init: Initialisation::Scaled,
            steps: 3_000,
            chunk: 64,
            batch: 16,
            accumulate: 1,
            train_share: 0.9,
            shards: 8,
            optimiser: AdamW::default(),
            schedule: Schedule::default(),
            clip: None,
            distillation: None,
            prompt_weight: None,
            dropout: None,
            label_smoothing: None,
            average: None,
            pairs: None,
            tokens: None,
            init_from: None,
        }
    }
}

/// The learning rate of [`Recipe::everyday`].
pub const EVERYDAY_RATE: f64 = 3e-3;

/// The most bytes of a batch: a machine can hardly hold the activations of more.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// The most chunks of a step: more would take hours for one change of the weights, and memory to list them.
const MAX_CHUNKS: usize = 1 << 20;

impl Recipe {
    /// What serves a user best who has a text and no wish to experiment: a higher learning rate that rises first and
    /// then falls to a hundredth by half a cosine, and clipped gradients.
    pub fn everyday(steps: u64, lr: f64) -> Self {
        Self {
            steps,
            optimiser: AdamW { lr, ..AdamW::default() },
            schedule: Schedule { warmup: (steps / 15).min(200), lowest: Some(lr / 100.0) },
            clip: Some(1.0),
            ..Self::default()
        }
    }

    /// Whether a training can follow it.
    ///
    /// # Errors
    /// Names the value and what was expected.
    pub fn check(&self) -> Result<()> {
        self.model.check()?;
        if self.init == Initialisation::Pytorch && matches!(self.model, ModelConfig::Atome(_)) {
            bail!("init is pytorch, expected scaled: the other initial values are those of a gpt");
        }
        self.optimiser.check()?;
        self.schedule.check(self.optimiser.lr)?;
        let at_least = |name: &str, value: usize, least: usize| {
            if value < least {
                bail!("{name} is {value}, expected {least} at least");
            }
            Ok(())
        };
        if self.steps == 0 {
            bail!("steps is 0, expected 1 at least: a model that learns nothing is none");
        }
        at_least("chunk", self.chunk, 2)?;
        at_least("batch", self.batch, 1)?;
        at_least("accumulate", self.accumulate, 1)?;
        at_least("shards", self.shards, 1)?;
        if self.batch.checked_mul(self.chunk).is_none_or(|bytes| bytes > MAX_BATCH_BYTES) {
            bail!("batch times chunk is above {MAX_BATCH_BYTES}: raise accumulate instead of batch");
        }
        if self.batch.checked_mul(self.accumulate).is_none_or(|chunks| chunks > MAX_CHUNKS) {
            bail!("batch times accumulate is {} x {}, expected {MAX_CHUNKS} at most", self.batch, self.accumulate);
        }
        if self.chunk - 1 > self.model.longest() {
            bail!(
                "chunk is {}, expected {} at most: the model has no more positions",
                self.chunk,
                self.model.longest() + 1
            );
        }
        if !(self.train_share > 0.0 && self.train_share <= 1.0) {
            bail!("train_share is {:?}, expected a number above 0 and at most 1", self.train_share);
        }
        if let Some(clip) = self.clip {
            if !(clip > 0.0 && clip.is_finite()) {
                bail!("clip is {clip:?}, expected a number above 0");
            }
        }
        if let Some(weight) = self.prompt_weight {
            if !(0.0..=1.0).contains(&weight) {
                bail!("prompt_weight is {weight:?}, expected 0 to 1");
            }
            if self.distillation.is_some() {
                bail!("prompt_weight is {weight:?}, expected none where a teacher is learnt from");
            }
        }
        self.check_regularisation()?;
        if let Some(pairs) = &self.pairs {
            pairs.check()?;
        }
        if let Some(tokens) = self.tokens {
            if !TOKENS.contains(&tokens) {
                bail!("tokens is {tokens}, expected {} to {}", TOKENS.start(), TOKENS.end());
            }
            if self.distillation.is_some() {
                bail!("tokens is {tokens}, expected none where a teacher is learnt from: its tokens are others");
            }
        }
        if let Some(Distillation { mixture: Mixture { share, temperature }, .. }) = self.distillation {
            if !(0.0..=1.0).contains(&share) {
                bail!("the share of the cross-entropy is {share:?}, expected 0 to 1");
            }
            if !(temperature > 0.0 && temperature.is_finite()) {
                bail!("the distillation's temperature is {temperature:?}, expected a number above 0");
            }
        }
        Ok(())
    }

    /// Whether dropout, label smoothing and average can be followed.
    fn check_regularisation(&self) -> Result<()> {
        let (dropout, smoothing) = (self.dropout, self.label_smoothing);
        for (name, share) in [("dropout", dropout), ("label_smoothing", smoothing), ("average", self.average)] {
            if let Some(share) = share.filter(|share| !(0.0..1.0).contains(share)) {
                bail!("{name} is {share:?}, expected 0 or more and below 1");
            }
        }
        if let (Some(dropout), ModelConfig::Gpt(_)) = (dropout, &self.model) {
            bail!("dropout is {dropout:?}, expected none: it is for a model of three pathways");
        }
        if let (Some(smoothing), Some(_)) = (smoothing, &self.distillation) {
            bail!("label_smoothing is {smoothing:?}, expected none where a teacher is learnt from");
        }
        Ok(())
    }

    /// How the records of its pairs are made.
    pub fn making(&self) -> Making {
        let changes = self.pairs.as_ref().map(PairsRecipe::changes).unwrap_or_default();
        Making { chunk: self.chunk, changes, seed: self.seed, vocab_size: self.model.vocab_size() }
    }

    /// Tokens that are predicted in one step.
    pub const fn tokens_per_step(&self) -> usize {
        self.batch * self.accumulate * (self.chunk - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::GptConfig;

    #[test]
    fn the_default_is_the_published_comparison() {
        let recipe = Recipe::default();
        recipe.check().unwrap();
        assert_eq!((recipe.optimiser.lr, recipe.optimiser.weight_decay), (3e-4, 0.01));
        assert_eq!(recipe.tokens_per_step(), 16 * 63);
        let text = serde_json::to_string(&recipe).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe);
    }

    #[test]
    fn what_cannot_be_followed_is_named() {
        let wrong = [
            ("steps", Recipe { steps: 0, ..Recipe::default() }),
            ("chunk", Recipe { chunk: 1, ..Recipe::default() }),
            ("batch", Recipe { batch: 0, ..Recipe::default() }),
            ("batch", Recipe { batch: usize::MAX, ..Recipe::default() }),
            ("accumulate", Recipe { accumulate: 0, ..Recipe::default() }),
            ("accumulate", Recipe { accumulate: usize::MAX, ..Recipe::default() }),
            ("accumulate", Recipe { accumulate: 1 << 40, ..Recipe::default() }),
            ("shards", Recipe { shards: 0, ..Recipe::default() }),
            ("train_share", Recipe { train_share: f64::NAN, ..Recipe::default() }),
            ("clip", Recipe { clip: Some(0.0), ..Recipe::default() }),
            ("prompt_weight", Recipe { prompt_weight: Some(1.5), ..Recipe::default() }),
            ("dropout", Recipe { dropout: Some(1.0), ..Recipe::default() }),
            ("label_smoothing", Recipe { label_smoothing: Some(-0.1), ..Recipe::default() }),
            ("average", Recipe { average: Some(f64::NAN), ..Recipe::default() }),
            (
                "dropout",
                Recipe { dropout: Some(0.1), model: ModelConfig::Gpt(GptConfig::FLASH_FAIR), ..Recipe::default() },
            ),
            ("tokens", Recipe { tokens: Some(256), ..Recipe::default() }),
        ];
        for (name, recipe) in wrong {
            let message = recipe.check().unwrap_err().to_string();
            assert!(message.contains(name) && message.contains("expected") || message.contains("raise"), "{message}");
        }
    }
}
