//! Diagonal state-space recurrence (docs/numerics.md#25-state-pathway-diagonal-recurrence).

use crate::math::tanh;

/// What a channel's state is multiplied by at every position.
pub fn gate(a_raw: f32) -> f32 {
    tanh(a_raw)
}

/// One channel's step: moves `state` on by input `u` and returns the output.
#[inline]
pub fn ssm_step(gate: f32, b: f32, c_out: f32, u: f32, state: &mut f32) -> f32 {
    c_out * ssm_state(gate, b, u, state)
}

/// The same without the last product: returns the new state.
#[inline]
pub(super) fn ssm_state(gate: f32, b: f32, u: f32, state: &mut f32) -> f32 {
    *state = gate * *state + b * u;
    *state
}
