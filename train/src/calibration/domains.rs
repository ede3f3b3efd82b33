//! Signals between texts of the model's domain and others.

use serde::Serialize;

use super::bootstrap::interval;
use super::readings::Reading;
use super::signal::Signal;
use crate::statistics::{auroc, mean, number};

/// Another domain against the model's own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Its windows.
    pub sequences: usize,
    /// How well each signal tells its windows from the model's; the last one is the loss itself.
    pub separations: Vec<Separation>,
    /// The mean router entropy of each window inside, then outside, for a plot.
    #[serde(skip)]
    pub router: [Vec<f64>; 2],
}

/// A signal's mean over a window as a judge of where the window is from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Separation {
    /// The signal's name.
    pub signal: String,
    /// Its mean over the windows inside.
    pub inside: f64,
    /// Its mean over the windows outside.
    pub outside: f64,
    /// The share of pairs in which it is higher outside; `None` where it is no number.
    pub auroc: Option<f64>,
    /// Its 95 % interval; `None` where one of the sides is a single window.
    pub auroc_interval: Option<(f64, f64)>,
}

impl Domain {
    pub(super) fn measure(name: &str, inside: &[Vec<Reading>], outside: &[Vec<Reading>], signals: &[Signal]) -> Self {
        let mut separations: Vec<Separation> = signals
            .iter()
            .map(|signal| {
                let value = |reading: &Reading| signal.value(reading);
                separation(signal.name(), &means(inside, value), &means(outside, value))
            })
            .collect();
        let loss = |reading: &Reading| reading.loss;
        separations.push(separation("loss of the text itself".to_owned(), &means(inside, loss), &means(outside, loss)));
        let router = [inside, outside].map(|side| means(side, |reading| Signal::MeanRouter.value(reading)));
        Self { name: name.to_owned(), sequences: outside.len(), separations, router }
    }
}

/// The mean of a value over each sequence that has readings.
fn means(sequences: &[Vec<Reading>], value: impl Fn(&Reading) -> f64) -> Vec<f64> {
    let filled = sequences.iter().filter(|sequence| !sequence.is_empty());
    filled.map(|sequence| sequence.iter().map(&value).sum::<f64>() / sequence.len() as f64).collect()
}

fn separation(signal: String, inside: &[f64], outside: &[f64]) -> Separation {
    let draw = |values: &[f64], drawn: &[usize]| drawn.iter().map(|&at| values[at]).collect::<Vec<f64>>();
    Separation {
        signal,
        inside: mean(inside),
        outside: mean(outside),
        auroc: number(auroc(inside, outside)),
        auroc_interval: interval([inside.len(), outside.len()], |[left, right]| {
            auroc(&draw(inside, left), &draw(outside, right))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_told_apart_by_their_means() {
        let reading = |loss: f64, router: f64| Reading { loss, router: vec![router], ..Reading::default() };
        let inside = [vec![reading(1.0, 0.5), reading(3.0, 0.5)], vec![reading(1.0, 0.2)], vec![]];
        let outside = [vec![reading(5.0, 0.1)], vec![reading(1.5, 0.3)]];
        let domain = Domain::measure("x", &inside, &outside, &[Signal::MeanRouter]);
        let [router, loss] = domain.separations.as_slice() else { panic!("{domain:?}") };
        assert_eq!((router.auroc, loss.auroc), (Some(0.25), Some(0.75)));
        assert_eq!((loss.inside, loss.outside), (1.5, 3.25));
        assert_eq!(domain.router, [vec![0.5, 0.2], vec![0.1, 0.3]]);
        let (low, high) = loss.auroc_interval.unwrap();
        assert!((0.0..=0.75).contains(&low) && (0.75..=1.0).contains(&high), "{low} {high}");
    }
}
