//! One question, one answer, and what speaks against it.

use crate::error::RunError;
use crate::grammar::{Allowed, NoText, TokenBytes};
use crate::layout::Plan;
use crate::math::portable;
use crate::run::{forward, forward_unobserved, Run};
use crate::schedule::{Arithmetic, RouterReading};

use super::picker::{Free, Guided, Picker};
use super::surprise::ln_probability;
use super::{Dialogue, Limits};

/// What a question and its answer showed. Means over nothing are 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signals {
    /// How surprising the question was: mean nats a token. Its end counts as one where text follows it.
    pub question_nats: f32,
    /// How surprising the answer was to the model itself: mean nats a token, the one that ends it among them.
    pub answer_nats: f32,
    /// The least probability of such a token.
    pub least_probability: f32,
}

impl Signals {
    /// The mean probability of the answer's tokens (their geometric mean).
    pub fn mean_probability(&self) -> f32 {
        portable::exp(-self.answer_nats)
    }
}

/// Why an answer is not to be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// There is no question. No answer is given.
    NoQuestion,
    /// The question leaves no room for an answer in the window. No answer is given.
    TooLong,
    /// The question surprised the model more than its limit.
    Unfamiliar,
    /// The answer did not end where it had to.
    CutOff,
    /// A token of the answer was less probable than the limit.
    CloseCall,
    /// No answer of the grammar has room, or none can be copied from this question. No answer is given.
    Impossible,
}

impl Doubt {
    /// In a few words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoQuestion => "there is no question",
            Self::TooLong => "the question is too long",
            Self::Unfamiliar => "the question is unlike what the model knows",
            Self::CutOff => "the answer has no end",
            Self::CloseCall => "the answer was a close call",
            Self::Impossible => "no answer that is allowed has room",
        }
    }
}

impl Limits {
    /// Written so that a limit that is not a number is kept by nothing.
    #[allow(clippy::neg_cmp_op_on_partial_ord)]
    fn doubt(&self, signals: &Signals, has_ended: bool) -> Option<Doubt> {
        if !(signals.question_nats <= self.most_question_nats) {
            Some(Doubt::Unfamiliar)
        } else if !has_ended {
            Some(Doubt::CutOff)
        } else if !(signals.least_probability >= self.least_probability) {
            Some(Doubt::CloseCall)
        } else {
            None
        }
    }
}

/// What is known of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Tokens of it, the one that ends it aside.
    pub len: usize,
    /// How surprising it all was.
    pub signals: Signals,
    /// Why it is unsure, if so.
    pub doubt: Option<Doubt>,
}

/// Answers `question` from cold.
///
/// `choose` picks each token by the logits, such as [`crate::argmax`] of them; one from vocab_size on counts as token 0. `say`
/// gets the answer's tokens as they come.
/// The result does not depend on the memory plan. The cached plan computes each position once, the lean one all of them
/// again for each token of the answer but the first. The partial plan does as the cached one while all positions have room;
/// then each token, those at the end of a long question too, takes a pass over the positions that found none.
///
/// # Errors
/// As [`crate::predict_next`].
pub fn answer<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    dialogue: &Dialogue,
    question: &[u8],
    choose: impl FnMut(&[f32]) -> usize,
    say: impl FnMut(usize),
) -> Result<Answer, RunError> {
    let compute = |memory: &mut M, n| forward_unobserved(weights, memory, n);
    Talk { weights, memory, dialogue, compute }.answer(question, choose, say)
}

/// [`answer`] with nothing but answers of a grammar, each whole: `choose` gets logits in which those of tokens that may not come
/// are -infinity. Pieces are copied from the question in its form. How sure the model was is told by all of its logits, so
/// that an answer that it would have given unasked has the same signals.
///
/// # Errors
/// As [`answer`], and [`RunError::NoText`] where the grammar has bytes that the model has no tokens for.
pub fn answer_constrained<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    rules: &Rules<'_, impl TokenBytes + Clone>,
    question: &[u8],
    choose: impl FnMut(&[f32]) -> usize,
    say: impl FnMut(usize),
) -> Result<Answer, RunError> {
    let compute = |memory: &mut M, n| forward_unobserved(weights, memory, n);
    Talk { weights, memory, dialogue: rules.dialogue, compute }.answer_allowed(&rules.allowed, question, choose, say)
}

/// [`answer_constrained`], showing the router's shares as [`answer_observed`] does.
///
/// # Errors
/// As [`answer_constrained`].
pub fn answer_constrained_observed<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    rules: &Rules<'_, impl TokenBytes + Clone>,
    question: &[u8],
    choose: impl FnMut(&[f32]) -> usize,
    say: impl FnMut(usize),
    mut observe: impl FnMut(RouterReading),
) -> Result<Answer, RunError> {
    let compute = |memory: &mut M, n| forward(weights, memory, n, &mut observe);
    Talk { weights, memory, dialogue: rules.dialogue, compute }.answer_allowed(&rules.allowed, question, choose, say)
}

/// How a model is asked, and what it may answer.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'d, T> {
    /// How it is asked.
    pub dialogue: &'d Dialogue<'d>,
    /// Its answers.
    pub allowed: Allowed<'d, T>,
}

/// [`answer`], showing the router's shares at every position and layer that is computed: in the lean plan, more than once.
///
/// # Errors
/// As [`answer`].
pub fn answer_observed<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    dialogue: &Dialogue,
    question: &[u8],
    choose: impl FnMut(&[f32]) -> usize,
    say: impl FnMut(usize),
    mut observe: impl FnMut(RouterReading),
) -> Result<Answer, RunError> {
    let compute = |memory: &mut M, n| forward(weights, memory, n, &mut observe);
    Talk { weights, memory, dialogue, compute }.answer(question, choose, say)
}

/// The answer where none is given.
fn nothing(doubt: Doubt) -> Answer {
    let signals = Signals { question_nats: 0.0, answer_nats: 0.0, least_probability: 1.0 };
    Answer { len: 0, signals, doubt: Some(doubt) }
}

/// A question that has room.
struct Asked {
    /// Tokens in front of it.
    start: usize,
    /// Its own, in its form.
    tokens: usize,
    /// Tokens that an answer may have.
    room: usize,
}

struct Talk<'t, 'd, W, M, C> {
    weights: &'t W,
    memory: &'t mut M,
    dialogue: &'t Dialogue<'d>,
    /// Computes the first n positions of the memory's tokens.
    compute: C,
}

impl<'m, 'w, W, M, C> Talk<'_, '_, W, M, C>
where
    W: Run<'m, M>,
    M: Arithmetic<'w>,
    C: FnMut(&mut M, usize) -> Result<(), RunError>,
{
    fn answer(
        self,
        question: &[u8],
        choose: impl FnMut(&[f32]) -> usize,
        say: impl FnMut(usize),
    ) -> Result<Answer, RunError> {
        match self.room(question) {
            Ok(asked) => self.speak_of(question, asked, Free(choose), say),
            Err(doubt) => Ok(nothing(doubt)),
        }
    }

    fn answer_allowed(
        self,
        allowed: &Allowed<'_, impl TokenBytes + Clone>,
        question: &[u8],
        choose: impl FnMut(&[f32]) -> usize,
        say: impl FnMut(usize),
    ) -> Result<Answer, RunError> {
        let asked = match self.room(question) {
            Ok(asked) => asked,
            Err(doubt) => return Ok(nothing(doubt)),
        };
        let room = self.dialogue.longest_answer.min(asked.room);
        let (vocab_size, stop) = (self.memory.layout().shape().vocab_size(), self.dialogue.stop);
        let source = self.dialogue.normalise.apply(question);
        match allowed.clone().begin(source, vocab_size, stop, room) {
            Ok(guide) => self.speak_of(question, asked, Guided { guide, choose }, say),
            Err(NoText::NoRoom) => Ok(nothing(Doubt::Impossible)),
            Err(why) => Err(RunError::NoText(why)),
        }
    }

    /// How much is asked, and the room that is left for an answer.
    #[inline(never)] // so that texts on their way to tokens lie on the stack only while they are read
    fn room(&self, question: &[u8]) -> Result<Asked, Doubt> {
        let dialogue = self.dialogue;
        let (start, tokens) = (dialogue.around(dialogue.before).count(), dialogue.question(question).count());
        if tokens == 0 {
            return Err(Doubt::NoQuestion);
        }
        let taken = start + tokens + dialogue.around(dialogue.after).count();
        match self.memory.layout().max_seq().checked_sub(taken) {
            None | Some(0) => Err(Doubt::TooLong),
            Some(room) => Ok(Asked { start, tokens, room }),
        }
    }

    #[inline(always)]
    fn speak_of(
        mut self,
        question: &[u8],
        asked: Asked,
        picker: impl Picker,
        say: impl FnMut(usize),
    ) -> Result<Answer, RunError> {
        let n = self.enter(question);
        let question_nats = self.read(asked.start, asked.tokens, n)?;
        let (len, mut signals, has_ended) = self.speak(n, picker, say)?;
        signals.question_nats = question_nats;
        Ok(Answer { len, signals, doubt: self.dialogue.limits.doubt(&signals, has_ended) })
    }

    /// The question with the text around it becomes the sequence: how many tokens there are.
    #[inline(never)] // as `room`
    fn enter(&mut self, question: &[u8]) -> usize {
        let vocab_size = self.memory.layout().shape().vocab_size();
        let prompt = self.dialogue.prompt(question).map(|token| token as i32);
        self.memory.prefix().set(prompt, vocab_size)
    }

    /// Computes the prompt of `n` tokens, and tells how surprising the `asked` ones of the question from `start` on were and what
    /// follows them.
    fn read(&mut self, start: usize, asked: usize, n: usize) -> Result<f32, RunError> {
        let end = (start + asked + 1).min(n);
        let mut nats = Mean::default();
        let is_lean = self.memory.layout().plan() == Plan::Lean;
        if is_lean {
            // All positions lie there afterwards.
            (self.compute)(self.memory, n)?;
        }
        // Nothing comes before the first token that could make it expected.
        for at in start.max(1)..end {
            if !is_lean {
                (self.compute)(self.memory, at)?;
            }
            let token = self.memory.prefix().token(at);
            nats.add(-ln_probability(self.memory.unembed(self.weights, at), token));
        }
        Ok(nats.value())
    }

    /// Makes the answer behind the first `n` tokens: how many tokens it has, its signals, and whether it ended by itself.
    fn speak(
        &mut self,
        n: usize,
        mut picker: impl Picker,
        mut say: impl FnMut(usize),
    ) -> Result<(usize, Signals, bool), RunError> {
        let Dialogue { stop, longest_answer, .. } = *self.dialogue;
        let (mut nats, mut least, mut len, mut has_ended) = (Mean::default(), 0.0_f32, 0, stop.is_none());
        let room = self.memory.layout().max_seq().saturating_sub(n);
        let longest = longest_answer.min(room);
        // Where an answer is as long as it may be, the token behind it tells whether that was all.
        while len < longest || stop.is_some() {
            if stop.is_none() && picker.is_at_end() {
                break;
            }
            // In the lean plan, reading the prompt has computed all of it.
            if len > 0 || self.memory.layout().plan() != Plan::Lean {
                (self.compute)(self.memory, n + len)?;
            }
            let logits_len = self.memory.unembed(self.weights, n + len).len();
            let Some((token, ln)) = picker.pick(self.memory.logits_mut(), longest - len) else { break };
            let is_stop = stop == Some(token);
            if len == longest && !is_stop {
                break;
            }
            nats.add(-ln);
            least = if ln < least { ln } else { least };
            if is_stop {
                has_ended = true;
                break;
            }
            say(token);
            self.memory.prefix().push(n + len, if token < logits_len { token } else { 0 });
            len += 1;
        }
        let least_probability = portable::exp(least);
        Ok((len, Signals { question_nats: 0.0, answer_nats: nats.value(), least_probability }, has_ended))
    }
}

#[derive(Default)]
struct Mean {
    sum: f32,
    count: u16,
}

impl Mean {
    fn add(&mut self, value: f32) {
        self.sum += value;
        self.count = self.count.saturating_add(1);
    }

    fn value(&self) -> f32 {
        if self.count == 0 {
            0.0
        } else {
            self.sum / f32::from(self.count)
        }
    }
}
