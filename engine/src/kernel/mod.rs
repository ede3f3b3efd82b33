//! The arithmetic, in the words of docs/numerics.md.
//!
//! The functions in this folder are the definition: binary32, one rounding after every operation, never fused, sums in the
//! order written and started from +0.0. Each of them first asks `fast` whether this target has a faster way, which gives
//! the same bits: vector instructions on a host, chosen when the program runs ([`Kernel`]); on a microcontroller what the
//! feature `speed` adds.

mod attention;
mod conv;
#[cfg(any(test, backend = "fixed_point"))]
#[doc(hidden)]
pub mod fixed_point;
#[cfg(vectors)]
mod host;
mod mix;
mod norm;
#[cfg(vectors)]
mod normed;
#[cfg(not(vectors))]
mod portable;
mod project;
#[cfg(any(kani, atome_proofs))]
#[path = "../proofs/window.rs"]
mod proofs;
mod softmax;
mod ssm;
#[cfg(any(test, backend = "vfp"))]
pub(crate) mod vfp;

#[cfg(backend = "fixed_point")]
use fixed_point as fast;
#[cfg(vectors)]
use host as fast;
#[cfg(backend = "portable")]
use portable as fast;
#[cfg(backend = "vfp")]
use vfp as fast;

pub use attention::{attend, Keys, TopK, Window};
pub(crate) use attention::{gather, search};
pub use conv::conv_taps;
pub use fast::Kernel;
#[cfg(target_arch = "x86_64")]
pub(crate) use host::tiled;
pub use mix::{mix, Mix};
pub(crate) use norm::layer_norm_row;
#[cfg(vectors)]
pub(crate) use norm::Moments;
pub use norm::{layer_norm, layer_norm_in_place};
#[cfg(vectors)]
pub(crate) use normed::{moments, Normed};
#[cfg(any(test, not(backend = "portable")))]
pub(crate) use project::add_all;
pub use project::{embed, matvec, matvec_row, project};
pub(crate) use project::{multiply, multiply_coded, project_one, TOGETHER, WORTHWHILE_ROOM};
pub use softmax::softmax;
use ssm::ssm_state;
pub use ssm::{gate, ssm_step};

pub use crate::weights::Projection;

/// Held by tests that choose a kernel: the choice is the whole program's.
#[cfg(test)]
pub(crate) static CHOICE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// The definition alone, for the self-test: what the functions above are, whatever ways this target has.
pub(crate) mod definition {
    pub(crate) use super::attention::attend_as_defined as attend;
    pub(crate) use super::mix::mix_as_defined as mix;
    pub(crate) use super::norm::layer_norm_as_defined as layer_norm;
    pub(crate) use super::project::project_as_defined as project;
}
