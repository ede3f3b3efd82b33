//! What each kernel takes, which the bits alone do not show: work that suits it, and no other. What it takes has to become
//! the definition's bits, and what it does not take has to stay untouched.

mod attention;
mod codes;
mod mix;
mod norm;
mod projection;

use core::mem::MaybeUninit;
use std::vec::Vec;

use crate::kernel::{Kernel, CHOICE};
use crate::random::Rng;
use crate::weights::{Packing, Trit};

/// What is in outputs before.
const UNTOUCHED: f32 = 1234.5;

/// Runs a test with every kernel that the processor has. It is told whether this one takes anything: all but the definition
/// do.
pub(in crate::kernel) fn with_each(test: impl Fn(bool)) {
    let _mine = CHOICE.lock();
    let usual = Kernel::current();
    for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.select()) {
        assert_eq!(Kernel::current(), kernel);
        test(kernel != Kernel::Portable);
    }
    assert!(usual.select());
}

/// `count` random weights.
pub(in crate::kernel) fn packed(packing: Packing, count: usize, rng: &mut Rng) -> Vec<u8> {
    match packing {
        Packing::TwoBits => (0..count.div_ceil(4)).map(|_| rng.word() as u8).collect(),
        Packing::BaseThree => (0..count.div_ceil(5)).map(|_| (rng.word() % 243) as u8).collect(),
        Packing::PowersOfThree => {
            let eights = (0..count.div_ceil(8)).map(|_| (0..8).fold(0, |codes, _| codes << 3 | rng.below(7) as u32));
            eights.flat_map(|codes| codes.to_le_bytes().into_iter().take(3)).collect()
        }
    }
}

/// The bytes of floats in a model.
fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Bytes that were all written before.
pub(in crate::kernel) fn written(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: bytes may be written as if they were uninitialised, as long as they are.
    unsafe { core::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
}

/// The weights that 2-bit codes stand for.
pub(in crate::kernel) fn weights(codes: &[u8]) -> Vec<i8> {
    codes.iter().flat_map(|&byte| [0, 2, 4, 6].map(|place| Trit::from_code(byte >> place).value())).collect()
}

#[test]
fn every_processor_of_a_kind_has_the_least_vectors() {
    assert!(Kernel::Portable.is_available());
    #[cfg(target_arch = "x86_64")]
    assert_eq!(Kernel::Sse2.is_available(), !cfg!(miri));
    #[cfg(target_arch = "aarch64")]
    assert!(Kernel::Neon.is_available());
}
