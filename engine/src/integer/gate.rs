//! What the recurrence's state is multiplied by (docs/integer.md#constants-2-gates).

use super::scaled::fixed;
use super::tables::root_of_two;

/// 2^31 * 2 log2(e).
const TWO_LOG2_E: u64 = 3_098_164_010;

/// tanh(a) in units of 2^-15, at most 0.5006 units from it: by (1 - e) / (1 + e) with e = exp(-2 |a|), which is 2^-t for
/// t = 2 log2(e) |a|, and so a product of roots of 2.
pub(super) fn gate(a: f32) -> i16 {
    // From 16 on, tanh is 1 here.
    let magnitude = fixed(a, 24).unsigned_abs().min(1 << 28);
    let t = (u64::from(magnitude) * TWO_LOG2_E) >> 22;
    let whole = t >> 32;
    let e = if whole > 32 { 0 } else { root_of_two(t as u32) >> whole };
    let (difference, sum) = ((1 << 32) - e, (1 << 32) + e);
    let tanh = ((difference << 16) + sum).checked_div(2 * sum).unwrap_or(0);
    let tanh = tanh.min(32_767) as i16;
    if a.is_sign_negative() {
        -tanh
    } else {
        tanh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_next_to_tanh() {
        for step in -4000..=4000 {
            let a = step as f32 / 250.0;
            let exact = (f64::from(a).tanh() * 32_768.0).clamp(-32_767.0, 32_767.0);
            assert!((f64::from(gate(a)) - exact).abs() <= 0.501, "{a}: {} for {exact}", gate(a));
        }
        assert_eq!([0.0, -0.0, 1e-45, 3e38, -3e38].map(gate), [0, 0, 0, 32_767, -32_767]);
    }
}
