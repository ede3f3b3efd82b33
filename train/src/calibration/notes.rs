//! Why numbers are missing: a reader must not take a dash for a result.

use super::domains::Domain;
use super::results::Calibration;

/// One note for each kind of missing numbers, without a full stop.
pub(super) fn of(found: &Calibration) -> Vec<String> {
    let mut notes = Vec::new();
    let single = |domain: &Domain| domain.separations.iter().any(|row| row.auroc_interval.is_none());
    if found.sequences < 2 || found.domains.iter().any(single) {
        notes.push("one window gives no interval; two of each text do, better a hundred".to_owned());
    }
    if found.correlations.iter().any(|row| row.pearson.is_none()) {
        let what = match found.bytes {
            1 => "a single byte has no correlation".to_owned(),
            _ => "- in a correlation: the signal or the loss is the same at all bytes".to_owned(),
        };
        notes.push(what);
    }
    if found.correlations.iter().any(|row| row.auroc_wrong.is_none()) {
        let bytes = if found.wrong > 0.0 { "every byte is wrong" } else { "no byte is wrong" };
        notes.push(format!("- in the last column: {bytes}, and an AUROC tells two kinds apart"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::super::{Correlation, Reading, Signal};
    use super::*;

    fn calibration(sequences: &[Vec<Reading>]) -> Calibration {
        let bytes = sequences.iter().map(Vec::len).sum();
        let wrong = sequences.iter().flatten().filter(|reading| reading.wrong).count() as f64 / bytes as f64;
        let correlations = vec![Correlation::measure(&Signal::Output, sequences)];
        let (sequences, domains) = (sequences.len(), Vec::new());
        Calibration { sequences, bytes, loss: 1.0, wrong, correlations, steps: Vec::new(), domains, notes: Vec::new() }
    }

    fn reading(value: f64, wrong: bool) -> Reading {
        Reading { loss: value, output_entropy: value, wrong, ..Reading::default() }
    }

    #[test]
    fn whatever_is_missing_has_a_note() {
        let window = vec![reading(1.0, true), reading(2.0, false), reading(3.0, true)];
        assert!(of(&calibration(&[window.clone(), window.clone()])).is_empty());
        assert_eq!(of(&calibration(&[window])).len(), 1);
        let still = vec![reading(1.0, false); 3];
        let notes = of(&calibration(&[still.clone(), still]));
        assert!(notes[0].contains("the same at all bytes") && notes[1].contains("no byte is wrong"), "{notes:?}");
        let notes = of(&calibration(&[vec![reading(1.0, true)]]));
        assert!(notes[1].contains("a single byte") && notes[2].contains("every byte is wrong"), "{notes:?}");
    }
}
