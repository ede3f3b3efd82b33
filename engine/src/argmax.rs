//! The greatest of logits.

/// The first index that reaches the greatest value: a later one replaces it only when strictly greater. 0 for no values.
pub fn argmax(values: impl IntoIterator<Item = f32>) -> usize {
    let (mut best, mut greatest) = (0, None);
    for (index, value) in values.into_iter().enumerate() {
        if greatest.is_none_or(|greatest| value > greatest) {
            (best, greatest) = (index, Some(value));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::argmax;

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
