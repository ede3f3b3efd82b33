//! What every engine is asked to do.

use std::fmt;

use crate::interleave::Contender;
use crate::side::{Name, Side};

/// Bytes of the prompt that generation starts from.
pub const PROMPT: usize = 16;
/// Tokens generated after it.
pub const GENERATED: usize = 112;
/// Tokens of the prefill and of the longer classification.
pub const WINDOW: usize = 128;

/// The text that is read, again and again where it is too short.
const TEXT: &[u8] =
    b"Once upon a time, there was a little girl named Lily. She loved to play with her mommy and he was \
very happy. One day, Lily was sad. ";
/// A token that the text does not begin with.
const OTHER: [i32; 1] = [b'x' as i32];

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// [`GENERATED`] tokens after a prompt of [`PROMPT`].
    Generation,
    /// One more token after as many; for C, which keeps nothing between calls, a call with one token.
    Position(usize),
    /// The last of as many tokens, all others just computed; for C, a call with all of them.
    Token(usize),
    /// A prediction from [`WINDOW`] tokens.
    Prefill,
    /// A classification of as many tokens.
    Classification(usize),
    /// Loading the model, fingerprint included.
    Load,
}

/// What the tables show, in their order.
pub const TIMED: [Job; 8] = [
    Job::Generation,
    Job::Prefill,
    Job::Position(1),
    Job::Position(32),
    Job::Position(127),
    Job::Classification(30),
    Job::Classification(WINDOW),
    Job::Load,
];

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generation => f.write_str("generation"),
            Self::Position(prefix) => write!(f, "position-{prefix}"),
            Self::Token(count) => write!(f, "token-{count}"),
            Self::Prefill => f.write_str("prefill"),
            Self::Classification(count) => write!(f, "classification-{count}"),
            Self::Load => f.write_str("load"),
        }
    }
}

impl std::str::FromStr for Job {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let of = |number: &str| number.parse().map_err(|_| format!("`{name}`: `{number}` is not a number"));
        match name.split_once('-') {
            Some(("position", number)) => of(number).map(Self::Position),
            Some(("token", number)) => of(number).map(Self::Token),
            Some(("classification", number)) => of(number).map(Self::Classification),
            _ => match name {
                "generation" => Ok(Self::Generation),
                "prefill" => Ok(Self::Prefill),
                "load" => Ok(Self::Load),
                _ => Err(format!(
                    "`{name}`: expected generation, prefill, load, classification-N, position-N or token-N"
                )),
            },
        }
    }
}

/// An engine doing one job.
pub struct Task<'s> {
    side: &'s mut dyn Side,
    job: Job,
    tokens: Vec<i32>,
    /// What the last run gave: tokens, or a class.
    pub result: Vec<i32>,
}

impl<'s> Task<'s> {
    /// `side` is about to do `job`.
    pub fn new(side: &'s mut dyn Side, job: Job) -> Self {
        let count = match job {
            Job::Generation => PROMPT,
            // Does not depend on what comes before in C.
            Job::Position(_) if side.is_reference() => 1,
            Job::Position(prefix) => prefix + 1,
            Job::Token(count) => count,
            Job::Classification(count) => count,
            Job::Prefill => WINDOW,
            Job::Load => 0,
        };
        let tokens = TEXT.iter().cycle().take(count).map(|&byte| i32::from(byte)).collect();
        let results = if job == Job::Generation { GENERATED } else { 1 };
        Self { side, job, tokens, result: vec![0; results] }
    }

    /// Whether it is done in integers.
    pub fn is_integer(&self) -> bool {
        self.side.is_integer()
    }

    /// Whether the C reference does it.
    pub fn is_reference(&self) -> bool {
        self.side.is_reference()
    }
}

impl Contender for Task<'_> {
    fn name(&self) -> Name {
        self.side.name().clone()
    }

    fn prepare(&mut self) {
        self.side.select();
        if !self.side.keeps_positions() {
            return;
        }
        // What the last run has computed must be of no use to this one, but for the prefix.
        self.side.predict(&OTHER);
        let (Job::Position(_) | Job::Token(_), [prefix @ .., _]) = (self.job, &self.tokens[..]) else { return };
        if !prefix.is_empty() {
            self.side.predict(prefix);
        }
    }

    fn needs_preparation(&self) -> bool {
        self.side.keeps_positions() && self.job != Job::Load
    }

    fn run(&mut self) {
        match self.job {
            Job::Generation => {
                let written = self.side.generate(&self.tokens, &mut self.result);
                self.result.truncate(written);
            }
            Job::Position(_) | Job::Token(_) | Job::Prefill => self.result[0] = self.side.predict(&self.tokens),
            Job::Classification(_) => self.result[0] = self.side.classify(&self.tokens),
            Job::Load => self.side.load(),
        }
    }
}
