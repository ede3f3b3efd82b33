//! Measurements of the engine and the archive, always beside the C reference, which is compiled into this crate.
//!
//! [`engines`] opens every engine that is compared, [`jobs`] says what each of them is asked to do, and [`interleave`]
//! times them in turn, so that a busy machine slows all of them down alike. `cargo xtask bench` makes the tables of it,
//! `cargo bench -p atome-benches` looks at single groups with criterion.

mod archive;
mod c_side;
mod engine_side;
pub mod engines;
mod ffi;
pub mod interleave;
pub mod jobs;
pub mod kernels;
pub mod models;
pub mod shapes;
pub mod side;

/// The C compiler of the reference.
pub const C_COMPILER: &str = env!("BENCH_CC");
/// The compiler of everything else.
pub const RUST_COMPILER: &str = env!("BENCH_RUSTC");
