//! How far a run is.

use std::time::{Duration, Instant};

use super::trial::Outcome;

/// How often a line is printed.
const INTERVAL: Duration = Duration::from_secs(10);

/// Counts outcomes, and prints a line now and then.
pub struct Progress {
    due: usize,
    outcomes: [usize; 5],
    start: Instant,
    printed: Instant,
}

impl Progress {
    pub fn new(due: usize) -> Self {
        let now = Instant::now();
        Self { due, outcomes: [0; 5], start: now, printed: now }
    }

    pub fn add(&mut self, outcome: Outcome) {
        self.outcomes[outcome as usize] += 1;
        if self.printed.elapsed() > INTERVAL {
            self.printed = Instant::now();
            say!("{}", self.line(self.start.elapsed()));
        }
    }

    pub fn line(&self, passed: Duration) -> String {
        let [caught, timeout, unviable, missed, elsewhere] = self.outcomes;
        let done = self.outcomes.iter().sum::<usize>();
        let seconds = passed.as_secs_f64();
        let left = seconds / done.max(1) as f64 * self.due.saturating_sub(done) as f64;
        format!(
            "{done:>5} of {}   {caught} caught, {timeout} timeouts, {missed} missed, {unviable} unviable, {elsewhere} not \
             compiled here   {:.1} a second, {} passed, {} left",
            self.due,
            done as f64 / seconds.max(0.1),
            clock(seconds),
            clock(left)
        )
    }

    pub fn passed(&self) -> Duration {
        self.start.elapsed()
    }
}

fn clock(seconds: f64) -> String {
    let minutes = (seconds / 60.0) as u64;
    format!("{}:{:02}", minutes, seconds as u64 - 60 * minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_counts_rate_and_time_left() {
        let mut progress = Progress::new(12);
        for outcome in [Outcome::Caught, Outcome::Caught, Outcome::Missed, Outcome::Elsewhere] {
            progress.add(outcome);
        }
        let line = progress.line(Duration::from_secs(40));
        assert!(line.contains("4 of 12   2 caught, 0 timeouts, 1 missed, 0 unviable, 1 not"), "{line}");
        assert!(line.ends_with("0.1 a second, 0:40 passed, 1:20 left"), "{line}");
    }
}
