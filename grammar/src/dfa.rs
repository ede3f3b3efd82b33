//! One way at a time: the subset construction.

use std::collections::HashMap;

use crate::nfa::Nfa;
use crate::refusal::{Place, Refusal};

/// The most states.
const MAX_STATES: usize = 200_000;

/// The most members of all subsets together, which bounds time and memory.
const MAX_MEMBERS: usize = 20_000_000;

/// A state: where bytes and copies lead, and whether texts may end.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// In order; each range, and the state that it leads to.
    pub edges: Vec<(u8, u8, usize)>,
    /// Of each kind, where it stands in the grammar and the state behind it.
    pub copies: Vec<(usize, Place, usize)>,
    pub may_end: bool,
}

/// The states; texts begin in the first.
///
/// # Errors
/// There are too many.
pub fn states(nfa: &Nfa, place: Place) -> Result<Vec<State>, Refusal> {
    let mut all = Subsets { nfa, ids: HashMap::new(), subsets: Vec::new(), members: 0, place };
    all.id(vec![0])?;
    let mut states = Vec::new();
    while states.len() < all.subsets.len() {
        let subset = all.subsets.get(states.len()).cloned().unwrap_or_default();
        let may_end = subset.contains(&nfa.end);
        let (edges, copies) = (all.edges(&subset)?, all.copies(&subset)?);
        states.push(State { edges, copies, may_end });
    }
    Ok(states)
}

struct Subsets<'n> {
    nfa: &'n Nfa,
    ids: HashMap<Vec<u32>, usize>,
    subsets: Vec<Vec<u32>>,
    members: usize,
    place: Place,
}

impl Subsets<'_> {
    /// The number of a subset, with what it leads to at once.
    fn id(&mut self, mut open: Vec<u32>) -> Result<usize, Refusal> {
        let mut closed = std::collections::BTreeSet::new();
        while let Some(state) = open.pop() {
            if closed.insert(state) {
                open.extend(
                    self.nfa.states.get(state as usize).map(|state| state.at_once.as_slice()).unwrap_or_default(),
                );
            }
        }
        // States that only lead on at once tell nothing.
        let tells = |state: &u32| {
            let found = self.nfa.states.get(*state as usize);
            *state == self.nfa.end || found.is_some_and(|state| state.on_byte.is_some() || state.on_copy.is_some())
        };
        let subset: Vec<u32> = closed.into_iter().filter(tells).collect();
        if let Some(&id) = self.ids.get(&subset) {
            return Ok(id);
        }
        self.members += subset.len();
        if self.subsets.len() == MAX_STATES || self.members > MAX_MEMBERS {
            let message = format!("the grammar has more than {MAX_STATES} states, or they are too entangled; expected fewer repetitions and alternatives");
            return Err(Refusal::new(self.place, message));
        }
        let id = self.subsets.len();
        self.ids.insert(subset.clone(), id);
        self.subsets.push(subset);
        Ok(id)
    }

    fn edges(&mut self, subset: &[u32]) -> Result<Vec<(u8, u8, usize)>, Refusal> {
        let ranges: Vec<(u8, u8, u32)> =
            subset.iter().filter_map(|&state| self.nfa.states.get(state as usize)?.on_byte).collect();
        // Between two of these, all bytes lead the same way.
        let mut borders: Vec<u16> =
            ranges.iter().flat_map(|&(first, last, _)| [u16::from(first), u16::from(last) + 1]).collect();
        borders.sort_unstable();
        borders.dedup();
        let mut edges: Vec<(u8, u8, usize)> = Vec::new();
        for pair in borders.windows(2) {
            let &[start, end] = pair else { continue };
            let is_in = |&&(first, last, _): &&(u8, u8, u32)| (u16::from(first)..=u16::from(last)).contains(&start);
            let targets: Vec<u32> = ranges.iter().filter(is_in).map(|&(.., target)| target).collect();
            if targets.is_empty() {
                continue;
            }
            // Both are bytes: a border is at most 256.
            push(&mut edges, start as u8, (end - 1) as u8, self.id(targets)?);
        }
        Ok(edges)
    }

    fn copies(&mut self, subset: &[u32]) -> Result<Vec<(usize, Place, usize)>, Refusal> {
        let found: Vec<(usize, Place, u32)> =
            subset.iter().filter_map(|&state| self.nfa.states.get(state as usize)?.on_copy).collect();
        let mut copies = Vec::new();
        for kind in 0..self.nfa.kinds.len() {
            let of_kind = || found.iter().filter(move |copy| copy.0 == kind);
            if let Some(&(_, place, _)) = of_kind().min_by_key(|copy| copy.1) {
                let targets = of_kind().map(|&(.., target)| target).collect();
                copies.push((kind, place, self.id(targets)?));
            }
        }
        Ok(copies)
    }
}

/// Adds a range, to the last one where it goes on with it.
pub fn push(edges: &mut Vec<(u8, u8, usize)>, first: u8, last: u8, target: usize) {
    match edges.last_mut() {
        Some((_, end, same)) if *same == target && u16::from(*end) + 1 == u16::from(first) => *end = last,
        _ => edges.push((first, last, target)),
    }
}
