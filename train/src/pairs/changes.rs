//! Examples that differ a little from the pairs that they are made of, each time in another way.

use std::ops::Range;

use anyhow::{ensure, Result};

use super::copied::{Copied, Example, Piece};
use super::overlap::overlap;
use super::slip::slip_outside;
use super::{Form, Pair};
use crate::rng::Rng;

/// A prompt keeps so many words at least.
const LEAST_WORDS: usize = 2;

/// How often what is changed in the examples, as shares of them from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// The prompt has a typing slip.
    pub slips: f64,
    /// Values that the answer copies are exchanged for others that were copied at their places, each with a probability of a half.
    pub swaps: f64,
    /// The prompt has lost a word that the answer does not copy.
    pub drops: f64,
}

impl Changes {
    /// Nothing but slips.
    pub const fn slips(slips: f64) -> Self {
        Self { slips, swaps: 0.0, drops: 0.0 }
    }

    /// Whether these are shares.
    ///
    /// # Errors
    /// Names the value and what was expected.
    pub fn check(&self) -> Result<()> {
        for (name, share) in [("slips", self.slips), ("swaps", self.swaps), ("drops", self.drops)] {
            ensure!((0.0..=1.0).contains(&share), "pairs: {name} is {share:?}, expected 0 to 1");
        }
        Ok(())
    }

    /// Whether examples of one pair differ in more than a slip: then more of them are worth their room.
    pub fn are_many(&self) -> bool {
        self.swaps > 0.0 || self.drops > 0.0
    }
}

/// Makes examples of pairs.
pub struct Changing<'p> {
    pairs: &'p [&'p Pair],
    form: Form,
    changes: Changes,
    copied: Copied,
}

impl<'p> Changing<'p> {
    /// Of these pairs.
    pub fn new(pairs: &'p [&'p Pair], form: &Form, changes: Changes) -> Self {
        Self { pairs, form: *form, changes, copied: Copied::of(pairs, form) }
    }

    /// An example of pair `index`: prompt and answer.
    pub fn draw(&self, index: usize, rng: &mut Rng) -> Option<(String, String)> {
        let pair = self.pairs.get(index)?;
        let Changes { slips, swaps, drops } = self.changes;
        let mut example = self.copied.examples.get(index)?.clone();
        // Nothing is drawn for what is not asked for: so it changes nothing else.
        let is_swapped = swaps > 0.0 && rng.unit() < swaps && self.swap(&mut example, rng);
        let has_lost = drops > 0.0 && rng.unit() < drops && drop_word(&mut example, rng);
        let has_slip = rng.unit() < slips;
        let kept = self.kept(&example);
        let prompt = match (has_slip, is_swapped || has_lost || !kept.is_empty()) {
            (false, false) => pair.prompt.clone(),
            (false, true) => example.prompt,
            (true, false) => slip_outside(&pair.prompt, &[], rng),
            (true, true) => slip_outside(&example.prompt, &kept, rng),
        };
        Some((prompt, example.answer))
    }

    /// What a slip would take from the answer.
    fn kept(&self, example: &Example) -> Vec<Range<usize>> {
        example
            .pieces
            .iter()
            .filter(|piece| self.copied.is_open(piece.place))
            .map(|piece| piece.range.clone())
            .collect()
    }

    /// Exchanges values in prompt and answer alike. Returns whether any was.
    fn swap(&self, example: &mut Example, rng: &mut Rng) -> bool {
        let mut values: Vec<Option<&str>> = Vec::new();
        for piece in &example.pieces {
            let may_be = self.copied.is_copied(piece.place) && piece.in_answer.is_some() && rng.unit() < 0.5;
            let place = self.copied.places.get(piece.place).filter(|_| may_be);
            values.push(place.and_then(|place| Some(place.values.get(rng.below(place.values.len()))?.as_str())));
        }
        let Some(swapped) = exchanged(example, &values) else { return false };
        // In another place, a value may look different to the model: an end mark behind the last word goes.
        if self.form.normalised(&swapped.prompt) != swapped.prompt.as_bytes() {
            return false;
        }
        *example = swapped;
        true
    }
}

/// `example` with other values in place of its pieces; `None` where nothing changes.
fn exchanged(example: &Example, values: &[Option<&str>]) -> Option<Example> {
    let (mut prompt, mut done) = (String::new(), 0);
    let (mut pieces, mut in_answer): (Vec<Piece>, Vec<(Range<usize>, &str)>) = (Vec::new(), Vec::new());
    for (piece, value) in example.pieces.iter().zip(values) {
        prompt.push_str(example.prompt.get(done..piece.range.start)?);
        let start = prompt.len();
        prompt.push_str(value.or(example.prompt.get(piece.range.clone()))?);
        pieces.push(Piece { range: start..prompt.len(), ..piece.clone() });
        in_answer.extend(piece.in_answer.clone().zip(*value));
        done = piece.range.end;
    }
    if in_answer.is_empty() {
        return None;
    }
    prompt.push_str(example.prompt.get(done..)?);
    in_answer.sort_by_key(|(range, _)| range.start);
    let (mut answer, mut done) = (String::new(), 0);
    for (range, value) in in_answer {
        answer.push_str(example.answer.get(done..range.start)?);
        answer.push_str(value);
        done = range.end;
    }
    answer.push_str(example.answer.get(done..)?);
    // Where its values stand now, nobody asks.
    Some(Example { prompt, answer, pieces, values: Vec::new() })
}

/// Takes one of the words that the answer does not copy out of the prompt. Returns whether there was one to spare.
fn drop_word(example: &mut Example, rng: &mut Rng) -> bool {
    let words: Vec<Range<usize>> = words(&example.prompt);
    let is_free = |word: &&Range<usize>| !example.pieces.iter().any(|piece| overlap(&piece.range, word));
    let free: Vec<&Range<usize>> = words.iter().filter(is_free).collect();
    if free.is_empty() || words.len() <= LEAST_WORDS {
        return false;
    }
    let word = free[rng.below(free.len())];
    // With one of the blanks around it.
    let (start, end) = if word.start > 0 { (word.start - 1, word.end) } else { (0, word.end + 1) };
    example.prompt.replace_range(start..end, "");
    for piece in example.pieces.iter_mut().filter(|piece| piece.range.start >= end) {
        piece.range = piece.range.start - (end - start)..piece.range.end - (end - start);
    }
    true
}

/// What is between blanks.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let word = |word: &str| {
        let range = start..start + word.len();
        start = range.end + 1;
        range
    };
    text.split(' ').map(word).filter(|range| !range.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    const BANDS: [&str; 10] =
        ["abba", "blur", "cream", "the doors", "eagles", "foo fighters", "garbage", "hole", "inxs", "jet"];

    fn pairs() -> Vec<Pair> {
        let pair = |(line, band): (u64, &&str)| Pair {
            prompt: format!("Please play {band} now, at {}", line * 10),
            answer: format!(r#"{{"intent":"play","slots":[["artist","{band}"],["volume",{}]]}}"#, line * 10),
            line,
        };
        (1..).zip(&BANDS).map(pair).collect()
    }

    /// Examples of the first pair.
    fn drawn(pairs: &[Pair], changes: Changes) -> Vec<(String, String)> {
        let pairs: Vec<&Pair> = pairs.iter().collect();
        let form = Form::of(&[pairs[0].clone()]);
        let changing = Changing::new(&pairs, &form, changes);
        let mut rng = Rng::new(5, Stream::Batch, 0);
        (0..400).map(|_| changing.draw(0, &mut rng).unwrap()).collect()
    }

    #[test]
    fn values_are_exchanged_in_prompt_and_answer_alike() {
        let all = drawn(&pairs(), Changes { swaps: 0.6, ..Changes::default() });
        let mut seen = std::collections::BTreeSet::new();
        for (prompt, answer) in &all {
            let parsed: serde_json::Value = serde_json::from_str(answer).unwrap();
            let (band, volume) = (parsed["slots"][0][1].as_str().unwrap(), parsed["slots"][1][1].as_u64().unwrap());
            assert_eq!(prompt.to_lowercase(), format!("please play {band} now, at {volume}"));
            seen.insert((band.to_owned(), volume));
        }
        assert!(seen.len() > 50, "{}", seen.len());
        // The share times a half that it is the band's turn, and nine times of ten another one.
        let others = all.iter().filter(|(prompt, _)| !prompt.contains("abba")).count();
        assert!((70..150).contains(&others), "{others}");
    }

    #[test]
    fn words_that_the_answer_copies_stay() {
        for changes in [Changes { drops: 1.0, ..Changes::default() }, Changes { slips: 1.0, swaps: 1.0, drops: 1.0 }] {
            let all = drawn(&pairs(), changes);
            for (prompt, answer) in &all {
                let parsed: serde_json::Value = serde_json::from_str(answer).unwrap();
                let slots = &parsed["slots"];
                let pieces = [slots[0][1].as_str().unwrap().to_owned(), slots[1][1].to_string()];
                assert!(pieces.iter().all(|piece| prompt.contains(piece)), "{prompt} {answer}");
                assert!(!prompt.contains("  ") && !prompt.starts_with(' ') && !prompt.ends_with(' '), "{prompt}");
            }
            let lost = |word: &str| all.iter().filter(|(prompt, _)| !prompt.contains(word)).count();
            assert!(["please", "now", "at"].iter().all(|word| lost(word) > 40));
        }
    }

    #[test]
    fn slips_are_where_they_were_without_copies() {
        let mut pairs = pairs();
        pairs.iter_mut().for_each(|pair| pair.answer = "ok".to_owned());
        let (mut rng, mut plain) = (Rng::new(5, Stream::Batch, 0), Rng::new(5, Stream::Batch, 0));
        let some: Vec<&Pair> = pairs.iter().collect();
        let changing = Changing::new(&some, &Form::of(&pairs), Changes::slips(0.5));
        for (index, Pair { prompt, .. }) in pairs.iter().enumerate() {
            let expected = if plain.unit() < 0.5 { crate::pairs::slip(prompt, &mut plain) } else { prompt.clone() };
            assert_eq!(changing.draw(index, &mut rng), Some((expected, "ok".to_owned())));
        }
    }

    #[test]
    fn a_value_that_would_look_different_is_not_taken() {
        let pair = |prompt: &str, value: &str| Pair {
            prompt: prompt.to_owned(),
            answer: format!(r#"{{"city":"{value}"}}"#),
            line: 1,
        };
        // At the end of a prompt, the last mark of u.s.a. goes.
        let pairs = [pair("weather in berlin", "berlin"), pair("in the u.s.a. tomorrow", "u.s.a.")];
        let all = drawn(&pairs, Changes { swaps: 1.0, ..Changes::default() });
        assert!(all.iter().all(|(prompt, answer)| prompt.ends_with("berlin") && answer.contains("berlin")));
    }

    #[test]
    fn short_prompts_lose_nothing() {
        let pairs = [Pair { prompt: "light on".to_owned(), answer: "ok".to_owned(), line: 1 }];
        assert!(drawn(&pairs, Changes { drops: 1.0, ..Changes::default() }).iter().all(|(p, _)| p == "light on"));
    }
}
