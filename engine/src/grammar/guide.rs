//! A text as far as it is made, and what may follow it.

use super::byte_set::ByteSet;
use super::copy::{Piece, Pieces};
use super::table::{Copy, Grammar, Node, Way};
use super::tokens::TokenBytes;

/// A text of a grammar as far as it is made. `source` is where copies are from, byte by byte.
#[derive(Clone, Debug)]
pub struct Guide<'g, T, S> {
    pub(super) grammar: Grammar<'g>,
    pub(super) tokens: T,
    pub(super) source: S,
    /// The token that ends a text.
    pub(super) stop: Option<usize>,
    /// Bytes that the model has tokens for, its stop aside.
    pub(super) sayable: ByteSet,
    /// The kinds of copies that the source has a piece for, by their bits.
    pub(super) viable: usize,
    /// The most bytes that a copy needs: those of the shortest piece, of the kind whose shortest piece is longest.
    pub(super) copy_len: usize,
    pub(super) at: Position,
    /// How many bytes more the text may have.
    pub(super) bytes_left: usize,
}

/// A place in the automaton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) node: usize,
    pub(super) within: Within,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// So many bytes of the node's text are there: all of them where the ways part.
    Text(usize),
    /// In the node's copy.
    Copy(Piece),
}

impl Position {
    pub(super) const fn start_of(node: usize) -> Self {
        Self { node, within: Within::Text(0) }
    }
}

impl<'g, T: TokenBytes, S: Iterator<Item = u8> + Clone> Guide<'g, T, S> {
    /// Whether the text may end here.
    pub fn may_end(&self) -> bool {
        self.shortest_end(self.at) == Some(0)
    }

    /// Whether the text has to end here: nothing may follow.
    pub fn must_end(&self) -> bool {
        self.next_bytes() == ByteSet::EMPTY
    }

    /// Whether these bytes may follow, and behind them at least one end within `left` tokens.
    pub fn allows(&self, bytes: &[u8], left: usize) -> bool {
        let after = self.bytes_left.checked_sub(bytes.len()).zip(self.steps(bytes));
        !bytes.is_empty() && after.is_some_and(|(bytes_left, at)| self.has_room(at, left, bytes_left))
    }

    /// Takes the bytes over. Returns whether they may follow; nothing changes where not.
    pub fn advance(&mut self, bytes: &[u8]) -> bool {
        let after = self.bytes_left.checked_sub(bytes.len()).zip(self.steps(bytes));
        if let Some((bytes_left, at)) = after {
            (self.bytes_left, self.at) = (bytes_left, at);
        }
        after.is_some()
    }

    /// Whether `token` may come next, where `left` tokens may follow it.
    pub fn allows_token(&self, token: usize, left: usize) -> bool {
        if self.stop == Some(token) {
            return self.may_end();
        }
        self.allows(self.tokens.bytes(token), left)
    }

    /// Picks the next token of `room` that there is room for: what `choose` picks from the logits, in which those of all tokens
    /// that may not come are -infinity by then. Takes the token over. `None` where no token may come:
    /// the text is whole.
    pub fn pick(&mut self, logits: &mut [f32], room: usize, choose: impl FnOnce(&[f32]) -> usize) -> Option<usize> {
        let first = self.mask(logits, room)?;
        let chosen = choose(logits);
        // Where all logits are NaN or -infinity, a sampler knows no token from another.
        let is_allowed = chosen < logits.len() && self.fits(chosen, room);
        let token = if is_allowed { chosen } else { first };
        if self.stop != Some(token) {
            let bytes = self.tokens.bytes(token);
            (self.bytes_left, self.at) = (self.bytes_left.checked_sub(bytes.len())?, self.steps(bytes)?);
        }
        Some(token)
    }

    /// Makes the logits of tokens that may not come -infinity; returns the first that may.
    fn mask(&self, logits: &mut [f32], room: usize) -> Option<usize> {
        let next = self.next_bytes();
        let mut first = None;
        for (token, logit) in logits.iter_mut().enumerate() {
            let begins_well = |bytes: &[u8]| bytes.first().is_some_and(|&byte| next.has(byte));
            let may_come = self.stop == Some(token) || begins_well(self.tokens.bytes(token));
            if may_come && self.fits(token, room) {
                first = first.or(Some(token));
            } else {
                *logit = f32::NEG_INFINITY;
            }
        }
        first
    }

    /// Whether `token` may come, where there is room for `room` tokens, the one that ends the text aside.
    fn fits(&self, token: usize, room: usize) -> bool {
        match room.checked_sub(1) {
            Some(left) => self.allows_token(token, left),
            None => self.stop == Some(token) && self.may_end(),
        }
    }

    /// The bytes that may follow, room aside.
    fn next_bytes(&self) -> ByteSet {
        let mut next = ByteSet::EMPTY;
        let Some(node) = self.grammar.node(self.at.node) else { return next };
        let Within::Copy(piece) = self.at.within else {
            if self.is_behind(self.at, &node) {
                node.copy.and_then(|copy| self.pieces(copy)).iter().for_each(|pieces| pieces.add_first(&mut next));
            }
            add_next_in(&node, self.at, &mut next);
            return next;
        };
        let Some((copy, pieces)) = node.copy.and_then(|copy| Some((copy, self.pieces(copy)?))) else { return next };
        pieces.add_next(piece, &mut next);
        if let (Some(0), Some(behind)) = (pieces.missing(piece), self.grammar.node(copy.target)) {
            add_next_in(&behind, Position::start_of(copy.target), &mut next);
        }
        next
    }

    fn steps(&self, bytes: &[u8]) -> Option<Position> {
        bytes.iter().try_fold(self.at, |at, &byte| self.step(at, byte))
    }

    fn step(&self, at: Position, byte: u8) -> Option<Position> {
        let node = self.grammar.node(at.node)?;
        match at.within {
            Within::Text(_) => match node.copy {
                Some(copy) if self.is_behind(at, &node) && self.has(copy, byte) => {
                    self.copied(at.node, copy, |pieces| pieces.begin(byte))
                }
                _ => step_in(&node, at, byte),
            },
            Within::Copy(piece) => {
                let copy = node.copy?;
                if self.has(copy, byte) {
                    return self.copied(at.node, copy, |pieces| pieces.with(piece, byte));
                }
                // Behind a copy, none of its bytes may come: this byte ends it.
                self.pieces(copy)?.missing(piece).filter(|&missing| missing == 0)?;
                step_in(&self.grammar.node(copy.target)?, Position::start_of(copy.target), byte)
            }
        }
    }

    fn copied(&self, node: usize, copy: Copy, next: impl FnOnce(&Pieces<'_, S>) -> Option<Piece>) -> Option<Position> {
        Some(Position { node, within: Within::Copy(next(&self.pieces(copy)?)?) })
    }

    fn is_behind(&self, at: Position, node: &Node<'_>) -> bool {
        at.within == Within::Text(node.text.len())
    }

    fn has(&self, copy: Copy, byte: u8) -> bool {
        self.grammar.kind(copy.kind).is_some_and(|kind| kind.has(byte))
    }

    pub(super) fn pieces(&self, copy: Copy) -> Option<Pieces<'_, S>> {
        Some(Pieces { source: &self.source, kind: self.grammar.kind(copy.kind)?, sayable: &self.sayable })
    }

    /// Whether an end has room in so many tokens and bytes. From a place that it does from, one token always leads to another one.
    pub(super) fn has_room(&self, at: Position, tokens: usize, bytes: usize) -> bool {
        let is_short = |end: usize| end <= tokens || self.tokens_to_end(at).is_some_and(|count| count <= tokens);
        self.shortest_end(at).is_some_and(|end| end <= bytes && is_short(end))
    }

    /// The tokens of the way of [`Guide::shortest_end`]: each node's text encoded apart, each other byte alone.
    fn tokens_to_end(&self, at: Position) -> Option<usize> {
        let grammar = self.grammar;
        let (mut count, mut index, mut done) = match at.within {
            Within::Text(done) => (0, at.node, done),
            Within::Copy(piece) => {
                let copy = grammar.node(at.node)?.copy?;
                (self.pieces(copy)?.missing(piece)?, copy.target, 0)
            }
        };
        // Each step is to a node whose way is shorter.
        loop {
            let (node, way) = (grammar.node(index)?, grammar.way(index, self.viable)?);
            count += self.tokens.count(node.text.get(done..)?);
            done = 0;
            if way == (Way { copies: 0, bytes: 0 }) {
                return node.may_end.then_some(count);
            }
            let is_next = |target: usize, copies: usize, bytes: usize| {
                let entry = grammar.entry(target, self.viable);
                entry.is_some_and(|entry| (entry.copies + copies, entry.bytes + bytes) == (way.copies, way.bytes))
            };
            let edge = node.edges().find(|edge| is_next(edge.target, 0, 1));
            if let Some(edge) = edge {
                (count, index) = (count + 1, edge.target);
            } else {
                let copy = node.copy.filter(|copy| self.viable >> copy.kind & 1 == 1 && is_next(copy.target, 1, 0))?;
                (count, index) = (count + self.copy_len, copy.target);
            }
        }
    }

    /// The fewest bytes, or more than those, behind which the text may end: from here one byte always leads to a place that is nearer
    /// to an end. `None` where there is no end.
    pub(super) fn shortest_end(&self, at: Position) -> Option<usize> {
        let len = |way: Way| way.bytes + way.copies * self.copy_len;
        let way = |node: usize| self.grammar.way(node, self.viable).map(len);
        match at.within {
            Within::Text(done) => {
                let text = self.grammar.node(at.node)?.text.len();
                Some(text.saturating_sub(done) + way(at.node)?)
            }
            Within::Copy(piece) => {
                let copy = self.grammar.node(at.node)?.copy?;
                let behind = self.grammar.entry(copy.target, self.viable).map(len)?;
                Some(self.pieces(copy)?.missing(piece)? + behind)
            }
        }
    }
}

/// Puts the bytes that [`step_in`] takes into `next`.
fn add_next_in(node: &Node<'_>, at: Position, next: &mut ByteSet) {
    let Within::Text(done) = at.within else { return };
    match node.text.get(done) {
        Some(&byte) => next.add(byte),
        None => node.edges().flat_map(|edge| edge.first..=edge.last).for_each(|byte| next.add(byte)),
    }
}

/// Along a node's text, or an edge behind it.
fn step_in(node: &Node<'_>, at: Position, byte: u8) -> Option<Position> {
    let Within::Text(done) = at.within else { return None };
    match node.text.get(done) {
        Some(&expected) => (byte == expected).then_some(Position { within: Within::Text(done + 1), ..at }),
        None => node.target(byte).map(Position::start_of),
    }
}
