//! Which positions a call computes, and in which order.
//!
//! A schedule knows tokens, memory plans and what earlier calls left behind. It knows none of the numbers that a position is
//! made of: those belong to an arithmetic, which is a folder of its own with a memory of its own ([`crate::exact`]). All that
//! a schedule asks of one is the trait [`Arithmetic`].
//!
//! | plan | what a call computes |
//! |---|---|
//! | lean | all positions, one layer after the other |
//! | cached | the new positions only ([`Start`]); how many at a time, the arithmetic decides |
//! | partial | as the cached plan while the sequence has room; then all but its first positions, as the lean plan ([`partial`]) |

mod arithmetic;
mod division;
mod observe;
pub(crate) mod partial;
mod positions;
mod prefix;
mod start;

pub use arithmetic::Arithmetic;
pub(crate) use arithmetic::{Divided, Divisible};
pub(crate) use division::Division;
pub(crate) use observe::unobserved;
pub use observe::RouterReading;
pub(crate) use positions::{Positions, Work};
pub use prefix::Prefix;
pub use start::Start;
