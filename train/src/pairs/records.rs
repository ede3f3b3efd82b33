//! The text of a training on pairs.

use anyhow::{bail, ensure, Result};
use atome_engine::dialogue::Limits;

use super::changes::{Changes, Changing};
use super::copied::Copied;
use super::form::END;
use super::{Form, Pair, Split};
use crate::corpus::{Corpus, Token};
use crate::rng::{Rng, Stream};
use crate::vocabulary::{learn, OwnedVocabulary, Piece};

/// Draws of the slips.
const DRAWS: u64 = 0x73_6c69_7073;

/// Each pair to learn from occurs so often that there are about this many records: each time, another slip may be in it.
const RECORDS: usize = 20_000;

/// As many where examples of a pair differ in more than a slip, and the most of one pair.
const MANY: [usize; 2] = [200_000, 1000];

/// Bytes of all records that copies may fill: where records are long, there are fewer of them.
const FILLED: usize = 64 << 20;

/// The most bytes of all records, of pairs that occur once.
const MOST: usize = 1 << 30;

/// Bytes of the longest record, a slip's one byte among them.
pub fn longest(pairs: &[Pair], form: &Form) -> usize {
    pairs.iter().map(|pair| form.record(&pair.prompt, &pair.answer).len() + 1).max().unwrap_or(0)
}

/// How often each pair to learn from occurs, in records of `chunk` bytes.
fn copies(split: &Split<'_>, chunk: usize, changes: Changes) -> usize {
    let [records, most] = if changes.are_many() { MANY } else { [RECORDS, 100] };
    let pairs = split.train.len().max(1);
    let with_room = FILLED / pairs.saturating_mul(chunk).max(1);
    (records / pairs).min(with_room).clamp(1, most)
}

/// Records of `chunk` bytes to learn from, and all of them.
pub fn counts(split: &Split<'_>, chunk: usize, changes: Changes) -> [usize; 2] {
    let train = copies(split, chunk, changes) * split.train.len();
    [train, train + split.held_out.len()]
}

/// How records are written: in bytes, or in the tokens of a vocabulary.
struct Writing<T, R> {
    /// What ends an answer.
    end: T,
    /// What a record consists of, in words.
    unit: &'static str,
    /// A prompt with its answer.
    record: R,
}

impl<T: Copy, R: Fn(&str, &str) -> Vec<T>> Writing<T, R> {
    /// Room for all records.
    fn room(&self, split: &Split<'_>, chunk: usize, changes: Changes) -> Result<Vec<T>> {
        let [_, count] = counts(split, chunk, changes);
        let len = count.saturating_mul(chunk);
        let mut text = Vec::new();
        if len.saturating_mul(size_of::<T>()) > MOST || text.try_reserve_exact(len).is_err() {
            let all = split.train.iter().chain(&split.held_out);
            let longest = all.max_by_key(|pair| (self.record)(&pair.prompt, &pair.answer).len());
            let (line, unit) = (longest.map_or(0, |pair| pair.line), self.unit);
            bail!("{count} records as long as the longest, {chunk} {unit} (line {line}), have no room: expected shorter or fewer pairs");
        }
        Ok(text)
    }

    /// Adds the record of a pair, filled up, or of an example that was made of it.
    fn add(&self, text: &mut Vec<T>, chunk: usize, pair: &Pair, example: Option<(String, String)>) -> Result<()> {
        let changed = example.map(|(prompt, answer)| (self.record)(&prompt, &answer));
        // An example can be longer than its pair; the pair is worth more than the change.
        let record = match changed.filter(|record| record.len() <= chunk) {
            Some(record) => record,
            None => (self.record)(&pair.prompt, &pair.answer),
        };
        let (line, len, unit) = (pair.line, record.len(), self.unit);
        ensure!(len <= chunk, "line {line}: {len} {unit} with its frame, expected at most {chunk} (--chunk)");
        let end = text.len() + chunk;
        text.extend(record);
        text.resize(end, self.end);
        Ok(())
    }

    fn all(&self, split: &Split<'_>, form: &Form, making: Making) -> Result<Vec<T>> {
        let Making { chunk, changes, seed, .. } = making;
        let mut rng = Rng::new(seed ^ DRAWS, Stream::Batch, 0);
        let mut text = self.room(split, chunk, changes)?;
        let changing = Changing::new(&split.train, form, changes);
        for _ in 0..copies(split, chunk, changes) {
            for (index, pair) in split.train.iter().enumerate() {
                self.add(&mut text, chunk, pair, changing.draw(index, &mut rng))?;
            }
        }
        for pair in &split.held_out {
            self.add(&mut text, chunk, pair, None)?;
        }
        Ok(text)
    }
}

/// Records, filled up with what ends an answer: in use, too, every prompt begins from cold. Those to learn from come first
/// ([`counts`]), changed as asked for.
///
/// # Errors
/// Names the line of a pair that is longer than a record, or that makes all of them too long.
pub fn records(split: &Split<'_>, form: &Form, making: Making) -> Result<Vec<u8>> {
    let record = |prompt: &str, answer: &str| form.record(prompt, answer);
    Writing { end: END, unit: "bytes", record }.all(split, form, making)
}

/// [`records`] in tokens of a vocabulary.
///
/// # Errors
/// As [`records`].
pub fn token_records(
    split: &Split<'_>,
    form: &Form,
    vocabulary: &OwnedVocabulary,
    making: Making,
) -> Result<Vec<Token>> {
    let record = |prompt: &str, answer: &str| form.tokens(vocabulary, prompt, answer);
    Writing { end: Token::from(END), unit: "tokens", record }.all(split, form, making)
}

/// What a recipe says of its records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Making {
    /// Tokens of a record.
    pub chunk: usize,
    /// How the examples differ from their pairs.
    pub changes: Changes,
    /// Start of the draws.
    pub seed: u64,
    /// Tokens of the model.
    pub vocab_size: usize,
}

/// The text of a training on pairs: records in bytes, or in the tokens of a vocabulary.
///
/// # Errors
/// As [`records`]; or a byte is no token of the model.
pub fn corpus(split: &Split<'_>, form: &Form, vocabulary: Option<&OwnedVocabulary>, making: Making) -> Result<Corpus> {
    match vocabulary {
        None => Corpus::new(records(split, form, making)?, making.vocab_size),
        Some(vocabulary) => {
            let tokens = token_records(split, form, vocabulary, making)?;
            Ok(Corpus::of_tokens(tokens, vocabulary.clone()))
        }
    }
}

/// A vocabulary of at most `tokens` tokens, learnt from the pairs that are learnt from. No subword is learnt over the end of what
/// an answer copies: it would be another one than in the prompt.
///
/// # Errors
/// The subwords are too long for a vocabulary.
pub fn vocabulary(split: &Split<'_>, form: &Form, tokens: usize) -> Result<OwnedVocabulary> {
    let prompts: Vec<Vec<u8>> = split.train.iter().map(|pair| form.normalised(&pair.prompt)).collect();
    let copied = Copied::of(&split.train, form);
    let answers = copied.parts().map(|part| (part.as_bytes(), 1));
    let around = form.dialogue(Limits::NONE);
    let frame = [around.before, around.after].map(|text| (text, split.train.len() as u64));
    let pieces: Vec<Piece<'_>> =
        prompts.iter().map(|prompt| (prompt.as_slice(), 1)).chain(answers).chain(frame).collect();
    learn(&pieces, tokens)
}

/// More tokens of a record that a slip may make.
const SLIP_TOKENS: usize = 4;

/// Tokens of the longest record, those of a slip among them, and of the longest answer.
pub fn longest_in_tokens(pairs: &[Pair], form: &Form, vocabulary: &OwnedVocabulary) -> [usize; 2] {
    let record = |pair: &Pair| form.tokens(vocabulary, &pair.prompt, &pair.answer).len() + SLIP_TOKENS;
    let answer = |pair: &Pair| vocabulary.encode(pair.answer.as_bytes()).len();
    [pairs.iter().map(record).max().unwrap_or(0), pairs.iter().map(answer).max().unwrap_or(0)]
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

    fn making(chunk: usize, slips: f64) -> Making {
        Making { chunk, changes: Changes::slips(slips), seed: 3, vocab_size: 256 }
    }

    #[test]
    fn records_are_whole_and_those_held_out_come_last() {
        let pairs = pairs();
        let form = Form::of(&pairs);
        let chunk = longest(&pairs, &form);
        assert_eq!(chunk, b"Q: battery number 10\nA: low\n".len() + 1);
        let halves = split(&pairs, &form, 0.2, 3);
        let text = records(&halves, &form, making(chunk, 0.5)).unwrap();
        let [train, all] = counts(&halves, chunk, Changes::slips(0.5));
        assert_eq!((text.len() / chunk, train, all), (802, 800, 802));
        assert!(text.chunks(chunk).all(|chunk| chunk.starts_with(b"Q: ") && chunk.ends_with(b"\n")));
        let held: Vec<_> = halves.held_out.iter().map(|pair| form.record(&pair.prompt, &pair.answer)).collect();
        let tail = &text[train * chunk..];
        assert!(tail.chunks(chunk).zip(&held).all(|(chunk, record)| chunk.starts_with(record)));
        assert!(text[..train * chunk].chunks(chunk).all(|chunk| !held.iter().any(|record| chunk.starts_with(record))));
        let slipped = text.chunks(chunk).filter(|chunk| !chunk.starts_with(b"Q: battery number ")).count();
        assert!((300..500).contains(&slipped), "{slipped}");
        assert_eq!(records(&halves, &form, making(chunk, 0.5)).unwrap(), text);
    }

    #[test]
    fn long_records_have_fewer_copies_and_too_many_are_refused() {
        let mut pairs = pairs();
        let form = Form::of(&pairs);
        let chunk = 1 << 22;
        assert_eq!(counts(&split(&pairs, &form, 0.0, 0), chunk, Changes::slips(0.5)), [10, 10]);
        pairs.iter_mut().for_each(|pair| pair.answer = "x".repeat(9));
        pairs[4].answer = "y".repeat(99);
        let error = records(&split(&pairs, &form, 0.0, 0), &form, making(1 << 28, 0.0)).unwrap_err().to_string();
        assert!(
            error.starts_with("10 records as long as the longest, 268435456 bytes (line 5), have no room"),
            "{error}"
        );
    }

    #[test]
    fn a_pair_that_is_too_long_is_named_by_line() {
        let pairs = pairs();
        let form = Form::of(&pairs);
        let error = records(&split(&pairs, &form, 0.0, 0), &form, making(27, 0.0)).unwrap_err().to_string();
        assert_eq!(error, "line 10: 28 bytes with its frame, expected at most 27 (--chunk)");
    }

    #[test]
    fn records_in_tokens_are_those_that_a_question_is_asked_in() {
        let pairs = pairs();
        let form = Form::of(&pairs);
        let halves = split(&pairs, &form, 0.2, 3);
        let vocabulary = vocabulary(&halves, &form, 300).unwrap();
        let [chunk, answer] = longest_in_tokens(&pairs, &form, &vocabulary);
        assert!((1..=3).contains(&answer) && chunk < longest(&pairs, &form));
        let text = token_records(&halves, &form, &vocabulary, making(chunk, 0.5)).unwrap();
        assert_eq!(text.len() / chunk, 802);
        assert!(text.chunks(chunk).all(|chunk| chunk.ends_with(&[10])));
        let dialogue =
            atome_engine::dialogue::Dialogue { encoder: Some(vocabulary.encoder()), ..form.dialogue(Limits::NONE) };
        let last = halves.held_out.last().unwrap();
        let asked: Vec<Token> = dialogue.prompt(last.prompt.as_bytes()).map(|token| token as Token).collect();
        assert!(text.chunks(chunk).last().unwrap().starts_with(&asked));
        // In tokens or in bytes, the texts are the same.
        let bytes: Vec<u8> = text.iter().flat_map(|&token| vocabulary.bytes_of(token)).copied().collect();
        let plain = records(&halves, &form, making(longest(&pairs, &form), 0.5)).unwrap();
        let lines = |text: &[u8]| {
            text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        assert_eq!(lines(&bytes).len(), lines(&plain).len());
        assert!(vocabulary.encode(b"Q: battery").len() < 5);
    }
}
