//! What the recurrence's state is multiplied by (docs/integer.md#constants-2-gates).

use super::scaled::fixed;
use super::tables::root_of_two;

/// 2^31 * 2 log2(e).
const TWO_LOG2_E: u64 = 3_098_164_010;

/// tanh(a) in units of 2^-15, at most 0.5006 units from it: by (1 - e) / (1 + e) with e = exp(-2 |a|), which is 2^-t for
/// t = 2 log2(e) |a|, and so a product of roots of 2.
///
/// It never falls where |a| grows: from one |a| to the next, e falls by 256 units of 2^-32 and more before it is shifted, and the
/// roundings of 30 products come to less than 50. Where `whole` changes, e may rise by a unit, but tanh is then next to no
/// boundary between two results.
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

    /// The gates of numbers of units of 2^-24.
    fn never_fall(units: impl Iterator<Item = u32>) {
        let mut before = 0;
        for units in units {
            let gate = gate(f32::from_bits(0x3380_0000) * units as f32);
            assert!(gate >= before, "{units} units: {gate} behind {before}");
            before = gate;
        }
    }

    #[test]
    fn gates_never_fall() {
        never_fall((0..1 << 28).step_by(997));
        // Around the places where a whole power of two is reached: t is a multiple of 2^32.
        for whole in 1..=32u64 {
            let place = ((whole << 54) / TWO_LOG2_E) as u32;
            never_fall(place - 300..place + 300);
        }
    }

    #[test]
    #[ignore = "takes minutes: every gate that there is"]
    fn no_gate_falls() {
        never_fall(0..=1 << 28);
    }

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
