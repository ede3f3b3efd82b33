//! Words of the integer arithmetic: roundings, widths, and the sizes of a work area.

use super::layout::Layout;
use super::project::to_eight_bits;
use super::words::{round_shift, round_shift_long, unbounded, width, Rounding};
use crate::proofs::shape::shape_with;
use crate::proofs::symbolic::{any_u32, any_u8, assume, one_of};
use crate::Plan;

/// A number of less than 2^30, which no sum of a matrix reaches (docs/integer.md#bounds).
#[inline(always)]
fn any_sum(name: &'static str) -> i32 {
    let sum = any_u32(name) as i32;
    assume((sum > -(1 << 30)) & (sum < 1 << 30));
    sum
}

/// For any number below 2^30 and any shift of 1 to 255: what 32 bits make of it is what 64 bits do.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_rounding_in_32_bits_is_that_in_64() {
    let (number, shift) = (any_sum("number"), i32::from(any_u8("shift")));
    assume(shift >= 1);
    let expected = unbounded(i64::from(number), shift);
    assert!(i64::from(Rounding::new(shift).of(number)) == expected);
    assert!(i64::from(round_shift(number, shift)) == expected);
}

/// For any number that a product comes to (below 2^46) and any shift of 1 to 255: what is left has the low bits of the unbounded
/// result.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_long_rounding_is_that_of_unbounded_integers() {
    let (low, high, shift) = (any_u32("low"), any_u32("high") as i32, i32::from(any_u8("shift")));
    assume((high > -(1 << 14)) & (high < 1 << 14) & (shift >= 1));
    let number = i64::from(high) << 32 | i64::from(low);
    assert!(round_shift_long(number, shift) == unbounded(number, shift) as i32);
}

/// For any two numbers: both lie between the powers of two that the width says, and between no lower ones.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_width_holds_its_numbers() {
    let numbers = [any_u32("first") as i32, any_u32("second") as i32];
    let bits = width(&numbers);
    assert!((0..=31).contains(&bits));
    let lies_within = |number: i32, bits: i32| {
        let end = 1i64 << bits;
        (i64::from(number) >= -end) & (i64::from(number) < end)
    };
    assert!(lies_within(numbers[0], bits) & lies_within(numbers[1], bits));
    assume(bits > 0);
    assert!(!(lies_within(numbers[0], bits - 1) & lies_within(numbers[1], bits - 1)));
}

/// For any two sums: each is kept in eight bits to the nearest step, or at most one step below where there is no room above.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_eight_bits_keep_a_sum() {
    let sums = [any_sum("first"), any_sum("second")];
    let mut kept = [0; 2];
    let shift = to_eight_bits(&sums, &mut kept);
    assert!((0..=23).contains(&shift));
    let is_near = |sum: i32, kept: i8| {
        let off = (i64::from(kept) << shift) - i64::from(sum);
        let step = 1i64 << shift;
        (2 * off <= step) & (if kept == 127 { off >= -step } else { 2 * off >= -step })
    };
    assert!(is_near(sums[0], kept[0]) & is_near(sums[1], kept[1]));
}

/// For the greatest d_model, layers and sequence, and the other sizes as in [`shape_with`]: the sizes of a layout are computed
/// without overflow, and add up.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_sizes_of_an_integer_layout_add_up() {
    let shape = shape_with(one_of("which d_model", [1_024]), one_of("which n_layers", [65_535]));
    let Ok(layout) = Layout::new(shape, one_of("which max_seq", [4_096]), Plan::Lean) else { return };
    assert!(layout.is_valid());
    assert!(layout.bytes() == 4 * (layout.floats() + layout.words()));
}
