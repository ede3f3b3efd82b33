//! Proofs of index arithmetic, unpacking and memory layout, for all inputs within the bounds that each names.
//!
//! Nothing of this is in a usual build. `cargo xtask prove` runs every function called `prove_...` with symbols for inputs;
//! one that is called `canary_...` claims something wrong, and must fail. Whoever has Kani can run `cargo kani -p
//! atome-engine` instead.

mod canary;
mod format;
mod layout;
mod prefix;
pub(crate) mod shape;
pub(crate) mod symbolic;
mod unpacking;
