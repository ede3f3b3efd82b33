//! How well a number tells two kinds apart.

/// The share of pairs, one of each kind, in which the outsider's value is the higher one; a tie counts half. 0.5 is a
/// coin, 1 never errs (Fawcett 2006).
pub fn auroc(insiders: &[f64], outsiders: &[f64]) -> f64 {
    let mut wins = 0.0;
    for outsider in outsiders {
        for insider in insiders {
            wins += match outsider.total_cmp(insider) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    wins / (insiders.len() * outsiders.len()) as f64
}

/// The value below which `share` of `values` lie.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = (share * sorted.len() as f64) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted() {
        assert_eq!(auroc(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(auroc(&[3.0, 4.0], &[1.0, 2.0]), 0.0);
        assert_eq!(auroc(&[1.0, 3.0], &[2.0, 3.0]), 0.625);
        assert_eq!(quantile(&[3.0, 1.0, 2.0, 0.0], 0.5), 2.0);
        assert_eq!(quantile(&[3.0, 1.0], 1.0), 3.0);
    }
}
