//! The arithmetic, in the words of docs/numerics.md.
//!
//! The functions in this folder are the definition: binary32, one rounding after every operation, never fused, sums in the
//! order written and started from +0.0. Each of them first asks `fast` whether this target has a faster way, which gives
//! the same bits: vector instructions on a host, chosen when the program runs ([`Kernel`]); on a microcontroller what the
//! features `kernels` and `speed` add.

mod attention;
mod conv;
#[cfg(any(test, fast_ways = "fpu"))]
pub(crate) mod hard_float;
#[cfg(fast_ways = "host")]
mod host;
mod mix;
#[cfg(not(fast_ways = "host"))]
mod none;
mod norm;
#[cfg(fast_ways = "host")]
mod normed;
mod project;
#[cfg(any(kani, atome_proofs))]
#[path = "../proofs/window.rs"]
mod proofs;
#[cfg(any(test, fast_ways = "fixed-point"))]
#[doc(hidden)]
pub mod soft_float;
mod softmax;
mod ssm;

#[cfg(fast_ways = "fpu")]
use hard_float as fast;
#[cfg(fast_ways = "host")]
use host as fast;
#[cfg(fast_ways = "none")]
use none as fast;
#[cfg(fast_ways = "fixed-point")]
use soft_float as fast;

pub use attention::{attend, Keys, TopK, Window};
pub(crate) use attention::{gather, search};
pub use conv::conv_taps;
pub use fast::Kernel;
#[cfg(target_arch = "x86_64")]
pub(crate) use host::tiled;
pub use mix::{mix, Mix};
pub(crate) use norm::layer_norm_row;
#[cfg(fast_ways = "host")]
pub(crate) use norm::Moments;
pub use norm::{layer_norm, layer_norm_in_place};
#[cfg(fast_ways = "host")]
pub(crate) use normed::{moments, Normed};
#[cfg(any(test, not(fast_ways = "none")))]
pub(crate) use project::add_all;
pub use project::{embed, matvec, matvec_row, project, Projection};
pub(crate) use project::{
    matvec_with_room, multiply, multiply_coded, project_one, SEARCHES_ROOM, TOGETHER, WORTHWHILE_ROOM,
};
pub use softmax::softmax;
use ssm::ssm_state;
pub use ssm::{gate, ssm_step};

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
