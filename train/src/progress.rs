//! What a training shows while it runs: a bar on a terminal, else a line now and then.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::evaluate::Judgement;
use crate::terminal::safe;
use crate::trainer::StepReport;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How much of the shown loss comes from the steps before.
const SMOOTHING: f64 = 0.98;

/// The display of a training, on standard error.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    steps: u64,
    tokens_per_step: usize,
    first_step: u64,
    started: Instant,
    rested: Duration,
    /// When the last line was written.
    last_line: Option<Instant>,
    quiet: bool,
    /// A running mean that starts from the first values: their sum, and the weights' sum.
    smooth: (f64, f64),
}

impl Progress {
    /// For a training that has done `step` of `steps` steps.
    pub fn new(step: u64, steps: u64, tokens_per_step: usize, quiet: bool) -> Self {
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let now = Instant::now();
        Self {
            bar,
            steps,
            tokens_per_step,
            first_step: step,
            started: now,
            rested: Duration::ZERO,
            last_line: None,
            quiet,
            smooth: (0.0, 0.0),
        }
    }

    /// Bytes predicted a second since the start, pauses left out.
    pub fn tokens_per_second(&self, step: u64) -> f64 {
        let worked = self.started.elapsed().saturating_sub(self.rested).as_secs_f64();
        ((step - self.first_step) as f64 * self.tokens_per_step as f64) / worked.max(1e-9)
    }

    /// A step is done.
    pub fn step(&mut self, report: &StepReport) {
        self.smooth.0 = SMOOTHING * self.smooth.0 + report.cross_entropy;
        self.smooth.1 = SMOOTHING * self.smooth.1 + 1.0;
        let due = !self.quiet && self.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY);
        match &self.bar {
            Some(bar) => {
                bar.set_position(report.step);
                // The text costs more than a step of a small model.
                if report.step.is_multiple_of(10) || report.step == self.steps {
                    bar.set_message(self.message(report.step));
                }
            }
            None if due => {
                self.last_line = Some(Instant::now());
                say(&format!("step {} of {}  {}", report.step, self.steps, self.message(report.step)));
            }
            None => {}
        }
    }

    fn message(&self, step: u64) -> String {
        let loss = self.smooth.0 / self.smooth.1.max(1e-9);
        let speed = self.tokens_per_second(step);
        let left = (self.steps.saturating_sub(step) as f64 * self.tokens_per_step as f64) / speed.max(1e-9);
        format!(
            "loss {loss:.4}  {:.3} bits/byte  {speed:.0} tokens/s  {} left",
            loss / std::f64::consts::LN_2,
            duration(left)
        )
    }

    /// The model was judged.
    pub fn judged(&self, step: u64, judgement: &Judgement) {
        self.note(&format!(
            "step {step}: {:.4} bits/byte, perplexity {:.3} on {} bytes held out",
            judgement.bits_per_byte(),
            judgement.perplexity(),
            judgement.bytes
        ));
    }

    /// The work rested.
    pub fn rested(&mut self, time: Duration) {
        self.rested += time;
    }

    /// Something else that should be known.
    pub fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&safe(text))),
            None if self.quiet => {}
            None => say(&safe(text)),
        }
    }

    /// Leaves the display as it is.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}

fn say(text: &str) {
    // Standard error may be closed: nobody is there to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Seconds as a person would say them.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.min(1e9).round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!([0.4, 59.6, 3599.0, 3661.0].map(duration), ["0 s", "1 min 00 s", "59 min 59 s", "1 h 01 min"]);
        assert_eq!(duration(f64::INFINITY), duration(1e9));
    }
}
