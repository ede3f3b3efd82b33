//! Which subwords make a text short.
//!
//! As in byte-pair encoding (Gage 1994, Sennrich et al. 2016), the two neighbours that are met most often become one subword, again
//! and again. But neighbours are counted in the text as it will be encoded, by the longest match from the left, and at the end
//! those that turned out to be met least make room for others, as long as that makes the text shorter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use atome_engine::vocabulary::LONGEST;

use super::OwnedVocabulary;
use crate::chunks::{Split, Token};

/// A piece of text that is encoded apart, and how often there is one.
pub type Piece<'t> = (&'t [u8], u64);

/// The most bytes of different pieces that are looked at: more hardly change the choice.
const MOST_BYTES: usize = 4 << 20;

/// A round adds this part of the subwords that are missing, one at least.
const ROUND: usize = 24;

/// The part of the subwords that make room for others, and how often.
const REPLACED: usize = 16;
const REPLACEMENTS: usize = 6;

/// A subword that is met less often is worth no token.
const LEAST: u64 = 2;

/// The lines of a text: no subword goes on over a line's end.
pub fn lines(text: &[u8]) -> Vec<Piece<'_>> {
    let mut counts: HashMap<&[u8], u64> = HashMap::new();
    for line in text.split(|&byte| byte == b'\n') {
        *counts.entry(line).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// A vocabulary of at most `tokens` tokens, of fewer where the pieces do not give that many. It depends on nothing but what
/// pieces there are and how often, in whatever order.
///
/// # Errors
/// The subwords are too long for a vocabulary.
pub fn learn(pieces: &[Piece<'_>], tokens: usize) -> Result<OwnedVocabulary> {
    let pieces = sample(pieces);
    let asked = tokens.saturating_sub(atome_engine::vocabulary::BYTES);
    let mut best = grown(BTreeSet::new(), asked, &pieces)?;
    let mut shortest = Encoded::new(&best, &pieces)?.len();
    for _ in 0..REPLACEMENTS {
        let kept = without_rare(&best, &pieces)?;
        let other = grown(kept, asked, &pieces)?;
        let len = Encoded::new(&other, &pieces)?.len();
        if len >= shortest {
            break;
        }
        (best, shortest) = (other, len);
    }
    vocabulary(&best)
}

/// A vocabulary for a training on `text`, whose part to learn from it is learnt from: of the chunks of `chunk` tokens the first
/// `train_share`. Nothing that is held out is looked at.
///
/// # Errors
/// The text is too short, as [`Split::new`] says.
pub fn of_text(text: &[u8], tokens: usize, chunk: usize, train_share: f64) -> Result<OwnedVocabulary> {
    let mut end = (text.len() as f64 * train_share) as usize;
    loop {
        let vocabulary = learn(&lines(&text[..end]), tokens)?;
        let encoded = vocabulary.encode(text);
        let split = Split::cut(encoded.len(), "tokens", chunk, train_share)?;
        let learnt = &encoded[..if split.train == split.all { encoded.len() } else { split.train * chunk }];
        let held_out: usize = learnt.iter().map(|&token| vocabulary.bytes_of(token).len()).sum();
        // Where the end of a text is easier than its beginning, fewer bytes lie in front of the first chunk that is held out.
        if held_out >= end {
            return Ok(vocabulary);
        }
        end = held_out - held_out / 64;
    }
}

type Subwords = BTreeSet<Vec<u8>>;

fn vocabulary(subwords: &Subwords) -> Result<OwnedVocabulary> {
    OwnedVocabulary::of(&subwords.iter().cloned().collect::<Vec<_>>())
}

/// Pieces in an order of their own, and where they are too many, some that lie evenly among them.
fn sample<'t>(pieces: &[Piece<'t>]) -> Vec<Piece<'t>> {
    let mut counts: BTreeMap<&[u8], u64> = BTreeMap::new();
    for &(piece, count) in pieces.iter().filter(|(piece, _)| piece.len() > 1) {
        *counts.entry(piece).or_default() += count;
    }
    let bytes: usize = counts.keys().map(|piece| piece.len()).sum();
    let every = bytes.div_ceil(MOST_BYTES).max(1);
    // A long line alone may be too much.
    counts.into_iter().step_by(every).map(|(piece, count)| (&piece[..piece.len().min(MOST_BYTES)], count)).collect()
}

/// The pieces in tokens.
struct Encoded {
    vocabulary: OwnedVocabulary,
    pieces: Vec<(Vec<Token>, u64)>,
}

impl Encoded {
    fn new(subwords: &Subwords, pieces: &[Piece<'_>]) -> Result<Self> {
        let vocabulary = vocabulary(subwords)?;
        let pieces = pieces.iter().map(|&(piece, count)| (vocabulary.encode(piece), count)).collect();
        Ok(Self { vocabulary, pieces })
    }

    /// Tokens of all pieces.
    fn len(&self) -> u64 {
        self.pieces.iter().map(|(tokens, count)| tokens.len() as u64 * count).sum()
    }

    /// How often each token is met.
    fn uses(&self) -> Vec<u64> {
        let mut uses = vec![0; self.vocabulary.len()];
        for (tokens, count) in &self.pieces {
            tokens.iter().for_each(|&token| uses[usize::from(token)] += count);
        }
        uses
    }

    /// What two neighbours give together, how often, and of which tokens most of it is made; the most frequent first.
    fn neighbours(&self) -> Vec<(u64, Vec<u8>, [Token; 2])> {
        let mut pairs: HashMap<[Token; 2], u64> = HashMap::new();
        for (tokens, count) in &self.pieces {
            for (&first, &second) in tokens.iter().zip(tokens.iter().skip(1)) {
                *pairs.entry([first, second]).or_default() += count;
            }
        }
        // Different neighbours may give the same bytes.
        let mut together: BTreeMap<Vec<u8>, (u64, [Token; 2])> = BTreeMap::new();
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_unstable_by_key(|&(pair, count)| (std::cmp::Reverse(count), pair));
        for (pair, count) in pairs {
            let bytes = pair.map(|token| self.vocabulary.bytes_of(token)).concat();
            if may_be_a_subword(&bytes) {
                together.entry(bytes).or_insert((0, pair)).0 += count;
            }
        }
        let mut found: Vec<_> = together
            .into_iter()
            .filter(|(_, (count, _))| *count >= LEAST)
            .map(|(bytes, (count, pair))| (count, bytes, pair))
            .collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found
    }
}

/// Words are not joined: a blank begins a subword or is in none. Joined words are met more often in the text that is learnt from
/// than in others.
fn may_be_a_subword(bytes: &[u8]) -> bool {
    bytes.len() <= LONGEST && !bytes.contains(&b'\n') && !bytes[1..].contains(&b' ')
}

/// `subwords`, and more of them until there are `asked`, or none is worth it.
fn grown(mut subwords: Subwords, asked: usize, pieces: &[Piece<'_>]) -> Result<Subwords> {
    while subwords.len() < asked {
        let missing = asked - subwords.len();
        let encoded = Encoded::new(&subwords, pieces)?;
        let mut chosen: Vec<[Token; 2]> = Vec::new();
        for (_, bytes, pair) in encoded.neighbours() {
            if chosen.len() == missing.div_ceil(ROUND) {
                break;
            }
            // What overlaps with one of this round is met less often from now on.
            let overlaps = |other: &[Token; 2]| other[1] == pair[0] || other[0] == pair[1];
            if !chosen.iter().any(overlaps) && subwords.insert(bytes) {
                chosen.push(pair);
            }
        }
        if chosen.is_empty() {
            break;
        }
    }
    Ok(subwords)
}

/// `subwords` without those that are met least.
fn without_rare(subwords: &Subwords, pieces: &[Piece<'_>]) -> Result<Subwords> {
    let uses = Encoded::new(subwords, pieces)?.uses();
    let first = uses.len() - subwords.len();
    let mut by_use: Vec<(u64, &Vec<u8>)> = uses[first..].iter().copied().zip(subwords).collect();
    by_use.sort();
    Ok(by_use.into_iter().skip(subwords.len().div_ceil(REPLACED)).map(|(_, subword)| subword.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"the cat sat on the mat\nthe dog sat on the log\nthe cat and the dog ran to the log\n";

    #[test]
    fn frequent_words_become_subwords() {
        let text = TEXT.repeat(3);
        let vocabulary = learn(&lines(&text), 280).unwrap();
        assert_eq!(vocabulary.len(), 280);
        let tokens = vocabulary.encode(TEXT);
        assert!(tokens.len() * 2 < TEXT.len(), "{} tokens", tokens.len());
        let bytes: Vec<u8> = tokens.iter().flat_map(|&token| vocabulary.bytes_of(token)).copied().collect();
        assert_eq!(bytes, TEXT);
        let subwords: Vec<&[u8]> = (256..280).map(|token| vocabulary.bytes_of(token)).collect();
        assert!(subwords.contains(&b" the".as_slice()), "{subwords:?}");
        assert!(subwords.iter().all(|bytes| may_be_a_subword(bytes) && bytes.len() > 1));
    }

    #[test]
    fn the_order_of_pieces_changes_nothing() {
        let mut pieces = lines(TEXT);
        let first = learn(&pieces, 290).unwrap();
        pieces.reverse();
        assert_eq!(learn(&pieces, 290).unwrap(), first);
        let twice: Vec<Piece> = pieces.iter().chain(&pieces).copied().collect();
        let counted: Vec<Piece> = pieces.iter().map(|&(piece, count)| (piece, 2 * count)).collect();
        assert_eq!(learn(&twice, 290).unwrap(), learn(&counted, 290).unwrap());
    }

    #[test]
    fn a_text_that_gives_few_subwords_gives_few() {
        assert_eq!(learn(&[], 512).unwrap().len(), 256);
        assert_eq!(learn(&lines(b"abc\n"), 512).unwrap().len(), 256);
        assert_eq!(learn(&lines(b"abab\nabab\n"), 512).unwrap().encode(b"abab").len(), 1);
        let long = vec![b'x'; 1000];
        let vocabulary = learn(&lines(&long), 512).unwrap();
        assert!(vocabulary.encode(&long).len() <= 1000 / LONGEST + 9);
    }

    #[test]
    fn what_is_held_out_is_not_looked_at() {
        // Nine tenths of the bytes reach into the end, which is of another kind. In tokens of its own it would be so short that
        // nine tenths of the tokens did not.
        let mut text = TEXT.repeat(100);
        let len = text.len();
        text.resize(len + len / 8, b'z');
        assert!(text.len() * 9 / 10 > len);
        assert!(learn(&lines(&text[..text.len() * 9 / 10]), 400).unwrap().encode(b"zzzzzzzz").len() < 8);
        assert_eq!(of_text(&text, 400, 16, 0.9).unwrap().encode(b"zzzzzzzz").len(), 8);
        assert!(of_text(b"ab", 300, 16, 0.9).is_err());
    }

    #[test]
    fn rare_pairs_are_left_alone_and_lines_are_not_joined() {
        let vocabulary = learn(&lines(b"ab\ncd\nab\ncd\nef\n"), 512).unwrap();
        assert_eq!((vocabulary.len(), vocabulary.encode(b"ef\nab")), (258, vec![101, 102, 10, 256]));
    }
}
