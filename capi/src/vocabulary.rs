//! Vocabularies: models whose tokens are subwords (docs/tokens.md). They lie in containers.

use core::ffi::{c_char, c_int};
use core::ptr::null;

use atome_engine::container::{Container, PartKind};
use atome_engine::vocabulary::{byte_of, Encoder, Vocabulary};

use crate::answer::{answer, atome_answer_info_t, atome_dialogue_t, dialogue, prompt, put, How};
use crate::arithmetic::Exact;
use crate::codes::{ATOME_ERR_DAMAGED, ATOME_ERR_INVALID, ATOME_OK};
use crate::container::{bytes, code};
use crate::types::{atome_model_t, atome_state_t};

/// What a model's tokens stand for. atome_container_vocabulary fills it; it points into the container.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_vocabulary_t {
    /// The vocabulary inside the container; NULL where a token is a byte.
    pub part: *const u8,
    /// Bytes of it.
    pub len: usize,
}

/// What encodes by `vocabulary`; inside, `None` where a token is a byte. Outside, `None` where it is NULL.
///
/// # Safety
/// `vocabulary` is NULL, zeroed or filled, and its container is still there.
#[allow(clippy::option_option)]
pub(crate) unsafe fn encoder<'v>(vocabulary: *const atome_vocabulary_t) -> Option<Option<Encoder<'v>>> {
    // SAFETY: as the caller promises.
    unsafe {
        let vocabulary = vocabulary.as_ref()?;
        Some(bytes(vocabulary.part, vocabulary.len).map(Encoder::trusting))
    }
}

/// How a model with this vocabulary is asked; `None` for NULL and for a number out of range.
///
/// # Safety
/// As `atome_answer_tokens`.
pub(crate) unsafe fn how_in_tokens<'d>(how: *const atome_dialogue_t, vocabulary: *const atome_vocabulary_t) -> How<'d> {
    // SAFETY: as the caller promises.
    unsafe { dialogue(how.as_ref()?, encoder(vocabulary)?) }
}

/// atome_answer for a model whose tokens are those of a vocabulary; of a vocabulary that is zeroed, or of a container without one,
/// exactly atome_answer. The answer is cut, and unsure (ATOME_DOUBT_CUT_OFF), where its text does not fit in size bytes.
///
/// Returns what atome_answer returns; ATOME_ERR_INVALID (-1) when vocabulary is NULL, too.
///
/// # Safety
/// As for `atome_answer`; `vocabulary` is as for `atome_encode`.
#[no_mangle]
pub unsafe extern "C" fn atome_answer_tokens(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    how: *const atome_dialogue_t,
    vocabulary: *const atome_vocabulary_t,
    question: *const c_char,
    text: *mut c_char,
    size: usize,
    info: *mut atome_answer_info_t,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { answer::<Exact>(model, state, how_in_tokens(how, vocabulary), question, text, size, info) }
}

/// atome_prompt for a model whose tokens are those of a vocabulary: the text in front of the question, the question in its form and
/// the text behind it, each encoded apart.
///
/// Returns what atome_prompt returns; ATOME_ERR_INVALID (-1) when vocabulary is NULL, too.
///
/// # Safety
/// As for `atome_prompt`; `vocabulary` is as for `atome_encode`.
#[no_mangle]
pub unsafe extern "C" fn atome_prompt_tokens(
    how: *const atome_dialogue_t,
    vocabulary: *const atome_vocabulary_t,
    question: *const c_char,
    tokens: *mut c_int,
    max_tokens: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { prompt(how_in_tokens(how, vocabulary), question, tokens, max_tokens) }
}

/// What a container's tokens stand for; `None` where its vocabulary is wrong.
pub(crate) fn vocabulary_of(container: &Container) -> Option<atome_vocabulary_t> {
    let Some(part) = container.part(PartKind::VOCABULARY) else {
        return Some(atome_vocabulary_t { part: null(), len: 0 });
    };
    Vocabulary::open(part, container.about().shape.vocab_size()).ok()?;
    Some(atome_vocabulary_t { part: part.as_ptr(), len: part.len() })
}

/// Finds in a container what its model's tokens stand for, and checks it once; of a container without a vocabulary, that a token is
/// a byte. vocabulary then points into data.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data are no container or of a later version;
/// ATOME_ERR_TRUNCATED (-2) when data end early; ATOME_ERR_DAMAGED (-7) when the checksum, the header or the vocabulary is
/// wrong. vocabulary is untouched unless the result is ATOME_OK.
///
/// # Safety
/// `data` is NULL or leads to `len` readable bytes; `vocabulary` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn atome_container_vocabulary(
    data: *const u8,
    len: usize,
    vocabulary: *mut atome_vocabulary_t,
) -> c_int {
    // SAFETY: as the caller promises.
    let Some(data) = (unsafe { bytes(data, len) }).filter(|_| !vocabulary.is_null()) else {
        return ATOME_ERR_INVALID;
    };
    let container = match Container::open(data) {
        Ok(container) => container,
        Err(error) => return code(error),
    };
    let Some(found) = vocabulary_of(&container) else { return ATOME_ERR_DAMAGED };
    // SAFETY: not NULL; the caller vouches for the place.
    unsafe { vocabulary.write(found) };
    ATOME_OK
}

/// Writes the tokens of a text of length bytes to tokens: from the left, each time the longest that the text goes on with. A text
/// has one encoding, the one that the model was trained with; every text has one.
///
/// Returns how many tokens there are, at most length; ATOME_ERR_INVALID (-1) when a pointer is NULL or
/// there are more than max_tokens, of which the first ones are written then.
///
/// # Safety
/// `vocabulary` is NULL, zeroed or filled, and its container is still there; `text` is NULL or leads to `length` readable bytes;
/// `tokens` is NULL or has room for `max_tokens` of them.
#[no_mangle]
pub unsafe extern "C" fn atome_encode(
    vocabulary: *const atome_vocabulary_t,
    text: *const c_char,
    length: usize,
    tokens: *mut c_int,
    max_tokens: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let (Some(text), false, false) = (bytes(text.cast(), length), vocabulary.is_null(), tokens.is_null()) else {
            return ATOME_ERR_INVALID;
        };
        let Some(encoder) = encoder(vocabulary) else { return ATOME_ERR_INVALID };
        match encoder {
            Some(encoder) => put(encoder.encode_slice(text), tokens, max_tokens),
            None => put(text.iter().map(|&byte| usize::from(byte)), tokens, max_tokens),
        }
    }
}

/// Finds the text that a token stands for. It lies in the container, or in the library for a byte, and has no NUL at its end. A
/// special token, and what is no token, stand for no text.
///
/// Returns how many bytes there are, from 0 to 16; ATOME_ERR_INVALID (-1) when a pointer is NULL;
/// text is untouched then.
///
/// # Safety
/// `vocabulary` is as for `atome_encode`; `text` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn atome_decode(
    vocabulary: *const atome_vocabulary_t,
    token: c_int,
    text: *mut *const c_char,
) -> c_int {
    if vocabulary.is_null() || text.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: as the caller promises.
    unsafe {
        let Some(encoder) = encoder(vocabulary) else { return ATOME_ERR_INVALID };
        let token = usize::try_from(token).unwrap_or(usize::MAX);
        let found = encoder.map_or(byte_of(token), |encoder| encoder.bytes_of(token));
        text.write(found.as_ptr().cast());
        found.len() as c_int
    }
}
