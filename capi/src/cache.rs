//! What only the cached plan needs: telling models apart, and knowing what of the last call is still good.
//!
//! Nothing in the library refers to this but `atome_cache`, and to that nothing but the header's configuration, in the cached
//! plan alone: a program of the lean plan links none of it.

use core::slice;

use atome_engine::{fingerprint, Start, Workspace};

use crate::config::model_size;
use crate::model::LoadedModel;
use crate::types::atome_cache_t;

/// What the header's configuration refers to where the plan is cached.
#[no_mangle]
pub static atome_cache: atome_cache_t = atome_cache_t { fingerprint, identity, start };

/// That of all bytes of the struct, the blob's fingerprint among them, so that a member changed by hand counts too. 0,
/// "unknown", for a struct that was put together without loading: its weights may change unnoticed.
fn identity(model: &LoadedModel) -> u64 {
    let (at, size) = (model.as_ptr(), model_size(model.program_shape()));
    // SAFETY: the model was opened. Loading has written every byte; after a copy in C, padding may hold anything, and another
    // value there only costs a computation.
    unsafe {
        let [low, high] = (*at).fingerprint;
        if low | high == 0 {
            return 0;
        }
        fingerprint(slice::from_raw_parts(at.cast(), size))
    }
}

fn start(model: &LoadedModel, workspace: &Workspace, n: usize) -> Start {
    Start::after(workspace, identity(model), n)
}
