//! One training: parameters, the optimiser's memory, and the steps between.

use anyhow::{bail, ensure, Result};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::batches::draw;
use crate::corpus::{Corpus, Split};
use crate::evaluate::{judge, Judgement};
use crate::layout::Layout;
use crate::optimiser::Part;
use crate::recipe::Recipe;
use crate::shards::{Batch, Dropping, Shards, PARAMS_A_TASK};
use crate::state::State;
use crate::teacher::TeacherLogits;
use crate::weights::Weights;

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Number of the step, from 1.
    pub step: u64,
    /// Mean of what is minimised, in nats a byte, before the step.
    pub loss: f64,
    /// Mean cross-entropy in nats a byte; the loss itself, but for a distillation.
    pub cross_entropy: f64,
    /// Learning rate.
    pub rate: f64,
    /// Norm of the gradient before it was clipped.
    pub norm: f64,
}

/// A training.
pub struct Trainer {
    recipe: Recipe,
    corpus: Corpus,
    split: Split,
    teacher: Option<TeacherLogits>,
    state: State,
    weights: Weights<f32>,
    gradients: Vec<f32>,
    shards: Shards,
    pool: ThreadPool,
}

impl Trainer {
    /// A training that goes on from `state`, on the threads of `pool`.
    ///
    /// # Errors
    /// The recipe cannot be followed, the text is too short, or the state is that of another model.
    pub fn new(recipe: Recipe, corpus: Corpus, mut state: State, pool: ThreadPool) -> Result<Self> {
        recipe.check()?;
        let split = Split::of(&corpus, recipe.chunk, recipe.train_share)?;
        let layout = Layout::new(&recipe.model);
        for (name, values) in [("parameters", &state.params), ("means", &state.mean), ("squares", &state.square)] {
            ensure!(values.len() == layout.len(), "{} {name}, expected {} of this model", values.len(), layout.len());
        }
        if recipe.average.is_some() && state.step == 0 {
            state.average = Some(state.params.clone());
        }
        let averaged = state.average.as_ref().map(Vec::len);
        ensure!(
            averaged == recipe.average.map(|_| layout.len()),
            "a mean of {averaged:?} parameters, expected it of all where the recipe has an average, and none elsewhere"
        );
        Ok(Self {
            weights: Weights::new(&recipe.model, &layout, &state.params),
            gradients: vec![0.0; layout.len()],
            shards: Shards::new(&recipe.model, layout.len(), recipe.shards.min(recipe.batch)),
            teacher: None,
            recipe,
            corpus,
            split,
            state,
            pool,
        })
    }

    /// Learns from a teacher, too; the recipe says how.
    pub fn learn_from(&mut self, teacher: TeacherLogits) {
        self.teacher = Some(teacher);
    }

    /// The recipe.
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// How the text is cut.
    pub const fn split(&self) -> &Split {
        &self.split
    }

    /// The text.
    pub const fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// What there is to save.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// One step of the optimiser.
    ///
    /// # Errors
    /// The loss or the gradient is no number any more, and the state stays as it was; or the teacher cannot be read.
    pub fn step(&mut self) -> Result<StepReport> {
        let recipe = &self.recipe;
        let number = self.state.step;
        let drawn = draw(recipe.seed, number, recipe.batch * recipe.accumulate, &self.split);
        let teacher = match (&self.teacher, &recipe.distillation) {
            (Some(logits), Some(distillation)) => Some((logits, distillation.mixture)),
            (None, None) => None,
            _ => bail!("a distillation needs both a recipe for it and a teacher"),
        };
        let batch = Batch {
            corpus: &self.corpus,
            chunk: recipe.chunk,
            drawn: &drawn,
            at_once: recipe.batch,
            teacher,
            prompt_weight: recipe.prompt_weight,
            label_smoothing: recipe.label_smoothing,
            dropout: recipe.dropout.map(|share| Dropping { share, seed: recipe.seed, step: number }),
        };
        let Self { shards, weights, gradients, state, pool, .. } = self;
        let rate = recipe.schedule.rate(recipe.optimiser.lr, number, recipe.steps);
        let (losses, norm) = pool.install(|| {
            let losses = shards.gradients(weights, batch, gradients)?;
            anyhow::Ok((losses, norm(gradients)))
        })?;
        let starts = drawn.iter().map(|index| index * recipe.chunk);
        let bytes = self.corpus.predicted(starts, recipe.chunk).max(1) as f64;
        let (loss, cross_entropy) = (losses.loss / bytes, losses.cross_entropy / bytes);
        ensure!(
            loss.is_finite() && norm.is_finite(),
            "step {}: the loss is {loss}, the gradient's norm {norm}, expected numbers; a lower learning rate, a warm-up \
             or clipping may help",
            number + 1
        );
        let factor = recipe.clip.map_or(1.0, |clip| (clip / (norm + 1e-6)).min(1.0)) as f32;
        let gradients = &*gradients;
        pool.install(|| {
            let moments = state.mean.par_chunks_mut(PARAMS_A_TASK).zip(state.square.par_chunks_mut(PARAMS_A_TASK));
            let params = state.params.par_chunks_mut(PARAMS_A_TASK).zip(gradients.par_chunks(PARAMS_A_TASK));
            params.zip(moments).for_each(|((params, gradients), (mean, square))| {
                recipe.optimiser.step(Part { params, gradients, mean, square }, rate, number + 1, factor);
            });
            weights.update(&state.params);
            if let (Some(average), Some(keep)) = (&mut state.average, recipe.average) {
                // The first steps count for little later on: a short mean begins.
                let keep = keep.min((number + 1) as f64 / (number + 10) as f64) as f32;
                let params = state.params.par_chunks(PARAMS_A_TASK);
                let parts = average.par_chunks_mut(PARAMS_A_TASK).zip(params);
                parts.for_each(|(average, params)| follow(average, params, keep));
            }
        });
        state.step += 1;
        Ok(StepReport { step: state.step, loss, cross_entropy, rate, norm })
    }

    /// Runs `work` on the training's threads.
    pub fn on_threads<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Judges the model on the chunks that are held out; `None` where there are none.
    pub fn judge(&self) -> Option<Judgement> {
        let starts: Vec<usize> = self.split.held_out().collect();
        if starts.is_empty() {
            return None;
        }
        let model = &self.recipe.model;
        let averaged = self.state.average.as_ref().map(|params| Weights::new(model, &Layout::new(model), params));
        let weights = averaged.as_ref().unwrap_or(&self.weights);
        Some(self.pool.install(|| judge(model, weights, &self.corpus, &starts, self.split.chunk)))
    }
}

/// Moves a running mean towards new values.
fn follow(average: &mut [f32], params: &[f32], keep: f32) {
    for (average, &param) in average.iter_mut().zip(params) {
        *average = keep * *average + (1.0 - keep) * param;
    }
}

/// The Euclidean norm, summed in parts that do not depend on the number of threads.
fn norm(gradients: &[f32]) -> f64 {
    let parts: Vec<f64> = gradients
        .par_chunks(PARAMS_A_TASK)
        .map(|part| part.iter().map(|&value| f64::from(value) * f64::from(value)).sum())
        .collect();
    parts.iter().sum::<f64>().sqrt()
}

/// A pool of this many threads, or of as many as there are cores.
///
/// # Errors
/// The system gives none.
pub fn pool(threads: Option<usize>) -> Result<ThreadPool> {
    match ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build() {
        Ok(pool) => Ok(pool),
        Err(error) => bail!("no threads to train on: {error}"),
    }
}
