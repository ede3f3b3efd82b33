//! Operations on integers that every step uses (docs/integer.md#words).

/// `a * 2^-shift`, rounded to the nearest integer, halves upwards: as if integers had no end. What a shift to the left makes of it
/// must fit.
#[cfg_attr(vectors, inline)]
#[cfg_attr(not(vectors), inline(never))]
pub(crate) fn round_shift(a: i32, shift: i32) -> i32 {
    if shift > 0 {
        // By 32 bits, as by more, nothing is left.
        (a >> (shift - 1).min(31)).wrapping_add(1) >> 1
    } else {
        // Only 0 is shifted that far.
        a << (-shift).min(31)
    }
}

/// [`round_shift`] of a number below 2^62, whose result has a place in 32 bits, or wraps round.
#[cfg_attr(vectors, inline)]
#[cfg_attr(not(vectors), inline(never))]
pub(crate) fn round_shift_long(a: i64, shift: i32) -> i32 {
    let result = match shift {
        63.. => 0,
        1..=62 => (a + (1 << (shift - 1))) >> shift,
        // Only 0 is shifted that far.
        _ => a << (-shift).min(63),
    };
    result as i32
}

/// [`round_shift`] of many 32-bit numbers by as many bits, without a branch: `|a|` is below 2^30 and what is shifted to the left
/// fits, or, for shifts of 1 to 30, `|a|` and half of the last place are together below 2^31.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounding {
    left: u32,
    half: i32,
    right: u32,
}

impl Rounding {
    #[cfg_attr(vectors, inline(always))]
    #[cfg_attr(not(vectors), inline(never))]
    pub(crate) fn new(shift: i32) -> Self {
        if shift <= 0 {
            // Only 0 is shifted that far.
            return Self { left: (-shift).min(31) as u32, half: 0, right: 0 };
        }
        // From 31 on, nothing is left, and by 31 the half makes anything positive.
        let right = shift.min(31) as u32;
        Self { left: 0, half: 1 << (right - 1), right }
    }

    /// Rounds down: by 0 to 31 bits.
    #[inline(always)]
    pub(crate) fn down(right: u32) -> Self {
        Self { left: 0, half: 0, right }
    }

    #[inline(always)]
    pub(crate) fn of(self, a: i32) -> i32 {
        (a << self.left).wrapping_add(self.half) >> self.right
    }
}

/// Bits of a number: the least `b` for which it is below 2^b.
#[inline]
pub(crate) const fn bits(value: u32) -> i32 {
    (u32::BITS - value.leading_zeros()) as i32
}

/// The least `b` for which every value lies in -2^b..2^b.
#[cfg_attr(vectors, inline)]
#[cfg_attr(not(vectors), inline(never))]
pub(crate) fn width(values: &[i32]) -> i32 {
    bits(values.iter().fold(0, |all, &value| all | (value ^ (value >> 31)) as u32))
}

/// The least `c` with 2^c >= `count`, which is 1 or more and has a place in 32 bits.
#[inline]
pub(crate) const fn ceil_log2(count: usize) -> i32 {
    bits((count as u32).wrapping_sub(1))
}

/// The square root, rounded down.
#[cfg(vectors)]
#[inline]
pub(crate) fn root(value: u32) -> u32 {
    value.isqrt()
}

/// The square root, rounded down: in little code.
#[cfg(not(vectors))]
#[inline(never)]
pub(crate) fn root(value: u32) -> u32 {
    let mut root = 0;
    let mut bit = 1 << 15;
    while bit > 0 {
        let with = root | bit;
        if with * with <= value {
            root = with;
        }
        bit >>= 1;
    }
    root
}

/// `a * 2^-shift` as docs/integer.md has it, for `|a|` below 2^61: what tests and proofs compare with.
#[cfg(any(test, kani, atome_proofs))]
pub(crate) fn unbounded(a: i64, shift: i32) -> i64 {
    match shift {
        1..=62 => (a + (1 << (shift - 1))) >> shift,
        63.. => 0,
        _ if a == 0 => 0,
        _ => a << (-shift).min(63),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_upwards() {
        for (a, shift, expected) in [
            (5, 1, 3),
            (-5, 1, -2),
            (6, 2, 2),
            (-6, 2, -1),
            (-7, 2, -2),
            (1, 62, 0),
            (-1, 70, 0),
            (3, -4, 48),
            (0, -90, 0),
        ] {
            assert_eq!(unbounded(a, shift), expected, "{a} >> {shift}");
        }
    }

    #[test]
    fn rounding_in_32_bits_is_that_of_unbounded_integers() {
        let numbers = [0, 1, -1, 5, -5, 1023, -4096, 0x1234_5678, -0x1234_5679, (1 << 30) - 1, 1 - (1 << 30)];
        for a in numbers {
            for shift in -40..100 {
                let expected = unbounded(i64::from(a), shift);
                if expected.unsigned_abs() < 1 << 31 && (a == 0 || shift > -31) {
                    assert_eq!(i64::from(Rounding::new(shift).of(a)), expected, "{a} >> {shift}");
                    assert_eq!(i64::from(round_shift(a, shift)), expected, "{a} >> {shift}");
                }
            }
        }
    }

    #[test]
    fn long_rounding_is_that_of_unbounded_integers() {
        for a in [0, 1, -1, 5, -5, 0x1234_5678_9abc, -0x1234_5678_9abd, (1 << 45) - 1, 1 - (1 << 45)] {
            for shift in -63..100 {
                let expected = unbounded(a, shift);
                if expected.unsigned_abs() < 1 << 31 && (a == 0 || shift > -17) {
                    assert_eq!(i64::from(round_shift_long(a, shift)), expected, "{a} >> {shift}");
                }
            }
        }
    }

    #[test]
    fn widths_are_those_of_twos_complement() {
        for (values, expected) in
            [(&[][..], 0), (&[0, -1], 0), (&[1], 1), (&[-2], 1), (&[127, -128], 7), (&[128], 8), (&[i32::MIN], 31)]
        {
            assert_eq!(width(values), expected, "{values:?}");
        }
        assert_eq!([1, 2, 3, 4, 5, 1024].map(ceil_log2), [0, 1, 2, 2, 3, 10]);
    }

    #[test]
    fn roots_are_rounded_down() {
        let squares = [0, 1, 2, 3, 255, 32_767, 65_535];
        for root_of in squares {
            let square = root_of * root_of;
            assert_eq!(root(square), root_of);
            assert!(root_of < 2 || root(square - 1) == root_of - 1);
        }
        assert_eq!(root(u32::MAX), 0xffff);
    }
}
