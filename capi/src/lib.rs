//! `libatome.a`: the C interface of the Atome LM engine, a drop-in for the C99 engine. The header `include/atome.h` is
//! generated from this crate; its doc comments become the header's.
//!
//! # Safety
//! All functions take raw pointers from C. What holds for all of them, and is not repeated at each: a pointer is NULL (which
//! every function answers with its error) or leads to what its type and the function's description say, of the shape that
//! the program compiled its header with; memory that is written is not touched by anything else during the call; a loaded
//! model's blob still exists and has not changed. Nothing needs to be aligned beyond what a C compiler does for the types
//! themselves; in particular blobs, and the float pointers into them, may lie at any address.
//!
//! # Layout
//! Arrays whose length depends on the program's shape stand last in their struct. The Rust types give them an arbitrary
//! length, so no reference to such a struct as a whole is ever made: members are reached by raw pointers, and the tail as a
//! slice of the length that [`config`] names.
#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![allow(non_camel_case_types, non_snake_case)]
#![warn(missing_docs)]

// The header lists everything in this order.
mod types;

mod codes;

mod load;

mod container;

mod explain;

#[cfg(feature = "signed")]
mod signed;

mod state;

mod predict;
#[cfg(test)]
mod results_tests;

mod step;

mod sampler;

mod answer;

mod vocabulary;

mod grammar;

mod info;

mod self_test;

mod blocks;

#[cfg(test)]
mod answer_tests;
mod arithmetic;
mod cache;
mod config;
#[cfg(test)]
mod container_tests;
#[cfg(test)]
mod explain_tests;
mod formats;
#[cfg(test)]
mod grammar_tests;
mod integer;
mod integer_self_test;
#[cfg(test)]
mod integer_tests;
#[cfg(test)]
mod load_tests;
mod memory;
mod model;
/// The functions and types as C sees them, for Rust programs on a host: tests and fuzzing.
#[cfg(feature = "std")]
pub mod api {
    pub use crate::answer::*;
    pub use crate::blocks::*;
    pub use crate::cache::*;
    pub use crate::codes::*;
    pub use crate::container::*;
    pub use crate::explain::*;
    pub use crate::formats::*;
    pub use crate::grammar::*;
    pub use crate::info::*;
    pub use crate::integer::*;
    pub use crate::load::*;
    pub use crate::predict::*;
    pub use crate::sampler::*;
    pub use crate::self_test::*;
    #[cfg(feature = "signed")]
    pub use crate::signed::*;
    pub use crate::state::*;
    pub use crate::step::*;
    pub use crate::types::*;
    pub use crate::vocabulary::*;
}
#[cfg(runtime_calls)]
mod runtime;
mod sections;
#[cfg(all(test, feature = "signed"))]
mod signature_tricks_tests;
#[cfg(all(test, feature = "signed"))]
mod signed_tests;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod vocabulary_tests;

/// Nothing calls this: the archive's symbol check fails where any code can panic.
#[cfg(not(any(test, feature = "std")))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
