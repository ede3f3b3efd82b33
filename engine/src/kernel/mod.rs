//! The arithmetic, in the words of the numeric contract.
//!
//! The functions in this folder are the definition: binary32, one rounding after every operation, never fused, sums in the
//! order written and started from +0.0. Each of them first asks [`fast`] whether this target has a faster way, which gives
//! the same bits: vector instructions on a host, chosen when the program runs ([`Kernel`]); on microcontrollers
//! with an FPU what the feature `speed` adds; on other targets there is none.

mod attention;
mod conv;
#[cfg(any(test, all(target_arch = "arm", target_os = "none", target_abi = "eabihf", feature = "speed")))]
mod hard_float;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod host;
mod mix;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod none;
mod norm;
mod project;
mod softmax;
mod ssm;

#[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf", feature = "speed"))]
use hard_float as fast;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use host as fast;
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "arm", target_os = "none", target_abi = "eabihf", feature = "speed")
)))]
use none as fast;

pub use attention::{attend, Keys, TopK, Window};
pub use conv::conv_taps;
pub use fast::Kernel;
pub(crate) use fast::{MOST_FLOATS, MOST_POSITIONS};
pub use mix::{mix, Mix};
pub use norm::{layer_norm, layer_norm_in_place};
pub use project::{embed, matvec, matvec_row, project, Projection};
pub use softmax::softmax;
pub use ssm::{gate, ssm_step};
