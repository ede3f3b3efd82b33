//! The arithmetic, in the words of the numeric contract.
//!
//! Every function here is the definition: binary32, one rounding after every operation, never fused, sums in the order
//! written and started from +0.0. A faster way of computing must give the same bits.

mod attention;
mod conv;
mod matvec;
mod norm;
mod side_by_side;
mod softmax;
mod ssm;

pub use attention::{attend, TopK};
pub use conv::{conv_channel, conv_taps};
pub use matvec::{embed, matvec, matvec_row};
pub use norm::{layer_norm, layer_norm_in_place};
pub use softmax::softmax;
pub use ssm::{gate, ssm_step};
