//! What only the cached and the partial plan need: telling models apart, and knowing what of the last call is still good.
//!
//! Nothing in the library refers to this but `atome_cache`, `atome_partial` and their like, and to these nothing but the header's
//! configuration, each in its plan alone: a program of the lean plan links none of it, and one of the cached plan nothing of
//! the partial one.

use core::slice;

use atome_engine::{fingerprint, Shape, Start, Workspace};

use crate::config::model_size;
use crate::model::LoadedModel;
use crate::types::{atome_cache_t, atome_model_t};

/// What the header's configuration refers to where the plan is cached.
#[no_mangle]
pub static atome_cache: atome_cache_t = atome_cache_t { fingerprint, identity, start: start_cached };

/// And where it is partial.
#[no_mangle]
pub static atome_partial: atome_cache_t = atome_cache_t { fingerprint, identity, start: start_partial };

/// And where it is cached, in the integer arithmetic. There a memory knows by itself where a run starts.
#[no_mangle]
pub static atome_integer_cache: atome_cache_t = atome_cache_t { fingerprint, identity, start: start_nowhere };

/// Nothing calls it.
///
/// # Safety
/// Always safe.
unsafe fn start_nowhere(_: *const atome_model_t, _: &Shape, _: &mut Workspace, _: usize) -> Option<Start> {
    None
}

/// # Safety
/// The model was opened, in a program of this shape.
unsafe fn start_cached(
    model: *const atome_model_t,
    shape: &Shape,
    workspace: &mut Workspace,
    n: usize,
) -> Option<Start> {
    // SAFETY: as the caller promises.
    let identity = unsafe { identity(model, shape) };
    Some(atome_engine::start_cached(workspace, identity, n))
}

/// # Safety
/// As `start_cached`.
unsafe fn start_partial(
    model: *const atome_model_t,
    shape: &Shape,
    workspace: &mut Workspace,
    n: usize,
) -> Option<Start> {
    // SAFETY: as the caller promises.
    let model = unsafe { LoadedModel::open(model, shape)? };
    atome_engine::start_partial(&model, workspace, n)
}

/// The fingerprint of all bytes of the struct, among them that of the blob, so that a member changed by hand counts, too. 0,
/// "unknown", for a struct that was put together without loading: its weights may change unnoticed.
///
/// # Safety
/// The model was opened, in a program of this shape.
unsafe fn identity(model: *const atome_model_t, shape: &Shape) -> u64 {
    // SAFETY: as the caller promises. Loading has written every byte; after a copy in C, padding may hold anything, and
    // another value there only costs a computation.
    unsafe {
        let [low, high] = (*model).fingerprint;
        if low | high == 0 {
            return 0;
        }
        fingerprint(slice::from_raw_parts(model.cast(), model_size(shape)))
    }
}
