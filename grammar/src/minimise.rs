//! As few states as the same texts take.

use std::collections::HashMap;

use crate::dfa::{push, State};
use crate::refusal::{Place, Refusal};

/// The most work where states lead back to themselves: rounds times states.
const MAX_WORK: usize = 100_000_000;

/// What tells a state from others: its end, and where it leads.
type Signature = (bool, Vec<(u8, u8, usize)>, Vec<(usize, usize)>);

/// The states with equal ones merged, in the order in which a walk from the first meets them.
///
/// # Errors
/// It takes too long.
pub fn minimise(states: &[State], place: Place) -> Result<Vec<State>, Refusal> {
    let classes = match from_the_end(states) {
        Some(order) => merged(states, &order),
        None => refined(states, place)?,
    };
    Ok(renumbered(states, &classes))
}

fn signature(state: &State, classes: &[usize]) -> Signature {
    let class = |target: usize| classes.get(target).copied().unwrap_or_default();
    let mut edges = Vec::new();
    state.edges.iter().for_each(|&(first, last, target)| push(&mut edges, first, last, class(target)));
    (state.may_end, edges, state.copies.iter().map(|&(kind, _, target)| (kind, class(target))).collect())
}

fn targets(state: &State) -> impl Iterator<Item = usize> + '_ {
    state.edges.iter().map(|edge| edge.2).chain(state.copies.iter().map(|copy| copy.2))
}

/// All states, each behind those that it leads to; `None` where one leads back to itself.
pub fn from_the_end(states: &[State]) -> Option<Vec<usize>> {
    let mut count = vec![0_usize; states.len()];
    let mut sources = vec![Vec::new(); states.len()];
    for (from, state) in states.iter().enumerate() {
        for target in targets(state) {
            *count.get_mut(from)? += 1;
            sources.get_mut(target)?.push(from);
        }
    }
    let mut order: Vec<usize> = (0..states.len()).filter(|&state| count.get(state) == Some(&0)).collect();
    let mut next = 0;
    while let Some(&state) = order.get(next) {
        next += 1;
        for &from in sources.get(state)? {
            let left = count.get_mut(from)?;
            *left -= 1;
            if *left == 0 {
                order.push(from);
            }
        }
    }
    (order.len() == states.len()).then_some(order)
}

/// The class of each state, where none leads back to itself: equal ones lead to equal ones.
fn merged(states: &[State], order: &[usize]) -> Vec<usize> {
    let (mut classes, mut known) = (vec![0; states.len()], HashMap::new());
    for &index in order {
        if let Some(state) = states.get(index) {
            let next = known.len();
            let class = *known.entry(signature(state, &classes)).or_insert(next);
            classes[index] = class;
        }
    }
    classes
}

/// The class of each state, by Moore's rounds: what leads to different classes is different.
fn refined(states: &[State], place: Place) -> Result<Vec<usize>, Refusal> {
    let mut classes = vec![0; states.len()];
    let (mut count, mut rounds) = (1, 0);
    loop {
        let mut known = HashMap::new();
        let next: Vec<usize> = states
            .iter()
            .map(|state| {
                let next = known.len();
                *known.entry(signature(state, &classes)).or_insert(next)
            })
            .collect();
        classes = next;
        if known.len() == count {
            return Ok(classes);
        }
        count = known.len();
        rounds += 1;
        if rounds * states.len() > MAX_WORK {
            let message =
                "the grammar is too large for one with * or +, expected counts in braces, or fewer alternatives";
            return Err(Refusal::new(place, message));
        }
    }
}

fn renumbered(states: &[State], classes: &[usize]) -> Vec<State> {
    let mut representative = HashMap::new();
    for (index, class) in classes.iter().enumerate() {
        representative.entry(*class).or_insert(index);
    }
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    let mut order = Vec::new();
    let mut number = |class: usize, order: &mut Vec<usize>| {
        *numbers.entry(class).or_insert_with(|| {
            order.push(class);
            order.len() - 1
        })
    };
    number(classes.first().copied().unwrap_or_default(), &mut order);
    let mut found = Vec::new();
    while let Some(class) = order.get(found.len()) {
        let Some(state) = representative.get(class).and_then(|&index| states.get(index)) else { break };
        let mut merged = State { may_end: state.may_end, ..State::default() };
        for &(first, last, target) in &state.edges {
            push(&mut merged.edges, first, last, number(classes[target], &mut order));
        }
        for &(kind, place, target) in &state.copies {
            merged.copies.push((kind, place, number(classes[target], &mut order)));
        }
        found.push(merged);
    }
    found
}
