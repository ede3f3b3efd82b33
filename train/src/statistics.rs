//! Statistics of paired and of grouped values.

use std::cmp::Ordering;

/// Pearson's correlation; NaN where one side does not vary.
pub fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = PairSums::default();
    x.iter().zip(y).for_each(|(&x, &y)| sums.add(x, y));
    sums.correlation()
}

/// What a correlation is made of: sums that can be added, so that parts can be drawn again without their values.
#[derive(Clone, Copy, Debug, Default)]
pub struct PairSums {
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl PairSums {
    /// Takes one pair.
    pub fn add(&mut self, x: f64, y: f64) {
        self.merge(&Self { count: 1.0, x, y, xx: x * x, yy: y * y, xy: x * y });
    }

    /// Takes all pairs of another.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.yy += other.yy;
        self.xy += other.xy;
    }

    /// Pearson's correlation; NaN where one side does not vary.
    pub fn correlation(&self) -> f64 {
        let covariance = self.xy - self.x * self.y / self.count;
        let (spread_x, spread_y) = (self.xx - self.x * self.x / self.count, self.yy - self.y * self.y / self.count);
        // Where nothing varies, rounding may leave a little more or less than 0.
        let varies = |spread: f64, squares: f64| spread > 1e-12 * squares;
        if !varies(spread_x, self.xx) || !varies(spread_y, self.yy) {
            return f64::NAN;
        }
        covariance / (spread_x * spread_y).sqrt()
    }
}

/// The rank of each value, from 1; equal values share the mean of theirs.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for equal in order.chunk_by(|&a, &b| values[a].total_cmp(&values[b]) == Ordering::Equal) {
        // The first of them has one rank more than there are smaller values.
        let smaller = order.partition_point(|&at| values[at].total_cmp(&values[equal[0]]) == Ordering::Less);
        let rank = smaller as f64 + (equal.len() + 1) as f64 / 2.0;
        equal.iter().for_each(|&at| ranks[at] = rank);
    }
    ranks
}

/// The share of pairs, one of each kind, in which the outsider's value is the higher one; a tie counts half. 0.5 is a
/// coin, 1 never errs (Fawcett 2006). NaN where a kind is empty.
pub fn auroc(insiders: &[f64], outsiders: &[f64]) -> f64 {
    let all = ranks(&[outsiders, insiders].concat());
    let count = outsiders.len() as f64;
    let wins = all[..outsiders.len()].iter().sum::<f64>() - count * (count + 1.0) / 2.0;
    wins / (count * insiders.len() as f64)
}

/// The value below which `share` of `values` lie; NaN where there are none.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = (share * sorted.len() as f64) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// A statistic that has a value.
pub fn number(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// A statistic in a table, to three digits; - where it has no value.
pub fn cell(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.3}"))
}

/// The mean; NaN where there are no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted() {
        assert_eq!(auroc(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(auroc(&[3.0, 4.0], &[1.0, 2.0]), 0.0);
        assert_eq!(auroc(&[1.0, 3.0], &[2.0, 3.0]), 0.625);
        assert!(auroc(&[], &[1.0]).is_nan());
        assert_eq!(quantile(&[3.0, 1.0, 2.0, 0.0], 0.5), 2.0);
        assert_eq!(quantile(&[3.0, 1.0], 1.0), 3.0);
        assert_eq!((cell(number(0.12345)), cell(number(auroc(&[], &[1.0])))), ("0.123".to_owned(), "-".to_owned()));
    }

    #[test]
    fn equal_values_share_their_ranks() {
        assert_eq!(ranks(&[10.0, -1.0, 10.0, 3.0]), [3.5, 1.0, 3.5, 2.0]);
        assert!(ranks(&[]).is_empty());
    }

    #[test]
    fn correlations_of_a_few_pairs() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert!((pearson(&x, &[2.0, 4.0, 6.0, 8.0]) - 1.0).abs() < 1e-12);
        assert!((pearson(&x, &[1.0, -1.0, 1.0, -1.0]) + 1.0 / 5f64.sqrt()).abs() < 1e-12);
        assert!(pearson(&x, &[0.1; 4]).is_nan() && pearson(&[], &[]).is_nan());
        // By ranks, every rising curve is a line.
        let curve = x.map(f64::exp);
        assert!((pearson(&ranks(&x), &ranks(&curve)) - 1.0).abs() < 1e-12 && pearson(&x, &curve) < 0.95);
    }
}
