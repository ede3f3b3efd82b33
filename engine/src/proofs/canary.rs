//! A wrong claim, so that a program that finds nothing wrong with anything is found out.

use super::symbolic::any_u16;

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
    super::symbolic::assume(index <= 3);
    assert!(bytes[index] == bytes[index]);
}
