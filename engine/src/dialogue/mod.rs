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
mod surprise;
#[cfg(test)]
mod tests;

pub use answer::{answer, answer_observed, Answer, Doubt, Signals};
pub use normalise::Normalise;
pub use notes::{DialogueError, KEY_PREFIX};

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
}

/// How surprised a model may be before its answer counts as unsure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The most nats a byte of a question, on average.
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
    };

    /// What the model reads: the question in its form, with the text around it.
    pub fn prompt<'q>(&'q self, question: &'q [u8]) -> impl Iterator<Item = u8> + Clone + 'q {
        let around = |text: &'q [u8]| text.iter().copied();
        around(self.before).chain(self.normalise.apply(question)).chain(around(self.after))
    }
}
