//! What the integer arithmetic costs in quality: perplexity and greedy tokens of the real model beside the exact engine's.

use atome_engine::{step, Model, Plan, Workspace};

use super::reference::{shape_named, IntegerModel};
use super::vectors::path;
use crate::engine_side::layout;
use crate::shapes::REAL;

const MODEL: &str = "../../shared/data/atome_944k.bin";
const SAMPLE: &str = "../../shared/data/tinystories_sample.txt";
/// Where the part of the sample starts that the model has not been trained on.
const FIRST_BYTE: usize = 235_930;

/// Of all windows so far.
#[derive(Default)]
struct Comparison {
    targets: u32,
    exact_nats: f64,
    integer_nats: f64,
    positions: u32,
    agreeing: u32,
}

impl Comparison {
    /// The integer arithmetic's perplexity over the exact one's, less 1.
    fn difference(&self) -> f64 {
        ((self.integer_nats - self.exact_nats) / f64::from(self.targets)).exp() - 1.0
    }

    /// The part of positions with equal greedy tokens.
    fn agreement(&self) -> f64 {
        f64::from(self.agreeing) / f64::from(self.positions)
    }

    fn print(&self, windows: usize) {
        let perplexity = |nats: f64| (nats / f64::from(self.targets)).exp();
        println!(
            "{windows} windows: perplexity exact {:.5}, integer {:.5} ({:+.3} %); {} of {} greedy tokens agree ({:.2} %)",
            perplexity(self.exact_nats),
            perplexity(self.integer_nats),
            100.0 * self.difference(),
            self.agreeing,
            self.positions,
            100.0 * self.agreement()
        );
    }
}

/// Minus the logarithm of what softmax gives to a token.
fn nats(logits: &[f32], token: usize) -> f64 {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - most).exp()).sum();
    sum.ln() - f64::from(logits[token] - most)
}

/// Both arithmetics on the first `windows` windows of the part, each from cold; `None` where the data is not there.
fn compare(windows: usize) -> Option<Comparison> {
    let (Ok(file), Ok(text)) = (std::fs::read(path(MODEL)), std::fs::read(path(SAMPLE))) else {
        println!("SKIPPED: {MODEL} or {SAMPLE} is not there");
        return None;
    };
    let layout = layout(&REAL, Plan::Cached);
    let exact = Model::new(*layout.shape(), &file).unwrap();
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
    let mut integer = IntegerModel::load(shape_named(REAL.name).0, &file).unwrap();
    let mut found = Comparison::default();
    for window in text[FIRST_BYTE..].chunks_exact(REAL.max_seq).take(windows) {
        let tokens: Vec<i32> = window.iter().copied().map(i32::from).collect();
        let (all, _) = integer.predict(&tokens, 0);
        workspace.forget();
        for (at, sums) in all.chunks(REAL.vocab_size).enumerate() {
            let greedy = step(&exact, &mut workspace, tokens[at]).unwrap();
            // The scale of unembed is positive.
            let best = (0..sums.len()).rev().max_by_key(|&token| sums[token]);
            found.agreeing += u32::from(best == Some(greedy));
            found.positions += 1;
            if let Some(&next) = window.get(at + 1) {
                let logits: Vec<f32> = sums.iter().map(|&sum| f32::from_bits(integer.logit(sum))).collect();
                found.integer_nats += nats(&logits, usize::from(next));
                found.exact_nats += nats(workspace.logits(), usize::from(next));
                found.targets += 1;
            }
        }
    }
    assert_eq!(integer.bounds_exceeded(), 0);
    found.print(windows);
    Some(found)
}

#[test]
fn a_few_windows_lose_nothing_that_can_be_seen() {
    if let Some(found) = compare(6) {
        assert!(found.difference().abs() < 0.005 && found.agreement() > 0.98);
    }
}

/// Minutes: `cargo test --release -p atome-c-tests all_windows -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn all_windows_have_the_perplexity_that_the_definition_says() {
    if let Some(found) = compare(204) {
        assert!(found.difference().abs() < 0.0002 && found.agreement() > 0.99);
    }
}
