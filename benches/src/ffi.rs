//! The adapter of `c_tests`, bound by bindgen, and the references that the build script compiled.
#![allow(non_camel_case_types, non_upper_case_globals, dead_code, missing_docs)]
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc)]

include!(concat!(env!("OUT_DIR"), "/engine_api.rs"));
include!(concat!(env!("OUT_DIR"), "/references.rs"));

/// Attention of one query in C: query, keys, values, newest position, output.
pub type Attend = unsafe extern "C" fn(*const f32, *mut f32, *const f32, i32, *mut f32);

// SAFETY: a constant table of numbers and functions; nothing writes to it.
unsafe impl Sync for engine_api {}
