//! The arithmetic, in the words of docs/numerics.md.
//!
//! The definition is one file for each stage (attention, conv, embed, feed_forward, mix, norm, project, softmax, ssm): binary32, one
//! rounding after every operation, never fused, sums in the order written and started from +0.0. Each folder is a back end,
//! which computes on some kind of target, or what back ends share: vector instructions on a host, chosen when the program
//! runs ([`Kernel`]); on a microcontroller what the features `kernels` and `speed` add. All give the same bits. `backend.rs`
//! says what a back end may do in its own way.

mod attention;
mod backend;
mod conv;
mod embed;
mod feed_forward;
mod mix;
mod norm;
mod project;
mod properties;
mod softmax;
mod ssm;
mod stages;

#[cfg(backend = "aarch64")]
mod aarch64;
#[cfg(any(test, backend = "fixed_point"))]
#[doc(hidden)]
pub mod fixed_point;
#[cfg(not(vectors))]
mod one_kernel;
#[cfg(any(test, small))]
mod portable;
#[cfg(any(test, not(vectors)))]
mod scalar;
#[cfg(vectors)]
mod vector;
#[cfg(any(test, backend = "vfp"))]
pub(crate) mod vfp;
#[cfg(backend = "x86")]
mod x86;

#[cfg(any(kani, atome_proofs))]
#[path = "../proofs/window.rs"]
mod proofs;

#[cfg(backend = "aarch64")]
pub use aarch64::Kernel;
#[cfg(not(vectors))]
pub use one_kernel::Kernel;
#[cfg(backend = "x86")]
pub use x86::Kernel;
#[cfg(backend = "x86")]
pub(crate) use x86::{has_avx_vnni, has_sse41, has_vnni, tiled};

pub use attention::{Keys, TopK, Window};
pub use conv::conv_taps;
pub(crate) use feed_forward::{add, rectify};
pub use mix::Mix;
pub use norm::layer_norm_in_place;
pub(crate) use norm::{Moments, Normed};
#[cfg(any(test, not(backend = "portable")))]
pub(crate) use project::add_all;
pub use project::matvec_row;
pub(crate) use project::{multiply, multiply_coded};
pub(crate) use properties::{Current, Properties};
pub use softmax::softmax;
pub use ssm::{gate, ssm_step};
pub use stages::{attend, embed, layer_norm, matvec, mix, project};
pub(crate) use stages::{
    gather, layer_norm_row, matvec_with_room, moments, project_more, project_one, project_rows, project_some, search,
};

pub use crate::weights::Projection;

/// Held by tests that choose a kernel: the choice is the whole program's.
#[cfg(test)]
pub(crate) static CHOICE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// The definition alone, for the self-test: what the functions above are, whatever ways this target has.
pub(crate) mod definition {
    pub(crate) use super::attention::attend;
    pub(crate) use super::mix::mix;
    pub(crate) use super::norm::layer_norm;
    pub(crate) use super::project::project;
}
