//! The text of a training on pairs.

use anyhow::{bail, ensure, Result};

use super::form::END;
use super::slip::slip;
use super::{Form, Pair, Split};
use crate::rng::{Rng, Stream};

/// Draws of the slips.
const DRAWS: u64 = 0x73_6c69_7073;

/// Each pair to learn from occurs so often that there are about this many records: each time, another slip may be in it.
const RECORDS: usize = 20_000;

/// Bytes of all records that copies may fill: where records are long, there are fewer of them.
const FILLED: usize = 64 << 20;

/// The most bytes of all records, of pairs that occur once.
const MOST: usize = 1 << 30;

/// Bytes of the longest record, a slip's one byte among them.
pub fn longest(pairs: &[Pair], form: &Form) -> usize {
    pairs.iter().map(|pair| form.record(&pair.prompt, &pair.answer).len() + 1).max().unwrap_or(0)
}

/// How often each pair to learn from occurs, in records of `chunk` bytes.
fn copies(split: &Split<'_>, chunk: usize) -> usize {
    let pairs = split.train.len().max(1);
    let with_room = FILLED / pairs.saturating_mul(chunk).max(1);
    (RECORDS / pairs).min(with_room).clamp(1, 100)
}

/// Records of `chunk` bytes to learn from, and all of them.
pub fn counts(split: &Split<'_>, chunk: usize) -> [usize; 2] {
    let train = copies(split, chunk) * split.train.len();
    [train, train + split.held_out.len()]
}

/// Room for all records.
fn room(split: &Split<'_>, form: &Form, chunk: usize) -> Result<Vec<u8>> {
    let [_, count] = counts(split, chunk);
    let bytes = count.saturating_mul(chunk);
    let mut text = Vec::new();
    if bytes > MOST || text.try_reserve_exact(bytes).is_err() {
        let all = split.train.iter().chain(&split.held_out);
        let longest = all.max_by_key(|pair| form.record(&pair.prompt, &pair.answer).len());
        let line = longest.map_or(0, |pair| pair.line);
        bail!("{count} records as long as the longest, {chunk} bytes (line {line}), have no room: expected shorter or fewer pairs");
    }
    Ok(text)
}

/// Records of `chunk` bytes, filled up with what ends an answer: in use, too, every prompt begins from cold. Those to learn
/// from come first ([`counts`]); `slips` of them have a slip.
///
/// # Errors
/// Names the line of a pair that is longer than a record, or that makes all of them too long.
pub fn records(split: &Split<'_>, form: &Form, chunk: usize, slips: f64, seed: u64) -> Result<Vec<u8>> {
    let mut rng = Rng::new(seed ^ DRAWS, Stream::Batch, 0);
    let mut text = room(split, form, chunk)?;
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
    for _ in 0..copies(split, chunk) {
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
        let [train, all] = counts(&halves, chunk);
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
    fn long_records_have_fewer_copies_and_too_many_are_refused() {
        let mut pairs = pairs();
        let form = Form::of(&pairs);
        let chunk = 1 << 22;
        assert_eq!(counts(&split(&pairs, &form, 0.0, 0), chunk), [10, 10]);
        pairs.iter_mut().for_each(|pair| pair.answer = "x".repeat(9));
        pairs[4].answer = "y".repeat(99);
        let error = records(&split(&pairs, &form, 0.0, 0), &form, 1 << 28, 0.0, 0).unwrap_err().to_string();
        assert!(
            error.starts_with("10 records as long as the longest, 268435456 bytes (line 5), have no room"),
            "{error}"
        );
    }

    #[test]
    fn a_pair_that_is_too_long_is_named_by_line() {
        let pairs = pairs();
        let form = Form::of(&pairs);
        let error = records(&split(&pairs, &form, 0.0, 0), &form, 27, 0.0, 0).unwrap_err().to_string();
        assert_eq!(error, "line 10: 28 bytes with its frame, expected at most 27 (--chunk)");
    }
}
