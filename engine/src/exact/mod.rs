//! The arithmetic of docs/numerics.md, position by position: binary32, one rounding after every operation.
//!
//! The steps of the forward pass have the names and the order of that page. [`pass`] takes one position at a time through
//! them; [`together`] some positions at a time, on a host; [`logits`] ends a prediction. The numbers themselves are made in
//! [`crate::kernel`].
//!
//! | step | here | kernel |
//! |---|---|---|
//! | 1 embed | `pass::embed` | `embed` |
//! | 2.1 norm | `pass` | `layer_norm_row` |
//! | 2.2 projections: keys, values, queries, router | `pass::project` | `project` |
//! | 2.3 router | `pass` | `softmax` |
//! | 2.6 attention | `attend` | `search`, `softmax`, `gather` |
//! | 2.4, 2.5, 2.7 convolution, recurrence, mix | `pass::mix` | `mix` |
//! | 3 final norm, unembed | `logits` | `layer_norm`, `matvec` |

mod attend;
mod divided;
mod layer_memory;
mod logits;
mod pass;
mod together;
mod workspace;

pub use attend::AttentionMemory;
#[cfg(any(kani, atome_proofs))]
pub(crate) use layer_memory::cut;
pub(crate) use logits::{final_norm, unembed};
pub use workspace::{Workspace, WorkspaceError};
