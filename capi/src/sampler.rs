//! Sampling, which the C99 engine does not have.

use core::ffi::c_int;
use core::slice;

use atome_engine::sample::Sampler;

use crate::arithmetic::{Chosen, Exact};
use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_OK};
use crate::types::{atome_sampler_t, atome_state_t};

/// The settings as the engine takes them; `None` for NULL or a setting out of range.
///
/// # Safety
/// `sampler` is NULL or leads to an `atome_sampler_t`.
pub(crate) unsafe fn open_sampler(sampler: *const atome_sampler_t) -> Option<Sampler> {
    // SAFETY: as the caller promises.
    let settings = unsafe { sampler.as_ref() }?;
    let top_k = usize::try_from(settings.top_k).ok()?;
    Sampler::new(settings.temperature, top_k, settings.top_p, settings.state).ok()
}

/// Fills sampler. temperature 0 takes the most probable token; top_k of ATOME_VOCAB_SIZE and top_p of 1 leave all tokens
/// in. The same seed gives the same draws on every target.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1), with sampler untouched, when it is NULL, temperature is not a number from 0
/// on, top_k is below 1 or top_p is not above 0 and at most 1.
///
/// # Safety
/// `sampler` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn atome_sampler_init(
    sampler: *mut atome_sampler_t,
    temperature: f32,
    top_k: c_int,
    top_p: f32,
    seed: u64,
) -> c_int {
    let settings = atome_sampler_t { temperature, top_p, top_k, state: seed };
    // SAFETY: a reference to a local.
    if sampler.is_null() || unsafe { open_sampler(&settings) }.is_none() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: not NULL; the caller vouches for the place.
    unsafe { sampler.write(settings) };
    ATOME_OK
}

/// Draws a token from state->logits and moves the generator on.
///
/// Returns the token; ATOME_ERR_INVALID (-1) when a pointer is NULL or a setting is out of range; ATOME_ERR_CONFIG (-3) when
/// header and library do not fit together. Nothing is written then.
///
/// # Safety
/// `state` is NULL or leads to an initialised `atome_state_t`; `sampler` is NULL or leads to an `atome_sampler_t`.
#[no_mangle]
pub unsafe extern "C" fn atome_sample(state: *const atome_state_t, sampler: *mut atome_sampler_t) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { sample::<Exact>(state, sampler) }
}

/// # Safety
/// As `atome_sample`.
#[inline(always)]
pub(crate) unsafe fn sample<C: Chosen>(state: *const atome_state_t, sampler: *mut atome_sampler_t) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if state.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: not NULL; the caller vouches for both places, and the logits come first in the state.
    unsafe {
        let Some(mut drawing) = open_sampler(sampler) else {
            return ATOME_ERR_INVALID;
        };
        let logits = slice::from_raw_parts(state.cast::<f32>(), C::shape(layout).vocab_size());
        let token = drawing.sample(logits);
        (*sampler).state = drawing.state();
        token as c_int
    }
}
