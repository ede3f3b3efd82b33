//! Guaranteed answers, which the C99 engine does not have: nothing but what a grammar allows (docs/grammar.md).

use core::ffi::{c_char, c_int};
use core::ptr::null;

use atome_engine::container::{Container, PartKind};
use atome_engine::dialogue::{self, Answer, Dialogue, Rules};
use atome_engine::grammar::{Allowed, Grammar, GrammarError};
use atome_engine::sample::Sampler;
use atome_engine::vocabulary::{byte_of, Encoder};
use atome_engine::{argmax, Arithmetic, Room, RunError};

use crate::answer::{atome_answer_info_t, atome_dialogue_t, dialogue, string, told, ATOME_IN_TOKENS};
use crate::arithmetic::{Chosen, Exact};
use crate::codes::{
    ATOME_ERR_CONFIG, ATOME_ERR_DAMAGED, ATOME_ERR_GRAMMAR, ATOME_ERR_INVALID, ATOME_ERR_TRUNCATED, ATOME_OK,
};
use crate::container::{bytes, code};
use crate::model::LoadedModel;
use crate::predict::{tokens, Call};
use crate::sampler::open_sampler;
use crate::types::{atome_model_t, atome_sampler_t, atome_state_t};
use crate::vocabulary::{atome_vocabulary_t, encoder, vocabulary_of};

/// A grammar in place: atome_grammar_open or atome_container_grammar fills it, and it points into the data. Several calls may read
/// it at once.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_grammar_t {
    /// The table, as `atome grammar compile` writes it.
    pub data: *const u8,
    /// Bytes of the table.
    pub len: usize,
    /// What the model's tokens stand for. For a grammar that is not the container's own, copy it from
    /// atome_container_vocabulary behind atome_grammar_open, which says that tokens are bytes.
    pub vocabulary: atome_vocabulary_t,
}

/// A grammar, and what makes tokens of texts.
struct Opened<'g> {
    grammar: Grammar<'g>,
    encoder: Option<Encoder<'g>>,
}

/// Tokens are bytes.
const BYTES: atome_vocabulary_t = atome_vocabulary_t { part: null(), len: 0 };

impl atome_grammar_t {
    /// `None` for NULL, for one that was never opened, and where the header of its data changed since.
    ///
    /// # Safety
    /// `grammar` is NULL, or leads to an `atome_grammar_t` that is zeroed or was opened.
    unsafe fn view<'g>(grammar: *const Self) -> Option<Opened<'g>> {
        // SAFETY: as the caller promises.
        unsafe {
            let opened = grammar.as_ref()?;
            let encoder = encoder(&opened.vocabulary)?;
            Some(Opened { grammar: Grammar::opened_before(bytes(opened.data, opened.len)?).ok()?, encoder })
        }
    }
}

/// Checks the table of a grammar and remembers where it lies: in flash, in a container, in RAM. Reads every byte of it; a table
/// that is taken gives whole texts or none, whoever wrote it. The data must stay, unchanged, while grammar is used.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL or data are no grammar; ATOME_ERR_TRUNCATED (-2) when
/// their length is not that of the table; ATOME_ERR_DAMAGED (-7) when the table contradicts itself. grammar is untouched unless the
/// result is ATOME_OK.
///
/// # Safety
/// `grammar` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_grammar_open(grammar: *mut atome_grammar_t, data: *const u8, len: usize) -> c_int {
    // SAFETY: as the caller promises.
    let Some(table) = (unsafe { bytes(data, len) }).filter(|_| !grammar.is_null()) else {
        return ATOME_ERR_INVALID;
    };
    match opened(table) {
        Ok(found) => {
            // SAFETY: not NULL; the caller vouches for the place.
            unsafe { grammar.write(found) };
            ATOME_OK
        }
        Err(code) => code,
    }
}

/// A table that was checked, of tokens that are bytes; the code of what is wrong with it.
fn opened(table: &[u8]) -> Result<atome_grammar_t, c_int> {
    match Grammar::open(table) {
        Ok(_) => Ok(atome_grammar_t { data: table.as_ptr(), len: table.len(), vocabulary: BYTES }),
        Err(GrammarError::NotAGrammar) => Err(ATOME_ERR_INVALID),
        Err(GrammarError::Length { .. }) => Err(ATOME_ERR_TRUNCATED),
        Err(GrammarError::Table { .. }) => Err(ATOME_ERR_DAMAGED),
    }
}

/// Opens the grammar in a container, as atome_grammar_open does: what the model may answer. grammar then points into data,
/// and knows the container's vocabulary.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data are no container or of another version, or it has no
/// grammar; ATOME_ERR_TRUNCATED (-2) when data end early; ATOME_ERR_DAMAGED (-7) when the checksum, the header or the table of the
/// grammar or the vocabulary is wrong. grammar is untouched unless the result is ATOME_OK.
///
/// # Safety
/// `data` is NULL or leads to `len` readable bytes; `grammar` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn atome_container_grammar(data: *const u8, len: usize, grammar: *mut atome_grammar_t) -> c_int {
    // SAFETY: as the caller promises.
    let Some(data) = (unsafe { bytes(data, len) }).filter(|_| !grammar.is_null()) else {
        return ATOME_ERR_INVALID;
    };
    let container = match Container::open(data) {
        Ok(container) => container,
        Err(error) => return code(error),
    };
    let Some(table) = container.part(PartKind::GRAMMAR) else { return ATOME_ERR_INVALID };
    let found = match (opened(table), vocabulary_of(&container)) {
        (Ok(found), Some(vocabulary)) => atome_grammar_t { vocabulary, ..found },
        // Its length is the container's to tell.
        (Err(ATOME_ERR_TRUNCATED), _) | (Ok(_), None) => return ATOME_ERR_DAMAGED,
        (Err(code), _) => return code,
    };
    // SAFETY: not NULL; the caller vouches for the place.
    unsafe { grammar.write(found) };
    ATOME_OK
}

/// Continues prompt by a text of grammar, whole, and writes its tokens to output, at most max_tokens and no more than
/// bring prompt and output together to ATOME_MAX_SEQ. The token stop ends a text and is not written; with -1, a text ends where
/// nothing may follow. Of all tokens that may come, the most probable is taken; with a sampler, which may be NULL, one is drawn.
/// Copies are pieces of prompt. prompt and output must not overlap. state->logits has -infinity for tokens that may
/// not come.
///
/// Returns how many tokens were written; ATOME_ERR_GRAMMAR (-12) when no text of the grammar has room, none can be copied from
/// this prompt, or the grammar has a byte that the model has no token for or that is stop; ATOME_ERR_INVALID (-1) when another
/// pointer is NULL, prompt_len is below 1 or max_tokens below 0, model or grammar was never loaded, or a setting of sampler is out of
/// range; ATOME_ERR_CONFIG (-3) when header and library do not fit together. Nothing is written then.
///
/// # Safety
/// As `atome_generate`; `grammar` is NULL or as `atome_grammar_open` left it, its data too; `sampler` is NULL or leads to an
/// `atome_sampler_t`; `output` does not overlap `prompt`.
#[no_mangle]
pub unsafe extern "C" fn atome_generate_constrained(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    grammar: *const atome_grammar_t,
    sampler: *mut atome_sampler_t,
    prompt: *const c_int,
    prompt_len: c_int,
    stop: c_int,
    output: *mut c_int,
    max_tokens: c_int,
) -> c_int {
    let call = Call { model, state, prompt, prompt_len, output, max_tokens };
    // SAFETY: as the caller promises.
    unsafe { generate_constrained::<Exact>(call, grammar, sampler, stop) }
}

/// # Safety
/// As `atome_generate_constrained`.
#[inline(always)]
pub(crate) unsafe fn generate_constrained<C: Chosen>(
    call: Call,
    grammar: *const atome_grammar_t,
    sampler: *mut atome_sampler_t,
    stop: c_int,
) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    // SAFETY: as the caller promises.
    unsafe {
        let (Some(opened), Some(mut drawing)) = (atome_grammar_t::view(grammar), Drawing::open(sampler)) else {
            return ATOME_ERR_INVALID;
        };
        let Some((model, mut memory, prompt_len, max_tokens)) = call.open_parts::<C>(layout) else {
            return ATOME_ERR_INVALID;
        };
        let prompt = tokens(call.prompt, prompt_len.min(memory.layout().max_seq()));
        let room = Room { max_tokens, stop: usize::try_from(stop).ok() };
        let (allowed, mut written) = (Allowed::new(opened.grammar, opened.encoder), 0);
        let say = |token: usize| {
            call.output.add(written).write(token as c_int);
            written += 1;
        };
        let result = atome_engine::generate_constrained(
            &model,
            &mut memory,
            prompt,
            room,
            allowed,
            |logits| drawing.choose(logits),
            say,
        );
        drawing.close(sampler);
        match result {
            Ok(count) => count as c_int,
            Err(RunError::NoText(_)) => ATOME_ERR_GRAMMAR,
            Err(_) => ATOME_ERR_INVALID,
        }
    }
}

/// How tokens are chosen: the most probable one, or as a program's sampler draws.
struct Drawing(Option<Sampler>);

impl Drawing {
    /// `None` where a setting is out of range.
    ///
    /// # Safety
    /// `sampler` is NULL or leads to an `atome_sampler_t`.
    unsafe fn open(sampler: *const atome_sampler_t) -> Option<Self> {
        if sampler.is_null() {
            return Some(Self(None));
        }
        // SAFETY: as the caller promises.
        Some(Self(Some(unsafe { open_sampler(sampler) }?)))
    }

    fn choose(&mut self, logits: &[f32]) -> usize {
        match &mut self.0 {
            Some(sampler) => sampler.sample(logits),
            None => argmax(logits.iter().copied()),
        }
    }

    /// # Safety
    /// `sampler` is what it was opened with.
    unsafe fn close(&self, sampler: *mut atome_sampler_t) {
        if let Some(drawn) = &self.0 {
            // SAFETY: one that was opened is not NULL.
            unsafe { (*sampler).state = drawn.state() };
        }
    }
}

/// atome_answer with nothing but answers of grammar, each whole. Pieces are copied from the question in the form that how->normalise
/// brings it into. An answer that the model would have given unasked comes with the same info; info->doubt is
/// ATOME_DOUBT_IMPOSSIBLE, and no answer is given, where none of the grammar has room or none can be copied from this question.
///
/// Returns as atome_answer; ATOME_ERR_INVALID (-1) also when grammar is NULL or was never opened; ATOME_ERR_GRAMMAR (-12) when it
/// has a byte that the model has no token for or that is how->stop. Nothing is written then.
///
/// # Safety
/// As `atome_answer`; `grammar` is NULL or as `atome_grammar_open` left it, its data too.
#[no_mangle]
pub unsafe extern "C" fn atome_answer_constrained(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    how: *const atome_dialogue_t,
    grammar: *const atome_grammar_t,
    question: *const c_char,
    text: *mut c_char,
    size: usize,
    info: *mut atome_answer_info_t,
) -> c_int {
    let asked = Asked { model, state, how, question, text, size };
    // SAFETY: as the caller promises.
    unsafe { answer_constrained::<Exact>(asked, grammar, info) }
}

/// What a program asks.
pub(crate) struct Asked {
    pub(crate) model: *const atome_model_t,
    pub(crate) state: *mut atome_state_t,
    pub(crate) how: *const atome_dialogue_t,
    pub(crate) question: *const c_char,
    pub(crate) text: *mut c_char,
    pub(crate) size: usize,
}

/// # Safety
/// As `atome_answer_constrained`.
#[inline(always)]
pub(crate) unsafe fn answer_constrained<C: Chosen>(
    asked: Asked,
    grammar: *const atome_grammar_t,
    info: *mut atome_answer_info_t,
) -> c_int {
    let Asked { model, state, how, question, text, size } = asked;
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if state.is_null() || question.is_null() || text.is_null() || size == 0 {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: as the caller promises.
    unsafe {
        let (Some(model), Some(Opened { grammar, encoder })) =
            (LoadedModel::open(model, C::shape(layout)), atome_grammar_t::view(grammar))
        else {
            return ATOME_ERR_INVALID;
        };
        let Some(dialogue) = dialogue_of(how, encoder) else { return ATOME_ERR_INVALID };
        let mut length = 0;
        let say = |token: usize| {
            // No more than `most_bytes`, which leaves room for a NUL; a grammar has no other.
            for &byte in encoder.as_ref().map_or_else(|| byte_of(token), |encoder| encoder.bytes_of(token)) {
                text.add(length).write(byte as c_char);
                length += 1;
            }
        };
        let allowed = Allowed { most_bytes: size - 1, ..Allowed::new(grammar, encoder) };
        let rules = Rules { dialogue: &dialogue, allowed };
        let choose = |logits: &[f32]| argmax(logits.iter().copied());
        let memory = &mut C::memory(state, layout);
        let result = dialogue::answer_constrained(&model, memory, &rules, string(question), choose, say);
        match result {
            Err(RunError::NoText(_)) => ATOME_ERR_GRAMMAR,
            Err(_) => ATOME_ERR_INVALID,
            Ok(answer) => told(Answer { len: length, ..answer }, text.add(length), info),
        }
    }
}

/// How a model with these tokens is asked; `None` for NULL, a number out of range, and for a model of subwords without its
/// vocabulary.
///
/// # Safety
/// As `atome_answer`.
unsafe fn dialogue_of<'d>(how: *const atome_dialogue_t, encoder: Option<Encoder<'d>>) -> Option<Dialogue<'d>> {
    // SAFETY: as the caller promises.
    unsafe {
        let how = how.as_ref().filter(|how| encoder.is_some() || how.normalise & ATOME_IN_TOKENS == 0)?;
        dialogue(how, encoder)
    }
}
