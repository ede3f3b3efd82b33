//! Wrong claims, so that a program that finds nothing wrong with anything, or does not see overflows, is found out.

use core::hint::black_box;

use super::symbolic::{any_u16, any_u32, any_usize, assume};

/// Wrong for the greatest sizes only: 65,535 times 65,535 is more.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::should_panic)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn canary_products_stay_below_their_most() {
    let (rows, cols) = (u32::from(any_u16("rows")), u32::from(any_u16("cols")));
    assert!(rows * cols < 4_294_836_225);
}

/// Wrong where the index is the length: a panic that the compiler put in.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::should_panic)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn canary_an_index_up_to_the_length_is_inside() {
    let bytes = [any_u16("first"), any_u16("second"), any_u16("third")];
    let index = usize::from(any_u16("index"));
    assume(index <= 3);
    black_box(bytes[index]);
}

/// Wrong: an overflow whose lower half looks harmless.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::should_panic)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn canary_products_fit() {
    let (left, right) = (any_u32("left"), any_u32("right"));
    assume(left.wrapping_mul(right) < 1 << 31);
    black_box(left * right);
}

/// Wrong, as above, in a word of the machine.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::should_panic)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn canary_products_fit_a_word() {
    let (left, right) = (any_usize("left"), any_usize("right"));
    assume(left.wrapping_mul(right) < 16);
    black_box(left * right);
}

/// Wrong: a sum of two words need not be one.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::should_panic)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn canary_sums_fit() {
    black_box(any_usize("left") + any_usize("right"));
}

/// Wrong: a difference may be negative.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::should_panic)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn canary_differences_fit() {
    black_box(any_usize("left") - any_usize("right"));
}

/// Not wrong: of 32 bits, a checked product is refused where it is 2^32 or more, and nowhere else.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_products_overflow_where_they_do_not_fit() {
    let (left, right) = (u32::from(any_u16("left")), any_u32("right") & 0xf_ffff);
    let fits = u64::from(left) * u64::from(right) <= u64::from(u32::MAX);
    assert!(black_box(left).checked_mul(black_box(right)).is_some() == fits);
}
