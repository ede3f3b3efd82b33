//! Faster ways for microcontrollers with a single-precision FPU (Cortex-M4F, M7, M33): feature `speed`.
//!
//! The bits are those of the definition. Besides 12 KB of flash this takes less than 500 bytes of stack and no other memory.

mod attention;
mod five_taps;
mod four_rows;
mod mix;
pub(crate) mod powers;
mod products;
mod project;
#[cfg(test)]
mod tests;

#[cfg(not(test))]
pub(super) use super::portable::layer_norm;
#[cfg(not(test))]
pub use super::portable::Kernel;
#[cfg(not(test))]
pub(super) use {
    attention::{add_values, offer_scores},
    mix::mix,
    project::project,
};
