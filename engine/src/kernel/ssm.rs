//! Diagonal state-space recurrence (docs/numerics.md#25-state-pathway-diagonal-recurrence), one channel at one position:
//!
//! ```text
//! g = tanh(a_raw)
//! s = g * s + b * u
//! output = c_out * s
//! ```

use crate::math::tanh;

/// `g`, what a channel's state is multiplied by at every position.
pub fn gate(a_raw: f32) -> f32 {
    tanh(a_raw)
}

/// Moves the state `s` of a channel on by its input `u`; returns the output.
#[inline]
pub fn ssm_step(gate: f32, b: f32, c_out: f32, u: f32, state: &mut f32) -> f32 {
    *state = gate * *state + b * u;
    c_out * *state
}
