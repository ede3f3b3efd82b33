//! `adapter/engine_api.h`, bound by bindgen.
#![allow(non_camel_case_types, non_upper_case_globals, dead_code, missing_docs)]
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc)]

include!(concat!(env!("OUT_DIR"), "/engine_api.rs"));

// SAFETY: a constant table of numbers and functions; nothing writes to it.
unsafe impl Sync for engine_api {}

// SAFETY: as above.
unsafe impl Sync for engine_integers {}
// SAFETY: as above.
unsafe impl Send for engine_api {}
