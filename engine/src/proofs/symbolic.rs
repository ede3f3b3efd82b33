//! What a proof says to the program that checks it: "any value", "only where", and slices of any length.
//!
//! Under Kani these are Kani's own. Under `cargo xtask prove` they are functions without a body, which the explorer
//! (`xtask/lab/src/prove/explore.py`) stands in for.

#![allow(unsafe_code)]

#[cfg(not(kani))]
extern "C" {
    /// A fresh symbol of so many bits, zeros above them. The name is for counterexamples.
    fn atome_any(bits: usize, name: *const u8, name_len: usize) -> usize;
    /// Gives up the paths where it is 0.
    fn atome_assume(holds: usize);
    /// The number, on as many paths as it has values: at most 64.
    fn atome_split(number: usize) -> usize;
    /// Address of an object of so many bytes, with any content, that nothing else lies in.
    fn atome_memory(bytes: usize) -> *mut u8;
}

/// A fresh symbol of so many bits.
#[cfg(not(kani))]
#[inline(always)]
fn any(bits: usize, name: &'static str) -> usize {
    // SAFETY: the explorer reads the name and returns a word.
    unsafe { atome_any(bits, name.as_ptr(), name.len()) }
}

/// Any number of `usize`.
#[cfg(not(kani))]
#[inline(always)]
pub fn any_usize(name: &'static str) -> usize {
    any(usize::BITS as usize, name)
}

/// Any number of 32 bits.
#[cfg(not(kani))]
#[inline(always)]
pub fn any_u32(name: &'static str) -> u32 {
    any(32, name) as u32
}

/// Any number of 16 bits: what is known to be short is easier on a solver than what is assumed to be.
#[cfg(not(kani))]
#[inline(always)]
pub fn any_u16(name: &'static str) -> u16 {
    any(16, name) as u16
}

/// Any byte.
#[cfg(not(kani))]
#[inline(always)]
pub fn any_u8(name: &'static str) -> u8 {
    any(8, name) as u8
}

/// One of `choices`, each on paths of its own: a product with a known number is easy on a solver.
#[cfg(not(kani))]
#[inline(always)]
pub fn one_of<const N: usize>(name: &'static str, choices: [usize; N]) -> usize {
    let index = usize::from(any_u8(name));
    assume(index < N);
    // SAFETY: the explorer looks at the number alone.
    let index = unsafe { atome_split(index) };
    choices.get(index).copied().unwrap_or(0)
}

/// What follows is claimed only where `holds`.
#[cfg(not(kani))]
#[inline(always)]
pub fn assume(holds: bool) {
    // SAFETY: the explorer looks at the number alone.
    unsafe { atome_assume(usize::from(holds)) }
}

/// `len` values with any content, for proofs that hardly read them.
///
/// The bytes must be at most `isize::MAX`, as in every slice: this is assumed.
#[cfg(not(kani))]
#[inline(always)]
pub fn any_slice<T: Default + Clone + 'static>(len: usize) -> &'static mut [T] {
    assume(len <= isize::MAX as usize / size_of::<T>());
    // SAFETY: an object of its own, aligned to 64 bytes; numbers may have any bits.
    unsafe { core::slice::from_raw_parts_mut(atome_memory(len * size_of::<T>()).cast(), len) }
}

#[cfg(kani)]
pub use under_kani::*;

/// The same in Kani's words.
#[cfg(kani)]
mod under_kani {
    extern crate std;

    pub use kani::assume;

    pub fn any_usize(_: &'static str) -> usize {
        kani::any()
    }

    pub fn any_u32(_: &'static str) -> u32 {
        kani::any()
    }

    pub fn any_u16(_: &'static str) -> u16 {
        kani::any()
    }

    pub fn any_u8(_: &'static str) -> u8 {
        kani::any()
    }

    pub fn one_of<const N: usize>(_: &'static str, choices: [usize; N]) -> usize {
        let index: usize = kani::any();
        assume(index < N);
        choices[index]
    }

    /// Zeros, which the proofs that use it hardly read.
    pub fn any_slice<T: Default + Clone + 'static>(len: usize) -> &'static mut [T] {
        assume(len <= isize::MAX as usize / size_of::<T>());
        std::vec![T::default(); len].leak()
    }
}
