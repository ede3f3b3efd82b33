//! A training from start to end: saves, log, plot, display, pauses and interruptions.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{anyhow, Context, Result};

use crate::checkpoint::atomic::{commit_all, write_atomic, Existing, Pending};
use crate::checkpoint::Checkpoint;
use crate::evaluate::Judgement;
use crate::log::{lines_until, pending, Line, Log};
use crate::plot::loss_curve;
use crate::progress::Progress;
use crate::saved_training::save_training;
use crate::thermal::{measurable, Thermometer};
use crate::trainer::{StepReport, Trainer};

/// How far below the limit the machine must cool before the work goes on, in degrees.
const COOLER: f64 = 5.0;

/// How often the temperature is read.
const READ_EVERY: Duration = Duration::from_secs(2);

/// How a training behaves towards the machine and its user; nothing here changes what is learnt.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the checkpoint goes.
    pub out: PathBuf,
    /// Where the log goes.
    pub log: Option<PathBuf>,
    /// Where the loss curve goes.
    pub plot: Option<PathBuf>,
    /// Steps between two saves.
    pub save_every: u64,
    /// Steps between two judgements; one at the end comes unasked.
    pub judge_every: Option<u64>,
    /// Steps between two lines of the log.
    pub log_every: u64,
    /// The temperature in degrees Celsius at which the work pauses, and what measures it.
    pub limit: Option<(f64, Thermometer)>,
    /// Whether nothing is shown.
    pub quiet: bool,
    /// Whether the training goes on, and its log with it.
    pub resumed: bool,
    /// Whether the first save takes the places of files that are there.
    pub existing: Existing,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Steps done.
    pub step: u64,
    /// Whether it was asked to stop before its end.
    pub interrupted: bool,
    /// What the model is worth on the text held out.
    pub judgement: Option<Judgement>,
    /// Bytes predicted a second.
    pub tokens_per_second: f64,
}

struct Session<'a> {
    trainer: &'a mut Trainer,
    options: &'a Options,
    progress: Progress,
    log: Option<Log>,
    log_broken: bool,
    /// Sums since the last line of the log: steps, losses, cross-entropies.
    since: (u64, f64, f64),
    limit: Option<(f64, Thermometer)>,
    read_last: Option<Instant>,
    stop: &'a AtomicBool,
}

/// Trains to the end of the recipe, or until `stop` is set.
///
/// The checkpoint is replaced as a whole or not at all. A save that fails on the way is reported and tried again later;
/// what was saved before stays.
///
/// # Errors
/// The first or the last save fails, or a step does: then the state before it is saved first.
pub fn run(trainer: &mut Trainer, options: &Options, stop: &AtomicBool) -> Result<Outcome> {
    let recipe = trainer.recipe();
    let progress = Progress::new(trainer.state().step, recipe.steps, recipe.tokens_per_step(), options.quiet);
    let limit = options.limit.clone().and_then(|limit| measurable(limit, |text| progress.note(text)));
    // At once, so that a folder that cannot be written to is known before hours of work.
    let log = first_files(trainer, options, &progress)?;
    let mut session = Session {
        trainer,
        options,
        progress,
        log,
        log_broken: false,
        since: (0, 0.0, 0.0),
        limit,
        read_last: None,
        stop,
    };
    session.run()
}

const UNSAVED: &str = "the checkpoint cannot be saved";

/// Writes the files of the training for the first time, all of them or none, and opens its log.
fn first_files(trainer: &Trainer, options: &Options, progress: &Progress) -> Result<Option<Log>> {
    let existing = options.existing;
    let lines = match &options.log {
        Some(path) if options.resumed => lines_until(path, trainer.state().step)?,
        _ => Vec::new(),
    };
    let saved = checkpoint(trainer).pending(&options.out, existing).context(UNSAVED)?;
    let (mut names, mut files) = (vec![&options.out], vec![saved]);
    if let Some(path) = &options.log {
        names.push(path);
        files.push(pending(path, &lines, existing)?);
    }
    if let Some(path) = options.plot.as_ref().filter(|_| options.log.is_some()) {
        match Pending::write(path, plot(options, &lines).as_bytes(), existing) {
            Ok(file) => {
                names.push(path);
                files.push(file);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error).context(path_text(path)),
            // Where it is only no file that can be written, the rest is worth as much.
            Err(error) => progress.note(&no_plot(path, &error)),
        }
    }
    commit_all(files).map_err(|(index, error)| {
        anyhow!(error).context(names.get(index).map(|path| path_text(path)).unwrap_or_default())
    })?;
    options.log.as_ref().map(|path| Log::open(path, lines)).transpose()
}

fn checkpoint(trainer: &Trainer) -> Checkpoint {
    let corpus = trainer.corpus();
    let mut checkpoint = save_training(trainer.recipe(), trainer.state(), &corpus.digest);
    if let Some(vocabulary) = corpus.vocabulary() {
        vocabulary.describe(&mut checkpoint);
    }
    checkpoint
}

fn plot(options: &Options, lines: &[Line]) -> String {
    loss_curve(&options.out.display().to_string(), lines)
}

fn path_text(path: &Path) -> String {
    path.display().to_string()
}

fn no_plot(path: &Path, error: &io::Error) -> String {
    format!("{}: the plot cannot be written: {error}", path.display())
}

impl Session<'_> {
    fn run(&mut self) -> Result<Outcome> {
        let start = Line::Start {
            step: self.trainer.state().step,
            steps: self.trainer.recipe().steps,
            parameters: self.trainer.state().params.len(),
            corpus: self.trainer.corpus().digest.clone(),
            init_from: self.trainer.recipe().init_from.clone(),
        };
        self.add_to_log(start);
        let ended = self.steps();
        let judgement = match &ended {
            Ok(()) => self.judge(),
            Err(_) => None,
        };
        self.progress.finish();
        self.draw();
        let saved = self.save();
        let step = self.trainer.state().step;
        if let (Err(_), Err(error)) = (&ended, &saved) {
            self.progress.note(&format!("{error:#}"));
        }
        ended?;
        saved?;
        Ok(Outcome {
            step,
            interrupted: step < self.trainer.recipe().steps,
            judgement,
            tokens_per_second: self.progress.tokens_per_second(step),
        })
    }

    fn steps(&mut self) -> Result<()> {
        let steps = self.trainer.recipe().steps;
        while self.trainer.state().step < steps && !self.stop.load(Ordering::Relaxed) {
            self.cool();
            let report = self.trainer.step()?;
            self.progress.step(&report);
            self.count(&report);
            if report.step == steps {
                break;
            }
            if self.options.judge_every.is_some_and(|every| report.step.is_multiple_of(every)) {
                self.judge();
                self.draw();
            }
            if report.step.is_multiple_of(self.options.save_every) {
                if let Err(error) = self.save() {
                    self.progress.note(&format!("{error:#}; what was saved before is still there"));
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, report: &StepReport) {
        self.since.0 += 1;
        self.since.1 += report.loss;
        self.since.2 += report.cross_entropy;
        if report.step.is_multiple_of(self.options.log_every) || report.step == self.trainer.recipe().steps {
            let (count, loss, cross_entropy) = std::mem::take(&mut self.since);
            self.add_to_log(Line::Step {
                step: report.step,
                bits_per_byte: cross_entropy / count as f64 / std::f64::consts::LN_2,
                loss: loss / count as f64,
                rate: report.rate,
                norm: report.norm,
                tokens_per_second: self.progress.tokens_per_second(report.step).round(),
            });
        }
    }

    fn judge(&mut self) -> Option<Judgement> {
        let judgement = self.trainer.judge()?;
        let step = self.trainer.state().step;
        self.progress.judged(step, &judgement);
        let (bits_per_byte, perplexity) = (judgement.bits_per_byte(), judgement.perplexity());
        self.add_to_log(Line::Judgement { step, bits_per_byte, perplexity });
        Some(judgement)
    }

    fn save(&self) -> Result<()> {
        checkpoint(self.trainer).save(&self.options.out).context(UNSAVED)
    }

    fn draw(&mut self) {
        let (Some(path), Some(log)) = (&self.options.plot, &self.log) else { return };
        if let Err(error) = write_atomic(path, plot(self.options, log.lines()).as_bytes()) {
            self.progress.note(&no_plot(path, &error));
        }
    }

    /// A log that cannot be written is no reason to lose a training.
    fn add_to_log(&mut self, line: Line) {
        let Some(log) = &mut self.log else { return };
        if let Err(error) = log.add(line) {
            if !std::mem::replace(&mut self.log_broken, true) {
                self.progress.note(&format!("{error:#}; the training goes on without it"));
            }
        }
    }

    /// Waits while the machine is too hot.
    fn cool(&mut self) {
        let Some((limit, thermometer)) = &self.limit else { return };
        if self.read_last.is_some_and(|last| last.elapsed() < READ_EVERY) {
            return;
        }
        self.read_last = Some(Instant::now());
        let Some(degrees) = thermometer.hottest().filter(|degrees| degrees >= limit) else { return };
        let cool = limit - COOLER;
        self.progress.note(&format!("{degrees:.0} degrees Celsius: pausing until it is below {cool:.0}"));
        let start = Instant::now();
        while thermometer.hottest().is_some_and(|degrees| degrees >= cool) && !self.stop.load(Ordering::Relaxed) {
            std::thread::sleep(READ_EVERY / 10);
        }
        let rested = start.elapsed();
        self.progress.rested(rested);
        let step = self.trainer.state().step;
        self.add_to_log(Line::Pause { step, degrees, seconds: rested.as_secs_f64() });
    }
}
