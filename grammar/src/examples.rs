//! A few answers, for people to look at.

use crate::dfa::State;
use crate::ways::Way;

/// How many.
const COUNT: usize = 5;

/// How many steps an answer wanders before it takes the shortest way.
const WANDERING: usize = 80;

/// Different answers; the same for the same states.
pub fn examples(states: &[State], ways: &[Option<Way>]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for seed in 0..4 * COUNT as u64 {
        let text = String::from_utf8_lossy(&one(states, ways, seed)).into_owned();
        if !found.contains(&text) && found.len() < COUNT {
            found.push(text);
        }
    }
    found
}

fn one(states: &[State], ways: &[Option<Way>], seed: u64) -> Vec<u8> {
    let (mut text, mut at, mut random) = (Vec::new(), 0, Random(seed));
    let way = |state: usize| ways.get(state).copied().flatten().unwrap_or((usize::MAX, 0));
    for step in 0.. {
        let Some(state) = states.get(at) else { break };
        let steps = state.edges.iter().map(|&(first, last, target)| (Some((first, last)), target));
        let mut steps: Vec<_> = steps.chain(state.copies.iter().map(|copy| (None, copy.2))).collect();
        if step >= WANDERING {
            // Nearer to the end with each step.
            steps.sort_by_key(|&(range, target)| {
                let (copies, bytes) = way(target);
                (copies.saturating_add(usize::from(range.is_none())), bytes + usize::from(range.is_some()))
            });
            steps.truncate(1);
        }
        let may_stop = state.may_end && (steps.is_empty() || step >= WANDERING || random.below(steps.len() + 1) == 0);
        let Some(&(range, target)) = steps.get(random.below(steps.len().max(1))).filter(|_| !may_stop) else { break };
        match range {
            Some((first, last)) => text.push(first + random.below(usize::from(last - first) + 1) as u8),
            None => text.extend(b"<copy>"),
        }
        at = target;
    }
    text
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}
