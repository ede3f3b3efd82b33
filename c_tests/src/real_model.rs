//! The real model: 112 greedy tokens, every logit of every step, in all plans.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{bail, ensure, Context, Result};
use atome_engine::{argmax, generate, Model, Plan, Workspace};

use crate::archive::Archive;
use crate::call::{Call, Contents, ModelRef};
use crate::case::shape_named;
use crate::engine_side::layout;
use crate::script::Script;
use crate::shapes::REAL;
use crate::tally::Tally;
use crate::trial::{self, Sabotage, Setup};
use crate::wild_calls::Classes;

const PROMPT: &str = "Once upon a time";
/// What the model's publisher shows for that prompt.
const CONTINUATION: &str =
    ", there was a little girl named Lily. She loved to play with her mommy and he was very happy. \
                            One day, Lily was ";

/// Compares all engines on a model file of the shape [`REAL`], step by step.
pub fn run(path: &Path, archive: Option<&Archive>, asked: Classes) -> Result<Tally> {
    let file = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let sequence = checked_text(&file).with_context(|| path.display().to_string())?;
    let calls = calls(&sequence);
    let script = Script {
        contents: Contents { models: vec![file], classifiers: Vec::new(), starts: vec![1] },
        calls,
        garbage: u64::MAX,
        with_auto_plan: false,
    };
    let shape = shape_named(REAL.name)?;
    // The later steps cost more: two thirds of the work lie in the last half.
    let steps = script.calls.len() - 1;
    let halves = [1..1 + steps * 2 / 3, 1 + steps * 2 / 3..1 + steps];
    let setup = Setup { archive, sabotage: Sabotage::None, asked };
    let results = thread::scope(|scope| {
        let script = &script;
        let workers = halves.map(|steps| {
            scope.spawn(move || {
                let mut tally = Tally::default();
                let calls: Vec<_> = std::iter::once(0).chain(steps).collect();
                (trial::run(shape, script, &calls, setup, &mut tally), tally)
            })
        });
        workers.map(thread::ScopedJoinHandle::join)
    });
    let mut all = Tally::default();
    for result in results {
        let Ok((failure, tally)) = result else { bail!("a worker panicked") };
        all.add(tally);
        if let Some(failure) = failure {
            bail!("{}\n{failure}", path.display());
        }
    }
    Ok(all)
}

/// Prompt and continuation by the engine, which has to be the known text.
pub fn checked_text(file: &[u8]) -> Result<Vec<i32>> {
    let sequence = greedy(file)?;
    let text: Vec<u8> = sequence.iter().map(|&token| token as u8).collect();
    let text = String::from_utf8_lossy(&text).into_owned();
    println!("{text}");
    ensure!(text == format!("{PROMPT}{CONTINUATION}"), "expected {CONTINUATION:?} after {PROMPT:?}");
    Ok(sequence)
}

/// Prompt and greedy continuation, as far as the sequence goes.
fn greedy(file: &[u8]) -> Result<Vec<i32>> {
    let layout = layout(&REAL, Plan::Cached);
    let model = Model::new(*layout.shape(), file)?;
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words)?;
    let mut sequence: Vec<i32> = PROMPT.bytes().map(i32::from).collect();
    let mut output = Vec::new();
    generate(&model, &mut workspace, sequence.clone(), usize::MAX, |logits| {
        let token = argmax(logits.iter().copied());
        output.push(token as i32);
        Some(token)
    })?;
    sequence.extend(output);
    Ok(sequence)
}

/// The growing token list, as firmware passes it: one prediction for each token behind the prompt. What each predicts is
/// compared, so all engines write the same text.
fn calls(sequence: &[i32]) -> Vec<Call> {
    let load = Call::Load { slot: 0, buffer: 0, trailing: 0 };
    let predict = |n| Call::Predict { model: ModelRef::Slot(0), state: 0, tokens: sequence[..n].to_vec() };
    std::iter::once(load).chain((PROMPT.len()..sequence.len()).map(predict)).collect()
}
