//! The greatest of logits.

/// The first index that reaches the greatest value: a later one replaces it only when strictly greater. 0 for no values.
pub fn argmax(values: impl IntoIterator<Item = f32>) -> usize {
    // Without an FPU, a comparison of floats is a call of a library, and some 35 instructions.
    if cfg!(any(not(target_os = "none"), target_abi = "eabihf")) {
        by_value(values)
    } else {
        by_bits(values)
    }
}

#[inline(always)]
fn by_value(values: impl IntoIterator<Item = f32>) -> usize {
    let (mut best, mut greatest) = (0, None);
    for (index, value) in values.into_iter().enumerate() {
        if greatest.is_none_or(|greatest| value > greatest) {
            (best, greatest) = (index, Some(value));
        }
    }
    best
}

#[inline(always)]
fn by_bits(values: impl IntoIterator<Item = f32>) -> usize {
    let mut numbers = values.into_iter().map(number);
    // Nothing is greater than NaN where that comes first, and NaN than nothing.
    let mut greatest = numbers.next().map_or(0, |first| if first < LEAST { i32::MAX } else { first });
    let mut best = 0;
    for (index, number) in (1..).zip(numbers) {
        if number > greatest {
            (best, greatest) = (index, number);
        }
    }
    best
}

/// What has the order of the values: magnitude and sign, so that both zeros are one number, and so much more that NaN wraps round
/// from behind infinity to where it lies by its other sign, below all others.
#[inline(always)]
fn number(value: f32) -> i32 {
    let bits = value.to_bits() as i32;
    let signed = if bits < 0 { i32::MIN.wrapping_sub(bits) } else { bits };
    signed.wrapping_add(i32::MAX - f32::INFINITY.to_bits() as i32)
}

/// That of the negative infinity.
const LEAST: i32 = i32::MAX - f32::INFINITY.to_bits() as i32 - f32::INFINITY.to_bits() as i32;

#[cfg(test)]
mod tests {
    use super::{argmax, by_bits, by_value};

    #[test]
    fn bits_have_the_order_of_values() {
        let magnitudes = [0.0, f32::from_bits(1), 1e-38, 0.5, 1.0, 1.000_000_1, f32::MAX, f32::INFINITY, f32::NAN];
        let values = || magnitudes.into_iter().flat_map(|value| [value, -value]);
        for a in values() {
            for b in values() {
                for values in values().map(|c| [a, b, c]) {
                    assert_eq!(by_bits(values), by_value(values), "{values:?}");
                }
            }
        }
    }

    #[test]
    fn among_equals_the_first_is_the_greatest() {
        for (values, expected) in [
            (&[][..], 0),
            (&[1.0, 3.0, 2.0, 3.0], 1),
            (&[2.0, 2.0], 0),
            (&[f32::NEG_INFINITY, -5.0], 1),
            (&[0.0, -0.0, f32::INFINITY], 2),
            // Nothing is greater than NaN.
            (&[f32::NAN, 1.0], 0),
            (&[1.0, f32::NAN, 2.0], 2),
        ] {
            assert_eq!(argmax(values.iter().copied()), expected, "{values:?}");
        }
    }
}
