//! The program's `atome_state_t`: zeroed, and what it shows.

use core::ffi::c_int;

use atome_engine::entropy;

use crate::arithmetic::{Chosen, Exact};
use crate::model::OfState;
use crate::types::atome_state_t;

/// Zeroes a state. Call it once before the first use of a state, and again after its memory was used for something else;
/// not between calls or models. Does nothing on NULL or when header and library do not fit together.
///
/// # Safety
/// `state` is NULL or leads to `ATOME_STATE_SIZE` writable bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_init(state: *mut atome_state_t) {
    // SAFETY: as the caller promises.
    unsafe { init::<Exact>(state) }
}

/// # Safety
/// As `atome_init`.
#[inline(always)]
pub(crate) unsafe fn init<C: Chosen>(state: *mut atome_state_t) {
    let Some(layout) = C::layout() else { return };
    if !state.is_null() {
        // SAFETY: the program reserved that many bytes; all zeros is a valid state.
        unsafe { state.cast::<u8>().write_bytes(0, C::bytes(layout)) };
    }
}

/// The ATOME_VOCAB_SIZE logits of the last prediction, inside the state; NULL for NULL.
///
/// # Safety
/// `state` is NULL or leads to an `atome_state_t`.
#[no_mangle]
pub unsafe extern "C" fn atome_get_logits(state: *mut atome_state_t) -> *const f32 {
    state.cast()
}

/// The router's entropy at the last position of the last call, in one layer: 0 when a single pathway takes all, ln of
/// ATOME_N_PATHWAYS when all are alike. Returns -1.0 when state is NULL, layer is not 0 to ATOME_N_LAYERS - 1, or header and
/// library do not fit together.
///
/// # Safety
/// `state` is NULL or leads to an initialised `atome_state_t`.
#[no_mangle]
pub unsafe extern "C" fn atome_router_entropy(state: *const atome_state_t, layer: c_int) -> f32 {
    // SAFETY: as the caller promises.
    unsafe { router_entropy::<Exact>(state, layer) }
}

/// # Safety
/// As `atome_router_entropy`.
#[inline(always)]
pub(crate) unsafe fn router_entropy<C: Chosen>(state: *const atome_state_t, layer: c_int) -> f32 {
    let Some(layout) = C::layout() else { return -1.0 };
    if state.is_null() {
        return -1.0;
    }
    // SAFETY: not NULL; the caller vouches for the state.
    let memory = unsafe { C::memory(state.cast_mut(), layout) };
    match usize::try_from(layer).ok().and_then(|layer| memory.last_router_weights(layer)) {
        Some(weights) => entropy(weights),
        None => -1.0,
    }
}
