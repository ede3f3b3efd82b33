//! Values in binary32.

use crate::bytes::read_f32;

/// Little-endian binary32 values at any address.
#[derive(Clone, Copy, Debug)]
pub struct Floats<'a> {
    bytes: &'a [u8],
}

impl<'a> Floats<'a> {
    /// A view of whole values; up to three bytes left over at the end are not part of it.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The bytes as they lie in the file.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Number of values.
    #[inline]
    pub const fn len(&self) -> usize {
        self.bytes.len() / 4
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `index`; `None` where there is none.
    #[inline]
    pub fn get(&self, index: usize) -> Option<f32> {
        self.bytes.as_chunks::<4>().0.get(index).map(read_f32)
    }

    /// Where the values lie, in order.
    #[inline]
    pub(crate) fn places(&self) -> &'a [[u8; 4]] {
        self.bytes.as_chunks::<4>().0
    }

    /// The values in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = f32> + use<'a> {
        self.bytes.as_chunks::<4>().0.iter().map(read_f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_empty_where_no_value_is_whole() {
        assert!(Floats::new(&[]).is_empty() && Floats::new(&[1, 2, 3]).is_empty());
        assert!(!Floats::new(&[0; 4]).is_empty() && !Floats::new(&[0; 9]).is_empty());
    }
}
