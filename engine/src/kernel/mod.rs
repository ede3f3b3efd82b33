//! The arithmetic, in the words of the numeric contract.
//!
//! These functions are the definition: binary32, one rounding after every operation, never fused, sums in the order
//! written and started from +0.0. The one faster way of computing, `side_by_side`, gives the same bits; the feature
//! `definition-only` leaves it out.

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
