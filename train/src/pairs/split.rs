//! Which pairs a model learns from, and which it is judged on.

use std::collections::HashMap;

use super::{Form, Pair};
use crate::rng::{Rng, Stream};

/// Draws of the split.
const DRAWS: u64 = 0x73_706c_6974;

/// The two kinds of pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split<'p> {
    /// To learn from.
    pub train: Vec<&'p Pair>,
    /// To judge on: none of their prompts is among the others.
    pub held_out: Vec<&'p Pair>,
}

/// Holds out `share` of the prompts, drawn by seed. Prompts that are written alike stay together; of two or more, one at
/// least is held out where the share is above 0, and one learnt from.
pub fn split<'p>(pairs: &'p [Pair], form: &Form, share: f64, seed: u64) -> Split<'p> {
    split_by(pairs, pairs.iter().map(|pair| form.normalised(&pair.prompt)), share, seed)
}

/// [`split`], where pairs of equal `keys`, one each, stay together.
pub fn split_by(pairs: &[Pair], keys: impl Iterator<Item = Vec<u8>>, share: f64, seed: u64) -> Split<'_> {
    let mut groups: Vec<Vec<&Pair>> = Vec::new();
    let mut places = HashMap::new();
    for (pair, key) in pairs.iter().zip(keys) {
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(pair);
    }
    shuffle(&mut groups, &mut Rng::new(seed ^ DRAWS, Stream::Batch, 0));
    let least = usize::from(share > 0.0);
    let held = ((groups.len() as f64 * share).round() as usize).max(least).min(groups.len() - 1);
    let train = groups.split_off(held).concat();
    Split { train, held_out: groups.concat() }
}

/// Fisher and Yates, in Durstenfeld's form (1964).
fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for end in (1..items.len()).rev() {
        items.swap(end, rng.below(end + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(count: u64) -> Vec<Pair> {
        (0..count).map(|line| Pair { prompt: format!("Prompt {}", line / 2), answer: "x".to_owned(), line }).collect()
    }

    #[test]
    fn every_pair_is_on_one_side_and_no_prompt_on_both() {
        let mut pairs = pairs(100);
        pairs[3].prompt = "  PROMPT 1!".to_owned();
        let form = Form::of(&pairs);
        let halves = split(&pairs, &form, 0.1, 7);
        assert_eq!((halves.train.len(), halves.held_out.len()), (90, 10));
        let prompts = |side: &[&Pair]| side.iter().map(|pair| form.normalised(&pair.prompt)).collect::<Vec<_>>();
        let train = prompts(&halves.train);
        assert!(prompts(&halves.held_out).iter().all(|prompt| !train.contains(prompt)));
        assert_eq!(halves, split(&pairs, &form, 0.1, 7));
        assert_ne!(halves, split(&pairs, &form, 0.1, 8));
    }

    #[test]
    fn few_prompts_leave_one_on_each_side() {
        for (count, share, expected) in [(2, 0.5, (2, 0)), (4, 0.01, (2, 2)), (4, 1.0, (2, 2)), (4, 0.0, (4, 0))] {
            let pairs = pairs(count);
            let halves = split(&pairs, &Form::of(&pairs), share, 1);
            assert_eq!((halves.train.len(), halves.held_out.len()), expected, "{count} {share}");
        }
    }
}
