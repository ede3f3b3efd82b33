//! The text of a training on pairs.

use anyhow::{ensure, Result};

use super::form::END;
use super::slip::slip;
use super::{Form, Pair, Split};
use crate::rng::{Rng, Stream};

/// Draws of the slips.
const DRAWS: u64 = 0x73_6c69_7073;

/// Each pair to learn from occurs so often that there are about this many records: each time, another slip may be in it.
const RECORDS: usize = 20_000;

/// Bytes of the longest record, a slip's one byte among them.
pub fn longest(pairs: &[Pair], form: &Form) -> usize {
    pairs.iter().map(|pair| form.record(&pair.prompt, &pair.answer).len() + 1).max().unwrap_or(0)
}

/// How often each pair to learn from occurs.
fn copies(split: &Split<'_>) -> usize {
    (RECORDS / split.train.len().max(1)).clamp(1, 100)
}

/// Records to learn from, and all of them.
pub fn counts(split: &Split<'_>) -> [usize; 2] {
    let train = copies(split) * split.train.len();
    [train, train + split.held_out.len()]
}

/// Records of `chunk` bytes, filled up with what ends an answer: in use, too, every prompt begins from cold. Those to learn
/// from come first ([`counts`]); `slips` of them have a slip.
///
/// # Errors
/// Names the line of a pair that is longer than a record.
pub fn records(split: &Split<'_>, form: &Form, chunk: usize, slips: f64, seed: u64) -> Result<Vec<u8>> {
    let mut rng = Rng::new(seed ^ DRAWS, Stream::Batch, 0);
    let mut text = Vec::new();
    let mut add = |pair: &Pair, prompt: &str| {
        let record = form.record(prompt, &pair.answer);
        ensure!(
            record.len() <= chunk,
            "line {}: {} bytes with its frame, expected at most {chunk} (--chunk)",
            pair.line,
            record.len()
        );
        let end = text.len() + chunk;
        text.extend(record);
        text.resize(end, END);
        Ok(())
    };
    for _ in 0..copies(split) {
        for pair in &split.train {
            if rng.unit() < slips {
                add(pair, &slip(&pair.prompt, &mut rng))?;
            } else {
                add(pair, &pair.prompt)?;
            }
        }
    }
    for pair in &split.held_out {
        add(pair, &pair.prompt)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::split;
    use super::*;

    fn pairs() -> Vec<Pair> {
        let pair =
            |index: u64| Pair { prompt: format!("Battery number {index}"), answer: "low".to_owned(), line: index };
        (1..=10).map(pair).collect()
    }

    #[test]
    fn records_are_whole_and_those_held_out_come_last() {
        let pairs = pairs();
        let form = Form::of(&pairs);
        let chunk = longest(&pairs, &form);
        assert_eq!(chunk, b"Q: battery number 10\nA: low\n".len() + 1);
        let halves = split(&pairs, &form, 0.2, 3);
        let text = records(&halves, &form, chunk, 0.5, 3).unwrap();
        let [train, all] = counts(&halves);
        assert_eq!((text.len() / chunk, train, all), (802, 800, 802));
        assert!(text.chunks(chunk).all(|chunk| chunk.starts_with(b"Q: ") && chunk.ends_with(b"\n")));
        let held: Vec<_> = halves.held_out.iter().map(|pair| form.record(&pair.prompt, &pair.answer)).collect();
        let tail = &text[train * chunk..];
        assert!(tail.chunks(chunk).zip(&held).all(|(chunk, record)| chunk.starts_with(record)));
        assert!(text[..train * chunk].chunks(chunk).all(|chunk| !held.iter().any(|record| chunk.starts_with(record))));
        let slipped = text.chunks(chunk).filter(|chunk| !chunk.starts_with(b"Q: battery number ")).count();
        assert!((300..500).contains(&slipped), "{slipped}");
        assert_eq!(records(&halves, &form, chunk, 0.5, 3).unwrap(), text);
    }

    #[test]
    fn a_pair_that_is_too_long_is_named_by_line() {
        let pairs = pairs();
        let form = Form::of(&pairs);
        let error = records(&split(&pairs, &form, 0.0, 0), &form, 27, 0.0, 0).unwrap_err().to_string();
        assert_eq!(error, "line 10: 28 bytes with its frame, expected at most 27 (--chunk)");
    }
}
