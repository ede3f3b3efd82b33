//! A line on stderr that says how far the run is.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::tally::Tally;

/// Prints now and then: often to a terminal, where it overwrites itself, seldom into a log.
pub struct Progress {
    wanted: u64,
    started: Instant,
    printed: Instant,
    pause: Duration,
    ending: &'static str,
}

impl Progress {
    pub fn new(wanted: u64) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let (pause, ending) = if is_terminal { (1, "\r") } else { (20, "\n") };
        let now = Instant::now();
        Self { wanted, started: now, printed: now, pause: Duration::from_secs(pause), ending }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Prints where it is time to.
    pub fn update(&mut self, tally: &Tally) {
        if self.printed.elapsed() < self.pause {
            return;
        }
        self.printed = Instant::now();
        let line = line(tally, self.wanted, self.started.elapsed().as_secs_f64());
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "{line}{}", self.ending);
        let _ = stderr.flush();
    }
}

fn line(tally: &Tally, wanted: u64, elapsed: f64) -> String {
    let rate = tally.cases as f64 / elapsed.max(1e-9);
    let left = wanted.saturating_sub(tally.cases) as f64 / rate.max(1e-9);
    format!(
        "{} of {wanted} cases, {rate:.0} a second, {} values compared, {} differing bits, {elapsed:.0} s, {left:.0} s left",
        tally.cases, tally.values, tally.differing_bits
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_counts_down() {
        let tally = Tally { cases: 250, values: 7, ..Tally::default() };
        assert_eq!(
            line(&tally, 1000, 10.0),
            "250 of 1000 cases, 25 a second, 7 values compared, 0 differing bits, 10 s, 30 s left"
        );
    }
}
