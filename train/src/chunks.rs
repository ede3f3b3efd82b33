//! A text in tokens, and the chunks that it is cut into.

use anyhow::{bail, Result};

/// A token: a byte, or what a vocabulary has behind the bytes.
pub type Token = u16;

/// A text cut into chunks, of which the first ones are for training and the others for judging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Tokens of a chunk.
    pub chunk: usize,
    /// Chunks for training.
    pub train: usize,
    /// All chunks.
    pub all: usize,
}

impl Split {
    /// Cuts `len` tokens into chunks of `chunk`, of which `train_share` are for training; a rest is left out.
    ///
    /// # Errors
    /// The text is too short to have a chunk of either kind, or the share is less than a chunk of it.
    pub fn new(len: usize, chunk: usize, train_share: f64) -> Result<Self> {
        Self::cut(len, "bytes", chunk, train_share)
    }

    pub(crate) fn cut(len: usize, unit: &str, chunk: usize, train_share: f64) -> Result<Self> {
        let all = len / chunk;
        let train = (all as f64 * train_share) as usize;
        let kinds = if train_share < 1.0 { 2 } else { 1 };
        if all < kinds {
            bail!("{len} {unit} make {all} chunks of {chunk}, expected a text of {} {unit} at least", kinds * chunk);
        }
        if train == 0 {
            bail!(
                "a share of {train_share:?} of {all} chunks is less than one to learn from, expected a share of {} or more",
                rounded_up(1.0 / all as f64)
            );
        }
        Ok(Self { chunk, train, all })
    }

    /// Where the chunks for judging start, in tokens.
    pub fn held_out(&self) -> impl Iterator<Item = usize> + use<> {
        let chunk = self.chunk;
        (self.train..self.all).map(move |index| index * chunk)
    }
}

/// A share with two digits that is not below `share`.
fn rounded_up(share: f64) -> f64 {
    let digits = 10_f64.powi(1 - share.log10().floor() as i32);
    (share * digits).ceil() / digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_nine_tenths_of_the_chunks_train() {
        let split = Split::new(262_144, 64, 0.9).unwrap();
        assert_eq!(split, Split { chunk: 64, train: 3686, all: 4096 });
        assert_eq!(split.held_out().count(), 410);
        assert_eq!(split.held_out().next(), Some(3686 * 64));
        assert_eq!(Split::new(1000, 64, 1.0).unwrap().held_out().count(), 0);
    }

    #[test]
    fn texts_too_short_are_refused_with_the_length_that_would_do() {
        for len in [0, 63, 64, 127] {
            assert!(Split::new(len, 64, 0.9).is_err());
        }
        let message = Split::new(100, 64, 0.9).unwrap_err().to_string();
        assert!(message.contains("128 bytes at least"), "{message}");
        assert!(Split::new(128, 64, 0.9).is_ok());
    }

    #[test]
    fn shares_too_small_or_too_large_are_refused_with_one_that_would_do() {
        for len in (128..20_000).step_by(61) {
            let message = Split::new(len, 64, 1e-300).unwrap_err().to_string();
            let (_, expected) = message.split_once("expected a share of ").unwrap();
            let share: f64 = expected.strip_suffix(" or more").unwrap().parse().unwrap();
            assert!(expected.len() < 20, "{message}");
            let split = Split::new(len, 64, share).unwrap();
            assert!(split.train == 1 || (share * split.all as f64) < 1.2, "{message}");
        }
        let message = Split::new(200, 64, 1e-300).unwrap_err().to_string();
        assert_eq!(
            message,
            "a share of 1e-300 of 3 chunks is less than one to learn from, expected a share of 0.34 or more"
        );
        // The largest share below 1 still leaves a chunk to judge on.
        for all in (2..1000).chain([(1 << 52) + 1, (1 << 53) - 1, 1 << 53]) {
            assert_eq!(Split::new(all, 1, 1.0 - f64::EPSILON / 2.0).unwrap().train, all - 1);
        }
    }
}
