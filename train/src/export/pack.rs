//! Small integers to bytes (docs/formats.md#packings). The last byte or group is filled up with zero weights.

/// 2 bits a weight, four to a byte, lowest bits first: 00 is 0, 01 is +1, 11 is -1.
pub fn two_bits(weights: &[i8]) -> Vec<u8> {
    weights.chunks(4).map(|four| four.iter().rev().fold(0, |byte, &weight| byte << 2 | (weight as u8 & 3))).collect()
}

/// Base 3, five to a byte, lowest digit first; the digit is the weight plus 1.
pub fn base_3(weights: &[i8]) -> Vec<u8> {
    let digit = |weight: i8| (weight + 1) as u8;
    weights
        .chunks(5)
        .map(|five| (0..5).rev().fold(0, |byte, index| 3 * byte + digit(five.get(index).copied().unwrap_or(0))))
        .collect()
}

/// 3 bits a weight, eight to three bytes, lowest bits first.
pub fn three_bits(weights: &[i8]) -> Vec<u8> {
    weights
        .chunks(8)
        .flat_map(|eight| {
            let word = eight.iter().rev().fold(0, |word, &weight| word << 3 | three_bit_code(weight));
            let [low, middle, high, _] = u32::to_le_bytes(word);
            [low, middle, high]
        })
        .collect()
}

/// 0 is 000; 1, 3 and 9 are 001, 011 and 101; their negatives follow them.
fn three_bit_code(weight: i8) -> u32 {
    let magnitude = match weight.unsigned_abs() {
        0 => return 0,
        1 => 1,
        3 => 3,
        _ => 5,
    };
    magnitude + u32::from(weight < 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bit_codes() {
        assert_eq!(two_bits(&[0, 1, -1, 0]), [0b00_11_01_00]);
        assert_eq!(two_bits(&[-1, -1, -1, -1, 1]), [0xff, 0b01]);
        assert!(two_bits(&[]).is_empty());
    }

    #[test]
    fn base_3_digits() {
        assert_eq!(base_3(&[-1, -1, -1, -1, -1]), [0]);
        assert_eq!(base_3(&[1, 1, 1, 1, 1]), [242]);
        assert_eq!(base_3(&[1, 0, -1, 0, 0]), [2 + 3 + 27 + 81]);
        // Filled up with the digit of 0, which is 1.
        assert_eq!(base_3(&[0, 0, 0, 0, 0, -1]), [121, 120]);
    }

    #[test]
    fn three_bit_codes() {
        let weights = [0, 1, -1, 3, -3, 9, -9, 0];
        assert_eq!(weights.map(three_bit_code), [0, 1, 2, 3, 4, 5, 6, 0]);
        let word: u32 = 1 << 3 | 2 << 6 | 3 << 9 | 4 << 12 | 5 << 15 | 6 << 18;
        assert_eq!(three_bits(&weights), &word.to_le_bytes()[..3]);
        assert_eq!(three_bits(&[9]), [0b101, 0, 0]);
    }
}
