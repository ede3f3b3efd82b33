//! Vector instructions of any set, one of which is chosen when the program runs: what x86-64 and aarch64 share.
//!
//! The kernels are written once, over [`lanes::Lanes`], and compiled once for each set of instructions: see [`instructions`].
//! [`backend`] makes a back end of them for whoever has [`instructions::Instructions`].

#![allow(unsafe_code)]

mod attention;
mod backend;
mod coded;
pub(super) mod codes;
mod embed;
mod float_weights;
pub(super) mod groups;
pub(super) mod inputs;
pub(super) mod instructions;
pub(super) mod lanes;
mod mix;
mod norm;
pub(super) mod outputs;
pub(super) mod own_way;
pub(super) mod project;
mod projections;
mod rows_as_codes;
mod ternary;
#[cfg(test)]
pub(super) mod tests;
