//! Which chunks a step learns from.

use crate::corpus::{Corpus, Split, Token};
use crate::rng::{Rng, Stream};

/// The chunks of step `step`: `count` draws with repetition. They depend on nothing but their arguments, so a training that
/// was interrupted draws the same again.
pub fn draw(seed: u64, step: u64, count: usize, split: &Split) -> Vec<usize> {
    let mut rng = Rng::new(seed, Stream::Batch, step);
    (0..count).map(|_| rng.below(split.train)).collect()
}

/// Tokens and, one behind, what follows each of them, of windows of `window` tokens that begin at `starts`.
pub fn gather(
    corpus: &Corpus,
    starts: impl Iterator<Item = usize>,
    window: usize,
    tokens: &mut Vec<Token>,
    targets: &mut Vec<Token>,
) {
    tokens.clear();
    targets.clear();
    for start in starts {
        corpus.read(start..start + window - 1, tokens);
        corpus.read(start + 1..start + window, targets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_reach_every_chunk_for_training_and_no_other() {
        let split = Split { chunk: 4, train: 9, all: 12 };
        let mut seen = [false; 12];
        for step in 0..20 {
            let drawn = draw(1, step, 8, &split);
            assert_eq!(drawn, draw(1, step, 8, &split));
            assert_ne!(drawn, draw(1, step + 1, 8, &split));
            assert_ne!(drawn, draw(2, step, 8, &split));
            drawn.iter().for_each(|&chunk| seen[chunk] = true);
        }
        assert_eq!(seen, [true, true, true, true, true, true, true, true, true, false, false, false]);
    }

    #[test]
    fn targets_are_the_next_tokens() {
        let (mut tokens, mut targets) = (vec![9], vec![9]);
        let corpus = Corpus::new(b"abcdefgh".to_vec(), 256).unwrap();
        gather(&corpus, [0, 4].into_iter(), 4, &mut tokens, &mut targets);
        let text = |text: &[u8]| text.iter().copied().map(Token::from).collect::<Vec<_>>();
        assert_eq!((tokens, targets), (text(b"abcefg"), text(b"bcdfgh")));
    }
}
