//! Streams: one token in, one position of work.

use core::ffi::c_int;

use atome_engine::{Arithmetic, RunError};

use crate::arithmetic::{Chosen, Exact};
use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_ERR_PLAN};
use crate::model::LoadedModel;
use crate::types::{atome_model_t, atome_state_t};

/// Continues the sequence in state by one token, at the cost of one position however long it is, and predicts the token
/// that follows; its logits are in state->logits, the router's weights in row (position % ATOME_MAX_SEQ) of
/// state->router_w. A token outside 0 to ATOME_VOCAB_SIZE - 1 counts as token 0.
///
/// The sequence is what state holds for this model: the tokens of the last prediction, generation or classification, and
/// of the steps since. It starts anew with another model (or a model struct that was changed) and after atome_restart. Up
/// to ATOME_MAX_SEQ tokens, the logits are those of atome_predict_next, bit for bit. Beyond, attention reaches back
/// ATOME_MAX_SEQ positions while recurrence and convolution are carried on, which no call of atome_predict_next equals.
///
/// Returns the token; ATOME_ERR_INVALID (-1) when a pointer is NULL or the model was never loaded; ATOME_ERR_PLAN (-4) when
/// the program has not the cached memory plan; ATOME_ERR_CONFIG (-3) when header and library do not fit together. The state is
/// untouched then.
///
/// # Safety
/// `model` is NULL, zeroed or loaded, and its blob is still there; `state` is NULL or initialised.
#[no_mangle]
pub unsafe extern "C" fn atome_step(model: *const atome_model_t, state: *mut atome_state_t, token: c_int) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { step::<Exact>(model, state, token) }
}

/// # Safety
/// As `atome_step`.
#[inline(always)]
pub(crate) unsafe fn step<C: Chosen>(model: *const atome_model_t, state: *mut atome_state_t, token: c_int) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if state.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: as the caller promises.
    let (model, mut memory) = unsafe {
        let Some(model) = LoadedModel::open(model, C::shape(layout)) else {
            return ATOME_ERR_INVALID;
        };
        (model, C::memory(state, layout))
    };
    match atome_engine::step(&model, &mut memory, token) {
        Ok(next) => next as c_int,
        Err(RunError::NotCached) => ATOME_ERR_PLAN,
        Err(_) => ATOME_ERR_INVALID,
    }
}

/// Ends the sequence in state: the next atome_step starts one. Unlike atome_init it writes just a few words; logits and
/// router weights stay. Does nothing on NULL.
///
/// # Safety
/// `state` is NULL or initialised.
#[no_mangle]
pub unsafe extern "C" fn atome_restart(state: *mut atome_state_t) {
    // SAFETY: as the caller promises.
    unsafe { restart::<Exact>(state) }
}

/// # Safety
/// As `atome_restart`.
#[inline(always)]
pub(crate) unsafe fn restart<C: Chosen>(state: *mut atome_state_t) {
    let Some(layout) = C::layout() else { return };
    if !state.is_null() {
        // SAFETY: not NULL; the caller vouches for the state.
        unsafe { C::memory(state, layout) }.forget();
    }
}
