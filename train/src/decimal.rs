//! Numbers of 32 bits for files that people read.

/// The number with the digits that tell it from its neighbours of 32 bits, and no more: 0.1 is not 0.10000000149.
pub fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_few_and_give_the_number_back() {
        assert_eq!([0.1, 3.739, -2.5].map(shortest), [0.1, 3.739, -2.5]);
        for bits in (0..u32::MAX).step_by(65_521) {
            let value = f32::from_bits(bits);
            assert!(value.is_nan() || shortest(value) as f32 == value, "{value:e}");
        }
    }
}
