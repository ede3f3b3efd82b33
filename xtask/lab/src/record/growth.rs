//! The limit on what recorded figures may grow.

use super::{Figures, Record};

/// Per cent that a figure may grow.
pub const LIMIT: u64 = 3;

/// The figures that grew by more than the limit or were never recorded.
pub fn faults(figures: &Figures, recorded: &Record) -> Vec<String> {
    figures.iter().filter_map(|(name, &now)| fault(name, now, recorded.figures.get(name).copied())).collect()
}

/// The number of figures that are exactly as recorded.
pub fn unchanged(figures: &Figures, recorded: &Record) -> usize {
    figures.iter().filter(|(name, now)| recorded.figures.get(*name) == Some(*now)).count()
}

fn fault(name: &str, now: u64, recorded: Option<u64>) -> Option<String> {
    match recorded {
        None => Some(format!("{name}: {now}, but nothing is recorded")),
        Some(before) if 100 * now > (100 + LIMIT) * before => Some(format!("{name}: {now}, recorded {before}")),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "sse2/load";

    #[test]
    fn a_figure_that_grew_fails_by_its_name() {
        assert_eq!(fault(NAME, 1031, Some(1000)).unwrap(), "sse2/load: 1031, recorded 1000");
        assert!(fault(NAME, 416, Some(400)).is_some());
        // Nothing may become something.
        assert!(fault(NAME, 4, Some(0)).is_some());
    }

    #[test]
    fn a_figure_within_its_limit_passes() {
        for (now, before) in [(1030, 1000), (10, 1000), (0, 0)] {
            assert!(fault(NAME, now, Some(before)).is_none(), "{now}, recorded {before}");
        }
    }

    #[test]
    fn a_figure_that_was_never_recorded_fails() {
        assert!(fault(NAME, 1, None).is_some());
    }

    #[test]
    fn only_what_is_in_both_can_be_unchanged() {
        let figures = |of: &[(&str, u64)]| of.iter().map(|&(name, figure)| (name.to_string(), figure)).collect();
        let recorded = Record { conditions: Default::default(), figures: figures(&[("a", 1), ("b", 2), ("c", 3)]) };
        assert_eq!(unchanged(&figures(&[("a", 1), ("b", 3), ("d", 4)]), &recorded), 1);
    }
}
