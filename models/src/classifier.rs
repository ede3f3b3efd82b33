//! A class head on the default model: what a message is about.
//!
//! The model below stays as it is. Where the frame around a question ends, its last layer's output holds what the answer
//! will be; a ternary matrix learns to read the class from it.

use anyhow::{Context, Result};
use atome_engine::math::portable::exp;
use atome_engine::{classify, Classifier, Layout, Matrix, Model, Plan, Weights, Workspace};
use atome_train::config::Quantiser;
use atome_train::optimiser::{AdamW, Part as Step};
use atome_train::quantise::quantise;
use atome_train::rng::{Rng, Stream};
use atome_train::statistics::quantile;
use rayon::prelude::*;

use crate::conversation::prompt;
use crate::knowledge::Knowledge;
use crate::phrasing::{phrasings, Part};
use crate::records::{questions, Record};
use crate::training::SEED;
use atome_train::asking::margin;

/// The classes, in the order of the head's rows.
pub const CLASSES: [&str; 5] = ["question", "temperature", "switch", "time", "reading"];

/// Steps of the training, and messages of each.
const STEPS: u64 = 4000;
const BATCH: usize = 64;
const RATE: f64 = 3e-3;

/// What the first byte behind the magic of ATOME01 is in ATOMECL01.
const MAGIC: &[u8] = b"ATOMECL01";
const BASE_MAGIC: &[u8] = b"ATOME01";

/// The class of a message that has this answer; `None` for a command that belongs to none.
pub fn class_of(answer: &str) -> Option<usize> {
    let Some(command) = answer.strip_prefix("{\"") else { return Some(0) };
    match command.split('"').next()? {
        "temp" | "add" | "sub" => Some(1),
        "mode" | "power" | "fan" | "eco" | "away" | "lock" => Some(2),
        "boost" | "timer" => Some(3),
        "get" => Some(4),
        _ => None,
    }
}

/// Messages as the head sees them, `[d_model]` each, and their classes.
struct Lesson {
    inputs: Vec<Vec<f32>>,
    classes: Vec<usize>,
}

impl Lesson {
    fn of(model: &Model<'_>, max_seq: usize, records: &[Record]) -> Result<Self> {
        let class = |record: &Record| class_of(&record.answer).with_context(|| record.answer.clone());
        let classes = records.iter().map(class).collect::<Result<_>>()?;
        let d = model.shape().d_model();
        let mut identity = vec![0_u8; Matrix::packed_len(d, d)];
        (0..d).map(|row| row * (d + 1)).for_each(|at| identity[at / 4] |= 1 << (2 * (at % 4)));
        let identity = Matrix::new(&identity, 1.0, d, d).context("a matrix that is too short")?;
        let inputs = logits(model, &identity, max_seq, records)?;
        Ok(Self { inputs, classes })
    }
}

/// What a head makes of each message.
fn logits(model: &Model<'_>, head: &Matrix<'_>, max_seq: usize, records: &[Record]) -> Result<Vec<Vec<f32>>> {
    let layout = Layout::new(*model.shape(), max_seq, Plan::Cached)?;
    let scratch = || (vec![0.0; layout.floats()], vec![0; layout.words()]);
    records
        .par_iter()
        .map_init(scratch, |(floats, words), record| {
            let mut workspace = Workspace::new(&layout, floats, words)?;
            let tokens = prompt(&record.question).into_iter().map(i32::from);
            let mut logits = Vec::with_capacity(head.rows());
            classify(model, head, &mut workspace, tokens, |_, logit| logits.push(logit))?;
            Ok(logits)
        })
        .collect()
}

/// A row of weights a class, -1, 0 or +1, and their scale.
struct Head {
    codes: Vec<f32>,
    scale: f32,
}

impl Head {
    fn of(weights: &[f32]) -> Self {
        let mut codes = vec![0.0; weights.len()];
        let scale = quantise(Quantiser::Ternary, weights, &mut codes);
        Self { codes, scale }
    }

    fn logits(&self, input: &[f32]) -> Vec<f32> {
        let row = |row: &[f32]| self.scale * row.iter().zip(input).map(|(code, x)| code * x).sum::<f32>();
        self.codes.chunks(input.len()).map(row).collect()
    }

    /// The softmax of the classes.
    fn shares(&self, input: &[f32]) -> Vec<f32> {
        let logits = self.logits(input);
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shares: Vec<f32> = logits.iter().map(|logit| exp(logit - most)).collect();
        let sum: f32 = shares.iter().sum();
        shares.iter().map(|share| share / sum).collect()
    }
}

/// Learns a head: cross entropy through the quantised weights, whose gradient goes to the weights behind them.
fn learn(lesson: &Lesson) -> Head {
    let d = lesson.inputs.first().map_or(0, Vec::len);
    let len = CLASSES.len() * d;
    let mut rng = Rng::new(SEED, Stream::Init, 1);
    let mut weights: Vec<f32> = (0..len).map(|_| (0.02 * rng.normal()) as f32).collect();
    let (mut mean, mut square) = (vec![0.0; len], vec![0.0; len]);
    let optimiser = AdamW { weight_decay: 0.0, ..AdamW::default() };
    for step in 1..=STEPS {
        let head = Head::of(&weights);
        let mut gradients = vec![0.0; len];
        for _ in 0..BATCH {
            let at = rng.below(lesson.inputs.len());
            let (input, class) = (&lesson.inputs[at], lesson.classes[at]);
            for (index, (row, share)) in gradients.chunks_mut(d).zip(head.shares(input)).enumerate() {
                let error = share - if index == class { 1.0 } else { 0.0 };
                row.iter_mut().zip(input).for_each(|(gradient, x)| *gradient += error * x);
            }
        }
        let part = Step { params: &mut weights, gradients: &gradients, mean: &mut mean, square: &mut square };
        let left = 1.0 - (step - 1) as f64 / STEPS as f64;
        optimiser.step(part, RATE * left, step, 1.0 / BATCH as f32);
    }
    Head::of(&weights)
}

/// The share of the messages learnt from that may count as unsure by their margin.
const FALSE_ALARMS: f64 = 0.02;

/// A trained classifier.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The file: ATOMECL01.
    pub file: Vec<u8>,
    /// The distance of the best logit to the second below which a class is unsure.
    pub least_margin: f64,
}

/// Trains a head for the default model `base`, an ATOME01 file.
///
/// # Errors
/// The word lists are wrong, or those of the engine.
pub fn train(base: &[u8], model: &Model<'_>, max_seq: usize) -> Result<Trained> {
    let knowledge = Knowledge::built_in()?;
    let all = phrasings(&knowledge);
    let with_slips = [false, true].map(|slip| questions(&knowledge, &all, Part::Train, slip, 1)).concat();
    let lesson = Lesson::of(model, max_seq, &with_slips)?;
    let head = learn(&lesson);
    let margins: Vec<f64> = lesson.inputs.iter().map(|input| margin(&head.logits(input))).collect();
    let mut file = [MAGIC, &(CLASSES.len() as i32).to_le_bytes()].concat();
    file.extend(base.strip_prefix(BASE_MAGIC).context("models/default.bin: expected ATOME01")?);
    file.extend(head.scale.to_le_bytes());
    for four in head.codes.chunks(4) {
        file.push(four.iter().rev().fold(0, |byte, &code| byte << 2 | (code as i8 as u8 & 3)));
    }
    Ok(Trained { file, least_margin: (quantile(&margins, FALSE_ALARMS) * 100.0).round() / 100.0 })
}

/// How often the class is right, for one kind of messages.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Name for tables and JSON.
    pub name: &'static str,
    /// Messages.
    pub asked: usize,
    /// Right classes among them.
    pub right: usize,
}

/// Names the class of everything that [`crate::score::score`] asks.
///
/// # Errors
/// The word lists are wrong, or those of the engine.
pub fn score(classifier: &Classifier<'_>, max_seq: usize) -> Result<Vec<Share>> {
    let knowledge = Knowledge::built_in()?;
    let all = phrasings(&knowledge);
    let kinds = [
        ("held_out", Part::HeldOut, false),
        ("held_out_slip", Part::HeldOut, true),
        ("new_wording", Part::NewWording, false),
    ];
    let share = |(name, part, slip)| {
        let records = questions(&knowledge, &all, part, slip, 1);
        let found = logits(&classifier.base, &classifier.head, max_seq, &records)?;
        let is_right =
            |(logits, record): (Vec<f32>, &Record)| class_of(&record.answer) == Some(atome_engine::argmax(logits));
        Ok(Share {
            name,
            asked: records.len(),
            right: found.into_iter().zip(&records).map(is_right).filter(|&right| right).count(),
        })
    };
    kinds.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded;

    /// The committed file: the default model with a head.
    const FILE: &[u8] = include_bytes!("../classifier.bin");

    #[test]
    fn every_answer_has_a_class_and_every_class_answers() {
        let knowledge = Knowledge::built_in().unwrap();
        let mut seen = [0; CLASSES.len()];
        for entry in &knowledge.entries {
            seen[class_of(&entry.answer).unwrap()] += 1;
        }
        assert!(seen.iter().all(|&entries| entries > 0), "{seen:?}");
        assert_eq!(class_of("{\"door\":1}"), None);
    }

    #[test]
    fn the_classifier_is_the_default_model_with_a_head() {
        assert_eq!(FILE[MAGIC.len() + 4..][..embedded::MODEL.len() - 7], embedded::MODEL[7..]);
        let (_, description) = embedded::load().unwrap();
        let classifier = Classifier::new(description.shape, FILE, CLASSES.len()).unwrap();
        for (message, class) in [("Make it 21 degrees!", 1), ("how do I unlock it?", 0), ("turn on eco mode", 2)] {
            let record = Record { question: message.to_owned(), answer: String::new() };
            let found = logits(&classifier.base, &classifier.head, description.max_seq, &[record]).unwrap();
            assert_eq!(atome_engine::argmax(found[0].iter().copied()), class, "{message}: {found:?}");
        }
    }

    #[test]
    fn a_head_learns_what_can_be_told_apart() {
        // Each class has an input of its own.
        let inputs: Vec<Vec<f32>> =
            (0..CLASSES.len()).map(|class| (0..8).map(|at| f32::from(at == class as u8)).collect()).collect();
        let lesson = Lesson { inputs: inputs.clone(), classes: (0..CLASSES.len()).collect() };
        let head = learn(&lesson);
        for (class, input) in inputs.iter().enumerate() {
            let shares = head.shares(input);
            assert_eq!(atome_engine::argmax(shares.iter().copied()), class, "{shares:?}");
        }
    }
}
