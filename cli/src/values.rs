//! What the value of a flag may be. A refusal names the flag and the value (clap does) and all that is allowed.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{PathBufValueParser, TypedValueParser};

/// What stands for standard output where a file is written.
pub const STANDARD_OUTPUT: &str = "-";

/// The most threads that a flag can ask for.
pub const THREADS: RangeInclusive<u64> = 1..=1024;

/// A size that has two bytes in a container.
pub const SIZE: RangeInclusive<u64> = 1..=65_535;

/// How often something is done.
pub const COUNT: RangeInclusive<u64> = 1..=u32::MAX as u64;

/// A start of random draws.
pub const SEED: RangeInclusive<u64> = 0..=u64::MAX;

/// A number in digits, in this range.
pub fn whole<T: TryFrom<u64>>(allowed: RangeInclusive<u64>) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| allowed.contains(number));
        let expected = || format!("expected a whole number from {} to {}", allowed.start(), allowed.end());
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(expected)
    }
}

/// A number of 32 bits, in digits or behind 0x in hexadecimal ones.
pub fn number(text: &str) -> Result<u32, String> {
    let found = match text.strip_prefix("0x") {
        // A sign is no digit, which from_str_radix takes.
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None if text.bytes().all(|digit| digit.is_ascii_digit()) => text.parse().ok(),
        None => None,
    };
    found.ok_or_else(|| "expected a whole number from 0 to 4294967295, or 0x and up to 8 hexadecimal digits".to_owned())
}

/// Which numbers with a fraction are allowed; infinity and NaN never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Real {
    /// Every number.
    Any,
    /// From 0 on.
    FromZero,
    /// Above 0.
    AboveZero,
    /// From 0 to 1, both included.
    Share,
    /// Above 0 and at most 1.
    ShareAboveZero,
    /// From 0 on and below 1.
    ShareBelowOne,
}

impl Real {
    fn has(self, number: f64) -> bool {
        number.is_finite()
            && match self {
                Self::Any => true,
                Self::FromZero => number >= 0.0,
                Self::AboveZero => number > 0.0,
                Self::Share => (0.0..=1.0).contains(&number),
                Self::ShareAboveZero => number > 0.0 && number <= 1.0,
                Self::ShareBelowOne => (0.0..1.0).contains(&number),
            }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Any => "a number",
            Self::FromZero => "a number from 0 on",
            Self::AboveZero => "a number above 0",
            Self::Share => "a number from 0 to 1",
            Self::ShareAboveZero => "a number above 0 and at most 1",
            Self::ShareBelowOne => "a number from 0 on and below 1",
        }
    }
}

/// A number with or without a fraction.
pub fn real<T: FromStr + Copy + Into<f64>>(allowed: Real) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|&number: &T| allowed.has(number.into()));
        number.ok_or_else(|| format!("expected {}", allowed.words()))
    }
}

/// The name of what is read again or has several parts, so that standard output cannot take it.
pub fn no_stream() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match is_standard_output(&path) {
        true => Err("standard output cannot take this, expected a name (./- for one that is a hyphen)"),
        false => Ok(path),
    })
}

/// Whether this output is standard output.
pub fn is_standard_output(path: &Path) -> bool {
    path.as_os_str() == STANDARD_OUTPUT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_digits_in_a_range() {
        let parse = whole::<u16>(1..=99);
        assert_eq!((parse("1"), parse("99")), (Ok(1), Ok(99)));
        for text in ["0", "100", "-5", "1e6", "1.0", "", "x", "0x10", "99999999999999999999999"] {
            assert_eq!(parse(text), Err("expected a whole number from 1 to 99".to_owned()), "{text}");
        }
    }

    #[test]
    fn numbers_have_no_signs() {
        assert_eq!((number("7"), number("0x1F")), (Ok(7), Ok(31)));
        for text in ["+7", "-7", "0x+7", "0x", "", "0x123456789", "4294967296"] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_range_promises_more_than_the_type_holds() {
        assert_eq!(whole::<u32>(COUNT)("4294967295"), Ok(u32::MAX));
        assert_eq!(whole::<u16>(SIZE)("65535"), Ok(u16::MAX));
        assert_eq!(whole::<u64>(SEED)("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn bounds_of_reals_are_what_the_words_say() {
        let cases = [
            (Real::Any, ["-1e9", "0", "85"].as_slice(), [].as_slice()),
            (Real::FromZero, &["0", "1e-3", "7"], &["-0.1"]),
            (Real::AboveZero, &["1e-3", "7"], &["0", "-1"]),
            (Real::Share, &["0", "0.5", "1"], &["-0.1", "1.1"]),
            (Real::ShareAboveZero, &["0.5", "1"], &["0", "2"]),
            (Real::ShareBelowOne, &["0", "0.999"], &["1", "-0.1"]),
        ];
        for (allowed, good, bad) in cases {
            let parse = real::<f32>(allowed);
            for text in good {
                assert!(parse(text).is_ok(), "{allowed:?}: {text}");
            }
            for text in bad.iter().chain(&["nan", "inf", "-inf", "", "x", "1,5", "1e99"]) {
                assert_eq!(parse(text), Err(format!("expected {}", allowed.words())), "{allowed:?}: {text}");
            }
        }
    }
}
