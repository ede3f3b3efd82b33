//! A set of bytes.

/// Which bytes there are in a set: bit `b % 8` of byte `b / 8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSet([u8; 32]);

impl ByteSet {
    /// No byte.
    pub const EMPTY: Self = Self([0; 32]);

    /// From its bits.
    pub const fn from_bits(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub const fn bits(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `byte` is in it.
    #[inline]
    pub fn has(&self, byte: u8) -> bool {
        has(&self.0, byte)
    }

    /// Puts `byte` into it.
    #[inline]
    pub fn add(&mut self, byte: u8) {
        if let Some(bits) = self.0.get_mut(usize::from(byte / 8)) {
            *bits |= 1 << (byte % 8);
        }
    }

    /// Its bytes, in order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=u8::MAX).filter(|&byte| self.has(byte))
    }
}

/// Whether `byte` is in a set in a file.
#[inline]
pub(super) fn has(bits: &[u8; 32], byte: u8) -> bool {
    bits.get(usize::from(byte / 8)).is_some_and(|bits| bits >> (byte % 8) & 1 == 1)
}
