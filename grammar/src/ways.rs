//! The shortest and the longest way to an end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use atome_engine::grammar::layout::NO_WAY;

use crate::dfa::State;
use crate::minimise::from_the_end;
use crate::refusal::{Place, Refusal};
use crate::syntax::Kind;

/// A way: its copies, then its other bytes. Fewer copies are shorter.
pub type Way = (usize, usize);

/// The shortest way from each state to an end over copies of the kinds `viable`, by their bits, alone.
pub fn shortest(states: &[State], viable: usize) -> Vec<Option<Way>> {
    let mut sources: Vec<Vec<(usize, Way)>> = vec![Vec::new(); states.len()];
    for (from, state) in states.iter().enumerate() {
        let copies = state.copies.iter().filter(|(kind, ..)| viable >> kind & 1 == 1);
        let steps = state.edges.iter().map(|edge| (edge.2, (0, 1))).chain(copies.map(|copy| (copy.2, (1, 0))));
        for (target, step) in steps {
            if let Some(sources) = sources.get_mut(target) {
                sources.push((from, step));
            }
        }
    }
    let mut ways: Vec<Option<Way>> = vec![None; states.len()];
    let ends = states.iter().enumerate().filter(|(_, state)| state.may_end);
    let mut open: BinaryHeap<Reverse<(Way, usize)>> = ends.map(|(index, _)| Reverse(((0, 0), index))).collect();
    while let Some(Reverse((way, index))) = open.pop() {
        match ways.get_mut(index) {
            Some(known @ None) => *known = Some(way),
            _ => continue,
        }
        for &(from, step) in sources.get(index).into_iter().flatten() {
            open.push(Reverse(((way.0 + step.0, way.1 + step.1), from)));
        }
    }
    ways
}

/// Whether the shortest way of all has room in the table's fields: by a longer one no answer can be made.
///
/// # Errors
/// [`Refusal`] has its copies or its bytes.
pub fn check((copies, bytes): Way, place: Place) -> Result<(), Refusal> {
    let (most_copies, most_bytes) = (usize::from(u8::MAX), usize::from(NO_WAY) - 1);
    let long = match (copies > most_copies, bytes > most_bytes) {
        (true, _) => format!("{copies} copies, expected at most {most_copies}"),
        (false, true) => format!("{bytes} bytes, expected at most {most_bytes}"),
        (false, false) => return Ok(()),
    };
    Err(Refusal::new(place, format!("the shortest answer has {long}")))
}

/// The most bytes of a text, with copies as long as they may be; `None` where a text may be of any length.
pub fn longest(states: &[State], kinds: &[Kind]) -> Option<usize> {
    let order = from_the_end(states)?;
    let mut longest = vec![0_usize; states.len()];
    for index in order {
        let state = states.get(index)?;
        let edges = state.edges.iter().filter_map(|edge| Some(longest.get(edge.2)? + 1));
        let copies = state.copies.iter();
        let copies = copies.filter_map(|copy| Some(longest.get(copy.2)? + usize::from(kinds.get(copy.0)?.most)));
        let most = edges.chain(copies).max().unwrap_or(0);
        *longest.get_mut(index)? = most;
    }
    longest.first().copied()
}
