//! The learning rate over time.

use anyhow::{bail, Result};
use serde::{Deserialize, Serialize};

/// A linear warm-up, then half a cosine down to `lowest`, or the same rate for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Steps of the warm-up.
    pub warmup: u64,
    /// Where the cosine ends; without it the rate stays.
    pub lowest: Option<f64>,
}

impl Schedule {
    /// Whether this schedule fits the highest rate.
    ///
    /// # Errors
    /// Names the value and what was expected.
    pub fn check(&self, highest: f64) -> Result<()> {
        match self.lowest {
            Some(lowest) if !(0.0..=highest).contains(&lowest) => {
                bail!("the lowest learning rate is {lowest:?}, expected 0 to the highest, {highest:?}")
            }
            _ => Ok(()),
        }
    }

    /// The rate of step `step`, counted from 0, of `steps`.
    pub fn rate(&self, highest: f64, step: u64, steps: u64) -> f64 {
        if step < self.warmup {
            return highest * (step + 1) as f64 / self.warmup as f64;
        }
        let Some(lowest) = self.lowest else {
            return highest;
        };
        let way = (step - self.warmup) as f64 / steps.saturating_sub(self.warmup).max(1) as f64;
        lowest + (highest - lowest) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * way.min(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_falls_and_ends_where_it_should() {
        let schedule = Schedule { warmup: 10, lowest: Some(0.1) };
        let rate = |step| schedule.rate(1.0, step, 110);
        assert_eq!((rate(0), rate(9), rate(10)), (0.1, 1.0, 1.0));
        assert!((rate(60) - 0.55).abs() < 1e-12);
        assert!((rate(110) - 0.1).abs() < 1e-12 && (rate(500) - 0.1).abs() < 1e-12);
        assert!((10..109).all(|step| rate(step + 1) < rate(step)));
        assert_eq!(Schedule::default().rate(3e-4, 2999, 3000), 3e-4);
        assert!(schedule.check(0.05).is_err());
    }
}
