//! What a feed-forward sublayer does between and behind its matrices (docs/numerics.md#28-feed-forward-sublayers):
//!
//! ```text
//! z[i] = z[i] if z[i] > 0, else +0.0
//! x[i] = x[i] + y[i]
//! ```

/// The bits of infinity: of the numbers above 0, the greatest.
const INFINITY: u32 = f32::INFINITY.to_bits();

/// Hidden values that are not above 0 become +0.0, NaN among them.
pub(crate) fn rectify(hidden: &mut [f32]) {
    for z in hidden {
        // By its bits: a core without an FPU would call a comparison.
        if z.to_bits().wrapping_sub(1) >= INFINITY {
            *z = 0.0;
        }
    }
}

/// Adds a sublayer's outputs to the residual stream.
pub(crate) fn add(residual: &mut [f32], outputs: &[f32]) {
    for (x, y) in residual.iter_mut().zip(outputs) {
        *x += y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_zero_stays_and_nothing_else() {
        let tiny = f32::from_bits(1);
        let above = [tiny, 1.5, f32::MAX, f32::INFINITY];
        let others = [0.0, -0.0, -tiny, -1.5, f32::MIN, f32::NEG_INFINITY, f32::NAN, -f32::NAN];
        let mut hidden = above;
        rectify(&mut hidden);
        assert_eq!(hidden.map(f32::to_bits), above.map(f32::to_bits));
        for value in others.into_iter().chain([f32::from_bits(0x7f80_0001), f32::from_bits(0xffff_ffff)]) {
            let mut hidden = [value];
            rectify(&mut hidden);
            assert_eq!(hidden[0].to_bits(), 0, "{value}");
        }
    }
}
