//! Milliseconds a training step takes:
//! `cargo run --release -p atome-train --example speed [threads] [d_model layers d_head [sublayers]]`.

use std::time::Instant;

use atome_train::config::{AtomeConfig, ModelConfig};
use atome_train::corpus::Corpus;
use atome_train::recipe::Recipe;
use atome_train::state::State;
use atome_train::trainer::{pool, Trainer};

fn main() -> anyhow::Result<()> {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let threads = numbers.first().copied();
    let mut config = AtomeConfig::default();
    if let &[_, d_model, n_layers, d_head, ref rest @ ..] = numbers.as_slice() {
        let feed_forward = rest.first().copied().unwrap_or(0);
        config = AtomeConfig { d_model, n_layers, d_head, feed_forward, ..config };
    }
    let recipe = Recipe { model: ModelConfig::Atome(config), ..Recipe::default() };
    let words = ["the ", "robot ", "asks ", "a ", "small ", "question ", "again. ", "why "];
    let text: String = (0..40_000_usize).map(|i| words[(i * i / 7 + i) % words.len()]).collect();
    let corpus = Corpus::new(text.into_bytes(), 256)?;
    let state = State::initial(&recipe);
    let mut trainer = Trainer::new(recipe, corpus, state, pool(threads)?)?;
    for _ in 0..20 {
        trainer.step()?;
    }
    // The best of several stretches: this machine may have other work to do.
    let mut stretches: Vec<f64> = Vec::new();
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..20 {
            trainer.step()?;
        }
        stretches.push(start.elapsed().as_secs_f64() / 20.0 * 1e3);
    }
    stretches.sort_by(f64::total_cmp);
    println!("{:.2} ms a step (best stretch), {:.2} (median)", stretches[0], stretches[stretches.len() / 2]);
    Ok(())
}
