//! A column of numbers, and the levels that stand for them.

use serde::{Deserialize, Serialize, Serializer};

use crate::decimal::shortest;

/// How many levels a number becomes one of: the printable characters of ASCII but the blank, from `!` on.
pub const LEVELS: u8 = 94;

/// The character of level 0.
const FIRST: u8 = b'!';

/// The highest level, as a number.
const TOP: f32 = (LEVELS - 1) as f32;

/// A column: its name, and the constants by which its values become levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As in the file's header.
    pub name: String,
    /// What becomes level 0, as does everything below.
    #[serde(serialize_with = "decimal")]
    pub low: f32,
    /// Levels a unit; 0 where all values are one.
    #[serde(serialize_with = "decimal")]
    pub step: f32,
}

/// As [`shortest`] has it.
pub(super) fn decimal<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(shortest(*value))
}

impl Column {
    /// The constants for values that reach from their least to their greatest. All of them are finite.
    pub fn fit(name: &str, values: impl Iterator<Item = f32>) -> Self {
        let nothing = (f32::INFINITY, f32::NEG_INFINITY);
        let (low, high) = values.fold(nothing, |(low, high), value| (low.min(value), high.max(value)));
        let width = high - low;
        // Of a width beyond binary32, and of none, nothing can be told.
        let step = if width > 0.0 && width.is_finite() { TOP / width } else { 0.0 };
        let is_of_use = low.is_finite() && step.is_finite();
        Self { name: name.to_owned(), low: if is_of_use { low } else { 0.0 }, step: if is_of_use { step } else { 0.0 } }
    }

    /// The level of a value, from 0 to [`LEVELS`] - 1: the steps of the C code that `atome export` writes, in binary32.
    pub fn level(&self, value: f32) -> u8 {
        let level = (value - self.low) * self.step + 0.5;
        if level >= TOP {
            return LEVELS - 1;
        }
        // A NaN is level 0.
        if level > 0.0 {
            level as u8
        } else {
            0
        }
    }

    /// The character that a value becomes.
    pub fn character(&self, value: f32) -> char {
        char::from(FIRST + self.level(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_level_0_and_the_greatest_the_last() {
        let column = Column::fit("t", [-10.0, 21.5, 36.5].into_iter());
        assert_eq!([-10.0, 36.5, 13.25, -99.0, 1e9].map(|value| column.level(value)), [0, 93, 47, 0, 93]);
        assert_eq!([f32::NAN, f32::INFINITY, f32::NEG_INFINITY].map(|value| column.level(value)), [0, 93, 0]);
        assert_eq!((column.character(-10.0), column.character(36.5)), ('!', '~'));
    }

    #[test]
    fn columns_without_a_width_have_one_level() {
        for values in [&[][..], &[3.0, 3.0], &[f32::MIN, f32::MAX], &[0.0, 1e-45]] {
            let column = Column::fit("t", values.iter().copied());
            assert!(column.low.is_finite() && column.step.is_finite(), "{values:?}");
            assert_eq!(column.level(3.0), column.level(3.0));
        }
        assert_eq!(Column::fit("t", [3.0, 3.0].into_iter()).level(99.0), 0);
    }
}
