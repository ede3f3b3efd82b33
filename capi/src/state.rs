//! The program's `atome_state_t` as the engine's workspace.

use core::ffi::c_int;
use core::slice;

use atome_engine::{entropy, integer, Layout, Workspace, TAG_WORDS};

use crate::arithmetic::{Chosen, Exact, OfState};
use crate::types::atome_state_t;

/// The members of the state, whose lengths the library knows from `layout` and the Rust type does not.
///
/// # Safety
/// `state` leads to an initialised, writable `atome_state_t` of the program's shape, which nothing else touches for `'w`.
pub(crate) unsafe fn workspace<'w>(state: *mut atome_state_t, layout: &'w Layout) -> Workspace<'w> {
    let vocab_size = layout.shape().vocab_size();
    let router = layout.max_seq() * layout.shape().n_pathways();
    let start = state.cast::<f32>();
    // SAFETY: the members follow each other without padding, all of them 4 bytes wide, and `config` has checked that
    // their sum is the size that the program reserved.
    unsafe {
        let tag = start.add(vocab_size + router);
        let words = layout.words() - TAG_WORDS;
        Workspace::from_parts(
            layout,
            slice::from_raw_parts_mut(start, vocab_size),
            slice::from_raw_parts_mut(start.add(vocab_size), router),
            &mut *tag.cast(),
            slice::from_raw_parts_mut(tag.add(TAG_WORDS).cast(), words),
            slice::from_raw_parts_mut(tag.add(TAG_WORDS + words), layout.scratch_floats()),
        )
    }
}

/// [`workspace`] for the integer arithmetic.
///
/// # Safety
/// As [`workspace`].
pub(crate) unsafe fn integer_workspace<'w>(
    state: *mut atome_state_t,
    layout: &'w integer::Layout,
) -> integer::Workspace<'w> {
    let shape = layout.shape();
    let (router, last_shares) = (layout.max_seq() * shape.n_pathways(), shape.n_layers() * shape.n_pathways());
    let start = state.cast::<f32>();
    // SAFETY: as in `workspace`; what a state holds beside logits and router weights lies in this order.
    unsafe {
        let tag = start.add(shape.vocab_size() + router);
        let words = layout.words() - TAG_WORDS;
        let floats = [
            slice::from_raw_parts_mut(start, shape.vocab_size()),
            slice::from_raw_parts_mut(start.add(shape.vocab_size()), router),
            slice::from_raw_parts_mut(tag.add(TAG_WORDS + words), last_shares),
        ];
        let words = slice::from_raw_parts_mut(tag.add(TAG_WORDS).cast(), words);
        integer::Workspace::from_parts(layout, floats, &mut *tag.cast(), words)
    }
}

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
