//! Questions and answers, which the C99 engine does not have.

use core::ffi::{c_char, c_int};
use core::ptr::null;
use core::slice;

use atome_engine::argmax;
use atome_engine::container::{Container, PartKind};
use atome_engine::dialogue::{self, Answer, Dialogue, Doubt, Limits, Normalise};
use atome_engine::vocabulary::Encoder;

use crate::arithmetic::{Chosen, Exact};
use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_OK};
use crate::container::{bytes, code};
use crate::info::c_string;
use crate::model::LoadedModel;
use crate::types::{atome_model_t, atome_state_t};

/// atome_answer: an answer that can be relied on as far as the model's limits tell.
pub const ATOME_SURE: c_int = 1;
/// atome_answer: an answer that is a guess, or none.
pub const ATOME_UNSURE: c_int = 0;

/// No doubt: the answer is sure.
pub const ATOME_DOUBT_NONE: c_int = 0;
/// There is no question. No answer is given.
pub const ATOME_DOUBT_NO_QUESTION: c_int = 1;
/// The question, with the text around it, leaves no room for an answer in ATOME_MAX_SEQ. No answer is given.
pub const ATOME_DOUBT_TOO_LONG: c_int = 2;
/// The question is unlike those that the model was trained on: it surprised the model more than how->most_question_nats.
pub const ATOME_DOUBT_UNFAMILIAR: c_int = 3;
/// The answer did not end within its longest length, ATOME_MAX_SEQ or the memory for it.
pub const ATOME_DOUBT_CUT_OFF: c_int = 4;
/// A token of the answer was less probable than the limit.
pub const ATOME_DOUBT_CLOSE_CALL: c_int = 5;
/// No answer of the grammar has room, or none can be copied from this question. No answer is given.
pub const ATOME_DOUBT_IMPOSSIBLE: c_int = 6;

/// What is done to a question: blanks, tabs and line ends become one blank, none at the start and the end.
pub const ATOME_NORMALISE_BLANKS: u32 = 1;
/// Capital letters of ASCII become small ones.
pub const ATOME_NORMALISE_LOWER: u32 = 2;
/// Question marks, full stops, exclamation marks and the blanks among them are dropped at the end.
pub const ATOME_NORMALISE_END_MARKS: u32 = 4;
/// What is no printable ASCII becomes a question mark, one for each character of UTF-8.
pub const ATOME_NORMALISE_ASCII: u32 = 8;

/// Beside the steps: the model reads tokens of its vocabulary (docs/tokens.md). Where it is there, atome_answer_tokens and
/// atome_prompt_tokens ask the model; atome_answer and atome_prompt, which would take bytes for tokens, refuse to.
pub const ATOME_IN_TOKENS: u32 = 256;

const _: () = {
    assert!(ATOME_IN_TOKENS & Normalise::ALL.bits() == 0);
    assert!(ATOME_NORMALISE_BLANKS == Normalise::BLANKS.bits() && ATOME_NORMALISE_LOWER == Normalise::LOWER.bits());
    assert!(
        ATOME_NORMALISE_END_MARKS == Normalise::END_MARKS.bits() && ATOME_NORMALISE_ASCII == Normalise::ASCII.bits()
    );
};

/// How a model is asked. It belongs to the model: `atome convert` and `atome export` write it beside the shape as a macro that
/// initialises this struct, and atome_container_dialogue reads it from a container.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_dialogue_t {
    /// Text in front of the question; need not end with a NUL.
    pub before: *const c_char,
    /// Bytes of that text.
    pub before_len: usize,
    /// Text behind the question; the answer follows.
    pub after: *const c_char,
    /// Bytes of that text.
    pub after_len: usize,
    /// The form that a question is brought into: ATOME_NORMALISE_ numbers, added up; and ATOME_IN_TOKENS.
    pub normalise: u32,
    /// The token that ends an answer; -1 where answers are as long as they may be.
    pub stop: c_int,
    /// The most tokens of an answer, from 1 on.
    pub longest_answer: c_int,
    /// How surprising a question may be: the greatest mean of -ln(probability) over its tokens.
    pub most_question_nats: f32,
    /// The least probability that a token of the answer may have.
    pub least_probability: f32,
}

/// What is known of an answer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_answer_info_t {
    /// Why the answer is unsure: an ATOME_DOUBT_ number.
    pub doubt: c_int,
    /// Bytes of the answer's text, without the NUL.
    pub length: c_int,
    /// How surprising the question was: the mean of -ln(probability) over its tokens.
    pub question_nats: f32,
    /// The geometric mean of the probabilities of the answer's tokens.
    pub probability: f32,
    /// The least probability of a token of the answer.
    pub least_probability: f32,
}

/// The most bytes that are read of a question. The bound also keeps the compiler from making the loop a call of strlen, which
/// not every program has.
const LONGEST_QUESTION: usize = 65_536;

/// Answers a question without regard to earlier ones: brings it into the form that the model knows, puts the model's text
/// around it, and takes the most probable token until the answer ends. text receives the answer, with a NUL, in at most size
/// bytes; a token that stands for no text, or a NUL, becomes a question mark in it. info may be NULL.
///
/// Act on the text only where the result is ATOME_SURE: beyond the limits of how, it is a guess. Answer and doubt are the
/// same on every target and in all memory plans. In the lean plan each token of the answer takes a pass over all positions
/// before it; in the cached plan each position is computed once. In the partial plan that is so while all have room; then each token,
/// those at the end of a long question too, takes a pass over the positions that found none.
///
/// Returns ATOME_SURE (1) or ATOME_UNSURE (0), then info->doubt says why; ATOME_ERR_INVALID (-1) when another pointer is NULL,
/// size is 0, how->longest_answer is below 1, how asks in tokens (ATOME_IN_TOKENS) or the model was never loaded; ATOME_ERR_CONFIG (-3) when header and library do
/// not fit together. Nothing is written then.
///
/// # Safety
/// `model` is NULL, zeroed or loaded, and its blob is still there; `state` is NULL or initialised; `how` is NULL or leads to an
/// `atome_dialogue_t` whose texts are NULL or as long as it says; `question` is NULL or a C string; `text` is NULL or has room
/// for `size` bytes and does not overlap `question`; `info` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn atome_answer(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    how: *const atome_dialogue_t,
    question: *const c_char,
    text: *mut c_char,
    size: usize,
    info: *mut atome_answer_info_t,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { answer::<Exact>(model, state, how_in_bytes(how), question, text, size, info) }
}

/// How a model is asked, by its texts in C and a vocabulary.
pub(crate) type How<'d> = Option<Dialogue<'d>>;

/// # Safety
/// As `atome_answer`.
#[inline(always)]
pub(crate) unsafe fn answer<C: Chosen>(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    how: How<'_>,
    question: *const c_char,
    text: *mut c_char,
    size: usize,
    info: *mut atome_answer_info_t,
) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if state.is_null() || question.is_null() || text.is_null() || size == 0 {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: as the caller promises.
    unsafe {
        let (Some(model), Some(mut dialogue)) = (LoadedModel::open(model, C::shape(layout)), how) else {
            return ATOME_ERR_INVALID;
        };
        dialogue.longest_answer = dialogue.longest_answer.min(size - 1);
        let encoder = dialogue.encoder;
        let (mut length, mut is_cut) = (0, false);
        let mut put = |byte: u8| {
            // A token of several bytes may be longer than the room; a NUL has some behind it.
            if length < size - 1 {
                text.add(length).write(if byte == 0 { b'?' } else { byte } as c_char);
                length += 1;
            } else {
                is_cut = true;
            }
        };
        let say = |token: usize| match (u8::try_from(token), encoder) {
            (Ok(byte), _) => put(byte),
            (Err(_), Some(encoder)) if !encoder.bytes_of(token).is_empty() => {
                encoder.bytes_of(token).iter().for_each(|&byte| put(byte));
            }
            (Err(_), _) => put(0),
        };
        let choose = |logits: &[f32]| argmax(logits.iter().copied());
        let result = dialogue::answer(&model, &mut C::memory(state, layout), &dialogue, string(question), choose, say);
        let Ok(mut answer) = result else { return ATOME_ERR_INVALID };
        if is_cut && answer.doubt != Some(Doubt::Unfamiliar) {
            answer.doubt = Some(Doubt::CutOff);
        }
        answer.len = length;
        told(answer, text.add(length), info)
    }
}

/// Writes what the model reads before its answer to tokens: the question in its form, with the text around it. For programs
/// that show an answer as it comes, or that classify questions; atome_answer does all of it.
///
/// Returns how many tokens there are; ATOME_ERR_INVALID (-1) when a pointer is NULL or there are more than max_tokens, of which
/// the first ones are written then.
///
/// # Safety
/// `how` and `question` are as for `atome_answer`; `tokens` is NULL or has room for `max_tokens` of them.
#[no_mangle]
pub unsafe extern "C" fn atome_prompt(
    how: *const atome_dialogue_t,
    question: *const c_char,
    tokens: *mut c_int,
    max_tokens: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { prompt(how_in_bytes(how), question, tokens, max_tokens) }
}

/// # Safety
/// As `atome_prompt`.
pub(crate) unsafe fn prompt(how: How<'_>, question: *const c_char, tokens: *mut c_int, max_tokens: c_int) -> c_int {
    let Some(dialogue) = how.filter(|_| !question.is_null() && !tokens.is_null()) else {
        return ATOME_ERR_INVALID;
    };
    // SAFETY: as the caller promises.
    unsafe { put(dialogue.prompt(string(question)), tokens, max_tokens) }
}

/// Writes tokens, and returns how many there are; an error where there are more than `max`.
///
/// # Safety
/// `to` has room for `max` of them.
pub(crate) unsafe fn put(tokens: impl Iterator<Item = usize>, to: *mut c_int, max: c_int) -> c_int {
    let mut count = 0;
    for token in tokens {
        if count >= max {
            return ATOME_ERR_INVALID;
        }
        // SAFETY: below max.
        unsafe { to.add(count as usize).write(token as c_int) };
        count += 1;
    }
    count
}

/// Ends the text at `end` and says what the answer, of so many bytes, is worth.
///
/// # Safety
/// As `atome_answer`; `end` is writable.
pub(crate) unsafe fn told(answer: Answer, end: *mut c_char, info: *mut atome_answer_info_t) -> c_int {
    let doubt = match answer.doubt {
        None => ATOME_DOUBT_NONE,
        Some(Doubt::NoQuestion) => ATOME_DOUBT_NO_QUESTION,
        Some(Doubt::TooLong) => ATOME_DOUBT_TOO_LONG,
        Some(Doubt::Unfamiliar) => ATOME_DOUBT_UNFAMILIAR,
        Some(Doubt::CutOff) => ATOME_DOUBT_CUT_OFF,
        Some(Doubt::CloseCall) => ATOME_DOUBT_CLOSE_CALL,
        Some(Doubt::Impossible) => ATOME_DOUBT_IMPOSSIBLE,
    };
    // SAFETY: as the caller promises.
    unsafe {
        end.write(0);
        if !info.is_null() {
            info.write(atome_answer_info_t {
                doubt,
                length: answer.len as c_int,
                question_nats: answer.signals.question_nats,
                probability: answer.signals.mean_probability(),
                least_probability: answer.signals.least_probability,
            });
        }
    }
    if doubt == ATOME_DOUBT_NONE {
        ATOME_SURE
    } else {
        ATOME_UNSURE
    }
}

/// `how` of a model of bytes; `None` for NULL, for a number out of range and for a model of other tokens.
///
/// # Safety
/// As `atome_answer`.
pub(crate) unsafe fn how_in_bytes<'d>(how: *const atome_dialogue_t) -> How<'d> {
    // SAFETY: as the caller promises.
    unsafe {
        let asked = how.as_ref().filter(|how| how.normalise & ATOME_IN_TOKENS == 0)?;
        dialogue(asked, None)
    }
}

/// `how` in the engine's types; `None` for a number out of range.
///
/// # Safety
/// Its texts are NULL or as long as it says.
pub(crate) unsafe fn dialogue<'d>(how: &atome_dialogue_t, encoder: Option<Encoder<'d>>) -> How<'d> {
    // SAFETY: as the caller promises.
    unsafe {
        let text = |start: *const c_char, len: usize| bytes(start.cast(), len).unwrap_or_default();
        Some(Dialogue {
            before: text(how.before, how.before_len),
            after: text(how.after, how.after_len),
            normalise: Normalise::from_bits(how.normalise),
            stop: usize::try_from(how.stop).ok(),
            longest_answer: usize::try_from(how.longest_answer).ok().filter(|&longest| longest > 0)?,
            limits: Limits { most_question_nats: how.most_question_nats, least_probability: how.least_probability },
            encoder,
        })
    }
}

/// The bytes of a C string without its NUL; of a string that no window has room for, the first [`LONGEST_QUESTION`].
///
/// # Safety
/// `text` leads to a C string that stays unchanged for `'t`.
pub(crate) unsafe fn string<'t>(text: *const c_char) -> &'t [u8] {
    let mut len = 0;
    // SAFETY: nothing behind the NUL is read.
    unsafe {
        while len < LONGEST_QUESTION && text.add(len).read() != 0 {
            len += 1;
        }
        slice::from_raw_parts(text.cast(), len)
    }
}

/// Reads from a container's notes how its model is asked. how then points into data. Where the model's tokens are those of a
/// vocabulary, how->normalise has ATOME_IN_TOKENS: atome_container_vocabulary finds it, and atome_answer_tokens asks.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data are no container or of another version, or its
/// notes say nothing of how it is asked, or nothing that can be read; ATOME_ERR_TRUNCATED (-2) when data end early;
/// ATOME_ERR_DAMAGED (-7) when the checksum or the header is wrong. how is untouched unless the result is ATOME_OK.
///
/// # Safety
/// `data` is NULL or leads to `len` readable bytes; `how` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn atome_container_dialogue(data: *const u8, len: usize, how: *mut atome_dialogue_t) -> c_int {
    // SAFETY: as the caller promises.
    let Some(data) = (unsafe { bytes(data, len) }).filter(|_| !how.is_null()) else {
        return ATOME_ERR_INVALID;
    };
    let container = match Container::open(data) {
        Ok(container) => container,
        Err(error) => return code(error),
    };
    let Ok(Some(found)) = Dialogue::from_notes(container.notes().map_while(Result::ok)) else {
        return ATOME_ERR_INVALID;
    };
    let text = |text: &[u8]| if text.is_empty() { null() } else { text.as_ptr().cast() };
    let tokens = if container.part(PartKind::VOCABULARY).is_some() { ATOME_IN_TOKENS } else { 0 };
    let number = |number: usize| c_int::try_from(number).unwrap_or(c_int::MAX);
    // SAFETY: not NULL; the caller vouches for the place.
    unsafe {
        how.write(atome_dialogue_t {
            before: text(found.before),
            before_len: found.before.len(),
            after: text(found.after),
            after_len: found.after.len(),
            normalise: found.normalise.bits() | tokens,
            stop: found.stop.map_or(-1, number),
            longest_answer: number(found.longest_answer),
            most_question_nats: found.limits.most_question_nats,
            least_probability: found.limits.least_probability,
        });
    }
    ATOME_OK
}

/// Why an answer is unsure, in a few English words, for an ATOME_DOUBT_ number. A constant string; not to be freed.
#[no_mangle]
pub extern "C" fn atome_doubt_text(doubt: c_int) -> *const c_char {
    match doubt {
        ATOME_DOUBT_NONE => c_string!("nothing speaks against it"),
        ATOME_DOUBT_NO_QUESTION => c_string!("there is no question"),
        ATOME_DOUBT_TOO_LONG => c_string!("the question is too long"),
        ATOME_DOUBT_UNFAMILIAR => c_string!("the question is unlike what the model knows"),
        ATOME_DOUBT_CUT_OFF => c_string!("the answer has no end"),
        ATOME_DOUBT_CLOSE_CALL => c_string!("the answer was a close call"),
        ATOME_DOUBT_IMPOSSIBLE => c_string!("no answer that is allowed has room"),
        _ => c_string!("no such number"),
    }
}
