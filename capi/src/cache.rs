//! What only the cached plan needs: telling models apart, and knowing what of the last call is still good.
//!
//! Nothing in the library refers to this but `atome_cache`, and to that nothing but the header's configuration, in the cached
//! plan alone: a program of the lean plan links none of it.

use core::slice;

use atome_engine::{fingerprint, Shape, Start};

use crate::config::model_size;
use crate::types::{atome_cache_t, atome_model_t};

/// What the header's configuration refers to where the plan is cached.
#[no_mangle]
pub static atome_cache: atome_cache_t = atome_cache_t { fingerprint, identity, start: Start::after };

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
