//! Ternary weights, one by one.

/// One ternary weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trit {
    /// Codes `00` and, never written by an exporter, `10`.
    Zero,
    /// Code `01`.
    Plus,
    /// Code `11`.
    Minus,
}

impl Trit {
    /// Decodes the lowest two bits (docs/formats.md#packings).
    #[inline]
    pub const fn from_code(code: u8) -> Self {
        match code & 3 {
            1 => Self::Plus,
            3 => Self::Minus,
            _ => Self::Zero,
        }
    }

    /// -1, 0 or +1.
    #[inline]
    pub const fn value(self) -> i8 {
        match self {
            Self::Zero => 0,
            Self::Plus => 1,
            Self::Minus => -1,
        }
    }
}

/// Weights in storage order, four to a byte, lowest bits first; ends with the bytes.
#[derive(Clone, Debug)]
pub struct Trits<'a> {
    bytes: core::slice::Iter<'a, u8>,
    /// What is left of the byte in work, with a 1 above it; so 1 means that nothing is left.
    current: u32,
}

impl<'a> Trits<'a> {
    /// The weights of `packed` from index `start` on: a row need not start on a byte.
    #[inline]
    pub fn starting_at(packed: &'a [u8], start: usize) -> Self {
        let mut trits = Self { bytes: packed.get(start / 4..).unwrap_or(&[]).iter(), current: 1 };
        if !start.is_multiple_of(4) && trits.next_byte().is_some() {
            trits.current >>= 2 * (start % 4);
        }
        trits
    }

    #[inline]
    fn next_byte(&mut self) -> Option<()> {
        self.current = 0x100 | u32::from(*self.bytes.next()?);
        Some(())
    }
}

impl Iterator for Trits<'_> {
    type Item = Trit;

    #[inline]
    fn next(&mut self) -> Option<Trit> {
        if self.current == 1 {
            self.next_byte()?;
        }
        let trit = Trit::from_code(self.current as u8);
        self.current >>= 2;
        Some(trit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trits_end_with_the_bytes_wherever_they_start() {
        for start in 0..12 {
            assert_eq!(Trits::starting_at(&[0, 0], start).take(9).count(), 8_usize.saturating_sub(start), "{start}");
        }
        assert!(Trits::starting_at(&[0, 0], usize::MAX).next().is_none());
    }
}
