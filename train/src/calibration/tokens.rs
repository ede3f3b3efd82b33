//! Signals against the loss of each byte.

use serde::Serialize;

use super::bootstrap::interval;
use super::readings::Reading;
use super::signal::Signal;
use crate::statistics::{auroc, mean, number, pearson, ranks, PairSums};

/// How a signal goes with the loss of the byte that follows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Correlation {
    /// The signal's name.
    pub signal: String,
    /// Its mean.
    pub mean: f64,
    /// Pearson's correlation with the loss; `None` where the signal or the loss does not vary.
    pub pearson: Option<f64>,
    /// Its 95 % interval; `None` where there is one window, or no correlation.
    pub pearson_interval: Option<(f64, f64)>,
    /// Spearman's correlation; `None` as above.
    pub spearman: Option<f64>,
    /// Its 95 % interval, the ranks taken as they are.
    pub spearman_interval: Option<(f64, f64)>,
    /// How well it tells bytes that were not the most probable one from those that were (AUROC); `None` where there are
    /// only bytes of one kind.
    pub auroc_wrong: Option<f64>,
}

impl Correlation {
    /// Over all readings of some sequences.
    pub(super) fn measure(signal: &Signal, sequences: &[Vec<Reading>]) -> Self {
        let lengths: Vec<usize> = sequences.iter().map(Vec::len).collect();
        let all: Vec<&Reading> = sequences.iter().flatten().collect();
        let values: Vec<f64> = all.iter().map(|reading| signal.value(reading)).collect();
        let losses: Vec<f64> = all.iter().map(|reading| reading.loss).collect();
        let (value_ranks, loss_ranks) = (ranks(&values), ranks(&losses));
        let of = |wrong: bool| -> Vec<f64> {
            all.iter().filter(|reading| reading.wrong == wrong).map(|reading| signal.value(reading)).collect()
        };
        Self {
            signal: signal.name(),
            mean: mean(&values),
            pearson: number(pearson(&values, &losses)),
            pearson_interval: correlation_interval(&lengths, &values, &losses),
            spearman: number(pearson(&value_ranks, &loss_ranks)),
            spearman_interval: correlation_interval(&lengths, &value_ranks, &loss_ranks),
            auroc_wrong: number(auroc(&of(false), &of(true))),
        }
    }
}

fn correlation_interval(lengths: &[usize], x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let mut at = 0;
    let sums: Vec<PairSums> = lengths
        .iter()
        .map(|&length| {
            let mut sums = PairSums::default();
            (at..at + length).for_each(|index| sums.add(x[index], y[index]));
            at += length;
            sums
        })
        .collect();
    interval([sums.len()], |[drawn]| {
        let mut all = PairSums::default();
        drawn.iter().for_each(|&index| all.merge(&sums[index]));
        all.correlation()
    })
}

/// Bytes whose signal is about as high.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Their mean signal.
    pub signal: f64,
    /// Their mean loss in nats.
    pub loss: f64,
}

/// Parts of the bytes, by rising signal.
const PARTS: usize = 10;

/// As many bytes in each of ten parts, by rising signal.
pub(super) fn steps(signal: &Signal, readings: &[&Reading]) -> Vec<Step> {
    let mut pairs: Vec<(f64, f64)> = readings.iter().map(|reading| (signal.value(reading), reading.loss)).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let part = |index: usize| &pairs[index * pairs.len() / PARTS..(index + 1) * pairs.len() / PARTS];
    let average = |part: &[(f64, f64)]| Step {
        signal: part.iter().map(|pair| pair.0).sum::<f64>() / part.len() as f64,
        loss: part.iter().map(|pair| pair.1).sum::<f64>() / part.len() as f64,
    };
    (0..PARTS).map(part).filter(|part| !part.is_empty()).map(average).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings whose loss follows the output's entropy and not the router's, which comes and goes.
    fn sequences() -> Vec<Vec<Reading>> {
        let reading = |index: usize| Reading {
            loss: index as f64 / 10.0,
            wrong: index >= 50,
            output_entropy: (index as f64 / 10.0).exp(),
            margin: 1.0,
            router: vec![[0.1, 0.3, 0.3, 0.1][index % 4], 0.7],
        };
        (0..10).map(|part| (part * 10..part * 10 + 10).map(reading).collect()).collect()
    }

    #[test]
    fn a_signal_that_follows_the_loss_is_told_from_one_that_does_not() {
        let output = Correlation::measure(&Signal::Output, &sequences());
        let pearson = output.pearson.unwrap();
        assert!((output.spearman.unwrap() - 1.0).abs() < 1e-12 && pearson < 0.9 && output.auroc_wrong == Some(1.0));
        let (low, high) = output.pearson_interval.unwrap();
        assert!(low < pearson && pearson < high);
        let router = Correlation::measure(&Signal::MeanRouter, &sequences());
        let auroc = router.auroc_wrong.unwrap();
        assert!(router.pearson.unwrap().abs() < 0.1 && (auroc - 0.5).abs() < 0.03, "{router:?}");
        assert!((router.mean - 0.45).abs() < 1e-12);
        let still = Correlation::measure(&Signal::Router(1), &sequences());
        assert_eq!((still.pearson, still.spearman, still.auroc_wrong), (None, None, Some(0.5)));
        assert_eq!((still.pearson_interval, still.spearman_interval), (None, None));
        let short = Correlation::measure(&Signal::Output, &sequences()[..1]);
        assert!(short.pearson.is_some() && short.pearson_interval.is_none() && short.auroc_wrong.is_none());
    }

    #[test]
    fn steps_rise_with_the_signal_and_hold_all_bytes() {
        let sequences = sequences();
        let all: Vec<&Reading> = sequences.iter().flatten().collect();
        let steps = steps(&Signal::Output, &all);
        assert_eq!(steps.len(), 10);
        assert!((steps[0].loss - 0.45).abs() < 1e-12 && (steps[9].loss - 9.45).abs() < 1e-12, "{steps:?}");
        assert_eq!(super::steps(&Signal::Output, &all[..3]).len(), 3);
    }
}
