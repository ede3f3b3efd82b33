//! Intervals by drawing again (Efron 1979). Whole windows are drawn, since the bytes of one depend on each other.

use crate::rng::{Rng, Stream};
use crate::statistics::{number, quantile};

/// Draws of an interval.
const DRAWS: u64 = 1000;

/// The middle 95 % of `statistic` over draws of as many indices as each of `counts` says, with repetition; `None` where
/// one of them can only be drawn in one way, or the statistic has no value.
pub fn interval<const N: usize>(counts: [usize; N], statistic: impl Fn([&[usize]; N]) -> f64) -> Option<(f64, f64)> {
    if counts.iter().any(|&count| count < 2) {
        return None;
    }
    let values: Vec<f64> = (0..DRAWS)
        .map(|draw| {
            let mut rng = Rng::new(0, Stream::Batch, draw);
            let drawn = counts.map(|count| (0..count).map(|_| rng.below(count)).collect::<Vec<_>>());
            statistic(std::array::from_fn(|index| drawn[index].as_slice()))
        })
        .filter(|value| value.is_finite())
        .collect();
    Some((number(quantile(&values, 0.025))?, number(quantile(&values, 0.975))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_as_wide_as_its_error() {
        let mut rng = Rng::new(5, Stream::Init, 0);
        let values: Vec<f64> = (0..400).map(|_| rng.normal()).collect();
        let (low, high) =
            interval([400], |[drawn]| drawn.iter().map(|&at| values[at]).sum::<f64>() / drawn.len() as f64).unwrap();
        // Two standard errors of 1/20 to each side of the mean.
        let mean = values.iter().sum::<f64>() / 400.0;
        assert!(low < mean && mean < high && (0.15..0.25).contains(&(high - low)), "{low} {high}");
        assert_eq!(interval([1], |_| 1.0), None);
        assert_eq!(interval([400, 1], |_| 1.0), None);
        assert_eq!(interval([2], |_| f64::NAN), None);
    }
}
