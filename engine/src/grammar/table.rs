//! The table, in place (docs/grammar.md#the-table).
//!
//! The automaton's states are *nodes*. A node has a text, often empty, that its bytes have to follow first; behind it the ways
//! part: edges by ranges of bytes, a copy out of the prompt, the end.

use super::byte_set::{has, ByteSet};
use super::error::GrammarError;
use crate::bytes::begins_with;

/// What a table is made of, for the program that writes it. Numbers are little-endian.
pub mod layout {
    /// What a table begins with.
    pub const MAGIC: &[u8; 8] = b"ATOMEGR1";
    /// Magic; nodes, edges and bytes of text, 2 bytes each; kinds of copies, 1 byte; a zero; the set of bytes that texts and
    /// edges use, 32 bytes.
    pub const HEADER_LEN: usize = 48;
    /// A kind of copies: the set of its bytes, then the least and the greatest length, 2 bytes each.
    pub const KIND_LEN: usize = 36;
    /// A node: where its text begins in all texts, its first edge, and the node behind its copy, 2 bytes each; bytes of its text;
    /// flags.
    pub const NODE_LEN: usize = 8;
    /// An edge: the first and the last byte of its range, and the node that it leads to, 2 bytes.
    pub const EDGE_LEN: usize = 4;
    /// The shortest way to an end from behind a node's text: its bytes, copies aside, 2 bytes; its copies.
    pub const WAY_LEN: usize = 3;
    /// The most kinds of copies.
    pub const MAX_KINDS: usize = 3;
    /// Bytes of a way that is none.
    pub const NO_WAY: u16 = u16::MAX;
    /// A flag: a text may end behind this node's text.
    pub const MAY_END: u8 = 1;
    /// A flag's place: the kind of the node's copy, plus one; 0 where it has none.
    pub const COPY_SHIFT: u32 = 1;
}

use layout::{COPY_SHIFT, EDGE_LEN, HEADER_LEN, KIND_LEN, MAGIC, MAX_KINDS, MAY_END, NODE_LEN, NO_WAY, WAY_LEN};

/// What may be generated: a table that was checked. It borrows the file, and costs a few words.
#[derive(Clone, Copy, Debug)]
pub struct Grammar<'g> {
    alphabet: &'g [u8; 32],
    kinds: &'g [[u8; KIND_LEN]],
    nodes: &'g [[u8; NODE_LEN]],
    /// For each set of kinds that have a piece in the prompt, by their bits, those of all nodes.
    ways: &'g [[u8; WAY_LEN]],
    edges: &'g [[u8; EDGE_LEN]],
    text: &'g [u8],
}

/// A node.
#[derive(Clone, Copy)]
pub(super) struct Node<'g> {
    pub(super) text: &'g [u8],
    pub(super) edges: &'g [[u8; EDGE_LEN]],
    pub(super) copy: Option<Copy>,
    pub(super) may_end: bool,
}

/// A copy out of the prompt, and the node behind it.
#[derive(Clone, Copy)]
pub(super) struct Copy {
    pub(super) kind: usize,
    pub(super) target: usize,
}

/// Which bytes a copy has, and how many.
#[derive(Clone, Copy)]
pub(super) struct Kind<'g> {
    pub(super) class: &'g [u8; 32],
    pub(super) least: usize,
    pub(super) most: usize,
}

/// A range of bytes, and the node that it leads to.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub(super) first: u8,
    pub(super) last: u8,
    pub(super) target: usize,
}

/// A shortest way to an end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) copies: usize,
    pub(super) bytes: usize,
}

impl<'g> Grammar<'g> {
    /// The table that `bytes` are, and nothing behind it. Reads all of it; the time grows with its length alone.
    ///
    /// # Errors
    /// [`GrammarError`] says what is wrong, and where.
    pub fn open(bytes: &'g [u8]) -> Result<Self, GrammarError> {
        let grammar = Self::opened_before(bytes)?;
        grammar.check()?;
        Ok(grammar)
    }

    /// [`Grammar::open`] of bytes that it took before: only the header is read. Of others, a text may come to no end that the
    /// grammar allows; nothing worse.
    ///
    /// # Errors
    /// As [`Grammar::open`], as far as the header tells.
    pub fn opened_before(bytes: &'g [u8]) -> Result<Self, GrammarError> {
        if !begins_with(bytes, MAGIC) {
            return Err(GrammarError::NotAGrammar);
        }
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return Err(GrammarError::Length { len: bytes.len(), needed: HEADER_LEN });
        };
        let count = |at: usize| field(header, at);
        let (n_nodes, n_edges, text_len, n_kinds) = (count(8), count(10), count(12), usize::from(header[14]));
        if n_kinds > MAX_KINDS {
            return Err(GrammarError::Table { offset: 14, expected: "0 to 3 kinds of copies" });
        }
        let n_ways = n_nodes << n_kinds;
        let needed =
            HEADER_LEN + n_kinds * KIND_LEN + n_nodes * NODE_LEN + n_ways * WAY_LEN + n_edges * EDGE_LEN + text_len;
        let wrong = GrammarError::Length { len: bytes.len(), needed };
        if bytes.len() != needed {
            return Err(wrong);
        }
        let alphabet = header.last_chunk().ok_or(wrong)?;
        let (kinds, rest) = cut(rest, n_kinds).ok_or(wrong)?;
        let (nodes, rest) = cut(rest, n_nodes).ok_or(wrong)?;
        let (ways, rest) = cut(rest, n_ways).ok_or(wrong)?;
        let (edges, text) = cut(rest, n_edges).ok_or(wrong)?;
        Ok(Self { alphabet, kinds, nodes, ways, edges, text })
    }

    /// Bytes that texts and edges use; copies may have others.
    pub fn alphabet(&self) -> ByteSet {
        ByteSet::from_bits(*self.alphabet)
    }

    /// How many states it has.
    pub const fn states(&self) -> usize {
        self.nodes.len()
    }

    /// How many bytes it takes.
    pub const fn len(&self) -> usize {
        HEADER_LEN
            + self.kinds.as_flattened().len()
            + self.nodes.as_flattened().len()
            + self.ways.as_flattened().len()
            + self.edges.as_flattened().len()
            + self.text.len()
    }

    /// Never.
    pub const fn is_empty(&self) -> bool {
        false
    }

    pub(super) const fn n_kinds(&self) -> usize {
        self.kinds.len()
    }

    pub(super) const fn n_edges(&self) -> usize {
        self.edges.len()
    }

    pub(super) const fn all_text(&self) -> &'g [u8] {
        self.text
    }

    pub(super) fn kind(&self, index: usize) -> Option<Kind<'g>> {
        let kind = self.kinds.get(index)?;
        Some(Kind { class: kind.first_chunk()?, least: field(kind, 32), most: field(kind, 34) })
    }

    /// `None` where there is no such node, or what belongs to it is not there.
    pub(super) fn node(&self, index: usize) -> Option<Node<'g>> {
        let node = self.nodes.get(index)?;
        let [text_at, first_edge, target] = [0, 2, 4].map(|at| field(node, at));
        let [.., text_len, flags] = *node;
        let end_of_edges = self.nodes.get(index + 1).map_or(self.edges.len(), |next| field(next, 2));
        let kind = usize::from(flags >> COPY_SHIFT);
        Some(Node {
            text: self.text.get(text_at..text_at + usize::from(text_len))?,
            edges: self.edges.get(first_edge..end_of_edges)?,
            copy: kind.checked_sub(1).map(|kind| Copy { kind, target }),
            may_end: flags & MAY_END != 0,
        })
    }

    /// The shortest way to an end from behind a node's text, where the prompt has pieces for the kinds of `viable` alone.
    pub(super) fn way(&self, node: usize, viable: usize) -> Option<Way> {
        let [low, high, copies] = *self.ways.get(viable * self.nodes.len() + node)?;
        let bytes = u16::from_le_bytes([low, high]);
        (bytes != NO_WAY).then_some(Way { copies: usize::from(copies), bytes: usize::from(bytes) })
    }
}

impl Node<'_> {
    /// The node that `byte` leads to from behind the text, copies aside.
    pub(super) fn target(&self, byte: u8) -> Option<usize> {
        self.edges().find(|edge| (edge.first..=edge.last).contains(&byte)).map(|edge| edge.target)
    }

    pub(super) fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.edges.iter().map(|&[first, last, low, high]| Edge {
            first,
            last,
            target: usize::from(u16::from_le_bytes([low, high])),
        })
    }
}

impl Kind<'_> {
    pub(super) fn has(&self, byte: u8) -> bool {
        has(self.class, byte)
    }
}

/// The number of 2 bytes at `at`.
fn field(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| usize::from(u16::from_le_bytes(*bytes)))
}

/// The first `count` chunks, and what is behind them.
fn cut<const N: usize>(bytes: &[u8], count: usize) -> Option<(&[[u8; N]], &[u8])> {
    let (front, rest) = bytes.split_at_checked(count * N)?;
    Some((front.as_chunks().0, rest))
}
