//! The arithmetic of docs/numerics.md, position by position: binary32, one rounding after every operation.
//!
//! The steps of the forward pass have the names and numbers of that page. [`pass`] takes one position at a time through
//! them, [`together`] some positions at a time, on a host; [`logits`] ends a prediction. The numbers themselves are made in
//! [`crate::kernel`].
//!
//! | step | here | kernel |
//! |---|---|---|
//! | 1 embed | `steps::embed` | `embed` |
//! | 2.1 norm | `steps::norm` | `layer_norm_row` |
//! | 2.2 keys, values, queries, router | `steps::project` | `project_one` |
//! | 2.3 router | `steps::route` | `softmax` |
//! | 2.6 attention | `attend` | `search`, `softmax`, `gather` |
//! | 2.4, 2.5, 2.7 convolution, recurrence, mix | `steps::mix` | `mix` |
//! | 2.8 feed-forward sublayers | `feed_forward` | `layer_norm_row`, `matvec_with_room`, `rectify`, `add` |
//! | 3 final norm, unembed | `logits` | `layer_norm_row`, `matvec_with_room` |

mod arithmetic;
mod attend;
mod compute;
mod divided;
mod feed_forward;
mod layer_memory;
mod logits;
mod pass;
mod steps;
mod together;
mod workspace;

pub use attend::AttentionMemory;
#[cfg(any(kani, atome_proofs))]
pub(crate) use layer_memory::cut;
pub use workspace::{Workspace, WorkspaceError};
