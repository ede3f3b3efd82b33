//! The recipe of the default model.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{ensure, Context, Result};
use atome_engine::Shape;
use atome_train::checkpoint::atomic::Existing;
use atome_train::checkpoint::{dims_of, Checkpoint};
use atome_train::config::{AtomeConfig, ModelConfig};
use atome_train::corpus::Corpus;
use atome_train::export::{export, Format, USUAL_THREADS};
use atome_train::optimiser::AdamW;
use atome_train::recipe::Recipe;
use atome_train::session::{run, Options};
use atome_train::state::State;
use atome_train::trainer::{pool, Trainer};

use crate::knowledge::Knowledge;
use crate::phrasing::phrasings;
use crate::records::corpus;

/// The seed of the corpus and of the training.
pub const SEED: u64 = 21;

/// Bytes of a record, filled up.
pub const CHUNK: usize = 64;

/// Records of the corpus.
const RECORDS: usize = 120_000;

/// The longest sequence: no question of the scores takes a longer one with its answer, and firmware pays for each position.
pub const MAX_SEQ: usize = 80;

/// Steps of the whole training.
pub const STEPS: u64 = 30_000;

/// The shape: as large as 64 KB of ATOME01 allow. All text is ASCII, so 128 tokens do.
pub fn config() -> AtomeConfig {
    AtomeConfig {
        vocab_size: 128,
        d_model: 128,
        n_layers: 6,
        d_head: 16,
        kernel_size: 8,
        top_k: 4,
        ..AtomeConfig::default()
    }
}

/// The recipe for `steps` steps.
pub fn recipe(steps: u64) -> Recipe {
    let rate = 3e-3;
    Recipe {
        model: ModelConfig::Atome(config()),
        seed: SEED,
        chunk: CHUNK,
        batch: 8,
        // The question matters as far as it leads to the answer, and shows whether it is of the domain.
        prompt_weight: Some(0.1),
        train_share: 0.995,
        optimiser: AdamW { lr: rate, ..AdamW::default() },
        ..Recipe::everyday(steps, rate)
    }
}

/// The text that the model learns from.
///
/// # Errors
/// The word lists are wrong.
pub fn text() -> Result<Vec<u8>> {
    let knowledge = Knowledge::built_in()?;
    Ok(corpus(&knowledge, &phrasings(&knowledge), SEED, RECORDS, CHUNK))
}

/// Trains `steps` steps and returns the ATOME01 file; checkpoint, log and loss curve go to `folder`. A training there
/// that was interrupted is not gone on with: `threads` changes nothing about the result, time does not either.
///
/// # Errors
/// The word lists are wrong, the folder cannot be written to, or `stop` was set.
pub fn train(steps: u64, folder: &Path, threads: Option<usize>, quiet: bool, stop: &AtomicBool) -> Result<Vec<u8>> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let recipe = recipe(steps);
    let corpus = Corpus::new(text()?, recipe.model.vocab_size())?;
    let state = State::initial(&recipe);
    let mut trainer = Trainer::new(recipe, corpus, state, pool(threads)?)?;
    let out = folder.join("default.safetensors");
    let options = Options {
        out: out.clone(),
        log: Some(out.with_extension("jsonl")),
        plot: Some(out.with_extension("svg")),
        save_every: 1000,
        judge_every: Some(2000),
        log_every: 10,
        limit: None,
        quiet,
        resumed: false,
        existing: Existing::Replace,
    };
    let outcome = run(&mut trainer, &options, stop)?;
    ensure!(!outcome.interrupted, "stopped at step {} of {steps}", outcome.step);
    let checkpoint = Checkpoint::load(&out)?;
    let dims = dims_of(&checkpoint)?.with_top_k(config().top_k);
    Ok(export(&checkpoint, Shape::new(dims)?, Format::Atome01, USUAL_THREADS)?.bytes)
}
