//! Whether a table keeps what a guide relies on.

use super::byte_set::has;
use super::error::GrammarError;
use super::table::layout::{HEADER_LEN, KIND_LEN, NODE_LEN, WAY_LEN};
use super::table::{Copy, Edge, Grammar, Node, Way};

impl Grammar<'_> {
    /// Every place is inside the table, no byte leads two ways, and each way to an end is one: a byte or a copy leads to a node
    /// whose own way is shorter by just that.
    pub(super) fn check(&self) -> Result<(), GrammarError> {
        if self.states() == 0 {
            return Err(GrammarError::Table { offset: 8, expected: "one node or more" });
        }
        if self.alphabet().has(0) {
            return Err(GrammarError::Table { offset: 16, expected: "no byte 0, which ends texts in C" });
        }
        if !self.all_text().iter().all(|&byte| self.alphabet().has(byte)) {
            return Err(GrammarError::Table { offset: self.len(), expected: "bytes of the alphabet in texts" });
        }
        for index in 0..self.n_kinds() {
            let is_right =
                self.kind(index).is_some_and(|kind| !has(kind.class, 0) && kind.least > 0 && kind.least <= kind.most);
            self.expect(is_right, HEADER_LEN + index * KIND_LEN, "bytes but 0, and lengths from 1 on")?;
        }
        let mut edges = 0;
        for index in 0..self.states() {
            edges += self.check_node(index)?;
        }
        self.expect(edges == self.n_edges(), 10, "as many edges as the nodes have")
    }

    /// Counts the node's edges.
    fn check_node(&self, index: usize) -> Result<usize, GrammarError> {
        let offset = self.nodes_at() + index * NODE_LEN;
        let Some(node) = self.node(index) else {
            return Err(GrammarError::Table { offset, expected: "a text and edges of this table" });
        };
        let mut next = 0;
        for edge in node.edges() {
            let is_right = u16::from(edge.first) >= next
                && edge.first <= edge.last
                && edge.target < self.states()
                && (edge.first..=edge.last).all(|byte| self.alphabet().has(byte));
            self.expect(is_right, offset, "edges in order, of the alphabet, to nodes of this table")?;
            next = u16::from(edge.last) + 1;
        }
        if let Some(copy) = node.copy {
            self.expect(self.is_clear(&node, copy), offset, "a copy whose bytes lead no other way")?;
        }
        for viable in 0..1 << self.n_kinds() {
            let at = self.nodes_at() + self.states() * NODE_LEN + (viable * self.states() + index) * WAY_LEN;
            let is_right = self.way(index, viable).is_none_or(|way| self.is_way(&node, way, viable));
            self.expect(is_right, at, "a way to an end that there is")?;
        }
        Ok(node.edges.len())
    }

    /// Whether a byte in the copy at a node tells what it is: no edge beside it and nothing behind it has one of its bytes.
    fn is_clear(&self, node: &Node<'_>, copy: Copy) -> bool {
        let (Some(kind), Some(behind)) = (self.kind(copy.kind), self.node(copy.target)) else { return false };
        let is_free = |edge: Edge| !(edge.first..=edge.last).any(|byte| kind.has(byte));
        let is_clear_behind = match behind.text.first() {
            Some(&byte) => !kind.has(byte),
            None => behind.copy.is_none() && behind.edges().all(is_free),
        };
        is_clear_behind && node.edges().all(is_free)
    }

    /// Whether `way` leads to an end by a first step after which it is shorter: then it does so step by step.
    fn is_way(&self, node: &Node<'_>, way: Way, viable: usize) -> bool {
        if node.may_end && way == (Way { copies: 0, bytes: 0 }) {
            return true;
        }
        let from = |target: usize, copies: usize, bytes: usize| {
            let entry = self.entry(target, viable);
            entry.is_some_and(|entry| way == Way { copies: entry.copies + copies, bytes: entry.bytes + bytes })
        };
        let is_viable = |copy: &Copy| viable >> copy.kind & 1 == 1;
        node.edges().any(|edge| from(edge.target, 0, 1))
            || node.copy.filter(is_viable).is_some_and(|copy| from(copy.target, 1, 0))
    }

    /// The shortest way to an end from a node, its text included.
    pub(super) fn entry(&self, node: usize, viable: usize) -> Option<Way> {
        let way = self.way(node, viable)?;
        Some(Way { bytes: way.bytes + self.node(node)?.text.len(), ..way })
    }

    /// Bytes of the shortest text, each copy in it counted as its kind's least length.
    pub fn shortest(&self) -> usize {
        let least = (0..self.n_kinds()).filter_map(|index| Some(self.kind(index)?.least)).min().unwrap_or(0);
        self.entry(0, (1 << self.n_kinds()) - 1).map_or(usize::MAX, |way| way.bytes + way.copies * least)
    }

    fn nodes_at(&self) -> usize {
        HEADER_LEN + self.n_kinds() * KIND_LEN
    }

    fn expect(&self, is_right: bool, offset: usize, expected: &'static str) -> Result<(), GrammarError> {
        if is_right {
            Ok(())
        } else {
            Err(GrammarError::Table { offset, expected })
        }
    }
}
