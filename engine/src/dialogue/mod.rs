//! Questions and answers: how a question is put to a model that was trained to answer, where its answer ends, and how far it
//! can be relied on.
//!
//! The frame around the question, the form that questions are brought into, the token that ends an answer and the limits
//! beyond which one is unsure belong to the model, as its weights do: a [`Dialogue`] holds them. The same model and
//! question give the same answer and the same doubt on every target: surprise is summed with the portable `exp` and `ln`,
//! in a fixed order.

mod answer;
mod normalise;
mod notes;
mod picker;
mod surprise;
#[cfg(test)]
mod tests;

pub use answer::{
    answer, answer_constrained, answer_constrained_observed, answer_observed, Answer, Doubt, Rules, Signals,
};
pub use normalise::Normalise;
pub use notes::{DialogueError, KEY_PREFIX};

use crate::vocabulary::{byte_of, Encoder, Tokens};

/// How questions are put to a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dialogue<'d> {
    /// Text in front of the question.
    pub before: &'d [u8],
    /// Text behind it; the answer follows.
    pub after: &'d [u8],
    /// The form that a question is brought into.
    pub normalise: Normalise,
    /// The token that ends an answer; `None` where answers are as long as they may be.
    pub stop: Option<usize>,
    /// The most tokens of an answer, the one that ends it aside.
    pub longest_answer: usize,
    /// Beyond these an answer is unsure.
    pub limits: Limits,
    /// What makes tokens of texts; `None` where tokens are bytes.
    pub encoder: Option<Encoder<'d>>,
}

/// How surprised a model may be before its answer counts as unsure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The most nats a token of a question, on average.
    pub most_question_nats: f32,
    /// The least probability of any token of an answer.
    pub least_probability: f32,
}

impl Limits {
    /// Those of a model that nobody measured: no surprise makes an answer unsure.
    pub const NONE: Self = Self { most_question_nats: f32::MAX, least_probability: 0.0 };
}

impl Dialogue<'_> {
    /// A text that is continued: nothing around it, nothing done to it, no end and no limits.
    pub const NONE: Self = Self {
        before: &[],
        after: &[],
        normalise: Normalise::NOTHING,
        stop: None,
        longest_answer: usize::MAX,
        limits: Limits::NONE,
        encoder: None,
    };

    /// The tokens that the model reads: the question in its form, with the text around it. The three are encoded apart, so that
    /// the tokens of a question are the same whatever stands around it.
    pub fn prompt<'q>(&'q self, question: &'q [u8]) -> impl Iterator<Item = usize> + Clone + 'q {
        self.around(self.before).chain(self.question(question)).chain(self.around(self.after))
    }

    /// The tokens of an answer, or of any text.
    pub fn tokens_of<'q>(&'q self, text: &'q [u8]) -> impl Iterator<Item = usize> + Clone + 'q {
        self.around(text)
    }

    /// The text that a token stands for; none for a token that is no byte where there is no vocabulary.
    pub fn bytes_of(&self, token: usize) -> &[u8] {
        self.encoder.map_or(byte_of(token), |encoder| encoder.bytes_of(token))
    }

    /// The tokens of the question alone, in its form.
    fn question<'q>(&'q self, question: &'q [u8]) -> impl Iterator<Item = usize> + Clone + 'q {
        Tokens::of(self.encoder, self.normalise.apply(question))
    }

    /// The tokens of a text around a question.
    fn around<'q>(&'q self, text: &'q [u8]) -> impl Iterator<Item = usize> + Clone + 'q {
        Tokens::of(self.encoder, text.iter().copied())
    }
}
