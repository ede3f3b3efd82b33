//! Microcontrollers with a single-precision FPU (Cortex-M4F, M7, M33).
//!
//! The bits are those of the definition. With the feature `kernels`, matrices are multiplied row by row, by 0.3 KB of
//! assembly. With `speed`, four rows at a time, and attention and the mix have ways of their own: that takes 12 KB of
//! flash and less than 500 bytes of stack.

#[cfg(any(test, not(small)))]
mod attention;
#[cfg(any(test, not(small)))]
mod fast;
#[cfg(any(test, not(small)))]
mod five_taps;
#[cfg(any(test, not(small)))]
mod four_rows;
#[cfg(any(test, not(small)))]
mod mix;
pub(crate) mod powers;
#[cfg(any(test, not(small)))]
mod products;
#[cfg(any(test, not(small)))]
mod project;
#[cfg(any(test, small))]
mod rows;
#[cfg(all(small, not(test)))]
mod small;
#[cfg(test)]
mod tests;
