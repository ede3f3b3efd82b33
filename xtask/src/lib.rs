//! What a contributor needs, from `cargo xtask demo` to the whole gate, and what the laboratory (`xtask/lab`) shares with it:
//! archives, targets, C compilers, progress. [`chores`] lists all commands.

/// A line on standard output; [`progress`] says how it does not mix with signs of life.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::progress::say(&format!($($text)*)) };
}

/// A line on standard error.
#[macro_export]
macro_rules! note {
    ($($text:tt)*) => { $crate::progress::note(&format!($($text)*)) };
}

pub mod archive;
mod arm_object;
mod asked_for;
mod c_build;
pub mod chores;
pub mod demo;
pub mod dist;
mod flavour;
pub mod header;
pub mod host_program;
mod laboratory;
pub mod model;
pub mod options;
mod pack;
mod packages;
mod picture;
mod pipes;
mod prefix;
pub mod process;
pub mod progress;
pub mod reference;
mod sections;
pub mod setup;
pub mod shapes;
pub mod signed_models;
mod symbols;
pub mod targets;
pub mod test;
mod times;
pub mod toolchain;
pub mod workers;
pub mod workspace;
