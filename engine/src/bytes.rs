//! What may lie at any address: numbers in files, and what files begin with.
//!
//! A core that traps accesses to addresses that are no multiple of their size, or knows none, takes four loads and three
//! shifts for a number in place of one load. On microcontrollers a call takes their place.

use byteorder::{ByteOrder, LittleEndian};

/// A little-endian number at any address.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub fn read_u32(bytes: &[u8; 4]) -> u32 {
    word(bytes)
}

/// A little-endian number of eight bytes at any address.
#[inline]
pub(crate) fn read_u64(bytes: &[u8; 8]) -> u64 {
    match bytes.as_chunks::<4>().0 {
        [low, high] if cfg!(target_os = "none") => u64::from(read_u32(low)) | u64::from(read_u32(high)) << 32,
        _ => LittleEndian::read_u64(bytes),
    }
}

/// A little-endian binary32 value at any address. Among floating-point instructions without a call, over which little could
/// be kept in their registers.
#[inline]
pub(crate) fn read_f32(bytes: &[u8; 4]) -> f32 {
    f32::from_bits(if cfg!(target_abi = "eabihf") { word(bytes) } else { read_u32(bytes) })
}

/// Whether `data` begins with `magic`, of 4 to 8 bytes: its first four and its last four are compared as numbers.
#[inline]
pub fn begins_with<const N: usize>(data: &[u8], magic: &[u8; N]) -> bool {
    const { assert!(N >= 4 && N <= 8) };
    let equal = |at: usize| match (chunk(data, at), chunk(magic, at)) {
        (Some(found), Some(expected)) => read_u32(found) == u32::from_le_bytes(*expected),
        _ => false,
    };
    equal(0) && equal(N - 4)
}

/// The four bytes from `at` on.
#[inline]
fn chunk(bytes: &[u8], at: usize) -> Option<&[u8; 4]> {
    bytes.get(at..)?.first_chunk()
}

/// [`read_u32`] without a call.
#[cfg(not(target_os = "none"))]
#[inline]
pub(crate) fn word(bytes: &[u8; 4]) -> u32 {
    LittleEndian::read_u32(bytes)
}

/// [`read_u32`] without a call, in one load where that is possible, which it mostly is: files that are aligned have aligned sections in usual shapes.
///
/// The optimiser knows nothing of traps. Reads of bytes that it may see through, it makes one again.
#[cfg(target_os = "none")]
#[inline(always)]
#[allow(unsafe_code)]
pub(crate) fn word(bytes: &[u8; 4]) -> u32 {
    let word = bytes.as_ptr().cast::<u32>();
    if word.is_aligned() {
        // SAFETY: four readable bytes, aligned.
        return u32::from_le(unsafe { word.read() });
    }
    // SAFETY: each is one of the four.
    let byte = |index: usize| unsafe { bytes.as_ptr().add(index).read_volatile() };
    LittleEndian::read_u32(&[byte(0), byte(1), byte(2), byte(3)])
}

/// Numbers of 32 bits or fewer, whose bits may be any.
#[allow(unsafe_code)]
mod number {
    /// # Safety
    /// Any bits must be a value, and neither size nor alignment above those of 32 bits.
    pub unsafe trait Number {}
    // SAFETY: integers.
    unsafe impl Number for i8 {}
    // SAFETY: as above.
    unsafe impl Number for i16 {}
    // SAFETY: as above.
    unsafe impl Number for i32 {}
}

/// The bits of values, for whoever has a use for the room. Any bits are values, too.
#[allow(unsafe_code)]
pub(crate) fn bits_of(values: &mut [f32]) -> &mut [i32] {
    // SAFETY: as many bytes, as aligned, borrowed as long; any bits are values of both types.
    unsafe { core::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len()) }
}

/// Words as numbers of fewer bits, or with a sign, in the order of addresses: as many as fit.
#[allow(unsafe_code)]
pub(crate) fn numbers<T: number::Number>(words: &mut [u32]) -> &mut [T] {
    let count = core::mem::size_of_val(words) / core::mem::size_of::<T>();
    // SAFETY: as many bytes, at least as aligned, borrowed as long; any bits are values of both types.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), count) }
}
