//! The table that the engine reads (docs/grammar.md#the-table).

use std::collections::HashMap;

use atome_engine::grammar::layout::{COPY_SHIFT, MAGIC, MAY_END, NO_WAY};
use atome_engine::grammar::ByteSet;

use crate::dfa::State;
use crate::syntax::Kind;
use crate::ways::shortest;

/// The most bytes of a table.
pub const MAX_TABLE: usize = 65_535;

/// The longest text of a node.
const MAX_TEXT: usize = 255;

/// A node: from its first state along its text to where the ways part.
struct Node {
    text: Vec<u8>,
    /// Where the ways part.
    state: usize,
}

/// The table of an automaton; `Err` has the bytes that it would take, where those are too many.
pub fn table(states: &[State], kinds: &[Kind]) -> Result<Vec<u8>, usize> {
    let (nodes, numbers) = nodes(states);
    let number = |state: usize| numbers.get(&state).copied().unwrap_or_default();
    let (mut records, mut edges, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let mut alphabet = ByteSet::EMPTY;
    for node in &nodes {
        let text_at = placed(&node.text, &mut texts);
        let state = &states[node.state];
        let (kind, target) = state.copies.first().map_or((0, 0), |copy| (copy.0 + 1, number(copy.2)));
        let flags = (u8::from(state.may_end) * MAY_END) | ((kind as u8) << COPY_SHIFT);
        for field in [text_at, edges.len() / 4, target] {
            records.extend((field as u16).to_le_bytes());
        }
        records.extend([node.text.len() as u8, flags]);
        node.text.iter().for_each(|&byte| alphabet.add(byte));
        for &(first, last, target) in &state.edges {
            edges.extend([first, last]);
            edges.extend((number(target) as u16).to_le_bytes());
            (first..=last).for_each(|byte| alphabet.add(byte));
        }
        if records.len() + edges.len() + texts.len() > 4 * MAX_TABLE {
            break;
        }
    }
    let mut table = MAGIC.to_vec();
    for field in [nodes.len(), edges.len() / 4, texts.len()] {
        table.extend((field as u16).to_le_bytes());
    }
    table.extend([kinds.len() as u8, 0]);
    table.extend(alphabet.bits());
    for kind in kinds {
        table.extend(kind.class.bits());
        table.extend(kind.least.to_le_bytes());
        table.extend(kind.most.to_le_bytes());
    }
    table.extend(records);
    for viable in 0..1 << kinds.len() {
        table.extend(ways(states, &nodes, viable));
    }
    table.extend(edges);
    table.extend(texts);
    match table.len() {
        len if len > MAX_TABLE => Err(len),
        _ => Ok(table),
    }
}

/// The shortest way of each node. One that is too long for its field is none: its node is never entered.
fn ways(states: &[State], nodes: &[Node], viable: usize) -> Vec<u8> {
    let ways = shortest(states, viable);
    let fields = |node: &Node| {
        let way = ways.get(node.state).copied().flatten();
        let fitting = way.and_then(|(copies, bytes)| {
            let bytes = u16::try_from(bytes).ok().filter(|&bytes| bytes != NO_WAY)?;
            Some((bytes, u8::try_from(copies).ok()?))
        });
        let (bytes, copies) = fitting.unwrap_or((NO_WAY, 0));
        let [low, high] = bytes.to_le_bytes();
        [low, high, copies]
    };
    nodes.iter().flat_map(fields).collect()
}

/// The nodes, the first state's first; and the number of each state that one begins with.
fn nodes(states: &[State]) -> (Vec<Node>, HashMap<usize, usize>) {
    let mut sources = vec![0_usize; states.len()];
    for state in states {
        let targets = state.edges.iter().map(|edge| edge.2).chain(state.copies.iter().map(|copy| copy.2));
        targets.for_each(|target| sources[target] += 1);
    }
    // Texts begin there.
    sources[0] += 1;
    // Nothing but one byte leads on from such a state.
    let only = |state: &State| match state.edges.as_slice() {
        &[(first, last, target)] if first == last && !state.may_end && state.copies.is_empty() => Some((first, target)),
        _ => None,
    };
    let mut numbers = HashMap::from([(0, 0)]);
    let (mut open, mut nodes) = (vec![0], Vec::new());
    while let Some(&start) = open.get(nodes.len()) {
        let (mut text, mut at) = (Vec::new(), start);
        // What several lead to begins a node of its own.
        while let Some((byte, target)) = only(&states[at]).filter(|&(_, target)| sources[target] == 1) {
            if text.len() == MAX_TEXT {
                break;
            }
            text.push(byte);
            at = target;
        }
        let state = &states[at];
        for target in state.edges.iter().map(|edge| edge.2).chain(state.copies.iter().map(|copy| copy.2)) {
            let next = numbers.len();
            numbers.entry(target).or_insert_with(|| {
                open.push(target);
                next
            });
        }
        nodes.push(Node { text, state: at });
    }
    (nodes, numbers)
}

/// Where `text` is in all texts, behind which it is put where it is not.
fn placed(text: &[u8], texts: &mut Vec<u8>) -> usize {
    if text.is_empty() {
        return 0;
    }
    let found = texts.windows(text.len()).position(|part| part == text);
    found.unwrap_or_else(|| {
        texts.extend(text);
        texts.len() - text.len()
    })
}
