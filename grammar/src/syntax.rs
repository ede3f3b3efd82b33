//! A grammar as it was read.

use atome_engine::grammar::ByteSet;
use regex_syntax::hir::ClassUnicode;

use crate::refusal::Place;

/// A rule: its name, and what it stands for.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub place: Place,
    pub part: Part,
}

/// What may stand somewhere.
#[derive(Clone, Debug)]
pub struct Part {
    pub place: Place,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    /// These bytes.
    Text(Vec<u8>),
    /// One of these characters.
    Class(ClassUnicode),
    /// A byte of these ranges, one behind the other.
    Ranges(Vec<(u8, u8)>),
    /// A piece of the prompt.
    Copy(Kind),
    /// What a rule stands for.
    Name(String),
    /// One behind the other.
    Sequence(Vec<Part>),
    /// One of them.
    Choice(Vec<Part>),
    /// Again and again: at least so often and, where it is said, at most so often.
    Repeat(Box<Part>, u32, Option<u32>),
}

/// Which pieces of the prompt may be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Their bytes.
    pub class: ByteSet,
    /// The least length in bytes.
    pub least: u16,
    /// The greatest length in bytes.
    pub most: u16,
}

impl Part {
    /// A part with others in it, in order.
    pub fn parts(&self) -> &[Part] {
        match &self.what {
            What::Sequence(parts) | What::Choice(parts) => parts,
            What::Repeat(part, ..) => std::slice::from_ref(part),
            _ => &[],
        }
    }
}
