//! Rules as an automaton with many ways at once (Thompson's construction).

use regex_syntax::utf8::Utf8Sequences;

use crate::refusal::{Place, Refusal};
use crate::rules::{Rules, START};
use crate::syntax::{Kind, Part, What};

/// The most states: beyond, the table would not stay small either.
const MAX_STATES: usize = 400_000;

/// How deep rules and parentheses may be in each other.
const MAX_DEPTH: usize = 256;

/// A state: where it leads at once, on a byte, or over a copy.
#[derive(Debug, Default)]
pub struct State {
    pub at_once: Vec<u32>,
    pub on_byte: Option<(u8, u8, u32)>,
    pub on_copy: Option<(usize, Place, u32)>,
}

/// The automaton: it begins in state 0, and texts end in `end`.
#[derive(Debug)]
pub struct Nfa {
    pub states: Vec<State>,
    pub end: u32,
    pub kinds: Vec<Kind>,
}

impl Nfa {
    /// # Errors
    /// The place where it gets too large, or that has one kind of copies too many.
    pub fn new(rules: &Rules) -> Result<Self, Refusal> {
        let mut builder = Builder { rules, states: Vec::new(), kinds: Vec::new() };
        let start = builder.state(Place::default())?;
        let end = match rules.get(START) {
            Some(rule) => builder.part(&rule.part, start, 0)?,
            None => start,
        };
        Ok(Self { states: builder.states, end, kinds: builder.kinds })
    }
}

struct Builder<'r> {
    rules: &'r Rules,
    states: Vec<State>,
    kinds: Vec<Kind>,
}

impl Builder<'_> {
    fn state(&mut self, place: Place) -> Result<u32, Refusal> {
        if self.states.len() == MAX_STATES {
            let message = format!("the grammar gets too large here: more than {MAX_STATES} states before they are merged; expected fewer repetitions, or shorter ones");
            return Err(Refusal::new(place, message));
        }
        self.states.push(State::default());
        // Far below 32 bits.
        Ok((self.states.len() - 1) as u32)
    }

    fn at_once(&mut self, from: u32, to: u32) {
        if let Some(state) = self.states.get_mut(from as usize) {
            state.at_once.push(to);
        }
    }

    /// On a byte of a range, in a state of its own: one state has one range.
    fn on_byte(&mut self, from: u32, range: (u8, u8), place: Place) -> Result<u32, Refusal> {
        let (own, to) = (self.state(place)?, self.state(place)?);
        self.at_once(from, own);
        if let Some(state) = self.states.get_mut(own as usize) {
            state.on_byte = Some((range.0, range.1, to));
        }
        Ok(to)
    }

    /// Puts `part` behind the state `from`; returns the state behind it.
    fn part(&mut self, part: &Part, from: u32, depth: usize) -> Result<u32, Refusal> {
        let place = part.place;
        if depth == MAX_DEPTH {
            let message = format!("rules and parentheses deeper in each other than {MAX_DEPTH}, expected fewer");
            return Err(Refusal::new(place, message));
        }
        match &part.what {
            What::Text(text) => text.iter().try_fold(from, |from, &byte| self.on_byte(from, (byte, byte), place)),
            What::Ranges(ranges) => ranges.iter().try_fold(from, |from, &range| self.on_byte(from, range, place)),
            What::Class(class) => {
                let to = self.state(place)?;
                for range in class.ranges() {
                    for sequence in Utf8Sequences::new(range.start(), range.end()) {
                        let ranges = sequence.as_slice().iter().map(|range| (range.start, range.end));
                        let mut at = from;
                        for range in ranges {
                            at = self.on_byte(at, range, place)?;
                        }
                        self.at_once(at, to);
                    }
                }
                Ok(to)
            }
            What::Copy(kind) => self.copy(kind, place, from),
            What::Name(name) => match self.rules.get(name) {
                Some(rule) => self.part(&rule.part, from, depth + 1),
                None => Ok(from),
            },
            What::Sequence(parts) => parts.iter().try_fold(from, |from, part| self.part(part, from, depth + 1)),
            What::Choice(parts) => {
                let to = self.state(place)?;
                for part in parts {
                    let start = self.state(place)?;
                    self.at_once(from, start);
                    let end = self.part(part, start, depth + 1)?;
                    self.at_once(end, to);
                }
                Ok(to)
            }
            What::Repeat(part, least, most) => self.repeat(part, *least, *most, from, depth + 1),
        }
    }

    fn repeat(&mut self, part: &Part, least: u32, most: Option<u32>, from: u32, depth: usize) -> Result<u32, Refusal> {
        let mut at = from;
        for _ in 0..least {
            at = self.part(part, at, depth)?;
        }
        let to = self.state(part.place)?;
        let Some(most) = most else {
            let start = self.state(part.place)?;
            self.at_once(at, start);
            let end = self.part(part, start, depth)?;
            self.at_once(end, start);
            self.at_once(start, to);
            return Ok(to);
        };
        for _ in least..most {
            self.at_once(at, to);
            at = self.part(part, at, depth)?;
        }
        self.at_once(at, to);
        Ok(to)
    }

    fn copy(&mut self, kind: &Kind, place: Place, from: u32) -> Result<u32, Refusal> {
        let most = atome_engine::grammar::layout::MAX_KINDS;
        let index = match self.kinds.iter().position(|known| known == kind) {
            Some(index) => index,
            None if self.kinds.len() == most => {
                let message =
                    format!("a copy of other bytes or lengths than {most} before it, expected no more kinds of copies");
                return Err(Refusal::new(place, message));
            }
            None => {
                self.kinds.push(*kind);
                self.kinds.len() - 1
            }
        };
        let (own, to) = (self.state(place)?, self.state(place)?);
        self.at_once(from, own);
        if let Some(state) = self.states.get_mut(own as usize) {
            state.on_copy = Some((index, place, to));
        }
        Ok(to)
    }
}
