//! The form that a question is brought into: that of the questions that the model was trained on.

use core::fmt;
use core::ops::BitOr;

/// What is done to a question, byte by byte. Several at once: `Normalise::LOWER | Normalise::BLANKS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Normalise(u32);

impl Normalise {
    /// A question stays as it is.
    pub const NOTHING: Self = Self(0);
    /// Blanks, tabs and line ends become one blank, none at the start and the end.
    pub const BLANKS: Self = Self(1);
    /// Capital letters of ASCII become small ones.
    pub const LOWER: Self = Self(2);
    /// Question marks, full stops, exclamation marks and the blanks among them are dropped at the end.
    pub const END_MARKS: Self = Self(4);
    /// What is no printable ASCII becomes a question mark, one for each character of UTF-8.
    pub const ASCII: Self = Self(8);

    /// All of them.
    pub const ALL: Self = Self(15);

    /// Each of them, with its name in files.
    pub const NAMED: [(&'static str, Self); 4] =
        [("blanks", Self::BLANKS), ("lower", Self::LOWER), ("end-marks", Self::END_MARKS), ("ascii", Self::ASCII)];

    /// As bits: 1 blanks, 2 lower, 4 end-marks, 8 ascii.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// From bits; those that stand for nothing are ignored.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// From names with blanks between them; `None` where one is not known.
    pub fn from_names(names: &str) -> Option<Self> {
        names.split_ascii_whitespace().try_fold(Self::NOTHING, |all, name| {
            let (_, step) = Self::NAMED.into_iter().find(|&(known, _)| known == name)?;
            Some(all | step)
        })
    }

    /// Whether all of `steps` are among them.
    pub const fn has(self, steps: Self) -> bool {
        self.0 & steps.0 == steps.0
    }

    /// The question in this form.
    pub fn apply(self, question: &[u8]) -> Normalised<'_> {
        let mut rest = question;
        if self.has(Self::BLANKS) {
            rest = rest.trim_ascii();
        }
        while let Some((last, front)) = rest.split_last() {
            let is_dropped = match last {
                b'?' | b'.' | b'!' | b' ' => self.has(Self::END_MARKS),
                _ => is_blank(*last) && self.has(Self::END_MARKS | Self::BLANKS),
            };
            if !is_dropped {
                break;
            }
            rest = front;
        }
        Normalised { rest, steps: self }
    }
}

impl BitOr for Normalise {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The names, with blanks between them.
impl fmt::Display for Normalise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_first = true;
        for (name, step) in Self::NAMED {
            if self.has(step) {
                f.write_str(if is_first { "" } else { " " })?;
                f.write_str(name)?;
                is_first = false;
            }
        }
        Ok(())
    }
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

/// A question in its form, byte by byte.
#[derive(Clone, Debug)]
pub struct Normalised<'q> {
    rest: &'q [u8],
    steps: Normalise,
}

impl Iterator for Normalised<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let steps = self.steps;
            if steps.has(Normalise::BLANKS) && is_blank(byte) {
                // Of several, the last one is kept.
                if rest.first().is_some_and(|&next| is_blank(next)) {
                    continue;
                }
                return Some(b' ');
            }
            if steps.has(Normalise::ASCII) && !matches!(byte, b' '..=b'~') {
                // The first byte of a character stands for all of it.
                if matches!(byte, 0x80..=0xbf) {
                    continue;
                }
                return Some(b'?');
            }
            return Some(if steps.has(Normalise::LOWER) { byte.to_ascii_lowercase() } else { byte });
        }
    }
}
